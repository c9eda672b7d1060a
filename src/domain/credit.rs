//! What a bank says about one movement on an account, in our words.
//!
//! Every kind of notice is reduced to a [`BankFact`]. A payer's name and account are
//! deliberately not among its fields: nothing here needs them.

use chrono::{DateTime, Utc};

use crate::domain::matching::Texts;
use crate::domain::money::Vnd;

/// The way the money went, seen from the merchant's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Money in.
    Credit,
    /// Money out.
    Debit,
}

impl Direction {
    /// The way back.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Credit => Self::Debit,
            Self::Debit => Self::Credit,
        }
    }

    /// `credit` or `debit`, as stored and as shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Credit => "credit",
            Self::Debit => "debit",
        }
    }
}

/// What the notice means for a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FactOutcome {
    /// Money arrived: it may settle a payment.
    Paid,
    /// Authentic, but no credit for us: money out, a reversal, a test call.
    Ignored,
    /// The provider reports a failed or unfinished payment.
    Failed,
}

impl FactOutcome {
    /// `paid`, `ignored` or `failed`, as shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Ignored => "ignored",
            Self::Failed => "failed",
        }
    }
}

/// One movement as an authentic notice tells it, normalised.
#[derive(Clone, PartialEq, Eq)]
pub struct BankFact {
    /// The provider's short name: `standard`, `sepay`, `payos`, …
    pub provider: &'static str,
    /// The provider's own number of the transaction.
    pub provider_txn_id: String,
    /// Equal keys inside one source are the same transaction, for ever.
    pub dedupe_key: String,
    /// Money in or out.
    pub direction: Direction,
    /// Whole đồng, above zero.
    pub amount: Vnd,
    /// The account that was credited or debited, as the provider writes it; `None` where the
    /// format names none and the source is bound to exactly one account.
    pub account_number: Option<String>,
    /// The virtual account that the money was sent to, if any.
    pub virtual_account: Option<String>,
    /// The transfer text as delivered, which may be empty; `None` where the format has none.
    pub content: Option<String>,
    /// The bank's own reference, the same across sources and statements.
    pub bank_reference: Option<String>,
    /// The provider's order field, where it has one. Read
    /// [`order_field_is_searched`](Self::order_field_is_searched) before matching with it.
    pub merchant_reference: Option<String>,
    /// Whether the order field may hold our reference and is searched like a transfer text.
    pub order_field_is_searched: bool,
    /// The code that the provider believes to have found in the text; evidence only.
    pub provider_payment_code: Option<String>,
    /// The provider's number of the transaction that this one takes back.
    pub reverses: Option<String>,
    /// The bank's time.
    pub occurred_at: DateTime<Utc>,
    /// What it means for a payment.
    pub outcome: FactOutcome,
}

impl BankFact {
    /// ISO 4217; every adapter refuses other currencies.
    pub const CURRENCY: &'static str = "VND";

    /// What it takes back: the provider's number of that transaction, or the bank's reference.
    /// A credit that is booked as paid is a payment, whatever else it names.
    pub fn takes_back(&self) -> Option<&str> {
        let reverses = self.reverses.as_deref();
        reverses.filter(|_| self.outcome == FactOutcome::Ignored)
    }

    /// The provider's order field, where it may hold our reference.
    pub fn searched_order_field(&self) -> Option<&str> {
        let order = self.merchant_reference.as_deref();
        order.filter(|_| self.order_field_is_searched)
    }

    /// Where it may name one of our references.
    pub fn texts(&self) -> Texts<'_> {
        Texts {
            content: self.content.as_deref().unwrap_or_default(),
            order_field: self.searched_order_field(),
        }
    }

    /// Whether money really moved, so that the fact becomes a bank transaction and claims its
    /// identity. A failed, pending or test notice does not: a later booked one with the same
    /// key is no duplicate of it.
    pub fn is_booked(&self) -> bool {
        match self.outcome {
            FactOutcome::Paid => true,
            FactOutcome::Failed => false,
            FactOutcome::Ignored => self.direction == Direction::Debit || self.reverses.is_some(),
        }
    }
}

impl std::fmt::Debug for BankFact {
    /// Leaves out the text and the accounts: personal data does not belong in a log.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("BankFact")
            .field("dedupe_key", &self.dedupe_key)
            .field("direction", &self.direction)
            .field("amount", &self.amount)
            .field("occurred_at", &self.occurred_at)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}
