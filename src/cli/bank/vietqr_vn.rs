//! VietQR VN: logs in, then shows the token that it was given.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Credit, Format, Proof, Sender, Signed, Told, reference, single};
use crate::banks::Secret;

pub(super) const FORMAT: Format = Format {
    told,
    log_in: Some(log_in),
    ..Format::plain("vietqr_vn", sign, identity)
};

fn identity(_: &Sender<'_>, credit: &Credit<'_>) -> String {
    format!("vietqr_vn:{}", reference(credit))
}

fn told(status: u16, answer: &Value) -> Told {
    match Told::by_status(status, answer) {
        // A notice that is kept for people is answered 200 with an error.
        Told::Stored if answer["error"] != json!(false) => Told::Unclear,
        told => told,
    }
}

fn log_in(sender: &Sender<'_>) -> Signed {
    let username = match sender.proof {
        Proof::Shared(Secret::Login { username, .. }) => username.as_str(),
        Proof::Shared(Secret::Text(_) | Secret::PublicKey { .. }) | Proof::Private(_) => "",
    };
    let login = BASE64_STANDARD.encode(format!("{username}:{}", sender.key()));
    let headers = vec![("authorization", format!("Basic {login}"))];
    Signed {
        below: "/api/token_generate".to_owned(),
        ..Signed::json(headers, String::new())
    }
}

fn sign(sender: &Sender<'_>, credits: &[Credit<'_>], _: DateTime<Utc>) -> Signed {
    let credit = single(credits);
    let body = json!({
        "bankaccount": credit.account,
        "amount": credit.amount_vnd,
        "transType": "C",
        "content": credit.content,
        "transactionid": format!("VQ{}", credit.number),
        "transactiontime": credit.booked_at.timestamp_millis(),
        "referencenumber": reference(credit),
        "orderId": credit.order,
    });
    let token = format!("Bearer {}", sender.token.unwrap_or_default());
    Signed {
        below: "/bank/api/transaction-sync".to_owned(),
        ..Signed::json(vec![("authorization", token)], body.to_string())
    }
}
