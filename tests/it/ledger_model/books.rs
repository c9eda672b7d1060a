//! The books as the rules make them: which tellings are one movement, and what they say together.

use std::collections::{BTreeMap, BTreeSet};

use super::movement::{Fact, GivenBack, Way, day_of};
use super::returns::{self, Record};
use super::sequence::{Sequence, Source, Step, Telling};

/// Who tells of a movement once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Teller {
    Source(Source),
    /// The statement with this place.
    Paper(usize),
}

/// A movement as it came to be known.
#[derive(Debug)]
pub struct Known {
    pub way: Way,
    pub amount_vnd: i64,
    /// May be another one told twice.
    pub is_suspected: bool,
    pub told: Vec<(Teller, Fact)>,
}

impl Known {
    /// The bank's reference, from whoever has it.
    pub fn reference(&self) -> Option<&str> {
        let mut told = self.told.iter();
        told.find_map(|(_, fact)| fact.reference.as_deref())
    }

    /// The codes that all the texts name together.
    pub fn codes(&self) -> BTreeSet<usize> {
        let told = self.told.iter();
        told.flat_map(|(_, fact)| fact.codes.iter().copied())
            .collect()
    }

    /// The only code that they name.
    pub fn code(&self) -> Option<usize> {
        let codes = self.codes();
        codes.first().copied().filter(|_| codes.len() == 1)
    }

    /// The bank's time: a source's before a statement's, a clock's before a bare day, the
    /// earliest of them.
    pub fn at_second(&self) -> i64 {
        let told = self.told.iter().map(|(teller, fact)| {
            let by_paper = matches!(teller, Teller::Paper(_));
            (by_paper, by_paper && !fact.has_clock, fact.at_second)
        });
        told.min().unwrap().2
    }

    fn is_told_by(&self, teller: Teller) -> bool {
        self.told.iter().any(|(told, _)| *told == teller)
    }

    /// By the reference where both have one, else by day and text.
    fn is_same_money(&self, fact: &Fact) -> bool {
        if (self.way, self.amount_vnd) != (fact.way, fact.amount_vnd) {
            return false;
        }
        match (self.reference(), &fact.reference) {
            (Some(known), Some(told)) => known == told,
            _ => self.told.iter().any(|(_, known)| {
                known.text == fact.text && day_of(known.at_second) == day_of(fact.at_second)
            }),
        }
    }
}

/// What is known of a statement that was brought.
#[derive(Default)]
struct Brought {
    /// Its lines that nobody else tells.
    missing: Vec<Fact>,
    /// Those of them that are proposed.
    proposed: Vec<Fact>,
    /// Movements that it tells with another amount.
    differing: Vec<usize>,
}

/// Everything that is known at a moment.
#[derive(Default)]
pub struct Books {
    pub known: Vec<Known>,
    /// What a source told first under a number, and of which movement.
    heard: BTreeMap<(Source, u64), (usize, Fact)>,
    brought: BTreeMap<usize, Brought>,
    pub records: Vec<Record>,
}

impl Books {
    /// What is known after a sequence.
    pub fn after(sequence: &Sequence) -> Self {
        let mut books = Self::default();
        for step in &sequence.steps {
            match step {
                Step::Told(telling) => books.hear(telling),
                Step::Brought(place) => books.read(*place, &sequence.papers[*place].lines),
                Step::Proposed(place) => {
                    if let Some(brought) = books.brought.get_mut(place) {
                        brought.proposed.clone_from(&brought.missing);
                    }
                }
                Step::Approved(place) => books.believe(*place),
                Step::GivenBack(given) => books.record(*given),
            }
            books.look_again();
        }
        books
    }

    /// What a source told under a number.
    pub fn heard(&self, source: Source, number: u64) -> Option<usize> {
        self.heard.get(&(source, number)).map(|(at, _)| *at)
    }

    /// Whether some statement tells everything and agrees with the books: it closes the days that
    /// are over. What may be the same money twice is nobody's difference.
    pub fn is_closed(&self) -> bool {
        self.brought.iter().any(|(place, brought)| {
            let mut counting = self.known.iter().filter(|known| !known.is_suspected);
            brought.missing.is_empty()
                && brought.differing.is_empty()
                && counting.all(|known| known.is_told_by(Teller::Paper(*place)))
        })
    }

    /// The first telling under a number stands. Others say the same, perhaps in other words, or
    /// are put aside.
    fn hear(&mut self, telling: &Telling) {
        let (source, fact) = (telling.source, &telling.fact);
        let teller = Teller::Source(source);
        if let Some((at, first)) = self.heard.get(&(source, telling.number)) {
            if first.amount_vnd == fact.amount_vnd {
                self.known[*at].told.push((teller, fact.clone()));
            }
            return;
        }
        let at = self.place(teller, fact);
        self.heard
            .insert((source, telling.number), (at, fact.clone()));
    }

    /// The n-th telling of a teller about the same money is about the n-th movement of that
    /// money that is known, or about one more. One more under the same bank reference may be the
    /// first told twice.
    fn place(&mut self, teller: Teller, fact: &Fact) -> usize {
        if let Some(at) = self.attach(teller, fact) {
            return at;
        }
        let is_known = self.known.iter().any(|known| known.is_same_money(fact));
        self.known.push(Known {
            way: fact.way,
            amount_vnd: fact.amount_vnd,
            is_suspected: is_known && fact.reference.is_some(),
            told: vec![(teller, fact.clone())],
        });
        self.known.len() - 1
    }

    /// Adds a telling to the first movement that it can be about.
    fn attach(&mut self, teller: Teller, fact: &Fact) -> Option<usize> {
        let mut known = self.known.iter();
        let at = known.position(|it| it.is_same_money(fact) && !it.is_told_by(teller))?;
        self.known[at].told.push((teller, fact.clone()));
        Some(at)
    }

    /// A line that nobody else tells is no movement yet. Lines with a reference are read first.
    fn read(&mut self, place: usize, lines: &[Fact]) {
        let mut missing = lines.to_vec();
        missing.sort_by_key(|line| line.reference.is_none());
        self.brought.entry(place).or_insert(Brought {
            missing,
            ..Brought::default()
        });
    }

    /// Lines that two persons believe are movements, unless somebody told of them meanwhile.
    fn believe(&mut self, place: usize) {
        let Some(brought) = self.brought.get_mut(&place) else {
            return;
        };
        for line in std::mem::take(&mut brought.proposed) {
            let missing = &mut self.brought.get_mut(&place).unwrap().missing;
            if let Some(at) = missing.iter().position(|it| *it == line) {
                missing.remove(at);
                self.place(Teller::Paper(place), &line);
            }
        }
    }

    /// Lines say their part of what was told before them and after them. One whose reference is
    /// known with another amount is for people to clear up; nobody can believe it.
    fn look_again(&mut self) {
        let mut all = std::mem::take(&mut self.brought);
        for (place, brought) in &mut all {
            let teller = Teller::Paper(*place);
            for line in std::mem::take(&mut brought.missing) {
                if self.attach(teller, &line).is_some() {
                    continue;
                }
                match self.differing(teller, &line, &brought.differing) {
                    Some(at) => brought.differing.push(at),
                    None => brought.missing.push(line),
                }
            }
        }
        self.brought = all;
    }

    /// The movement with the reference of a line and another amount, of which no other line of
    /// that statement tells.
    fn differing(&self, teller: Teller, line: &Fact, taken: &[usize]) -> Option<usize> {
        let reference = line.reference.as_deref()?;
        (0..self.known.len()).find(|at| {
            let known = &self.known[*at];
            known.reference() == Some(reference)
                && known.way == line.way
                && known.amount_vnd != line.amount_vnd
                && !known.is_suspected
                && !known.is_told_by(teller)
                && !taken.contains(at)
        })
    }

    /// A record is taken of a payment that counts and has enough left.
    fn record(&mut self, given: GivenBack) {
        let mut known = self.known.iter();
        let credit = known.position(|known| {
            known.way == Way::In
                && !known.is_suspected
                && known.amount_vnd == given.received_vnd
                && known.code() == Some(given.code)
        });
        let Some(credit) = credit else { return };
        let back = returns::of(self);
        let left = given.received_vnd - back.gone[credit] - back.waiting[credit];
        if given.amount_vnd <= left {
            self.records.push(Record {
                credit,
                amount_vnd: given.amount_vnd,
            });
        }
    }
}
