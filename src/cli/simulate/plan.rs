//! What is sent, decided before anything is: equal seeds give equal notices.

use std::collections::BTreeSet;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use super::faults::{Fault, FaultShare};
use super::outage::Outage;
use super::texts::text;
use crate::cli::bank::{Credit, CreditState};
use crate::cli::dice::Dice;

/// Numbers kept free for the credits of one notice.
const NUMBERS_A_NOTICE: u64 = 8;
/// Numbers kept free for a run: more than the most notices that one has.
const NUMBERS_A_RUN: u64 = 1_000_000;
/// How many seeds have numbers of their own; with all their numbers they stay below those that
/// JavaScript reads exactly.
const SEEDS_APART: u64 = 1_000_000_000;
/// The most credits of a notice that tells of several.
const BATCH_MAX: i64 = 4;
/// How late a delayed notice is at most: the end of a usual schedule of retries.
const DELAY_MAX_S: i64 = 33 * 60;

/// What the bank's customers do.
pub(super) struct Trade {
    /// Accounts that are paid to.
    pub(super) accounts: Vec<String>,
    /// References that are paid under; each with the account at the same place, round and round.
    pub(super) references: Vec<String>,
    /// What everyone pays, đồng; otherwise a chance amount.
    pub(super) amount_vnd: Option<i64>,
    /// What goes wrong, and how often.
    pub(super) shares: Vec<FaultShare>,
    /// When nothing arrives.
    pub(super) outage: Option<Outage>,
    /// Of all chance.
    pub(super) seed: u64,
}

/// A credit to be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sale {
    number: u64,
    account: String,
    reference: String,
    amount_vnd: i64,
    content: String,
    booked_at: DateTime<Utc>,
}

impl Sale {
    /// The credit as the bank tells of it.
    pub(super) fn credit(&self, state: CreditState) -> Credit<'_> {
        Credit {
            number: self.number,
            account: &self.account,
            amount_vnd: self.amount_vnd,
            content: self.content.clone(),
            order: &self.reference,
            booked_at: self.booked_at,
            state,
        }
    }
}

/// A notice and what goes wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Planned {
    /// Its credits; one unless it is a batch.
    pub(super) sales: Vec<Sale>,
    /// What goes wrong.
    pub(super) faults: BTreeSet<Fault>,
    /// Whether it falls into the outage: no attempt at it arrives.
    pub(super) lost: bool,
}

impl Planned {
    /// Whether something goes wrong with it.
    pub(super) fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }
}

/// The notices in the order in which they are sent, the first at `start`.
pub(super) fn plan(
    trade: &Trade,
    count: u32,
    start: DateTime<Utc>,
    pause: TimeDelta,
) -> Vec<Planned> {
    // Who reads a list of them goes on at the highest number: a higher seed has higher ones.
    let first = (1 + trade.seed % SEEDS_APART) * NUMBERS_A_RUN;
    let begun = start.trunc_subsecs(0);
    let mut moment = begun;
    let mut notices: Vec<_> = (0..count)
        .map(|place| {
            let number = first + u64::from(place) * NUMBERS_A_NOTICE;
            let lost = trade.outage.is_some_and(|it| it.takes(moment - begun));
            moment += pause;
            let booked_from = moment.trunc_subsecs(0) - pause;
            Planned {
                lost,
                ..notice(trade, place, number, booked_from)
            }
        })
        .collect();
    for place in 1..notices.len() {
        if notices[place - 1].has(Fault::Reorder) {
            notices.swap(place - 1, place);
        }
    }
    notices
}

fn notice(trade: &Trade, place: u32, number: u64, moment: DateTime<Utc>) -> Planned {
    let dice = Dice::new(trade.seed, &format!("notice {place}"));
    // Each fault is drawn whether it is wanted or not: one more changes no other.
    let faults: BTreeSet<_> = Fault::ALL
        .into_iter()
        .filter(|(fault, _)| {
            let share = trade.shares.iter().find(|share| share.fault == *fault);
            dice.chance(share.map_or(0, |share| share.percent))
        })
        .map(|(fault, _)| fault)
        .collect();
    let late_s = dice.between(60, DELAY_MAX_S);
    let credits = dice.between(2, BATCH_MAX);
    let credits = if faults.contains(&Fault::Batch) {
        credits
    } else {
        1
    };
    let late_s = if faults.contains(&Fault::Delay) {
        late_s
    } else {
        2
    };
    let sales = (number..)
        .zip(0..credits)
        .map(|(number, _)| sale(trade, &dice, &faults, number, moment, late_s))
        .collect();
    Planned {
        sales,
        faults,
        lost: false,
    }
}

fn sale(
    trade: &Trade,
    dice: &Dice,
    faults: &BTreeSet<Fault>,
    number: u64,
    moment: DateTime<Utc>,
    late_s: i64,
) -> Sale {
    let places: Vec<_> = (0..trade.references.len()).collect();
    let place = *dice.pick(&places);
    let reference = trade.references[place].clone();
    let drawn_vnd = 1_000 * dice.between(1, 97);
    Sale {
        number,
        account: trade.accounts[place % trade.accounts.len()].clone(),
        amount_vnd: trade.amount_vnd.unwrap_or(drawn_vnd),
        content: text(dice, faults, &reference),
        reference,
        booked_at: moment - TimeDelta::seconds(late_s),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trade(seed: u64, shares: &[(Fault, u64)]) -> Trade {
        let share = |&(fault, percent): &(Fault, u64)| FaultShare { fault, percent };
        Trade {
            accounts: vec!["1030000000117".to_owned(), "1030000000118".to_owned()],
            references: vec!["TH7K2M9XQ4".to_owned(), "TH8V3N4PR6".to_owned()],
            amount_vnd: None,
            outage: None,
            shares: shares.iter().map(share).collect(),
            seed,
        }
    }

    fn planned(seed: u64, shares: &[(Fault, u64)]) -> Vec<Planned> {
        let start = "2026-11-24T02:30:00Z".parse().unwrap();
        plan(
            &trade(seed, shares),
            40,
            start,
            TimeDelta::milliseconds(200),
        )
    }

    #[test]
    fn equal_seeds_repeat_and_no_number_is_used_twice() {
        let shares = [(Fault::Batch, 50), (Fault::Duplicate, 20)];
        assert_eq!(planned(7, &shares), planned(7, &shares));
        assert_ne!(planned(7, &shares), planned(8, &shares));
        let all = planned(7, &shares);
        let numbers: Vec<_> = all.iter().flat_map(|it| &it.sales).collect();
        let distinct: BTreeSet<_> = numbers.iter().map(|sale| sale.number).collect();
        assert_eq!(distinct.len(), numbers.len());
        assert!(numbers.len() > all.len());
    }

    #[test]
    fn a_higher_seed_has_higher_numbers() {
        let numbers = |seed| {
            let notices = planned(seed, &[(Fault::Batch, 100)]);
            let numbers = notices.iter().flat_map(|it| &it.sales);
            numbers.map(|sale| sale.number).collect::<Vec<_>>()
        };
        assert!(numbers(7).iter().max() < numbers(8).iter().min());
    }

    #[test]
    fn an_outage_takes_what_is_sent_in_its_time_and_changes_nothing_else() {
        let mut trade = trade(7, &[]);
        trade.outage = Some("1-3".parse().unwrap());
        let start = "2026-11-24T02:30:00.9Z".parse().unwrap();
        let notices = plan(&trade, 40, start, TimeDelta::milliseconds(200));
        let lost: Vec<_> = (0..40).filter(|place| notices[*place].lost).collect();
        assert_eq!(lost, (5..15).collect::<Vec<_>>());
        trade.outage = None;
        let whole = plan(&trade, 40, start, TimeDelta::milliseconds(200));
        for (one, other) in notices.iter().zip(&whole) {
            assert_eq!(one.sales, other.sales);
        }
    }

    #[test]
    fn one_more_fault_leaves_the_others_where_they_were() {
        let lost = |notices: &[Planned]| -> Vec<bool> {
            notices.iter().map(|it| it.has(Fault::Loss)).collect()
        };
        let (few, more) = (
            planned(7, &[(Fault::Loss, 30)]),
            planned(7, &[(Fault::Loss, 30), (Fault::HangUp, 60)]),
        );
        assert_eq!(lost(&few), lost(&more));
        assert!(lost(&few).contains(&true) && lost(&few).contains(&false));
    }

    #[test]
    fn an_overtaken_notice_comes_behind_the_next_and_a_reference_keeps_its_account() {
        let shares = [(Fault::Reorder, 30)];
        let numbers = |shares: &[(Fault, u64)]| -> Vec<_> {
            let notices = planned(7, shares);
            notices.iter().map(|it| it.sales[0].number).collect()
        };
        let (straight, swapped) = (numbers(&[]), numbers(&shares));
        assert_ne!(straight, swapped);
        assert!(straight.is_sorted());
        let mut sorted = swapped;
        sorted.sort_unstable();
        assert_eq!(straight, sorted);
        for sale in planned(7, &[]).iter().flat_map(|it| &it.sales) {
            let first = sale.reference == "TH7K2M9XQ4";
            let account = if first {
                "1030000000117"
            } else {
                "1030000000118"
            };
            assert_eq!(sale.account, account);
        }
    }
}
