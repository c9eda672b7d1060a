//! Casso's second notice: HMAC-SHA512 over the time and the body in one canonical form.
//!
//! The header is `t=<Unix milliseconds>,v1=<hex>`; the signed text is the time, a dot and the
//! whole body written again as JavaScript does after sorting the keys of its objects, however
//! deep (developer.casso.vn, "Thiết lập webhook thủ công"). The vendor names no window for the
//! time; ours is that of every format, and the transaction's `id` is the lasting guard.

use chrono::{DateTime, Utc};

use super::claim::{Claim, Form, SHA512_BYTES, body_texts, text_keys};
use super::fields::{Fields, dedupe_key};
use super::javascript::{Sorting, stringify};
use super::json::Json;
use super::signature::{is_hmac_sha512, lower_hex, proven_by, require_lone_secret};
use super::verdict::{Answer, Call, NoticeKind, Outcome, Refusal, Unusable, Verified};
use super::{
    Adapter, Credentials, CredentialsFault, Delivery, HeaderForm, HeaderValue, SECRET_BYTES,
    Secret, reading_of, reading_with, require_fresh_ms, require_post, unix_milliseconds,
    unproven_json,
};
use crate::domain::credit::{BankFact, Direction, FactOutcome};
use crate::domain::trial::{Slip, Tells};

/// Casso, version 2.
pub struct CassoV2;

impl Adapter for CassoV2 {
    fn name(&self) -> &'static str {
        "casso_v2"
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
        let header = delivery.required_header("x-casso-signature")?;
        let (time, digest) = header
            .strip_prefix("t=")
            .and_then(|rest| rest.split_once(",v1="))
            .ok_or(Refusal::MalformedHeader)?;
        let sent_at = unix_milliseconds(time)?;
        let digest = lower_hex(digest).ok_or(Refusal::SignatureMismatch)?;
        let body = unproven_json(&delivery.body)?;
        let object = body.as_object().ok_or(Refusal::MalformedBody)?;
        let canonical = stringify(&body, Sorting::Objects);
        let parts = [time.as_bytes(), b".", canonical.as_bytes()];
        let verified_with = proven_by(credentials, |key| is_hmac_sha512(key, &parts, &digest))?;
        require_fresh_ms(sent_at, credentials, now)?;
        let data = object.get("data").and_then(Json::as_object);
        let data = data.ok_or(Unusable::MissingField("data"));
        let fact = data.and_then(|data| read_movement(Fields::of(data), &NAMES));
        let reading = fact.map(|fact| reading_with(fact.into_iter().collect(), NoticeKind::Ping));
        Ok(Verified::new(reading_of(reading), verified_with))
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

    fn tells(&self) -> Tells {
        Tells {
            signed_time: true,
            ..Tells::MOST
        }
    }

    fn headers(&self) -> &'static [HeaderForm] {
        &[HeaderForm {
            name: "x-casso-signature",
            value: HeaderValue::TimedSignature,
        }]
    }

    fn claims(&self, delivery: &Delivery, credentials: &Credentials) -> Vec<Claim> {
        let header = delivery.header("x-casso-signature").ok().flatten();
        let claimed = header.and_then(|it| it.strip_prefix("t=")?.split_once(",v1="));
        let (Some((time, shown)), Ok(body)) = (claimed, unproven_json(&delivery.body)) else {
            return Vec::new();
        };
        let canonical = stringify(&body, Sorting::Objects);
        let timed = |text: &[u8]| [time.as_bytes(), b".", text].concat();
        let mut texts = vec![
            (None, timed(canonical.as_bytes())),
            (Some(Slip::NotSorted), timed(&delivery.body)),
            (
                Some(Slip::NotSorted),
                timed(stringify(&body, Sorting::None).as_bytes()),
            ),
            (Some(Slip::WithoutTime), canonical.into_bytes()),
            (Some(Slip::BodyAlone), delivery.body.clone()),
        ];
        texts.extend(body_texts(&timed(b""), &delivery.body).split_off(1));
        vec![Claim {
            shown: shown.to_owned(),
            label: None,
            form: Form::Hex,
            digest_bytes: SHA512_BYTES,
            texts,
            keys: text_keys(credentials),
        }]
    }
}

/// What the two versions call the same things.
pub(super) struct Names {
    pub(super) account: &'static str,
    pub(super) virtual_account: &'static str,
    pub(super) reference: &'static str,
    pub(super) time: &'static str,
}

const NAMES: Names = Names {
    account: "accountNumber",
    virtual_account: "virtualAccountNumber",
    reference: "reference",
    time: "transactionDateTime",
};

/// Reads one movement; `None` for a test call that speaks of money out, which no account must
/// ever be told to have lost.
pub(super) fn read_movement(data: Fields<'_>, names: &Names) -> Result<Option<BankFact>, Unusable> {
    let id = data.required_id("id")?;
    let (direction, amount) = data.signed_amount("amount")?;
    // Casso numbers the call that tries an address zero.
    let test_call = id == "0";
    let outcome = match direction {
        Direction::Debit if test_call => return Ok(None),
        Direction::Credit if !test_call => FactOutcome::Paid,
        Direction::Credit | Direction::Debit => FactOutcome::Ignored,
    };
    Ok(Some(BankFact {
        provider: "casso",
        dedupe_key: dedupe_key("casso", &[&id]),
        provider_txn_id: id,
        direction,
        amount,
        account_number: Some(data.required_name(names.account)?),
        virtual_account: data.name(names.virtual_account)?,
        content: Some(data.text("description")?.unwrap_or_default().to_owned()),
        bank_reference: data.id(names.reference)?,
        merchant_reference: None,
        order_field_is_searched: false,
        provider_payment_code: None,
        reverses: None,
        occurred_at: data.local_time(names.time)?,
        outcome,
    }))
}
