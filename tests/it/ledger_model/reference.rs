//! The reference model: what the books must say after a sequence.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::books::{Books, Known};
use super::movement::{CODES, Way, day_of};
use super::returns;
use super::rules::Rule;
use super::sequence::Sequence;
use super::worth::{Paid, Worth, worths};

/// A movement in the books.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Transaction {
    pub way: &'static str,
    pub amount_vnd: i64,
    pub reference: String,
    pub at_second: i64,
    pub is_suspected: bool,
    /// Whether no single code was found for it.
    pub is_in_suspense: bool,
}

/// A payment in the books that nobody annulled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Payment {
    /// Which of the outlet's codes.
    pub code: usize,
    pub reference: String,
    pub received_vnd: i64,
    pub returned_vnd: i64,
    /// `None` for one that does not count.
    pub worth: Option<Worth>,
}

/// Everything about one stall.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    pub transactions: Vec<Transaction>,
    pub payments: Vec<Payment>,
    /// Payments, sale and received of each of the outlet's days that has any.
    pub days: BTreeMap<NaiveDate, (i64, i64, i64)>,
    /// Whether yesterday is closed by a statement.
    pub is_closed: bool,
}

impl Ledger {
    /// The books without the banks' references.
    pub fn without_references(mut self) -> Self {
        for transaction in &mut self.transactions {
            transaction.reference.clear();
        }
        for payment in &mut self.payments {
            payment.reference.clear();
        }
        self.transactions.sort();
        self.payments.sort();
        self
    }

    /// Whether these are the books after a sequence.
    pub fn is_after(&self, sequence: &Sequence) -> bool {
        let mut wanted = Self::of(sequence);
        let is_plain =
            sequence.papers.len() < 2 && !wanted.transactions.iter().any(|one| one.is_suspected);
        if !is_plain && !Rule::ClosedDays.is_kept() {
            wanted.is_closed = self.is_closed;
        }
        *self == wanted
    }

    /// The books after a sequence, in its order.
    pub fn of(sequence: &Sequence) -> Self {
        let books = Books::after(sequence);
        let mut ledger = Self {
            is_closed: books.is_closed(),
            ..Self::default()
        };
        let back = returns::of(&books);
        for code in 0..CODES {
            let named = books.known.iter().zip(&back.gone);
            let named = named.filter(|(known, _)| known.code() == Some(code));
            ledger.pay(code, named.collect());
        }
        ledger.transactions = books.known.iter().map(transaction).collect();
        ledger.transactions.sort();
        ledger.payments.sort();
        ledger
    }

    /// Adds the payments of a code, each with what went back of its movement.
    fn pay(&mut self, code: usize, mut named: Vec<(&Known, &i64)>) {
        named.retain(|(known, _)| known.way == Way::In);
        // Of several at one moment the smaller one is taken first.
        named.sort_by_key(|(known, _)| (known.at_second(), known.amount_vnd, shown(known)));
        let paid = |(known, gone): &(&Known, &i64)| Paid {
            amount_vnd: known.amount_vnd,
            returned_vnd: known.amount_vnd.min(**gone),
        };
        let counting: Vec<Paid> = (named.iter())
            .filter(|(known, _)| !known.is_suspected)
            .map(paid)
            .collect();
        let mut worths = worths(code, &counting).into_iter();
        for one in &named {
            let known = one.0;
            let Paid {
                amount_vnd,
                returned_vnd,
            } = paid(one);
            let worth = if known.is_suspected {
                None
            } else {
                worths.next()
            };
            if let Some(Worth { sale_vnd, .. }) = &worth
                && *sale_vnd > 0
            {
                let day = self.days.entry(day_of(known.at_second())).or_default();
                *day = (day.0 + 1, day.1 + sale_vnd, day.2 + amount_vnd);
            }
            self.payments.push(Payment {
                code,
                reference: shown(known),
                received_vnd: amount_vnd,
                returned_vnd,
                worth,
            });
        }
    }
}

/// The reference as the books show it.
fn shown(known: &Known) -> String {
    known.reference().unwrap_or_default().to_owned()
}

fn transaction(known: &Known) -> Transaction {
    Transaction {
        way: known.way.word(),
        amount_vnd: known.amount_vnd,
        reference: shown(known),
        at_second: known.at_second(),
        is_suspected: known.is_suspected,
        is_in_suspense: known.way == Way::In && known.code().is_none(),
    }
}
