//! A bank that follows our own contract.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Credit, Format, Proof, Sender, Signed, TakenProofs, hmac_sha256, reference, single};
use crate::domain::day::to_rfc3339;

pub(super) const FORMAT: Format = Format {
    signs_time: true,
    proofs: TakenProofs::SharedOrPrivate,
    ..Format::plain("standard_webhooks", sign, identity)
};

fn transaction_id(credit: &Credit<'_>) -> String {
    format!("MB{}", credit.number)
}

fn identity(_: &Sender<'_>, credit: &Credit<'_>) -> String {
    format!("standard:{}:{}", credit.account, transaction_id(credit))
}

fn sign(sender: &Sender<'_>, credits: &[Credit<'_>], sent_at: DateTime<Utc>) -> Signed {
    let credit = single(credits);
    let body = json!({
        "type": "bank.transaction.credited",
        "data": {
            "transaction_id": transaction_id(credit),
            "account_number": credit.account,
            "direction": "credit",
            "amount": credit.amount_vnd,
            "currency": "VND",
            "content": credit.content,
            "bank_reference": reference(credit),
            "virtual_account": null,
            "booked_at": to_rfc3339(credit.booked_at),
        },
    })
    .to_string();
    Signed::json(headers(sender, credit.number, sent_at, &body), body)
}

/// The headers that name a notice, its time and its signature.
pub(super) fn headers(
    sender: &Sender<'_>,
    number: u64,
    sent_at: DateTime<Utc>,
    body: &str,
) -> Vec<(&'static str, String)> {
    let (id, timestamp) = (format!("msg_{number}"), sent_at.timestamp());
    let text = format!("{id}.{timestamp}.{body}");
    let signature = match sender.proof {
        Proof::Private(key) => key.signature(text.as_bytes()),
        Proof::Shared(_) => shared_signature(sender.key(), &text),
    };
    vec![
        ("webhook-id", id),
        ("webhook-timestamp", timestamp.to_string()),
        ("webhook-signature", signature),
    ]
}

fn shared_signature(secret: &str, text: &str) -> String {
    let key = secret.trim_start_matches("whsec_");
    // A forged secret need not be base64: then its bytes are the key.
    let key = BASE64_STANDARD.decode(key).unwrap_or_else(|_| key.into());
    format!("v1,{}", BASE64_STANDARD.encode(hmac_sha256(&key, text)))
}
