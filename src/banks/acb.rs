//! ACB's own notice: an API key in a header, and batches of movements in a deep envelope.
//!
//! The key stands as it is in `Authorization` or in `x-api-key`: it proves the sender, not the
//! body. `checksum` beside it has no published rule and is not read.
//!
//! A movement is told at once (`TRANSACTION_UPDATE`) and again in pages on the next day
//! (`TRANSACTION_HISTORY`). Its identity is the account with the bank's code, trace and
//! reference, never anything of the batch: so both tell of one transaction, in either order,
//! and a page that comes without its neighbours is whole by itself. Each of the three alone
//! may come round again, so all that are there count.
//!
//! `ERRORCORRECTED` tells a movement once more to say that the bank took it back: that is a
//! movement of its own, the other way, which names the first.
//!
//! Answers are codes in `responseStatus`, always in HTTP 200, with the caller's trace in them.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::fields::{AmountForm, Fields, dedupe_key};
use super::json::Json;
use super::signature::{require_lone_secret, shown_token};
use super::verdict::{Answer, Call, NoticeKind, Outcome, Reading, Refusal, Unusable, Verified};
use super::{
    Adapter, BATCH_MAX_BYTES, Credentials, CredentialsFault, Delivery, SECRET_BYTES, Secret,
    proven_json, reading_of, reading_with, require_post,
};
use crate::domain::credit::{BankFact, Direction, FactOutcome};
use crate::domain::day::to_rfc3339;

/// The two headers that may carry the key.
const AUTHORIZATION: &str = "authorization";
const API_KEY: &str = "x-api-key";
/// The requests that tell of movements: at once, and on the day after.
const TRANSACTIONS: [&str; 2] = ["TRANSACTION_UPDATE", "TRANSACTION_HISTORY"];
/// What sets the number of a correction apart from that of the movement it takes back.
const CORRECTION: &str = "corrected";

/// ACB.
pub struct Acb;

impl Adapter for Acb {
    fn name(&self) -> &'static str {
        "acb"
    }

    fn body_max_bytes(&self) -> usize {
        BATCH_MAX_BYTES
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
        let verified_with = shown_token(delivery, key_header(delivery)?, "", credentials)?;
        let body = proven_json(&delivery.body)?;
        let trace = body.as_ref().ok().and_then(trace_of);
        let reading = reading_of(body.and_then(|body| read_notice(&body)));
        let verified = Verified::new(reading, verified_with);
        Ok(match trace {
            Some(trace) => verified.named(&trace),
            None => verified,
        })
    }

    fn acknowledge(&self, outcome: &Outcome, call: Call<'_>) -> Answer {
        let (code, receipt) = match outcome {
            Outcome::Stored { receipt } | Outcome::Repeated { receipt } => {
                ("00000000", receipt.as_deref())
            }
            Outcome::Quarantined(_) => ("00000000", None),
            Outcome::Refused(_) => ("40100001", None),
            Outcome::Unavailable => ("50300001", None),
        };
        let answer = Answer::json(200, told(code, receipt, call).to_string());
        match outcome {
            Outcome::Unavailable => answer.later(),
            _ => answer,
        }
    }

    fn check(&self, credentials: &Credentials) -> Result<(), CredentialsFault> {
        require_lone_secret(credentials)
    }

    fn make_secret(&self, random: &[u8; SECRET_BYTES]) -> Option<Secret> {
        Some(Secret::text(hex::encode(random)))
    }
}

/// The header that carries the key. Two keys could be judged by either.
fn key_header(delivery: &Delivery) -> Result<&'static str, Refusal> {
    match (delivery.header(AUTHORIZATION)?, delivery.header(API_KEY)?) {
        (Some(_), Some(_)) => Err(Refusal::RepeatedHeader),
        (None, Some(_)) => Ok(API_KEY),
        (Some(_) | None, None) => Ok(AUTHORIZATION),
    }
}

/// The caller's name of the call, which the answer repeats.
fn trace_of(body: &Json) -> Option<String> {
    let body = Fields::of(body.as_object()?);
    body.name("requestTrace").ok().flatten()
}

fn told(code: &str, receipt: Option<&str>, call: Call<'_>) -> Value {
    json!({
        "requestTrace": call.delivery_id,
        "responseDateTime": to_rfc3339(call.now),
        "responseStatus": {"responseCode": code},
        "responseBody": {"index": 1, "referenceCode": receipt},
    })
}

fn read_notice(body: &Json) -> Result<Reading, Unusable> {
    let body = Fields::of(body.as_object().ok_or(Unusable::MalformedBody)?);
    let parameters = body.required_object("requestParameters")?;
    let single = parameters.object("request")?;
    let requests = match (single, parameters.is_absent("requests")) {
        (Some(request), true) => vec![request],
        (Some(_), false) => return Err(Unusable::BadField("requests")),
        (None, _) => parameters.objects("requests")?,
    };
    let mut facts = Vec::new();
    let mut without = NoticeKind::Empty;
    for request in requests {
        let meta = request.required_object("requestMeta")?;
        let code = meta.text("requestCode")?;
        if !code.is_some_and(|code| TRANSACTIONS.contains(&code)) {
            without = NoticeKind::OtherEvent;
            continue;
        }
        let entries = request.required_object("requestParams")?;
        for entry in entries.objects("transactions")? {
            facts.push(read_movement(entry)?);
        }
    }
    Ok(reading_with(facts, without))
}

/// The bank's names of a movement, empty where it has none.
struct Numbers {
    code: String,
    trace: String,
    reference: String,
}

impl Numbers {
    fn read(entry: Fields<'_>, more: Option<Fields<'_>>) -> Result<Self, Unusable> {
        let of_more = |name| more.map_or(Ok(None), |more| more.id(name));
        let numbers = Self {
            code: entry.id("transactionCode")?.unwrap_or_default(),
            trace: of_more("traceNumber")?.unwrap_or_default(),
            reference: of_more("referenceNumber")?.unwrap_or_default(),
        };
        if numbers.all().iter().all(|number| number.is_empty()) {
            return Err(Unusable::MissingField("transactionCode"));
        }
        Ok(numbers)
    }

    fn all(&self) -> [&str; 3] {
        [&self.code, &self.trace, &self.reference]
    }

    /// One number made of all.
    fn joined(&self) -> String {
        self.all().join("/")
    }

    /// What a statement shows: the reference, or what comes next to it.
    fn on_statement(&self) -> Option<String> {
        let shown = [&self.reference, &self.trace];
        let shown = shown.into_iter().find(|number| !number.is_empty());
        shown.cloned()
    }
}

fn read_movement(entry: Fields<'_>) -> Result<BankFact, Unusable> {
    let direction = match entry.required_text("debitOrCredit")? {
        way if way.eq_ignore_ascii_case("credit") => Direction::Credit,
        way if way.eq_ignore_ascii_case("debit") => Direction::Debit,
        _ => return Err(Unusable::BadField("debitOrCredit")),
    };
    let more = entry.object("transactionEntityAttribute")?;
    let numbers = Numbers::read(entry, more)?;
    let account = entry.required_name("accountNumber")?;
    let [code, trace, reference] = numbers.all();
    let names = [&*account, code, trace, reference];
    let number = numbers.joined();
    let fact = BankFact {
        provider: "acb",
        dedupe_key: dedupe_key("acb", &names),
        provider_txn_id: number.clone(),
        direction,
        amount: entry.amount("amount", AmountForm::NumberOrText)?,
        account_number: Some(account.clone()),
        virtual_account: more.map_or(Ok(None), |more| more.name("virtualAccount"))?,
        content: Some(entry.text("transactionContent")?.unwrap_or_default().into()),
        bank_reference: numbers.on_statement(),
        merchant_reference: None,
        order_field_is_searched: false,
        provider_payment_code: None,
        reverses: None,
        occurred_at: entry.offset_or_local("transactionDate")?,
        outcome: match direction {
            Direction::Credit => FactOutcome::Paid,
            Direction::Debit => FactOutcome::Ignored,
        },
    };
    match entry.required_text("transactionStatus")? {
        "COMPLETED" => Ok(fact),
        "ERRORCORRECTED" => Ok(BankFact {
            dedupe_key: dedupe_key("acb", &[&names[..], &[CORRECTION]].concat()),
            provider_txn_id: format!("{number}/{CORRECTION}"),
            direction: direction.opposite(),
            reverses: Some(number),
            outcome: FactOutcome::Ignored,
            ..fact
        }),
        _ => Err(Unusable::BadField("transactionStatus")),
    }
}
