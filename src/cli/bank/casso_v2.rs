//! Casso's second form: signed over the body with its keys sorted.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::casso_v1::identity;
use super::{Credit, Format, Sender, Signed, hmac_sha512, local, reference, single};

pub(super) const FORMAT: Format = Format {
    signs_time: true,
    ..Format::plain("casso_v2", sign, identity)
};

fn sign(sender: &Sender<'_>, credits: &[Credit<'_>], sent_at: DateTime<Utc>) -> Signed {
    let credit = single(credits);
    // Sorted at both levels, so the body is already what is signed.
    let data = BTreeMap::from([
        ("id", json!(credit.number)),
        ("reference", json!(reference(credit))),
        ("description", json!(credit.content)),
        ("amount", json!(credit.amount_vnd)),
        ("runningBalance", json!(0)),
        ("transactionDateTime", json!(local(credit.booked_at))),
        ("accountNumber", json!(credit.account)),
        ("bankName", json!(sender.bank)),
        ("virtualAccountNumber", json!(null)),
    ]);
    let body = BTreeMap::from([("data", json!(data)), ("error", json!(0))]);
    let body = json!(body).to_string();
    let time = sent_at.timestamp_millis();
    let digest = hmac_sha512(sender.key().as_bytes(), &format!("{time}.{body}"));
    let signature = format!("t={time},v1={}", hex::encode(digest));
    Signed::json(vec![("x-casso-signature", signature)], body)
}
