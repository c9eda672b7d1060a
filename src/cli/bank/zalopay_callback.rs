//! ZaloPay: a signed JSON text inside the body.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Credit, Format, Sender, Signed, Told, hmac_sha256, single};
use crate::domain::day::vietnam_offset;

pub(super) const FORMAT: Format = Format {
    told,
    ..Format::plain("zalopay_callback", sign, identity)
};

fn identity(sender: &Sender<'_>, credit: &Credit<'_>) -> String {
    format!("zalopay:{}:{}", sender.setting("app_id"), credit.number)
}

fn told(status: u16, answer: &Value) -> Told {
    match (status, answer["return_code"].as_i64()) {
        (200, Some(1 | 2)) => Told::Stored,
        (200, Some(-1)) => Told::Refused,
        (200, Some(0)) => Told::Later,
        // Its codes stand in HTTP 200 alone.
        (200, _) => Told::Unclear,
        _ => Told::by_status(status, answer),
    }
}

fn sign(sender: &Sender<'_>, credits: &[Credit<'_>], _: DateTime<Utc>) -> Signed {
    let credit = single(credits);
    let day = credit.booked_at.with_timezone(&vietnam_offset());
    let order = format!("{}_{}{}", day.format("%y%m%d"), credit.order, credit.number);
    let app = sender.setting("app_id");
    let data = json!({
        "app_id": app.parse::<i64>().map_or_else(|_| json!(app), |app| json!(app)),
        "app_trans_id": order,
        "app_time": credit.booked_at.timestamp_millis(),
        "app_user": "payer",
        "amount": credit.amount_vnd,
        "embed_data": "{}",
        "item": "[]",
        "zp_trans_id": credit.number,
        "server_time": credit.booked_at.timestamp_millis(),
        "channel": 38,
    })
    .to_string();
    let mac = hex::encode(hmac_sha256(sender.key().as_bytes(), &data));
    let body = json!({"data": data, "mac": mac, "type": 1});
    Signed::json(Vec::new(), body.to_string())
}
