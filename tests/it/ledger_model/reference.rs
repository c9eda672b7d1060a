//! The reference model: what the books must say after a sequence of tellings.

use std::collections::BTreeMap;

use super::telling::{CODES, EXPECTED, Fact, Sequence, Source, Way};

/// A movement in the books.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Transaction {
    pub way: &'static str,
    pub amount_vnd: i64,
    pub reference: String,
    pub is_suspected: bool,
    /// Whether no code was found for it.
    pub is_in_suspense: bool,
}

/// A payment in the books.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Payment {
    /// Which of the outlet's codes.
    pub code: usize,
    pub reference: String,
    pub received_vnd: i64,
    /// `None` for one that does not count.
    pub worth: Option<Worth>,
}

/// What a payment that counts is worth.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Worth {
    pub sale_vnd: i64,
    pub flags: String,
    pub status: String,
}

/// Everything about one stall.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    pub transactions: Vec<Transaction>,
    pub payments: Vec<Payment>,
    /// Payments, sale and received of the outlet's day.
    pub day: (i64, i64, i64),
}

/// A movement as it came to be known.
struct Known {
    fact: Fact,
    is_suspected: bool,
    told_by: Vec<Source>,
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

    /// The books after a sequence, told in its order.
    pub fn of(sequence: &Sequence) -> Self {
        let mut known: Vec<Known> = Vec::new();
        let mut heard: BTreeMap<(Source, u64), Fact> = BTreeMap::new();
        for telling in &sequence.tellings {
            let key = (telling.source, telling.number);
            // The first telling under a number stands; others say the same or are put aside.
            if heard.contains_key(&key) {
                continue;
            }
            heard.insert(key, telling.fact.clone());
            place(&mut known, telling.source, &telling.fact);
        }
        let mut transactions: Vec<_> = known.iter().map(transaction).collect();
        transactions.sort();
        let mut payments: Vec<_> = (0..CODES).flat_map(|code| of_code(code, &known)).collect();
        payments.sort();
        let counted = payments.iter().filter_map(|payment| {
            let sale_vnd = payment.worth.as_ref()?.sale_vnd;
            (sale_vnd > 0).then_some((1, sale_vnd, payment.received_vnd))
        });
        let day = counted.fold((0, 0, 0), |sum, one| {
            (sum.0 + one.0, sum.1 + one.1, sum.2 + one.2)
        });
        Self {
            transactions,
            payments,
            day,
        }
    }
}

/// The reference as the books show it.
fn shown(fact: &Fact) -> String {
    fact.reference.clone().unwrap_or_default()
}

/// The n-th telling of a source about the same money is about the n-th movement of that money
/// that is known, or about one more. One more under the same bank reference may be the first
/// told twice.
fn place(known: &mut Vec<Known>, source: Source, fact: &Fact) {
    let same: Vec<usize> = (0..known.len())
        .filter(|at| {
            let other = &known[*at].fact;
            // Without a reference only the text is left, here with the day.
            if fact.reference.is_none() && other.text != fact.text {
                return false;
            }
            (other.way, other.amount_vnd, &other.reference)
                == (fact.way, fact.amount_vnd, &fact.reference)
        })
        .collect();
    let untold = same
        .iter()
        .find(|at| !known[**at].told_by.contains(&source));
    match untold {
        Some(at) => known[*at].told_by.push(source),
        None => known.push(Known {
            fact: fact.clone(),
            is_suspected: !same.is_empty() && fact.reference.is_some(),
            told_by: vec![source],
        }),
    }
}

fn transaction(known: &Known) -> Transaction {
    let fact = &known.fact;
    Transaction {
        way: fact.way.word(),
        amount_vnd: fact.amount_vnd,
        reference: shown(fact),
        is_suspected: known.is_suspected,
        is_in_suspense: fact.way == Way::In && fact.code.is_none(),
    }
}

/// The payments of a code: the first is printed and expects nothing, the others expect their
/// amount once.
fn of_code(code: usize, known: &[Known]) -> Vec<Payment> {
    let named = known
        .iter()
        .filter(|one| one.fact.way == Way::In && one.fact.code == Some(code));
    let (mut counting, suspected): (Vec<_>, Vec<_>) = named.partition(|one| !one.is_suspected);
    // Of several at one moment the smaller one is taken first.
    counting.sort_by_key(|one| {
        let fact = &one.fact;
        (fact.at_second, fact.amount_vnd, shown(fact))
    });
    let mut payments: Vec<_> = (counting.iter().zip(worths(EXPECTED[code], &counting)))
        .map(|(one, worth)| payment(code, one, Some(worth)))
        .collect();
    payments.extend(suspected.into_iter().map(|one| payment(code, one, None)));
    payments
}

fn payment(code: usize, known: &Known, worth: Option<Worth>) -> Payment {
    Payment {
        code,
        reference: shown(&known.fact),
        received_vnd: known.fact.amount_vnd,
        worth,
    }
}

fn worths(expected: Option<i64>, credits: &[&Known]) -> Vec<Worth> {
    let amounts: Vec<_> = credits.iter().map(|one| one.fact.amount_vnd).collect();
    let worth = |sale_vnd, flags: &str| Worth {
        sale_vnd,
        flags: flags.to_owned(),
        status: "settled".to_owned(),
    };
    let Some(expected) = expected else {
        return amounts
            .into_iter()
            .map(|amount| worth(amount, ""))
            .collect();
    };
    let sums: Vec<i64> = (0..amounts.len())
        .map(|last| amounts[..=last].iter().sum())
        .collect();
    let Some(last) = sums.iter().position(|sum| *sum >= expected) else {
        return amounts
            .into_iter()
            .map(|amount| worth(amount, "underpaid"))
            .collect();
    };
    let (alone, beyond) = (last == 0, sums[last] > expected);
    let mut worths: Vec<_> = amounts[..last]
        .iter()
        .map(|amount| worth(*amount, "split"))
        .collect();
    let missing = expected - (sums[last] - amounts[last]);
    worths.push(worth(
        missing,
        match (alone, beyond) {
            (true, false) => "",
            (true, true) => "cash_out_part overpaid",
            (false, false) => "split",
            (false, true) => "cash_out_part overpaid split",
        },
    ));
    worths.extend(
        amounts[last + 1..]
            .iter()
            .map(|_| worth(0, "additional cash_out_part")),
    );
    worths
}
