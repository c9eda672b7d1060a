//! Pay2S: a bearer token, any number of movements.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Credit, Format, Sender, Signed, local, reference};

pub(super) const FORMAT: Format = Format {
    takes_several: true,
    ..Format::plain("pay2s", sign, identity)
};

fn identity(_: &Sender<'_>, credit: &Credit<'_>) -> String {
    format!("pay2s:{}", credit.number)
}

fn sign(sender: &Sender<'_>, credits: &[Credit<'_>], _: DateTime<Utc>) -> Signed {
    let entry = |credit| movement(sender, credit);
    let body = json!({"transactions": credits.iter().map(entry).collect::<Vec<_>>()});
    let token = format!("Bearer {}", sender.key());
    Signed::json(vec![("authorization", token)], body.to_string())
}

fn movement(sender: &Sender<'_>, credit: &Credit<'_>) -> Value {
    json!({
        "id": credit.number.to_string(),
        "gateway": sender.bank,
        "transactionDate": local(credit.booked_at),
        "transactionNumber": reference(credit),
        "accountNumber": credit.account,
        "content": credit.content,
        "transferType": "IN",
        "transferAmount": credit.amount_vnd,
    })
}
