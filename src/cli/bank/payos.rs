//! payOS: the signature stands in the body, over the sorted fields of `data`.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Credit, CreditState, Format, Sender, Signed, hmac_sha256, local, reference, single};

pub(super) const FORMAT: Format = Format {
    tells_failures: true,
    ..Format::plain("payos", sign, identity)
};

fn link(credit: &Credit<'_>) -> String {
    format!("link-{}", credit.number)
}

fn identity(_: &Sender<'_>, credit: &Credit<'_>) -> String {
    format!("payos:{}:{}", link(credit), reference(credit))
}

fn sign(sender: &Sender<'_>, credits: &[Credit<'_>], _: DateTime<Utc>) -> Signed {
    let credit = single(credits);
    let (code, outcome) = match credit.state {
        CreditState::Booked => ("00", "success"),
        CreditState::Failed => ("01", "failed"),
    };
    let data = BTreeMap::from([
        ("orderCode", json!(credit.number)),
        ("amount", json!(credit.amount_vnd)),
        ("description", json!(credit.content)),
        ("accountNumber", json!(credit.account)),
        ("reference", json!(reference(credit))),
        ("transactionDateTime", json!(local(credit.booked_at))),
        ("currency", json!("VND")),
        ("paymentLinkId", json!(link(credit))),
        ("code", json!(code)),
        ("desc", json!(outcome)),
    ]);
    let mut signed = String::new();
    for (place, (name, value)) in data.iter().enumerate() {
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let joint = if place == 0 { "" } else { "&" };
        write!(signed, "{joint}{name}={value}").expect("a text takes any length");
    }
    let signature = hex::encode(hmac_sha256(sender.key().as_bytes(), &signed));
    let body = json!({
        "code": "00",
        "desc": "success",
        "success": true,
        "data": data,
        "signature": signature,
    });
    Signed::json(Vec::new(), body.to_string())
}
