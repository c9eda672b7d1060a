//! What went back, as the rules say it: banks' words, and traders' records with their debits.

use super::books::{Books, Known, Teller};
use super::movement::{Way, second_of};
use crate::street::now;

/// A trader's record.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// The movement that it gives back.
    pub credit: usize,
    pub amount_vnd: i64,
}

/// What went back of every movement, đồng.
pub struct Returns {
    pub gone: Vec<i64>,
    /// What is recorded and did not leave yet.
    pub waiting: Vec<i64>,
}

/// What went back by now. A debit that may be another one told twice proves nothing.
pub fn of(books: &Books) -> Returns {
    let known = &books.known;
    let mut returns = Returns {
        gone: vec![0; known.len()],
        waiting: vec![0; known.len()],
    };
    // In the order in which they were recorded.
    let mut records: Vec<Record> = books.records.clone();
    let mut debits: Vec<(usize, &Known)> = (known.iter().enumerate())
        .filter(|(_, known)| known.way == Way::Out && !known.is_suspected)
        .collect();
    debits.sort_by_key(|(_, debit)| debit.at_second());
    let mut nameless = Vec::new();
    for (at, debit) in debits {
        let Some(credit) = taken_back(books, at) else {
            let names = debit.told.iter().any(|(_, fact)| fact.takes_back.is_some());
            if !names {
                nameless.push(debit);
            }
            continue;
        };
        returns.gone[credit] += debit.amount_vnd;
        // A record of the same is covered: the money went back once.
        let same =
            |record: &Record| (record.credit, record.amount_vnd) == (credit, debit.amount_vnd);
        if let Some(record) = records.iter().position(same) {
            records.remove(record);
        }
    }
    for debit in nameless {
        let fits = |record: &Record| {
            record.amount_vnd == debit.amount_vnd && in_time(&known[record.credit], debit)
        };
        if let Some(record) = records.iter().position(fits) {
            let record = records.remove(record);
            returns.gone[record.credit] += record.amount_vnd;
        }
    }
    for record in records {
        returns.waiting[record.credit] += record.amount_vnd;
    }
    returns
}

/// Money does not leave before it came, nor more than a day before the record; all records are
/// made now.
fn in_time(credit: &Known, debit: &Known) -> bool {
    let a_day_ago = second_of(now()) - 86_400;
    debit.at_second() >= credit.at_second().max(a_day_ago)
}

/// What a debit takes back: what its source names, else a credit of the same amount under the
/// same bank reference; the one of the same
/// amount first, and the one that counts before its possible double.
fn taken_back(books: &Books, debit: usize) -> Option<usize> {
    let known = &books.known;
    let told = known[debit].told.iter();
    let mut named: Vec<usize> = told
        .filter_map(|(teller, fact)| {
            let Teller::Source(source) = teller else {
                return None;
            };
            books.heard(*source, fact.takes_back? * 10)
        })
        .filter(|at| *at != debit)
        .collect();
    let first = |among: &mut Vec<usize>| {
        among.sort_by_key(|at| {
            let one = &known[*at];
            let is_less_like = (
                one.way == Way::Out,
                one.amount_vnd != known[debit].amount_vnd,
            );
            (is_less_like, one.is_suspected, one.at_second())
        });
        among.first().copied()
    };
    let reference = known[debit].reference();
    let mut shared: Vec<usize> = (0..known.len())
        .filter(|at| {
            let one = &known[*at];
            one.way == Way::In
                && one.amount_vnd == known[debit].amount_vnd
                && reference.is_some()
                && one.reference() == reference
        })
        .collect();
    first(&mut named).or_else(|| first(&mut shared))
}
