//! VNPAY's payment notice: a GET whose query is signed with HMAC-SHA512.
//!
//! Signed are all `vnp_` parameters that are not empty, without the hash and the name of its
//! algorithm, sorted by name and written as a form (sandbox.vnpayment.vn, "Thanh toán PAY").
//! Writers of forms differ on a few marks, so the values are tried as they were sent and, if
//! that does not fit, written anew. Either text gives the same values back, so it makes no
//! difference to what is read which of them fits. Parameters of other names are not signed and
//! are not read; neither is a body.
//!
//! There is no time limit: the transaction's number is the only guard against a replay. Answers
//! are numbers in `RspCode`, always in HTTP 200: 00 done, 02 known before, 97 not believed, 99
//! call again. Whether we know the order and its amount is our affair.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::claim::{Claim, Form, SHA512_BYTES, text_keys};
use super::fields::{Fields, dedupe_key};
use super::json::Object;
use super::query::{self, Parameter};
use super::setup::{require_settings, required_setting};
use super::signature::{is_hmac_sha512, lower_hex, proven_by, require_plain_secret};
use super::verdict::{Answer, Call, Outcome, Reading, Refusal, Unusable, Verified};
use super::{Adapter, Credentials, CredentialsFault, Delivery, SECRET_BYTES, Secret, reading_of};
use crate::domain::credit::{BankFact, Direction, FactOutcome};
use crate::domain::money::Vnd;
use crate::domain::trial::Slip;

/// What the names of all parameters that count begin with.
const PREFIX: &str = "vnp_";
/// The parameter that holds the hash.
const HASH: &str = "vnp_SecureHash";
/// The parameter that names the hash's algorithm, which is not asked: ours is fixed.
const HASH_TYPE: &str = "vnp_SecureHashType";
/// The setting and the parameter that name the terminal.
const TERMINAL: &str = "vnp_TmnCode";

/// VNPAY.
pub struct VnpayIpn;

impl Adapter for VnpayIpn {
    fn name(&self) -> &'static str {
        "vnpay_ipn"
    }

    /// VNPAY reads a code in the answer, not the status.
    fn methods(&self) -> &'static [&'static str] {
        &["GET", "HEAD", "POST"]
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
        if delivery.method != "GET" {
            return Err(Refusal::WrongMethod);
        }
        if !delivery.body.is_empty() {
            return Err(Refusal::AmbiguousBody);
        }
        let terminal = required_setting(credentials, TERMINAL)?;
        let parameters = query::read(&delivery.query)?;
        let hash = parameters.iter().find(|it| it.name == HASH);
        let hash = hash.map_or("", |it| it.raw);
        if hash.is_empty() {
            return Err(Refusal::MissingSignature);
        }
        let digest = lower_hex(hash).ok_or(Refusal::SignatureMismatch)?;
        let signed = signed_parameters(parameters);
        let (sent, anew) = (as_sent(&signed), written_anew(&signed));
        let verified_with = proven_by(credentials, |key| {
            is_hmac_sha512(key, &[sent.as_bytes()], &digest)
                || is_hmac_sha512(key, &[anew.as_bytes()], &digest)
        })?;
        let values = signed.into_iter().map(|it| (it.name.to_owned(), it.value));
        let values = Object::of_texts(values).ok_or(Refusal::AmbiguousBody)?;
        let values = Fields::of(&values);
        if values.text(TERMINAL).ok().flatten() != Some(terminal) {
            return Err(Refusal::OtherTerminal);
        }
        let reading = reading_of(read_payment(values, terminal));
        Ok(Verified::new(reading, verified_with))
    }

    fn acknowledge(&self, outcome: &Outcome, _: Call<'_>) -> Answer {
        let (code, message) = match outcome {
            Outcome::Stored { .. } | Outcome::Quarantined(_) => ("00", "Confirmed"),
            Outcome::Repeated { .. } => ("02", "Confirmed before"),
            Outcome::Refused(_) => ("97", "Refused"),
            Outcome::Unavailable => ("99", "Try again"),
        };
        let body = json!({"RspCode": code, "Message": message});
        let answer = Answer::json(200, body.to_string());
        match outcome {
            Outcome::Unavailable => answer.later(),
            _ => answer,
        }
    }

    fn check(&self, credentials: &Credentials) -> Result<(), CredentialsFault> {
        require_plain_secret(credentials)?;
        require_settings(credentials, &[TERMINAL])
    }

    fn make_secret(&self, _: &[u8; SECRET_BYTES]) -> Option<Secret> {
        None
    }

    fn claims(&self, delivery: &Delivery, credentials: &Credentials) -> Vec<Claim> {
        let Ok(parameters) = query::read(&delivery.query) else {
            return Vec::new();
        };
        let Some(hash) = parameters.iter().find(|it| it.name == HASH) else {
            return Vec::new();
        };
        let shown = hash.raw.to_owned();
        let decoded = |it: &Parameter<'_>| format!("{}={}", it.name, it.value);
        let as_written: Vec<_> = delivery
            .query
            .split('&')
            .filter(|it| is_signed(it))
            .collect();
        let unsorted = as_written.join("&");
        let signed = signed_parameters(parameters);
        let plain = signed.iter().map(decoded).collect::<Vec<_>>().join("&");
        vec![Claim {
            shown,
            label: None,
            form: Form::Hex,
            digest_bytes: SHA512_BYTES,
            texts: vec![
                (None, as_sent(&signed).into_bytes()),
                (None, written_anew(&signed).into_bytes()),
                (Some(Slip::NotEncoded), plain.into_bytes()),
                (Some(Slip::NotSorted), unsorted.into_bytes()),
            ],
            keys: text_keys(credentials),
        }]
    }
}

/// The parameters that are signed, in the order in which they are.
fn signed_parameters(mut parameters: Vec<Parameter<'_>>) -> Vec<Parameter<'_>> {
    parameters.retain(|it| {
        let counts = it.name.starts_with(PREFIX) && !it.raw.is_empty();
        counts && it.name != HASH && it.name != HASH_TYPE
    });
    parameters.sort_by(|left, right| left.name.cmp(right.name));
    parameters
}

/// Whether a piece of the query is one of those that are signed.
fn is_signed(piece: &str) -> bool {
    let name = piece.split('=').next().unwrap_or_default();
    name.starts_with(PREFIX) && name != HASH && name != HASH_TYPE
}

fn as_sent(parameters: &[Parameter<'_>]) -> String {
    let pairs = parameters
        .iter()
        .map(|it| format!("{}={}", it.name, it.raw));
    pairs.collect::<Vec<_>>().join("&")
}

fn written_anew(parameters: &[Parameter<'_>]) -> String {
    let pairs = parameters.iter().map(|it| {
        let value: String = form_urlencoded::byte_serialize(it.value.as_bytes()).collect();
        format!("{}={value}", it.name)
    });
    pairs.collect::<Vec<_>>().join("&")
}

fn read_payment(values: Fields<'_>, terminal: &str) -> Result<Reading, Unusable> {
    let id = values.required_name("vnp_TransactionNo")?;
    let order = values.required_name("vnp_TxnRef")?;
    let currency = values.text("vnp_CurrCode")?;
    if currency.is_some_and(|currency| currency != BankFact::CURRENCY) {
        return Err(Unusable::OtherCurrency);
    }
    // 07 is money taken and suspected of fraud: no credit before people have looked.
    let codes = (
        values.required_text("vnp_ResponseCode")?,
        values.required_text("vnp_TransactionStatus")?,
    );
    let outcome = match codes {
        ("00", "00") => FactOutcome::Paid,
        _ => FactOutcome::Failed,
    };
    Ok(Reading::Transactions(vec![BankFact {
        provider: "vnpay",
        dedupe_key: dedupe_key("vnpay", &[terminal, &order, &id]),
        provider_txn_id: id,
        direction: Direction::Credit,
        amount: hundredths(values.required_text("vnp_Amount")?)?,
        account_number: None,
        virtual_account: None,
        content: Some(values.text("vnp_OrderInfo")?.unwrap_or_default().to_owned()),
        bank_reference: values.name("vnp_BankTranNo")?,
        merchant_reference: Some(order),
        order_field_is_searched: true,
        provider_payment_code: None,
        reverses: None,
        occurred_at: values.compact_local_time("vnp_PayDate")?,
        outcome,
    }]))
}

/// Reads an amount that is written in hundredths of a đồng, which have to be none.
fn hundredths(text: &str) -> Result<Vnd, Unusable> {
    let whole = text.strip_suffix("00").ok_or(Unusable::BadAmount)?;
    if whole.starts_with('0') {
        return Err(Unusable::BadAmount);
    }
    Vnd::parse(whole).map_err(|_| Unusable::BadAmount)
}
