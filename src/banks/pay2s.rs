//! Pay2S's balance notice: a bearer token, and any number of movements in one delivery.
//!
//! The token proves the sender, not the body (docs.pay2s.vn, "Webhook"). Each movement carries
//! a `checksum` whose rule is not published: it is not read. A delivery with a movement that
//! cannot be read is kept whole for people.

use chrono::{DateTime, Utc};

use super::fields::{AmountForm, Fields, dedupe_key};
use super::json::Json;
use super::signature::require_lone_secret;
use super::verdict::{Answer, Call, NoticeKind, Outcome, Reading, Refusal, Unusable, Verified};
use super::{
    Adapter, Credentials, CredentialsFault, Delivery, SECRET_BYTES, Secret, listed_objects,
    read_shown, reading_with,
};
use crate::domain::credit::{BankFact, Direction, FactOutcome};

/// Pay2S.
pub struct Pay2s;

impl Adapter for Pay2s {
    fn name(&self) -> &'static str {
        "pay2s"
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
        read_shown(
            delivery,
            "authorization",
            "Bearer ",
            credentials,
            read_notice,
        )
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
}

fn read_notice(body: &Json) -> Result<Reading, Unusable> {
    let entries = listed_objects(body, "transactions")?;
    let facts = entries.into_iter().map(read_movement);
    let facts: Result<Vec<_>, _> = facts.collect();
    Ok(reading_with(facts?, NoticeKind::Empty))
}

fn read_movement(entry: Fields<'_>) -> Result<BankFact, Unusable> {
    let (direction, outcome) = match entry.required_text("transferType")? {
        "IN" => (Direction::Credit, FactOutcome::Paid),
        "OUT" => (Direction::Debit, FactOutcome::Ignored),
        _ => return Err(Unusable::BadField("transferType")),
    };
    let id = entry.required_id("id")?;
    Ok(BankFact {
        provider: "pay2s",
        dedupe_key: dedupe_key("pay2s", &[&id]),
        provider_txn_id: id,
        direction,
        amount: entry.amount("transferAmount", AmountForm::NumberOrText)?,
        account_number: Some(entry.required_name("accountNumber")?),
        virtual_account: None,
        content: Some(entry.text("content")?.unwrap_or_default().to_owned()),
        bank_reference: entry.id("transactionNumber")?,
        merchant_reference: None,
        order_field_is_searched: false,
        provider_payment_code: None,
        reverses: None,
        occurred_at: entry.local_time("transactionDate")?,
        outcome,
    })
}
