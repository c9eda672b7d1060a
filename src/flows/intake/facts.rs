//! Whether two tellings of one transaction say the same.

use std::borrow::Cow;

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::domain::credit::{BankFact, Direction};
use crate::domain::day::to_rfc3339;
use crate::store::transactions::KnownEvidence;

/// A hash over what must not change between two tellings of one transaction.
pub(in crate::flows) fn hash_of(fact: &BankFact) -> Vec<u8> {
    let told = json!([
        fact.direction.as_str(),
        fact.amount.get(),
        fact.account_number,
        fact.virtual_account,
        fact.bank_reference,
        to_rfc3339(fact.occurred_at),
    ]);
    Sha256::digest(told.to_string()).to_vec()
}

/// Whether a fact says what was told under its key before. A notice and a fetched row are
/// compared by what both of them tell: a list may leave out what a notice has.
pub(super) fn agrees(known: &KnownEvidence, fact: &BankFact, kind: &str) -> bool {
    if known.fact_hash == hash_of(fact) {
        return true;
    }
    let told_by_both = |before: &Option<String>, now: &Option<String>| match (before, now) {
        (Some(_), Some(now)) => Some(now.clone()),
        (before, _) => before.clone(),
    };
    let as_before = BankFact {
        bank_reference: told_by_both(&known.bank_reference, &fact.bank_reference),
        virtual_account: told_by_both(&known.virtual_account, &fact.virtual_account),
        ..fact.clone()
    };
    known.kind != kind && known.fact_hash == hash_of(&as_before)
}

/// The reference by which a fact is linked. What takes a credit back may carry that credit's
/// reference and direction, and is another movement all the same.
pub(super) fn linking_reference(fact: &BankFact) -> Option<&str> {
    let reference = fact.bank_reference.as_deref();
    reference.filter(|_| annulled(fact).is_none())
}

/// The text by which a fact is linked.
pub(super) fn linking_text(fact: &BankFact) -> Cow<'_, str> {
    let text = fact.content.as_deref().unwrap_or_default();
    match annulled(fact) {
        Some(number) => format!("{number} {text}").into(),
        None => text.into(),
    }
}

/// Of a credit that is told as taken back in the direction of a credit: its number.
fn annulled(fact: &BankFact) -> Option<&str> {
    let number = fact.takes_back();
    number.filter(|_| fact.direction == Direction::Credit)
}
