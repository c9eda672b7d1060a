//! What a notice came to: the answer, the verdict, and what a person must look at.

use super::{Quarantine, Receipt};
use crate::domain::credit::{BankFact, FactOutcome};
use crate::domain::explanation::AccountRefusal;
use crate::domain::ids::{BankTransactionId, CallbackId, MerchantId};
use crate::flows::alarm::Alarm;

/// What one fact of a notice came to.
pub(super) enum Recorded {
    New(BankTransactionId),
    Again(BankTransactionId),
    Conflict(BankTransactionId, MerchantId),
    Unbound(AccountRefusal),
}

/// What a notice came to.
pub(super) struct Outcome {
    pub(super) receipt: Receipt,
    pub(super) verdict: &'static str,
    pub(super) reason: &'static str,
    /// What a person must look at, unless the notice was told before.
    pub(super) alarms: Vec<Alarm>,
}

impl Outcome {
    /// What a notice came to by its booked facts.
    pub(super) fn of(recorded: &[Recorded], facts: &[BankFact], callback: CallbackId) -> Self {
        let first = recorded.iter().find_map(|one| match one {
            Recorded::New(id) | Recorded::Again(id) | Recorded::Conflict(id, _) => {
                Some(id.to_string())
            }
            Recorded::Unbound(_) => None,
        });
        let refused = recorded.iter().find_map(|one| match one {
            Recorded::Unbound(why) => Some(*why),
            _ => None,
        });
        let any = |wanted: fn(&Recorded) -> bool| recorded.iter().any(wanted);
        let mut outcome = if let Some(why) = refused {
            Self::quarantined(Quarantine::Account(why), callback)
        } else if any(|one| matches!(one, Recorded::Conflict(..))) {
            Self::new(Receipt::Conflict(first), "conflict", "other_facts")
        } else if any(|one| matches!(one, Recorded::New(_))) {
            Self::stored(first, "accepted", "")
        } else if any(|one| matches!(one, Recorded::Again(_))) {
            Self::new(Receipt::Repeated(first), "duplicate", "")
        } else if facts.iter().any(|fact| fact.outcome == FactOutcome::Failed) {
            Self::stored(None, "failed", "not_booked")
        } else {
            Self::stored(None, "ignored", "not_a_credit")
        };
        let conflicts = recorded.iter().filter_map(Recorded::conflict);
        outcome.alarms.extend(conflicts);
        outcome
    }

    pub(super) const fn stored(
        first: Option<String>,
        verdict: &'static str,
        reason: &'static str,
    ) -> Self {
        Self::new(Receipt::Stored(first), verdict, reason)
    }

    pub(super) fn quarantined(why: Quarantine, callback: CallbackId) -> Self {
        let alarm = Alarm {
            kind: "callback.quarantined",
            subject: callback.to_string(),
            merchant: None,
            reason: why.as_str(),
        };
        Self {
            alarms: vec![alarm],
            ..Self::new(Receipt::Quarantined(why), "quarantined", why.as_str())
        }
    }

    const fn new(receipt: Receipt, verdict: &'static str, reason: &'static str) -> Self {
        Self {
            receipt,
            verdict,
            reason,
            alarms: Vec::new(),
        }
    }
}

impl Recorded {
    pub(super) fn conflict(&self) -> Option<Alarm> {
        let Self::Conflict(transaction, merchant) = self else {
            return None;
        };
        Some(Alarm {
            kind: "transaction.conflict",
            subject: transaction.to_string(),
            merchant: Some(*merchant),
            reason: "other_facts",
        })
    }
}
