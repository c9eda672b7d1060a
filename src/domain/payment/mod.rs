//! What each payment of a code is worth, as a function of all credits of that code.
//!
//! Notices arrive twice, late and out of order, so nothing here depends on arrival: the whole
//! set is sorted by the bank's time and the transaction's identity and assessed again.
//!
//! A code for one sale ([`CodeUse::Once`]) expects its amount once:
//!
//! | credits so far | flags | sale |
//! |---|---|---|
//! | never reach the amount | `underpaid`, each | what came |
//! | several reach it together | `split`, each of them | what came; of the last one what was missing |
//! | the one that reaches it goes beyond | `overpaid`, `cash_out_part` | what was missing |
//! | come after that | `additional`, `cash_out_part` | nothing |
//!
//! A printed code ([`CodeUse::Always`]) expects its amount, if it has one, from every credit
//! anew. Without an expected amount nothing is too little, too much or additional.
//!
//! Money that verifiably went back is no sale. Flags tell what came, so a part that went back
//! leaves them as they were; the sale is what is left of it, taken off what was beyond the sale
//! first. A credit that went back whole is as if it had never come: it completes nothing, and
//! the code's amount is open again. Only a test stays proved: the notice came.

mod flag;

use chrono::{DateTime, Utc};

pub use self::flag::{Flag, Flags};
use crate::domain::money::Vnd;
use crate::domain::word::word_enum;

word_enum! {
    /// What became of the money of a payment.
    PaymentStatus is "payment status" {
        /// Received, nothing went back.
        Settled = "settled",
        /// A part went back.
        PartiallyReturned = "partially_returned",
        /// All of it went back.
        Returned = "returned",
        /// The credit is disputed or its attribution was undone.
        Voided = "voided",
    }
}

word_enum! {
    /// Which sums a payment is in.
    CountedAs is "way of counting" {
        /// The headline figures: a verified credit that names its code, or a person's decision.
        Verified = "verified",
        /// Sums shown apart: a verified credit attributed by its account alone.
        ByAccount = "by_account",
        /// No sum at all: tests, suspected duplicates, voided payments.
        None = "none",
    }
}

word_enum! {
    /// Where a proposal to count a payment elsewhere stands.
    MoveState is "state of a move" {
        /// It waits for a second person.
        Proposed = "proposed",
        /// The payment counts elsewhere now.
        Approved = "approved",
        /// The payment stayed where it was.
        Rejected = "rejected",
    }
}

/// How often a code expects its amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeUse {
    /// Once: a dynamic code.
    Once,
    /// From every credit: a printed code.
    Always,
}

/// What a code's payments are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Sales.
    Sale,
    /// Proving an outlet.
    Test,
}

/// What a code expects of its credits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The fixed amount, above zero; `None` for an open or a suggested one.
    pub expected: Option<Vnd>,
    /// Once or from every credit.
    pub code_use: CodeUse,
    /// When a dynamic code stops being in time.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was cancelled, superseded or revoked.
    pub retired_at: Option<DateTime<Utc>>,
    /// Sales or a test.
    pub purpose: Purpose,
}

impl Expectation {
    /// What is expected of a credit that was attributed to an outlet without a code.
    pub const NOTHING: Self = Self {
        expected: None,
        code_use: CodeUse::Always,
        expires_at: None,
        retired_at: None,
        purpose: Purpose::Sale,
    };
}

/// Whether a credit takes part in sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreditStanding {
    /// It does.
    Counts,
    /// It may be another credit told twice.
    DuplicateSuspected,
    /// Disputed by a statement, or its attribution was undone.
    Voided,
}

/// How a credit came to its code or outlet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributedBy {
    /// By the reference in its text.
    Reference,
    /// By its account alone.
    Account,
    /// By a person.
    Person,
}

/// One credit of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    /// What tells the transaction from the others of its code. Of one that counts, it is equal
    /// whatever the order of arrival: never an id that was drawn on arrival.
    pub identity: String,
    /// The bank's time.
    pub occurred_at: DateTime<Utc>,
    /// What arrived.
    pub amount: Vnd,
    /// What verifiably went back of it so far, at most what arrived.
    pub returned: Vnd,
    /// Whether it takes part in sums.
    pub standing: CreditStanding,
    /// How it came here.
    pub attributed_by: AttributedBy,
}

/// What one credit is worth among the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// The credit's identity.
    pub identity: String,
    /// What became of its money.
    pub status: PaymentStatus,
    /// What must be known about it.
    pub flags: Flags,
    /// What the code expects, in all or of this credit.
    pub expected: Option<Vnd>,
    /// What arrived.
    pub received: Vnd,
    /// The part of it that is a sale, less what went back of it.
    pub sale: Vnd,
    /// Which sums it is in.
    pub counted_as: CountedAs,
}

/// All payments of a code, assessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessed {
    /// One for each credit, sorted by the bank's time and identity.
    pub payments: Vec<Assessment>,
    /// The bank's time of the credit that completed the amount of a code for one sale.
    pub completed_at: Option<DateTime<Utc>>,
}

/// How a credit stands to the expected amount.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing is expected, it does not count, or it is exactly the amount.
    Plain,
    /// The amount was not reached.
    Short,
    /// It reaches the amount together with others.
    Part,
    /// The amount was complete before it.
    After,
}

/// Assesses all credits of one code; their order in `credits` does not matter.
pub fn assess(expectation: &Expectation, credits: &[Credit]) -> Assessed {
    let mut sorted: Vec<&Credit> = credits.iter().collect();
    sorted.sort_by(|left, right| {
        (left.occurred_at, &left.identity).cmp(&(right.occurred_at, &right.identity))
    });
    let takes_part = |credit: &Credit| counts(credit) && !is_gone(expectation.purpose, credit);
    let counting = sorted.iter().copied().filter(|credit| takes_part(credit));
    let once = expectation.code_use == CodeUse::Once;
    let expected_in_all = expectation.expected.filter(|_| once);
    let completing = expected_in_all.and_then(|expected| completing(expected, counting));
    let mut missing = Missing {
        came: expectation.expected,
        kept: expectation.expected,
    };
    let mut first = true;
    let payments = sorted.iter().map(|credit| {
        let place = match (expected_in_all, completing) {
            _ if !takes_part(credit) => Place::Plain,
            (None, _)
                if expectation
                    .expected
                    .is_some_and(|wanted| credit.amount < wanted) =>
            {
                Place::Short
            }
            (None, _) => Place::Plain,
            (Some(_), None) => Place::Short,
            (Some(_), Some(last)) if is_after(credit, last) => Place::After,
            (Some(_), Some(last)) if first && credit.identity == last.identity => Place::Plain,
            (Some(_), Some(_)) => Place::Part,
        };
        let worth = missing.worth(credit);
        if takes_part(credit) && once {
            missing.take(credit);
            first = false;
        }
        assess_one(expectation, credit, place, worth)
    });
    Assessed {
        payments: payments.collect(),
        completed_at: completing.map(|credit| credit.occurred_at),
    }
}

/// What is missing of the expected amount, by what came and by what was kept of it.
struct Missing {
    came: Option<Vnd>,
    kept: Option<Vnd>,
}

/// What a credit adds to the expected amount.
#[derive(Clone, Copy)]
struct Worth {
    /// Of what came.
    came: Vnd,
    /// Of what was kept.
    kept: Vnd,
}

impl Missing {
    fn worth(&self, credit: &Credit) -> Worth {
        let (amount, kept) = (credit.amount, kept_of(credit));
        Worth {
            came: self.came.map_or(amount, |missing| missing.min(amount)),
            kept: self.kept.map_or(kept, |missing| missing.min(kept)),
        }
    }

    fn take(&mut self, credit: &Credit) {
        let less = |missing: Option<Vnd>, by| missing.map(|missing| missing.saturating_sub(by));
        self.came = less(self.came, credit.amount);
        self.kept = less(self.kept, kept_of(credit));
    }
}

/// What is left of a credit.
fn kept_of(credit: &Credit) -> Vnd {
    credit.amount.saturating_sub(credit.returned)
}

/// Whether all of a credit went back. A test proves its outlet even so.
fn is_gone(purpose: Purpose, credit: &Credit) -> bool {
    purpose == Purpose::Sale && kept_of(credit).is_zero()
}

/// The credit with which the running sum reaches the expected amount.
fn completing<'a>(expected: Vnd, counting: impl Iterator<Item = &'a Credit>) -> Option<&'a Credit> {
    let mut missing = expected;
    counting.into_iter().find(|credit| {
        missing = missing.saturating_sub(credit.amount);
        missing.is_zero()
    })
}

fn counts(credit: &Credit) -> bool {
    credit.standing == CreditStanding::Counts
}

fn is_after(credit: &Credit, other: &Credit) -> bool {
    (credit.occurred_at, &credit.identity) > (other.occurred_at, &other.identity)
}

fn assess_one(
    expectation: &Expectation,
    credit: &Credit,
    place: Place,
    worth: Worth,
) -> Assessment {
    let counted_as = counted_as(expectation.purpose, credit);
    let sale = if counts(credit) {
        worth.kept
    } else {
        Vnd::ZERO
    };
    let beyond = counts(credit) && worth.came < credit.amount;
    let no_sale = counts(credit) && sale < kept_of(credit);
    let gone = is_gone(expectation.purpose, credit);
    let passed = |end: Option<DateTime<Utc>>| end.is_some_and(|end| credit.occurred_at > end);
    let mut flags = Flags::default();
    flags.set(Flag::Underpaid, place == Place::Short);
    flags.set(Flag::Split, place == Place::Part);
    flags.set(Flag::Additional, place == Place::After);
    flags.set(Flag::Overpaid, beyond && place != Place::After && !gone);
    flags.set(Flag::CashOutPart, no_sale);
    flags.set(Flag::Late, passed(expectation.expires_at));
    flags.set(Flag::RetiredCode, passed(expectation.retired_at));
    flags.set(
        Flag::DuplicateSuspected,
        credit.standing == CreditStanding::DuplicateSuspected,
    );
    flags.set(
        Flag::ByAccount,
        credit.attributed_by == AttributedBy::Account,
    );
    flags.set(Flag::Manual, credit.attributed_by == AttributedBy::Person);
    flags.set(Flag::Test, expectation.purpose == Purpose::Test);
    Assessment {
        identity: credit.identity.clone(),
        status: status(credit),
        flags,
        expected: expectation.expected,
        received: credit.amount,
        sale,
        counted_as,
    }
}

fn counted_as(purpose: Purpose, credit: &Credit) -> CountedAs {
    match (purpose, credit.standing, credit.attributed_by) {
        (Purpose::Test, _, _)
        | (_, CreditStanding::DuplicateSuspected | CreditStanding::Voided, _) => CountedAs::None,
        (_, CreditStanding::Counts, AttributedBy::Account) => CountedAs::ByAccount,
        (_, CreditStanding::Counts, AttributedBy::Reference | AttributedBy::Person) => {
            CountedAs::Verified
        }
    }
}

fn status(credit: &Credit) -> PaymentStatus {
    if credit.standing == CreditStanding::Voided {
        PaymentStatus::Voided
    } else if credit.returned.is_zero() {
        PaymentStatus::Settled
    } else if credit.returned < credit.amount {
        PaymentStatus::PartiallyReturned
    } else {
        PaymentStatus::Returned
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_773_628_200 + second, 0).unwrap()
    }

    fn credit(identity: &str, second: i64, amount: i64) -> Credit {
        Credit {
            identity: identity.into(),
            occurred_at: at(second),
            amount: Vnd::new(amount).unwrap(),
            returned: Vnd::ZERO,
            standing: CreditStanding::Counts,
            attributed_by: AttributedBy::Reference,
        }
    }

    fn one_sale(expected: i64) -> Expectation {
        Expectation {
            expected: Some(Vnd::new(expected).unwrap()),
            code_use: CodeUse::Once,
            expires_at: Some(at(600)),
            ..Expectation::NOTHING
        }
    }

    /// Flags and sale of each payment, in the bank's order.
    fn told(expectation: &Expectation, credits: &[Credit]) -> Vec<(String, i64)> {
        let assessed = assess(expectation, credits);
        let payments = assessed.payments.into_iter();
        payments
            .map(|one| (one.flags.to_string(), one.sale.get()))
            .collect()
    }

    #[test]
    fn a_code_for_one_sale_expects_its_amount_once() {
        type Case = (&'static str, &'static [i64], &'static [(&'static str, i64)]);
        let cases: [Case; 8] = [
            ("exact", &[100], &[("", 100)]),
            ("too little", &[60], &[("underpaid", 60)]),
            (
                "too little twice",
                &[60, 30],
                &[("underpaid", 60), ("underpaid", 30)],
            ),
            ("in two parts", &[60, 40], &[("split", 60), ("split", 40)]),
            (
                "in two parts and too much",
                &[60, 50],
                &[("split", 60), ("cash_out_part overpaid split", 40)],
            ),
            ("too much", &[107], &[("cash_out_part overpaid", 100)]),
            (
                "paid twice",
                &[100, 100],
                &[("", 100), ("additional cash_out_part", 0)],
            ),
            (
                "in parts, and again",
                &[50, 50, 1],
                &[
                    ("split", 50),
                    ("split", 50),
                    ("additional cash_out_part", 0),
                ],
            ),
        ];
        for (name, amounts, wanted) in cases {
            let numbered = (0..).zip(amounts);
            let credits = numbered.map(|(n, &amount)| credit(&format!("c{n}"), n, amount));
            let wanted = wanted.iter().map(|&(flags, sale)| (flags.to_owned(), sale));
            let told = told(&one_sale(100), &credits.collect::<Vec<_>>());
            assert_eq!(told, wanted.collect::<Vec<_>>(), "{name}");
        }
    }

    #[test]
    fn a_printed_code_expects_its_amount_of_every_credit() {
        let fixed = Expectation {
            code_use: CodeUse::Always,
            expires_at: None,
            ..one_sale(5_000)
        };
        let credits = [
            credit("a", 0, 5_000),
            credit("b", 1, 5_000),
            credit("c", 2, 4_000),
        ];
        let flags: Vec<_> = told(&fixed, &credits)
            .into_iter()
            .map(|one| one.0)
            .collect();
        assert_eq!(flags, ["", "", "underpaid"]);
        let more = told(&fixed, &[credit("d", 3, 7_000)]);
        assert_eq!(more, [("cash_out_part overpaid".to_owned(), 5_000)]);
        let open = told(&Expectation::NOTHING, &credits);
        assert!(open.iter().all(|(flags, _)| flags.is_empty()));
        assert_eq!(assess(&fixed, &credits).completed_at, None);
    }

    #[test]
    fn late_and_retired_go_by_the_banks_time() {
        let expectation = Expectation {
            retired_at: Some(at(900)),
            ..one_sale(100)
        };
        for (second, wanted) in [
            (600, ""),
            (601, "late"),
            (900, "late"),
            (901, "late retired_code"),
        ] {
            let flags = &told(&expectation, &[credit("a", second, 100)])[0].0;
            assert_eq!(flags, wanted, "{second} s");
        }
        let late = [credit("a", 0, 60), credit("b", 700, 40)];
        assert_eq!(told(&expectation, &late)[1].0, "late split");
        assert_eq!(assess(&expectation, &late).completed_at, Some(at(700)));
    }

    #[test]
    fn a_suspected_duplicate_and_a_voided_credit_count_for_nothing() {
        for standing in [CreditStanding::DuplicateSuspected, CreditStanding::Voided] {
            let mut twin = credit("a", 0, 100);
            twin.standing = standing;
            let assessed = assess(&one_sale(100), &[twin, credit("b", 1, 100)]);
            let [twin, other] = &assessed.payments[..] else {
                panic!("two payments");
            };
            assert_eq!((twin.sale, twin.counted_as), (Vnd::ZERO, CountedAs::None));
            assert_eq!(other.flags, Flags::default());
            assert_eq!(other.counted_as, CountedAs::Verified);
            let suspected = standing == CreditStanding::DuplicateSuspected;
            assert_eq!(twin.flags.has(Flag::DuplicateSuspected), suspected);
            assert_eq!(twin.status == PaymentStatus::Voided, !suspected);
        }
    }

    #[test]
    fn tests_and_credits_by_account_stay_out_of_headline_figures() {
        let mut by_account = credit("a", 0, 100);
        by_account.attributed_by = AttributedBy::Account;
        let told = assess(&Expectation::NOTHING, &[by_account.clone()]);
        assert_eq!(told.payments[0].flags.to_string(), "by_account");
        assert_eq!(told.payments[0].counted_as, CountedAs::ByAccount);
        let test = Expectation {
            purpose: Purpose::Test,
            ..Expectation::NOTHING
        };
        let told = assess(&test, &[by_account]);
        assert_eq!(told.payments[0].flags.to_string(), "by_account test");
        assert_eq!(told.payments[0].counted_as, CountedAs::None);
    }

    #[test]
    fn what_went_back_decides_the_status() {
        for (returned, wanted) in [
            (0, PaymentStatus::Settled),
            (1, PaymentStatus::PartiallyReturned),
            (99, PaymentStatus::PartiallyReturned),
            (100, PaymentStatus::Returned),
        ] {
            let mut one = credit("a", 0, 100);
            one.returned = Vnd::new(returned).unwrap();
            let assessed = assess(&Expectation::NOTHING, &[one]);
            assert_eq!(assessed.payments[0].status, wanted, "{returned}");
        }
    }

    #[test]
    fn money_that_went_back_is_no_sale() {
        type Case = (
            &'static str,
            &'static [(i64, i64)],
            &'static [(&'static str, i64)],
        );
        let cases: [Case; 7] = [
            ("a part of an exact amount", &[(100, 40)], &[("", 60)]),
            ("what was too much", &[(107, 7)], &[("overpaid", 100)]),
            (
                "a part of what was too much",
                &[(107, 5)],
                &[("cash_out_part overpaid", 100)],
            ),
            (
                "more than what was too much",
                &[(107, 27)],
                &[("overpaid", 80)],
            ),
            (
                "all, and paid again",
                &[(100, 100), (100, 0)],
                &[("", 0), ("", 100)],
            ),
            (
                "one of two parts",
                &[(60, 60), (40, 0)],
                &[("", 0), ("underpaid", 40)],
            ),
            (
                "a part, and paid again",
                &[(100, 40), (50, 0)],
                &[("", 60), ("additional cash_out_part", 40)],
            ),
        ];
        for (name, amounts, wanted) in cases {
            let numbered = (0..).zip(amounts);
            let credits = numbered.map(|(n, &(amount, back))| Credit {
                returned: Vnd::new(back).unwrap(),
                ..credit(&format!("c{n}"), n, amount)
            });
            let wanted = wanted.iter().map(|&(flags, sale)| (flags.to_owned(), sale));
            let told = told(&one_sale(100), &credits.collect::<Vec<_>>());
            assert_eq!(told, wanted.collect::<Vec<_>>(), "{name}");
        }
    }

    #[test]
    fn a_code_is_open_again_when_all_went_back_but_a_test_stays_proved() {
        let mut back = credit("a", 0, 100);
        back.returned = back.amount;
        let back = [back];
        assert_eq!(assess(&one_sale(100), &back).completed_at, None);
        let test = Expectation {
            purpose: Purpose::Test,
            ..one_sale(100)
        };
        assert_eq!(assess(&test, &back).completed_at, Some(at(0)));
    }

    fn any_credits() -> impl Strategy<Value = Vec<Credit>> {
        let one = (0..4i64, 1..80i64, 0..6u8, 0..160i64);
        prop::collection::vec(one, 0..7).prop_map(|all| {
            let numbered = all.into_iter().enumerate();
            let credits = numbered.map(|(number, (second, amount, standing, back))| Credit {
                returned: Vnd::new((back - 80).clamp(0, amount)).unwrap(),
                standing: match standing {
                    0 => CreditStanding::DuplicateSuspected,
                    1 => CreditStanding::Voided,
                    _ => CreditStanding::Counts,
                },
                ..credit(&format!("c{number}"), second, amount)
            });
            credits.collect()
        })
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_never_matters(
            (credits, shuffled) in any_credits().prop_flat_map(|all| {
                (Just(all.clone()), Just(all).prop_shuffle())
            }),
            once in any::<bool>(),
        ) {
            let code_use = if once { CodeUse::Once } else { CodeUse::Always };
            let expectation = Expectation { code_use, ..one_sale(100) };
            prop_assert_eq!(assess(&expectation, &credits), assess(&expectation, &shuffled));
        }

        #[test]
        fn a_code_for_one_sale_sells_no_more_than_its_amount(credits in any_credits()) {
            let assessed = assess(&one_sale(100), &credits);
            let sum = |of: fn(&Assessment) -> i64| -> i64 {
                let counted = assessed.payments.iter().filter(|one| one.counted_as != CountedAs::None);
                counted.map(of).sum()
            };
            let counted = || credits.iter().filter(|one| one.standing == CreditStanding::Counts);
            let kept: i64 = counted().map(|one| kept_of(one).get()).sum();
            prop_assert_eq!(sum(|one| one.sale.get()), kept.min(100));
            let came = counted().filter(|one| !kept_of(one).is_zero());
            let came: i64 = came.map(|one| one.amount.get()).sum();
            prop_assert_eq!(assessed.completed_at.is_some(), came >= 100);
            for one in &assessed.payments {
                let of = credits.iter().find(|of| of.identity == one.identity).unwrap();
                let beyond = one.counted_as != CountedAs::None && one.sale < kept_of(of);
                prop_assert_eq!(one.flags.has(Flag::CashOutPart), beyond);
            }
        }
    }
}
