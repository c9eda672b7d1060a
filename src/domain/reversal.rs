//! Money that goes back: recorded here, never executed by us.
//!
//! Only verified money counts. A bank's own word that takes a transaction back counts at once;
//! what a trader records waits for the debit by which the money left the account, and lowers no
//! figure before. A debit confirms one reversal at most:
//!
//! 1. the one that a person matched it to;
//! 2. else one of the same amount for the credit that the bank itself says it takes back, the
//!    n-th record with the n-th movement;
//! 3. else, if it names no transaction at all, the record of the same account and amount whose
//!    time fits ([`fits`]) and that waits longest.
//!
//! Which record is confirmed depends on the whole set of records and movements, never on the
//! order in which banks told of them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::explanation::worded;
use super::ids::{BankTransactionId, ReversalId};
use super::word::word_enum;

/// How long before it was recorded money may have gone back: a trader records what was paid
/// back on the same day.
pub const RECORDED_AFTER: TimeDelta = TimeDelta::days(1);
/// How long after it was recorded money may go back and be known for it by amount and time
/// alone. Later, a person matches them.
pub const PAID_WITHIN: TimeDelta = TimeDelta::days(7);

word_enum! {
    /// Where a reversal stands.
    ReversalState is "state of a reversal" {
        /// A trader's record whose debit did not come yet, or a bank's word that names nothing
        /// known, or that may be another one told twice.
        Waiting = "waiting",
        /// The money verifiably went back.
        Confirmed = "confirmed",
        /// A bank's word that confirms a trader's record, which counts in its place.
        Covered = "covered",
        /// A bank's word that the bank itself took back.
        Undone = "undone",
        /// The trader withdrew the record.
        Cancelled = "cancelled",
    }
}

word_enum! {
    /// Who says that money goes back.
    ReversalOrigin is "origin of a reversal" {
        /// The bank.
        Bank = "bank",
        /// The trader.
        Merchant = "merchant",
    }
}

word_enum! {
    /// Why a trader gives money back.
    Nature is "reason of a reversal" {
        /// Goods came back, or the customer changed their mind.
        CustomerRequest = "customer_request",
        /// The customer paid twice.
        Duplicate = "duplicate",
        /// More came than was due.
        Overpayment = "overpayment",
        /// Change or cash was handed out.
        CashOut = "cash_out",
        /// A mistake at the stall.
        OperationalError = "operational_error",
        /// The payment was a fraud.
        Fraud = "fraud",
    }
}

worded! {
    /// By what a reversal is known to belong to its transaction.
    MatchedBy {
        /// The bank names the transaction.
        Reference = "reference",
            "Ngân hàng ghi rõ giao dịch được hoàn.",
            "The bank names the transaction that it takes back.";
        /// Account, amount and time fit.
        Amount = "amount",
            "Cùng tài khoản, cùng số tiền và thời gian phù hợp với khoản hoàn đã ghi.",
            "Account, amount and time fit the reversal that was recorded.";
        /// A person said so.
        Person = "person",
            "Do một người xác định.",
            "A person decided.";
    }
}

impl MatchedBy {
    /// Reads a stored word.
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Reference, Self::Amount, Self::Person];
        all.into_iter().find(|one| one.as_str() == text)
    }
}

/// A trader's record, of one account and one amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its id.
    pub id: ReversalId,
    /// The credit that it gives back.
    pub credit: BankTransactionId,
    /// The bank's time of that credit.
    pub received_at: DateTime<Utc>,
    /// When the trader recorded it.
    pub recorded_at: DateTime<Utc>,
    /// The movement that a person matched it to.
    pub chosen: Option<BankTransactionId>,
}

/// A movement by which money may have gone back, of the same account and amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The transaction.
    pub id: BankTransactionId,
    /// The bank's time.
    pub occurred_at: DateTime<Utc>,
    /// What the bank says that it takes back; `None` for a debit that names nothing.
    pub takes_back: Option<BankTransactionId>,
}

/// By which movement each record is confirmed, and how that is known.
pub fn pair(
    records: &[Record],
    movements: &[Movement],
) -> BTreeMap<ReversalId, (BankTransactionId, MatchedBy)> {
    let mut records = records.to_vec();
    records.sort_by_key(|record| (record.recorded_at, record.id));
    let mut movements = movements.to_vec();
    movements.sort_by_key(|movement| (movement.occurred_at, movement.id));
    let mut pairs = Pairs::default();
    for record in records.iter().filter(|record| record.chosen.is_some()) {
        let chosen = movements.iter().find(|one| Some(one.id) == record.chosen);
        if let Some(movement) = chosen {
            pairs.confirm(movement, MatchedBy::Person, Some(record));
        }
    }
    records.retain(|record| record.chosen.is_none());
    for movement in &movements {
        if let Some(credit) = movement.takes_back {
            let mut waiting = records.iter().filter(|record| pairs.waits(record));
            let record = waiting.find(|record| record.credit == credit);
            pairs.confirm(movement, MatchedBy::Reference, record);
        }
    }
    for movement in movements.iter().filter(|one| one.takes_back.is_none()) {
        let mut waiting = records.iter().filter(|record| pairs.waits(record));
        let record = waiting.find(|record| fits(record, movement.occurred_at));
        pairs.confirm(movement, MatchedBy::Amount, record);
    }
    pairs.of_records
}

/// What is paired so far.
#[derive(Default)]
struct Pairs {
    of_records: BTreeMap<ReversalId, (BankTransactionId, MatchedBy)>,
    used: BTreeSet<BankTransactionId>,
}

impl Pairs {
    fn waits(&self, record: &Record) -> bool {
        !self.of_records.contains_key(&record.id)
    }

    fn confirm(&mut self, movement: &Movement, how: MatchedBy, record: Option<&Record>) {
        if let Some(record) = record
            && self.used.insert(movement.id)
        {
            self.of_records.insert(record.id, (movement.id, how));
        }
    }
}

/// Whether money that left at a moment may be what a record tells of: not before it came, and
/// around the time when it was recorded.
pub fn fits(record: &Record, left_at: DateTime<Utc>) -> bool {
    let (first, last) = window(record);
    (first..=last).contains(&left_at)
}

/// From when to when a record's money may leave.
pub fn window(record: &Record) -> (DateTime<Utc>, DateTime<Utc>) {
    let first = record.received_at.max(record.recorded_at - RECORDED_AFTER);
    (first, record.recorded_at + PAID_WITHIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_773_628_200 + hour * 3_600, 0).unwrap()
    }

    fn btx(number: u128) -> BankTransactionId {
        BankTransactionId::from_uuid(Uuid::from_u128(number))
    }

    fn rev(number: u128) -> ReversalId {
        ReversalId::from_uuid(Uuid::from_u128(number))
    }

    /// The record with this number for the credit with the same number, which came at hour 0.
    fn record(number: u128, hour: i64) -> Record {
        Record {
            id: rev(number),
            credit: btx(number),
            received_at: at(0),
            recorded_at: at(hour),
            chosen: None,
        }
    }

    fn debit(number: u128, hour: i64) -> Movement {
        Movement {
            id: btx(number),
            occurred_at: at(hour),
            takes_back: None,
        }
    }

    #[test]
    fn a_debit_confirms_the_record_whose_time_fits_and_that_waits_longest() {
        for (name, records, debits, wanted) in [
            (
                "in time",
                vec![record(1, 5)],
                vec![debit(9, 6)],
                vec![(1, 9)],
            ),
            (
                "recorded after",
                vec![record(1, 20)],
                vec![debit(9, 3)],
                vec![(1, 9)],
            ),
            (
                "before the credit",
                vec![record(1, 5)],
                vec![debit(9, -1)],
                vec![],
            ),
            (
                "long before the record",
                vec![record(1, 99)],
                vec![debit(9, 70)],
                vec![],
            ),
            (
                "too late",
                vec![record(1, 0)],
                vec![debit(9, 24 * 7 + 1)],
                vec![],
            ),
            (
                "one debit for two records",
                vec![record(2, 4), record(1, 5)],
                vec![debit(9, 6)],
                vec![(2, 9)],
            ),
            (
                "two debits for one record",
                vec![record(1, 5)],
                vec![debit(9, 7), debit(8, 6)],
                vec![(1, 8)],
            ),
            (
                "the one that ends first comes first",
                vec![record(1, 200), record(2, 30)],
                vec![debit(9, 190), debit(8, 210)],
                vec![(1, 8), (2, 9)],
            ),
        ] {
            let pairs = pair(&records, &debits);
            let found = pairs.iter().map(|(id, (by, how))| {
                assert_eq!(*how, MatchedBy::Amount, "{name}");
                (id.uuid().as_u128(), by.uuid().as_u128())
            });
            assert_eq!(found.collect::<Vec<_>>(), wanted, "{name}");
        }
    }

    #[test]
    fn a_persons_choice_goes_before_the_banks_word_and_that_before_amount_and_time() {
        let named = Movement {
            takes_back: Some(btx(2)),
            ..debit(9, 6)
        };
        let (first, second) = (record(1, 4), record(2, 5));
        let pairs = pair(&[first, second], &[named]);
        assert_eq!(
            pairs,
            BTreeMap::from([(rev(2), (btx(9), MatchedBy::Reference))])
        );
        let chosen = Record {
            chosen: Some(btx(9)),
            ..first
        };
        let pairs = pair(&[chosen, second], &[named, debit(8, 6)]);
        let wanted = [
            (rev(1), (btx(9), MatchedBy::Person)),
            (rev(2), (btx(8), MatchedBy::Amount)),
        ];
        assert_eq!(pairs, BTreeMap::from(wanted));
        let gone = pair(&[chosen], &[debit(8, 6)]);
        assert_eq!(gone, BTreeMap::new(), "a choice waits for its own movement");
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_never_decides_what_is_confirmed(
            (debits, shuffled) in prop::collection::vec((-2..300i64, 0..5u128), 0..8)
                .prop_map(|all| {
                    let numbered = all.into_iter().zip(100..);
                    numbered.map(|((hour, credit), number)| Movement {
                        takes_back: (credit > 2).then(|| btx(credit)),
                        ..debit(number, hour)
                    }).collect::<Vec<_>>()
                })
                .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
            hours in prop::collection::vec(0..250i64, 0..6),
        ) {
            let records: Vec<_> = hours.into_iter().zip(1..).map(|(h, n)| record(n, h)).collect();
            let pairs = pair(&records, &debits);
            let confirmed: BTreeSet<_> = pairs.values().map(|(by, _)| *by).collect();
            prop_assert_eq!(confirmed.len(), pairs.len(), "a debit confirms once");
            prop_assert_eq!(pairs, pair(&records, &shuffled));
        }
    }
}
