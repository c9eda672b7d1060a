//! Whether two tellings of one transaction say the same.

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::domain::credit::BankFact;
use crate::domain::day::to_rfc3339;
use crate::store::transactions::KnownEvidence;

/// A hash over what must not change between two tellings of one transaction.
pub(super) fn hash_of(fact: &BankFact) -> Vec<u8> {
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
