//! payOS: HMAC-SHA256 over the sorted fields of `data`, the signature inside the body.
//!
//! The signed text is `key=value` with `&` between, unencoded (payos.vn, "Kiểm tra dữ liệu với
//! signature"). Two consequences rule this file. Numbers count as JavaScript prints them, and
//! `null`, `"null"`, `"undefined"` and an empty text count as the same: they are read as the
//! same, too. And a value that holds `&name=` can be cut in other places than the vendor did,
//! so whoever may choose a transfer text could move the fields behind it; where a known name
//! is found inside a value, the text has no single reading and is refused.
//!
//! There is no timestamp: the transaction's identity is the only guard against a replay.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::claim::{Claim, signature_of};
use super::fields::{AmountForm, Fields, dedupe_key};
use super::javascript::{Sorting, number, sorted_members, stringify};
use super::json::{Json, Object};
use super::signature::{is_hmac_sha256, lower_hex, proven_by, require_lone_secret};
use super::verdict::{Answer, Call, Outcome, Reading, Refusal, Unusable, Verified};
use super::{
    Adapter, Credentials, CredentialsFault, Delivery, SECRET_BYTES, Secret, reading_of,
    require_post, signature_in, unproven_json,
};
use crate::domain::credit::{BankFact, Direction, FactOutcome};
use crate::domain::trial::Slip;

/// Texts that the vendor signs like an empty one.
const BLANKS: &[&str] = &["null", "undefined"];

/// The fields of `data` that mean something here.
const KNOWN: [&str; 11] = [
    "accountNumber",
    "amount",
    "code",
    "currency",
    "desc",
    "description",
    "orderCode",
    "paymentLinkId",
    "reference",
    "transactionDateTime",
    "virtualAccountNumber",
];

/// payOS.
pub struct Payos;

impl Adapter for Payos {
    fn name(&self) -> &'static str {
        "payos"
    }

    fn names_account(&self) -> bool {
        true
    }

    fn verify(
        &self,
        delivery: &Delivery,
        credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Result<Verified, Refusal> {
        require_post(delivery)?;
        let body = unproven_json(&delivery.body)?;
        let body = body.as_object().ok_or(Refusal::MalformedBody)?;
        let signature = signature_in(body, "signature")?;
        let data = body.get("data").and_then(Json::as_object);
        let data = data.ok_or(Refusal::MalformedBody)?;
        let signed = signed_text(data)?;
        let digest = lower_hex(signature).ok_or(Refusal::SignatureMismatch)?;
        let parts = [signed.as_bytes()];
        let verified_with = proven_by(credentials, |key| is_hmac_sha256(key, &parts, &digest))?;
        let fields = Fields::of(data).with_blanks(BLANKS);
        Ok(Verified::new(
            reading_of(read_payment(fields)),
            verified_with,
        ))
    }

    fn acknowledge(&self, outcome: &Outcome, _: Call<'_>) -> Answer {
        Answer::usual(outcome)
    }

    fn check(&self, credentials: &Credentials) -> Result<(), CredentialsFault> {
        require_lone_secret(credentials)
    }

    fn make_secret(&self, _: &[u8; SECRET_BYTES]) -> Option<Secret> {
        None
    }

    fn claims(&self, delivery: &Delivery, credentials: &Credentials) -> Vec<Claim> {
        let Ok(body) = unproven_json(&delivery.body) else {
            return Vec::new();
        };
        let data = body.as_object().and_then(|body| body.get("data"));
        let (Some(shown), Some(data)) = (signature_of(&body, "signature"), data) else {
            return Vec::new();
        };
        let pairs = data.as_object().and_then(|data| signed_text(data).ok());
        let written = data.as_object().map(unsorted_text);
        let mut texts = vec![(None, pairs.unwrap_or_default().into_bytes())];
        texts.extend(written.map(|text| (Some(Slip::NotSorted), text.into_bytes())));
        texts.push((
            Some(Slip::BodyAlone),
            stringify(data, Sorting::None).into_bytes(),
        ));
        vec![Claim::of_hmac_sha256(shown, texts, credentials)]
    }
}

/// The text that the vendor signs.
fn signed_text(data: &Object) -> Result<String, Refusal> {
    let mut out = String::new();
    for (key, value) in sorted_members(data) {
        let value = printed(value);
        let cuttable = key.contains(['&', '=']) || hides_a_field(&value, data);
        if cuttable {
            return Err(Refusal::AmbiguousBody);
        }
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(key);
        out.push('=');
        out.push_str(&value);
    }
    Ok(out)
}

/// The fields as they were sent: what a sender signs who forgets to sort them.
fn unsorted_text(data: &Object) -> String {
    let pairs = data.members().iter();
    let pairs = pairs.map(|(key, value)| format!("{key}={}", printed(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// A value as the vendor's own library turns it into text.
fn printed(value: &Json) -> Cow<'_, str> {
    match value {
        Json::Null => Cow::Borrowed(""),
        Json::Bool(true) => Cow::Borrowed("true"),
        Json::Bool(false) => Cow::Borrowed("false"),
        Json::Number(source) => Cow::Owned(number(source)),
        Json::Text(text) if BLANKS.contains(&text.as_str()) => Cow::Borrowed(""),
        Json::Text(text) => Cow::Borrowed(text),
        Json::Array(_) => Cow::Owned(stringify(value, Sorting::Outermost)),
        // What is inside an object is not signed; no such field is read here.
        Json::Object(_) => Cow::Borrowed("[object Object]"),
    }
}

/// Whether a value holds `&name=` with the name of a field, so that the field could begin there.
fn hides_a_field(value: &str, data: &Object) -> bool {
    value.split('&').skip(1).any(|piece| {
        piece
            .split_once('=')
            .is_some_and(|(name, _)| KNOWN.contains(&name) || data.get(name).is_some())
    })
}

fn read_payment(data: Fields<'_>) -> Result<Reading, Unusable> {
    let reference = data.required_name("reference")?;
    let link = data.required_name("paymentLinkId")?;
    let order = data.printed("orderCode")?;
    let content = data.text("description")?.unwrap_or_default();
    if data.required_text("currency")? != BankFact::CURRENCY {
        return Err(Unusable::OtherCurrency);
    }
    // What payOS sends when somebody saves the address of this service.
    let test_call =
        order.as_deref() == Some("123") && content == "VQRIO123" && reference == "TF230204212323";
    let outcome = match data.required_text("code")? {
        "00" if test_call => FactOutcome::Ignored,
        "00" => FactOutcome::Paid,
        _ => FactOutcome::Failed,
    };
    Ok(Reading::Transactions(vec![BankFact {
        provider: "payos",
        dedupe_key: dedupe_key("payos", &[&link, &reference]),
        provider_txn_id: reference.clone(),
        direction: Direction::Credit,
        amount: data.amount("amount", AmountForm::NumberOrText)?,
        account_number: Some(data.required_name("accountNumber")?),
        virtual_account: data.name("virtualAccountNumber")?,
        content: Some(content.to_owned()),
        bank_reference: Some(reference),
        merchant_reference: order,
        order_field_is_searched: false,
        provider_payment_code: None,
        reverses: None,
        occurred_at: data.local_time("transactionDateTime")?,
        outcome,
    }]))
}
