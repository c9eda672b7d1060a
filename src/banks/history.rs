//! The history that a vendor offers beside its notices: what is asked, and how the answer is
//! read.
//!
//! A row of it is the same transaction as the notice with the same number, so its facts are
//! read into the same form. Nobody signs a row: it is believed because it came over TLS from
//! the vendor, who knows us by a token.

use chrono::{DateTime, Utc};

use super::verdict::Unusable;
use crate::domain::credit::BankFact;

/// How the history of one vendor is asked for and read.
#[derive(Debug)]
pub struct History {
    /// The target of a request, below the address of the vendor.
    pub target: fn(&HistoryQuery<'_>) -> String,
    /// Reads an answer.
    pub read: fn(&[u8]) -> Result<HistoryPage, HistoryFault>,
}

/// Which part of the history is asked for. All limits include what they name.
#[derive(Clone, Copy, Debug)]
pub struct HistoryQuery<'a> {
    /// The account.
    pub account_number: &'a str,
    /// From this number of the vendor on.
    pub since_id: Option<i64>,
    /// From the local day of this moment on.
    pub from: Option<DateTime<Utc>>,
    /// Up to this moment.
    pub until: Option<DateTime<Utc>>,
    /// How many rows at most.
    pub limit: u32,
}

/// A row: the facts of a booked movement, read from the vendor's own list.
#[derive(Clone, Debug)]
pub struct HistoryRow {
    number: i64,
    fact: BankFact,
}

/// What was answered.
#[derive(Clone, Debug, Default)]
pub struct HistoryPage {
    /// The rows that can be read, in the order of the answer.
    pub rows: Vec<HistoryRow>,
    /// Why the others cannot.
    pub unusable: Vec<Unusable>,
}

/// Why an answer is no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryFault {
    /// Not the document that the vendor describes.
    #[error("the answer is not what the vendor describes")]
    Malformed,
    /// The vendor says that it did not do what was asked.
    #[error("the vendor reports an error")]
    Refused,
}

impl HistoryRow {
    /// To be called for a row of a vendor's answer, nowhere else.
    pub(in crate::banks) fn new(number: i64, fact: BankFact) -> Self {
        Self { number, fact }
    }

    /// The vendor's number; a later row has a higher one as a rule.
    pub fn number(&self) -> i64 {
        self.number
    }

    /// What it says.
    pub fn fact(&self) -> &BankFact {
        &self.fact
    }
}
