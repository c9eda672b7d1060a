//! VNPAY: a GET whose sorted query is signed.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Credit, CreditState, Format, Sender, Signed, Told, hmac_sha512, reference, single};
use crate::domain::day::vietnam_offset;

pub(super) const FORMAT: Format = Format {
    told,
    tells_failures: true,
    ..Format::plain("vnpay_ipn", sign, identity)
};

const TERMINAL: &str = "vnp_TmnCode";

fn order(credit: &Credit<'_>) -> String {
    format!("{}{}", credit.order, credit.number)
}

fn identity(sender: &Sender<'_>, credit: &Credit<'_>) -> String {
    let terminal = sender.setting(TERMINAL);
    format!("vnpay:{terminal}:{}:{}", order(credit), credit.number)
}

fn told(status: u16, answer: &Value) -> Told {
    match (status, answer["RspCode"].as_str()) {
        (200, Some("00" | "02")) => Told::Stored,
        (200, Some("97")) => Told::Refused,
        (200, Some("99")) => Told::Later,
        // Its codes stand in HTTP 200 alone.
        (200, _) => Told::Unclear,
        _ => Told::by_status(status, answer),
    }
}

fn sign(sender: &Sender<'_>, credits: &[Credit<'_>], _: DateTime<Utc>) -> Signed {
    let credit = single(credits);
    let code = match credit.state {
        CreditState::Booked => "00",
        CreditState::Failed => "24",
    };
    let paid_at = credit.booked_at.with_timezone(&vietnam_offset());
    let parameters = BTreeMap::from([
        (TERMINAL, sender.setting(TERMINAL).to_owned()),
        ("vnp_Amount", format!("{}00", credit.amount_vnd)),
        ("vnp_BankCode", sender.bank.to_owned()),
        ("vnp_BankTranNo", reference(credit)),
        ("vnp_OrderInfo", credit.content.clone()),
        ("vnp_PayDate", paid_at.format("%Y%m%d%H%M%S").to_string()),
        ("vnp_ResponseCode", code.to_owned()),
        ("vnp_TransactionNo", credit.number.to_string()),
        ("vnp_TransactionStatus", code.to_owned()),
        ("vnp_TxnRef", order(credit)),
    ]);
    let filled = parameters.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<_> = filled
        .map(|(name, value)| {
            let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
            format!("{name}={value}")
        })
        .collect();
    let signed = pairs.join("&");
    let hash = hex::encode(hmac_sha512(sender.key().as_bytes(), &signed));
    Signed {
        method: "GET",
        below: format!("?{signed}&vnp_SecureHash={hash}"),
        headers: Vec::new(),
        body: String::new(),
    }
}
