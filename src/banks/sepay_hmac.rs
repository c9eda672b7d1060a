//! SePay's balance notice, signed: HMAC-SHA256 over the timestamp, a dot and the raw body.
//!
//! Rules: developer.sepay.vn, "SePay webhooks", authentication and security. A movement keeps
//! its `id` over every retry and manual replay. `code` is what SePay believes to have found in
//! the text: evidence, never an attribution.

use chrono::{DateTime, Utc};

use super::claim::{Claim, Form, SHA256_BYTES, body_texts, text_keys};
use super::fields::{AmountForm, Fields, dedupe_key};
use super::json::Json;
use super::sepay_list::HISTORY;
use super::signature::{is_hmac_sha256, lower_hex, proven_by, require_lone_secret};
use super::verdict::{Answer, Call, Outcome, Reading, Refusal, Unusable, Verified};
use super::{
    Adapter, Credentials, CredentialsFault, Delivery, HeaderForm, HeaderValue, History,
    SECRET_BYTES, Secret, proven_json, reading_of, require_fresh, require_post, unix_seconds,
};
use crate::domain::credit::{BankFact, Direction, FactOutcome};
use crate::domain::trial::{Slip, Tells};

/// SePay with HMAC.
pub struct SepayHmac;

impl Adapter for SepayHmac {
    fn name(&self) -> &'static str {
        "sepay_hmac"
    }

    fn names_account(&self) -> bool {
        true
    }

    fn verify(
        &self,
        delivery: &Delivery,
        credentials: &Credentials,
        now: DateTime<Utc>,
    ) -> Result<Verified, Refusal> {
        require_post(delivery)?;
        let timestamp = delivery.required_header("x-sepay-timestamp")?;
        let signature = delivery.required_header("x-sepay-signature")?;
        let sent_at = unix_seconds(timestamp)?;
        let digest = signature.strip_prefix("sha256=").and_then(lower_hex);
        let digest = digest.ok_or(Refusal::SignatureMismatch)?;
        let parts = [timestamp.as_bytes(), b".", &delivery.body];
        let verified_with = proven_by(credentials, |key| is_hmac_sha256(key, &parts, &digest))?;
        require_fresh(sent_at, credentials, now)?;
        let body = proven_json(&delivery.body)?;
        let reading = reading_of(body.and_then(|body| read_notice(&body)));
        Ok(Verified::new(reading, verified_with))
    }

    fn acknowledge(&self, outcome: &Outcome, _: Call<'_>) -> Answer {
        Answer::usual(outcome)
    }

    fn check(&self, credentials: &Credentials) -> Result<(), CredentialsFault> {
        require_lone_secret(credentials)
    }

    fn make_secret(&self, random: &[u8; SECRET_BYTES]) -> Option<Secret> {
        Some(Secret::text(hex::encode(random)))
    }

    fn history(&self) -> Option<&'static History> {
        Some(&HISTORY)
    }

    fn tells(&self) -> Tells {
        Tells {
            signed_time: true,
            ..Tells::MOST
        }
    }

    fn headers(&self) -> &'static [HeaderForm] {
        &[
            HeaderForm {
                name: "x-sepay-timestamp",
                value: HeaderValue::UnixSeconds,
            },
            HeaderForm {
                name: "x-sepay-signature",
                value: HeaderValue::Text,
            },
        ]
    }

    fn claims(&self, delivery: &Delivery, credentials: &Credentials) -> Vec<Claim> {
        let header = |name| delivery.header(name).ok().flatten().unwrap_or_default();
        let (timestamp, shown) = (header("x-sepay-timestamp"), header("x-sepay-signature"));
        let labelled = shown.strip_prefix("sha256=");
        let mut texts = body_texts(format!("{timestamp}.").as_bytes(), &delivery.body);
        texts.push((Some(Slip::BodyAlone), delivery.body.clone()));
        let together = [timestamp.as_bytes(), &delivery.body].concat();
        texts.push((Some(Slip::WithoutDot), together));
        vec![Claim {
            shown: labelled.unwrap_or(shown).to_owned(),
            label: labelled.is_none().then_some(Slip::WithoutLabel),
            form: Form::Hex,
            digest_bytes: SHA256_BYTES,
            texts,
            keys: text_keys(credentials),
        }]
    }
}

/// Reads the notice of one movement, the same for both of SePay's proofs.
pub(super) fn read_notice(body: &Json) -> Result<Reading, Unusable> {
    let fields = Fields::of(body.as_object().ok_or(Unusable::MalformedBody)?);
    let (direction, outcome) = match fields.required_text("transferType")? {
        "in" => (Direction::Credit, FactOutcome::Paid),
        "out" => (Direction::Debit, FactOutcome::Ignored),
        _ => return Err(Unusable::BadField("transferType")),
    };
    let id = fields.required_id("id")?;
    Ok(Reading::Transactions(vec![BankFact {
        provider: "sepay",
        dedupe_key: dedupe_key("sepay", &[&id]),
        provider_txn_id: id,
        direction,
        amount: fields.amount("transferAmount", AmountForm::NumberOrText)?,
        account_number: Some(fields.required_name("accountNumber")?),
        virtual_account: fields.name("subAccount")?,
        content: Some(fields.text("content")?.unwrap_or_default().to_owned()),
        bank_reference: fields.name("referenceCode")?,
        merchant_reference: None,
        order_field_is_searched: false,
        provider_payment_code: fields.name("code")?,
        reverses: None,
        occurred_at: fields.local_time("transactionDate")?,
        outcome,
    }]))
}
