//! Our own contract for banks: one small JSON body, signed as [`contract`] says.

use chrono::{DateTime, Utc};

use super::claim::Claim;
use super::fields::{AmountForm, Fields, dedupe_key};
use super::json::Json;
use super::verdict::{Answer, Call, NoticeKind, Outcome, Reading, Refusal, Unusable, Verified};
use super::{
    Adapter, Credentials, CredentialsFault, Delivery, HeaderForm, SECRET_BYTES, Secret, contract,
    proven_json, reading_of,
};
use crate::domain::credit::{BankFact, Direction, FactOutcome};
use crate::domain::trial::Tells;

/// The forms of the fields, in Vietnamese and in English.
const FORMS: [(&str, [&str; 2]); 12] = [
    ("type", [EVENTS, EVENTS]),
    ("currency", ["\"VND\"", "\"VND\""]),
    ("data", ONE_MOVEMENT),
    ("transaction_id", NAME),
    ("account_number", NAME),
    (
        "direction",
        ["\"credit\" hoặc \"debit\"", "\"credit\" or \"debit\""],
    ),
    (
        "amount",
        [
            "số nguyên đồng từ 1 đến 1000000000000, không ngoặc kép",
            "a whole number of đồng from 1 to 1000000000000, without quotes",
        ],
    ),
    (
        "content",
        [
            "chuỗi, không có ký tự NUL; có thể rỗng",
            "a text without NUL; it may be empty",
        ],
    ),
    (
        "booked_at",
        [
            "RFC 3339 có múi giờ, ví dụ \"2026-03-16T09:29:52+07:00\"",
            "RFC 3339 with an offset, such as \"2026-03-16T09:29:52+07:00\"",
        ],
    ),
    ("virtual_account", NAME),
    ("bank_reference", NAME),
    ("reverses_transaction_id", NAME),
];
/// The kinds of events.
const EVENTS: &str = "\"bank.transaction.credited\", \"bank.transaction.debited\", \"bank.transaction.reversed\", \"ping\"";
const NAME: [&str; 2] = [
    "chuỗi trong ngoặc kép, tối đa 64 ký tự, không có ký tự điều khiển",
    "a text in quotes, at most 64 characters, no control characters",
];
const ONE_MOVEMENT: [&str; 2] = [
    "một đối tượng {…}: mỗi yêu cầu một biến động, không gửi danh sách",
    "one object {…}: one movement per request, never a list",
];

/// A bank that follows our contract.
pub struct StandardWebhooks;

impl Adapter for StandardWebhooks {
    fn name(&self) -> &'static str {
        "standard_webhooks"
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
        let proven = contract::prove(delivery, credentials, now)?;
        let body = proven_json(&delivery.body)?;
        let reading = reading_of(body.and_then(|body| read_event(&body)));
        Ok(Verified::new(reading, proven.with).named(proven.id))
    }

    fn acknowledge(&self, outcome: &Outcome, call: Call<'_>) -> Answer {
        Answer::with_remark(outcome, call.remark)
    }

    fn check(&self, credentials: &Credentials) -> Result<(), CredentialsFault> {
        contract::check(credentials)
    }

    fn make_secret(&self, random: &[u8; SECRET_BYTES]) -> Option<Secret> {
        Some(contract::make_secret(random))
    }

    fn tells(&self) -> Tells {
        contract::TELLS
    }

    fn fields(&self) -> &'static [(&'static str, [&'static str; 2])] {
        &FORMS
    }

    fn headers(&self) -> &'static [HeaderForm] {
        &contract::HEADERS
    }

    fn signed_before(&self, delivery: &Delivery) -> Option<String> {
        Some(contract::signed_before(delivery))
    }

    fn claims(&self, delivery: &Delivery, credentials: &Credentials) -> Vec<Claim> {
        contract::claims(delivery, credentials)
    }
}

/// Reads the event around a movement.
fn read_event(body: &Json) -> Result<Reading, Unusable> {
    let event = body.as_object().ok_or(Unusable::MalformedBody)?;
    let (wanted, outcome) = match Fields::of(event).required_text("type")? {
        "bank.transaction.credited" => (Some(Direction::Credit), FactOutcome::Paid),
        "bank.transaction.debited" => (Some(Direction::Debit), FactOutcome::Ignored),
        "bank.transaction.reversed" => (None, FactOutcome::Ignored),
        "ping" => return Ok(Reading::Nothing(NoticeKind::Ping)),
        _ => return Ok(Reading::Nothing(NoticeKind::OtherEvent)),
    };
    let data = event.get("data").ok_or(Unusable::MissingField("data"))?;
    let data = data.as_object().ok_or(Unusable::BadField("data"))?;
    let fact = read_movement(Fields::of(data), outcome)?;
    if wanted.is_none() && fact.reverses.is_none() {
        return Err(Unusable::MissingField("reverses_transaction_id"));
    }
    if wanted.is_some_and(|wanted| wanted != fact.direction) {
        return Err(Unusable::Contradiction);
    }
    Ok(Reading::Transactions(vec![fact]))
}

fn read_movement(data: Fields<'_>, outcome: FactOutcome) -> Result<BankFact, Unusable> {
    let direction = match data.required_text("direction")? {
        "credit" => Direction::Credit,
        "debit" => Direction::Debit,
        _ => return Err(Unusable::BadField("direction")),
    };
    if data.required_text("currency")? != BankFact::CURRENCY {
        return Err(Unusable::OtherCurrency);
    }
    let account = data.required_name("account_number")?;
    let id = data.required_name("transaction_id")?;
    Ok(BankFact {
        provider: "standard",
        dedupe_key: dedupe_key("standard", &[&account, &id]),
        provider_txn_id: id,
        direction,
        amount: data.amount("amount", AmountForm::Integer)?,
        account_number: Some(account),
        virtual_account: data.name("virtual_account")?,
        content: Some(data.free_text("content")?.to_owned()),
        bank_reference: data.name("bank_reference")?,
        merchant_reference: None,
        order_field_is_searched: false,
        provider_payment_code: None,
        reverses: data.name("reverses_transaction_id")?,
        occurred_at: data.rfc3339("booked_at")?,
        outcome,
    })
}
