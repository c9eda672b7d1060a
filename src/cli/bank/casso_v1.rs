//! Casso's first form: a key in a header, any number of movements.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Credit, Format, Sender, Signed, local, reference};

pub(super) const FORMAT: Format = Format {
    takes_several: true,
    ..Format::plain("casso_v1", sign, identity)
};

pub(super) fn identity(_: &Sender<'_>, credit: &Credit<'_>) -> String {
    format!("casso:{}", credit.number)
}

fn sign(sender: &Sender<'_>, credits: &[Credit<'_>], _: DateTime<Utc>) -> Signed {
    let body = json!({
        "error": 0,
        "data": credits.iter().map(movement).collect::<Vec<_>>(),
    });
    let headers = vec![("secure-token", sender.key().to_owned())];
    Signed::json(headers, body.to_string())
}

fn movement(credit: &Credit<'_>) -> Value {
    json!({
        "id": credit.number,
        "tid": reference(credit),
        "description": credit.content,
        "amount": credit.amount_vnd,
        "cusum_balance": 0,
        "when": local(credit.booked_at),
        "bank_sub_acc_id": credit.account,
        "virtualAccount": "",
    })
}
