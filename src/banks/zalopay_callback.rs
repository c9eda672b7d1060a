//! ZaloPay's order notice: HMAC-SHA256 with the second key over a JSON text inside the body.
//!
//! `data` is a JSON document inside a JSON string. It is signed exactly as it reads after one
//! decoding, so it is proved before anything in it is understood (docs.zalopay.vn, "Callback
//! API"). `type` beside it is not signed and is not read. There is no time limit: the
//! transaction's number is the only guard against a replay.
//!
//! Answers are numbers in `return_code`, always in HTTP 200: 1 done, 2 known before, -1 not
//! believed, 0 call again.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::claim::{Claim, body_texts, signature_of};
use super::fields::{AmountForm, Fields, dedupe_key};
use super::json::Json;
use super::setup::{require_settings, required_setting};
use super::signature::{is_hmac_sha256, lower_hex, proven_by, require_plain_secret};
use super::verdict::{Answer, Call, Outcome, Reading, Refusal, Unusable, Verified};
use super::{
    Adapter, Credentials, CredentialsFault, Delivery, SECRET_BYTES, Secret, proven_json,
    reading_of, require_post, signature_in, unproven_json,
};
use crate::domain::credit::{BankFact, Direction, FactOutcome};
use crate::domain::trial::Tells;

/// The setting and the field that name the shop's application.
const APP: &str = "app_id";

/// ZaloPay.
pub struct ZalopayCallback;

impl Adapter for ZalopayCallback {
    fn name(&self) -> &'static str {
        "zalopay_callback"
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
        let app = required_setting(credentials, APP)?;
        let body = unproven_json(&delivery.body)?;
        let body = body.as_object().ok_or(Refusal::MalformedBody)?;
        let mac = signature_in(body, "mac")?;
        let data = body.get("data").and_then(Json::as_text);
        let data = data.ok_or(Refusal::MalformedBody)?;
        let digest = lower_hex(mac).ok_or(Refusal::SignatureMismatch)?;
        let parts = [data.as_bytes()];
        let verified_with = proven_by(credentials, |key| is_hmac_sha256(key, &parts, &digest))?;
        let reading = match proven_json(data.as_bytes())? {
            Ok(data) => read_order(&data, app)?,
            Err(why) => Reading::Unusable(why),
        };
        Ok(Verified::new(reading, verified_with))
    }

    fn acknowledge(&self, outcome: &Outcome, _: Call<'_>) -> Answer {
        let (code, message) = match outcome {
            Outcome::Stored { .. } | Outcome::Quarantined(_) => (1, "success"),
            Outcome::Repeated { .. } => (2, "known"),
            Outcome::Refused(_) => (-1, "refused"),
            Outcome::Unavailable => (0, "try again"),
        };
        let body = json!({"return_code": code, "return_message": message});
        let answer = Answer::json(200, body.to_string());
        match outcome {
            Outcome::Unavailable => answer.later(),
            _ => answer,
        }
    }

    fn check(&self, credentials: &Credentials) -> Result<(), CredentialsFault> {
        require_plain_secret(credentials)?;
        require_settings(credentials, &[APP])
    }

    fn make_secret(&self, _: &[u8; SECRET_BYTES]) -> Option<Secret> {
        None
    }

    fn tells(&self) -> Tells {
        Tells {
            text: false,
            no_money: false,
            ..Tells::MOST
        }
    }

    fn claims(&self, delivery: &Delivery, credentials: &Credentials) -> Vec<Claim> {
        let Ok(body) = unproven_json(&delivery.body) else {
            return Vec::new();
        };
        let data = body.as_object().and_then(|body| body.get("data"));
        let data = data.and_then(Json::as_text);
        let (Some(shown), Some(data)) = (signature_of(&body, "mac"), data) else {
            return Vec::new();
        };
        let texts = body_texts(b"", data.as_bytes());
        vec![Claim::of_hmac_sha256(shown, texts, credentials)]
    }
}

/// Reads a proven order of this application.
fn read_order(data: &Json, app: &str) -> Result<Reading, Refusal> {
    let Some(data) = data.as_object().map(Fields::of) else {
        return Ok(Reading::Unusable(Unusable::MalformedBody));
    };
    if data.required_id(APP).ok().as_deref() != Some(app) {
        return Err(Refusal::OtherTerminal);
    }
    Ok(reading_of(read_payment(data, app)))
}

fn read_payment(data: Fields<'_>, app: &str) -> Result<Reading, Unusable> {
    let id = data.required_id("zp_trans_id")?;
    Ok(Reading::Transactions(vec![BankFact {
        provider: "zalopay",
        dedupe_key: dedupe_key("zalopay", &[app, &id]),
        provider_txn_id: id,
        direction: Direction::Credit,
        amount: data.amount("amount", AmountForm::Integer)?,
        account_number: None,
        virtual_account: None,
        content: None,
        bank_reference: None,
        merchant_reference: Some(data.required_name("app_trans_id")?),
        order_field_is_searched: true,
        provider_payment_code: None,
        reverses: None,
        occurred_at: data.unix_milliseconds("server_time")?,
        outcome: FactOutcome::Paid,
    }]))
}
