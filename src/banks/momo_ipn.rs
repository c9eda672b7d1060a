//! MoMo's payment notice: HMAC-SHA256 over thirteen fields in a fixed order.
//!
//! The signed text is `name=value` with `&` between, unencoded (developers.momo.vn, "Payment
//! notification"); the partner's access key is part of it and is never sent. A value that
//! holds `&name=` with the name of a signed field could be cut in other places than MoMo did:
//! such a text has no single reading and is refused. What is absent counts like an empty text,
//! and is read like one.
//!
//! There is no time limit: the transaction's number is the only guard against a replay. MoMo
//! takes 204 for an answer; any other status makes it call again.

use chrono::{DateTime, Utc};

use super::claim::{Claim, signature_of};
use super::fields::{AmountForm, Fields, dedupe_key};
use super::json::{Json, Object};
use super::setup::{require_settings, required_setting};
use super::signature::{is_hmac_sha256, lower_hex, proven_by, require_plain_secret};
use super::verdict::{Answer, Call, Outcome, Reading, Refusal, Unusable, Verified};
use super::{
    Adapter, Credentials, CredentialsFault, Delivery, SECRET_BYTES, Secret, reading_of,
    require_post, signature_in, unproven_json,
};
use crate::domain::credit::{BankFact, Direction, FactOutcome};
use crate::domain::trial::Slip;

/// The setting that is signed and never sent.
const ACCESS_KEY: &str = "accessKey";
/// The setting and the field that name the partner.
const PARTNER: &str = "partnerCode";

/// The signed fields in their order.
const SIGNED: [&str; 13] = [
    ACCESS_KEY,
    "amount",
    "extraData",
    "message",
    "orderId",
    "orderInfo",
    "orderType",
    PARTNER,
    "payType",
    "requestId",
    "responseTime",
    "resultCode",
    "transId",
];

/// MoMo.
pub struct MomoIpn;

impl Adapter for MomoIpn {
    fn name(&self) -> &'static str {
        "momo_ipn"
    }

    fn names_account(&self) -> bool {
        false
    }

    fn verify(
        &self,
        delivery: &Delivery,
        credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Result<Verified, Refusal> {
        require_post(delivery)?;
        let access_key = required_setting(credentials, ACCESS_KEY)?;
        let partner = required_setting(credentials, PARTNER)?;
        let body = unproven_json(&delivery.body)?;
        let body = body.as_object().ok_or(Refusal::MalformedBody)?;
        let signature = signature_in(body, "signature")?;
        let signed = signed_text(body, access_key)?;
        let digest = lower_hex(signature).ok_or(Refusal::SignatureMismatch)?;
        let parts = [signed.as_bytes()];
        let verified_with = proven_by(credentials, |key| is_hmac_sha256(key, &parts, &digest))?;
        if body.get(PARTNER).and_then(Json::as_text) != Some(partner) {
            return Err(Refusal::OtherTerminal);
        }
        let reading = reading_of(read_payment(Fields::of(body), partner));
        Ok(Verified::new(reading, verified_with))
    }

    fn acknowledge(&self, outcome: &Outcome, _: Call<'_>) -> Answer {
        match outcome {
            Outcome::Stored { .. } | Outcome::Repeated { .. } | Outcome::Quarantined(_) => {
                Answer::empty(204)
            }
            Outcome::Refused(_) | Outcome::Unavailable => Answer::usual(outcome),
        }
    }

    fn check(&self, credentials: &Credentials) -> Result<(), CredentialsFault> {
        require_plain_secret(credentials)?;
        require_settings(credentials, &[ACCESS_KEY, PARTNER])
    }

    fn make_secret(&self, _: &[u8; SECRET_BYTES]) -> Option<Secret> {
        None
    }

    fn claims(&self, delivery: &Delivery, credentials: &Credentials) -> Vec<Claim> {
        let Ok(body) = unproven_json(&delivery.body) else {
            return Vec::new();
        };
        let access_key = required_setting(credentials, ACCESS_KEY).ok();
        let signed = body.as_object().zip(access_key);
        let signed = signed.and_then(|(body, key)| signed_text(body, key).ok());
        let (Some(shown), Some(signed)) = (signature_of(&body, "signature"), signed) else {
            return Vec::new();
        };
        let keyless = signed
            .split_once('&')
            .map_or("", |(_, rest)| rest)
            .as_bytes();
        let texts = vec![
            (Some(Slip::WithoutAccessKey), keyless.to_vec()),
            (None, signed.into_bytes()),
        ];
        vec![Claim::of_hmac_sha256(shown, texts, credentials)]
    }
}

/// The text that MoMo signs.
fn signed_text(body: &Object, access_key: &str) -> Result<String, Refusal> {
    let mut out = String::new();
    for name in SIGNED {
        let value = match name {
            ACCESS_KEY => access_key,
            _ => printed(body.get(name))?,
        };
        if hides_a_field(value) {
            return Err(Refusal::AmbiguousBody);
        }
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(name);
        out.push('=');
        out.push_str(value);
    }
    Ok(out)
}

/// A value as it is signed: a number as it was written, a text as it is.
fn printed(value: Option<&Json>) -> Result<&str, Refusal> {
    match value {
        None | Some(Json::Null) => Ok(""),
        Some(Json::Text(text) | Json::Number(text)) => Ok(text),
        Some(Json::Bool(_) | Json::Array(_) | Json::Object(_)) => Err(Refusal::MalformedBody),
    }
}

/// Whether a value holds `&name=` with the name of a signed field.
fn hides_a_field(value: &str) -> bool {
    value.split('&').skip(1).any(|piece| {
        piece
            .split_once('=')
            .is_some_and(|(name, _)| SIGNED.contains(&name))
    })
}

fn read_payment(body: Fields<'_>, partner: &str) -> Result<Reading, Unusable> {
    let id = body.required_id("transId")?;
    let outcome = match body.required_id("resultCode")?.as_str() {
        "0" => FactOutcome::Paid,
        _ => FactOutcome::Failed,
    };
    Ok(Reading::Transactions(vec![BankFact {
        provider: "momo",
        dedupe_key: dedupe_key("momo", &[partner, &id]),
        provider_txn_id: id,
        direction: Direction::Credit,
        amount: body.amount("amount", AmountForm::Integer)?,
        account_number: None,
        virtual_account: None,
        content: Some(body.text("orderInfo")?.unwrap_or_default().to_owned()),
        bank_reference: None,
        merchant_reference: Some(body.required_name("orderId")?),
        order_field_is_searched: true,
        provider_payment_code: None,
        reverses: None,
        occurred_at: body.unix_milliseconds("responseTime")?,
        outcome,
    }]))
}
