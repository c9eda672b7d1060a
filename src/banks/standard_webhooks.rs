//! Our own contract for banks: one small JSON body, signed as [`contract`] says.

use chrono::{DateTime, Utc};

use super::claim::Claim;
use super::fields::{AmountForm, Fields, dedupe_key};
use super::json::Json;
use super::verdict::{Answer, Call, NoticeKind, Outcome, Reading, Refusal, Unusable, Verified};
use super::{
    Adapter, Credentials, CredentialsFault, Delivery, SECRET_BYTES, Secret, contract, proven_json,
    reading_of,
};
use crate::domain::credit::{BankFact, Direction, FactOutcome};
use crate::domain::trial::Tells;

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

    fn acknowledge(&self, outcome: &Outcome, _: Call<'_>) -> Answer {
        Answer::usual(outcome)
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
