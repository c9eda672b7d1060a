//! Which transaction does a telling speak of, when several tell of the same account?
//!
//! A *teller* is a source or a statement. It gives each transaction one key and tells of it
//! once under that key; what it tells under another key is another transaction. Between
//! tellers, tellings of one account, direction and amount are linked:
//!
//! - by the bank's reference, where both tell one; two references never are one transaction;
//! - else by local day and folded text, the n-th telling of one teller with the n-th of the
//!   other, for equal transfers of one day are as many as the teller says that tells most.
//!
//! One teller that tells the same reference under two keys leaves open whether the money moved
//! twice: the second transaction is suspected to be a duplicate and waits for a person.
//!
//! The number of transactions, and of suspected ones, does not depend on the order in which
//! the tellings of one day and text arrive: it is the number of references, or what the teller
//! says that tells most, whichever is greater. A telling without a reference may have been
//! linked to a transaction whose reference its teller tells later under another key. Then the
//! earlier telling was of another transaction, and [`Placement::Instead`] moves it.
//!
//! What cannot be linked without being there: a telling that has the reference of one
//! transaction and the text of another one. It belongs to the reference.

use uuid::Uuid;

use super::ids::{BankTransactionId, SourceId};

/// A source or a statement: who tells of a transaction once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Teller(Uuid);

impl Teller {
    /// A source, for all its notices and all that is fetched from it.
    pub const fn source(source: SourceId) -> Self {
        Self(source.uuid())
    }

    /// A teller as stored: the id of its source or statement.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The bare UUID, as stored.
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

/// A transaction of the same account, direction and amount, with what was told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownTransaction {
    /// The transaction.
    pub id: BankTransactionId,
    /// Whether it waits for a person as a suspected duplicate.
    pub is_suspected: bool,
    /// Who told of it, and how.
    pub tellings: Vec<Told>,
}

/// One telling of a known transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Who told.
    pub teller: Teller,
    /// With which reference.
    pub reference: Option<String>,
    /// Whether day and text are those of the telling that is to be placed.
    pub has_same_text: bool,
}

/// Where a telling belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// To a transaction that is there.
    At(BankTransactionId),
    /// To a new one.
    New {
        /// The transaction that may be the same money, to be decided by a person.
        duplicate_of: Option<BankTransactionId>,
    },
    /// To a transaction that is there and of which the same teller told without a reference:
    /// that earlier telling was of another transaction.
    Instead {
        /// Where the telling belongs.
        at: BankTransactionId,
        /// Where the earlier one belongs; a new transaction if nowhere else.
        earlier: Option<BankTransactionId>,
    },
}

impl KnownTransaction {
    fn is_told_by(&self, teller: Teller) -> bool {
        self.tellings.iter().any(|told| told.teller == teller)
    }

    fn has(&self, reference: &str) -> bool {
        let mut told = self.tellings.iter();
        told.any(|told| told.reference.as_deref() == Some(reference))
    }

    fn has_no_reference(&self) -> bool {
        self.tellings.iter().all(|told| told.reference.is_none())
    }

    /// Whether the day and text were told of it, and it counts.
    fn has_same_text(&self) -> bool {
        !self.is_suspected && self.tellings.iter().any(|told| told.has_same_text)
    }

    /// Whether the teller told of it with this day and text, but without a reference.
    fn is_loosely_told_by(&self, teller: Teller) -> bool {
        let mut told = self.tellings.iter();
        told.any(|told| told.teller == teller && told.reference.is_none() && told.has_same_text)
    }
}

/// Places a telling among the known transactions of its account, direction and amount: at
/// least those with its reference, and those with its day and text. They are asked in the
/// order in which they are given.
pub fn place(known: &[KnownTransaction], teller: Teller, reference: Option<&str>) -> Placement {
    let first_untold = || {
        let mut near = known.iter().filter(|one| one.has_same_text());
        near.find(|one| !one.is_told_by(teller)).map(|one| one.id)
    };
    let Some(reference) = reference else {
        return first_untold().map_or(Placement::New { duplicate_of: None }, Placement::At);
    };
    let mut same: Vec<_> = known.iter().filter(|one| one.has(reference)).collect();
    same.sort_by_key(|one| one.is_suspected);
    for one in &same {
        if one.is_loosely_told_by(teller) {
            let earlier = first_untold();
            return Placement::Instead {
                at: one.id,
                earlier,
            };
        }
        if !one.is_told_by(teller) {
            return Placement::At(one.id);
        }
    }
    if let Some(first) = same.first() {
        let duplicate_of = Some(first.id);
        return Placement::New { duplicate_of };
    }
    let mut open = known
        .iter()
        .filter(|one| one.has_same_text() && one.has_no_reference());
    let Some(first_open) = open.clone().next() else {
        return Placement::New { duplicate_of: None };
    };
    match (open.find(|one| !one.is_told_by(teller)), first_untold()) {
        (Some(untold), _) => Placement::At(untold.id),
        (None, earlier @ Some(_)) => Placement::Instead {
            at: first_open.id,
            earlier,
        },
        (None, None) => Placement::New { duplicate_of: None },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Who tells, and with which reference.
    type Telling = (u128, Option<&'static str>);

    /// The books as the placements make them.
    #[derive(Default)]
    struct Books(Vec<KnownTransaction>);

    impl Books {
        fn tell(&mut self, (teller, reference): Telling) {
            let teller = Teller::from_uuid(Uuid::from_u128(teller));
            let told = Told {
                teller,
                reference: reference.map(str::to_owned),
                has_same_text: true,
            };
            match place(&self.0, teller, reference) {
                Placement::At(id) => self.at(id).tellings.push(told),
                Placement::New { duplicate_of } => self.add(told, duplicate_of.is_some()),
                Placement::Instead { at, earlier } => {
                    let tellings = &mut self.at(at).tellings;
                    let loose = tellings
                        .iter()
                        .position(|told| told.teller == teller && told.reference.is_none());
                    let moved = tellings.remove(loose.expect("there is an earlier telling"));
                    tellings.push(told);
                    match earlier {
                        Some(id) => self.at(id).tellings.push(moved),
                        None => self.add(moved, false),
                    }
                }
            }
        }

        fn at(&mut self, id: BankTransactionId) -> &mut KnownTransaction {
            self.0.iter_mut().find(|one| one.id == id).unwrap()
        }

        fn add(&mut self, told: Told, is_suspected: bool) {
            let number = u128::try_from(self.0.len()).unwrap();
            self.0.push(KnownTransaction {
                id: BankTransactionId::from_uuid(Uuid::from_u128(number)),
                is_suspected,
                tellings: vec![told],
            });
        }

        /// How many count, and how many wait for a person.
        fn sizes(&self) -> (usize, usize) {
            let suspected = self.0.iter().filter(|one| one.is_suspected).count();
            (self.0.len() - suspected, suspected)
        }

        fn check(&self, told: &[Telling]) {
            for one in &self.0 {
                let mut tellers: Vec<_> = one.tellings.iter().map(|told| told.teller).collect();
                tellers.sort_unstable();
                let all = tellers.len();
                tellers.dedup();
                assert_eq!(tellers.len(), all, "one teller twice: {one:?} of {told:?}");
                let mut references: Vec<_> = one.tellings.iter().collect();
                references.retain(|told| told.reference.is_some());
                references.dedup_by_key(|told| told.reference.clone());
                assert!(references.len() <= 1, "two references: {one:?} of {told:?}");
            }
        }
    }

    /// What the module says, computed from the whole set.
    fn expected(told: &[Telling]) -> (usize, usize) {
        let mut often: BTreeMap<&str, BTreeMap<u128, usize>> = BTreeMap::new();
        let mut loose: BTreeMap<u128, usize> = BTreeMap::new();
        for (teller, reference) in told {
            let count = match reference {
                Some(reference) => often.entry(reference).or_default().entry(*teller),
                None => loose.entry(*teller),
            };
            *count.or_default() += 1;
        }
        let by_teller = |teller: &u128| {
            let references = often
                .values()
                .filter(|tellers| tellers.contains_key(teller));
            references.count() + loose.get(teller).copied().unwrap_or_default()
        };
        let most = told.iter().map(|(teller, _)| by_teller(teller)).max();
        let suspected = often.values().filter_map(|tellers| tellers.values().max());
        (
            most.unwrap_or_default().max(often.len()),
            suspected.map(|most| most - 1).sum(),
        )
    }

    /// Calls `judge` with every order of the tellings.
    fn every_order(told: &mut Vec<Telling>, from: usize, judge: &mut dyn FnMut(&[Telling])) {
        if from == told.len() {
            return judge(told);
        }
        for other in from..told.len() {
            told.swap(from, other);
            every_order(told, from + 1, judge);
            told.swap(from, other);
        }
    }

    #[test]
    fn every_order_of_every_few_tellings_ends_with_as_many_transactions() {
        let kinds: Vec<Telling> = [1, 2, 3]
            .into_iter()
            .flat_map(|teller| [None, Some("A"), Some("B")].map(|reference| (teller, reference)))
            .collect();
        let mut orders = 0;
        for code in 0..kinds.len().pow(5) {
            let picked: Vec<_> = (0..5)
                .map(|place| code / kinds.len().pow(place) % kinds.len())
                .collect();
            // Each set once: every order of it is tried below.
            if !picked.is_sorted() {
                continue;
            }
            let mut told: Vec<_> = picked.into_iter().map(|kind| kinds[kind]).collect();
            let wanted = expected(&told);
            every_order(&mut told, 0, &mut |told| {
                let mut books = Books::default();
                for (place, telling) in told.iter().enumerate() {
                    books.tell(*telling);
                    books.check(&told[..=place]);
                }
                assert_eq!(books.sizes(), wanted, "{told:?}");
                orders += 1;
            });
        }
        assert_eq!(orders, 1287 * 120);
    }

    fn known(number: u128, told: &[(u128, Option<&str>, bool)]) -> KnownTransaction {
        let told = told.iter().map(|(teller, reference, same)| Told {
            teller: Teller::from_uuid(Uuid::from_u128(*teller)),
            reference: reference.map(str::to_owned),
            has_same_text: *same,
        });
        KnownTransaction {
            id: BankTransactionId::from_uuid(Uuid::from_u128(number)),
            is_suspected: false,
            tellings: told.collect(),
        }
    }

    #[test]
    fn a_reference_links_across_texts_and_nothing_else_does() {
        let one = [known(1, &[(1, Some("A"), false)])];
        let teller = Teller::from_uuid(Uuid::from_u128(2));
        let at = Placement::At(one[0].id);
        let new = Placement::New { duplicate_of: None };
        for (reference, wanted) in [(Some("A"), at), (Some("B"), new), (None, new)] {
            assert_eq!(place(&one, teller, reference), wanted, "{reference:?}");
        }
        let loose = [known(1, &[(1, None, false)])];
        assert_eq!(place(&loose, teller, Some("A")), new);
        assert_eq!(place(&[], teller, Some("A")), new);
    }

    #[test]
    fn a_suspected_duplicate_is_linked_by_its_reference_only() {
        let told = [(1, Some("A"), true)];
        let suspected = KnownTransaction {
            is_suspected: true,
            ..known(2, &told)
        };
        let both = [
            known(1, &[(1, Some("A"), true), (2, Some("A"), true)]),
            suspected,
        ];
        let new = Placement::New { duplicate_of: None };
        for (teller, reference, wanted) in [
            (2, Some("A"), Placement::At(both[1].id)),
            (3, Some("A"), Placement::At(both[0].id)),
            (3, None, Placement::At(both[0].id)),
            (2, None, new),
            (
                1,
                Some("A"),
                Placement::New {
                    duplicate_of: Some(both[0].id),
                },
            ),
        ] {
            let teller = Teller::from_uuid(Uuid::from_u128(teller));
            assert_eq!(
                place(&both, teller, reference),
                wanted,
                "{teller:?} {reference:?}"
            );
        }
    }
}
