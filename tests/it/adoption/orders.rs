//! The same figures after any order of notices, with repeats, late ones and parts.

use chrono::TimeDelta;
use phocho::domain::day::start_of_day;

use super::check_against_the_rows;
use super::quarter::{ONCE, Quarter, TEST, Told, day, noon, printed};
use super::recount::Where;
use crate::database::{Database, on_both_engines};

on_both_engines!(
    figures_are_those_of_a_recount_in_the_order_of_the_bank,
    figures_are_those_of_a_recount_in_reverse_order,
    figures_are_those_of_a_recount_in_a_shuffled_order,
);

/// Numbers that look like chance and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Sixty credits of four weeks around the first of July, in the order of the bank.
fn four_weeks() -> Vec<Told> {
    let mut dice = Dice(20_250_701);
    let mut told: Vec<_> = (0..60)
        .map(|number| {
            let merchant = [1, 2, 3, 4, 6, 8][usize::try_from(dice.below(6)).unwrap()];
            let seconds = i64::try_from(dice.below(28 * 86_400)).unwrap();
            let (merchant, code) = match dice.below(12) {
                0 => (6, None),
                1 => (1, Some(TEST)),
                2 | 3 => (3, Some(ONCE)),
                _ => (merchant, Some(printed(merchant))),
            };
            Told {
                id: 1_000 + number,
                at: start_of_day(day("2025-06-17")) + TimeDelta::seconds(seconds),
                merchant: merchant.into(),
                amount: 1_000 * (1 + i64::try_from(dice.below(90)).unwrap()),
                code,
            }
        })
        .collect();
    told.sort_by_key(|one| one.at);
    told
}

/// Tells four weeks in an order, a third of it again at random, half of it late.
async fn tell_in_order(database: &Database, order: impl Fn(&mut Vec<Told>)) -> Quarter {
    let quarter = Quarter::open(database).await;
    let mut notices = four_weeks();
    order(&mut notices);
    let mut dice = Dice(7);
    let half = notices.len() / 2;
    for (place, told) in notices.iter().enumerate() {
        quarter.stand_at(noon(if place < half { "07-15" } else { "07-25" }));
        quarter.tell(told).await;
        if dice.below(3) == 0 {
            let before = usize::try_from(dice.below(u64::try_from(place + 1).unwrap())).unwrap();
            quarter.tell(&notices[before]).await;
        }
    }
    check_against_the_rows(&quarter).await;
    // What was told is all there, once, whatever the order.
    let known = quarter
        .figures("C2", Where::All, "from=2025-06-01&to=2025-07-31")
        .await;
    let (mut sale, mut by_account) = (0, 0);
    for told in four_weeks() {
        match told.code {
            None => by_account += told.amount,
            Some(TEST | ONCE) => {}
            Some(_) => sale += told.amount,
        }
    }
    // The parts of the one sale reach its amount and no more.
    let parts: i64 = four_weeks()
        .iter()
        .filter(|one| one.code == Some(ONCE))
        .map(|one| one.amount)
        .sum();
    sale += parts.min(100_000);
    assert!(parts > 100_000, "the parts go beyond the amount");
    assert_eq!(known[0], format!("sale_vnd verified {sale} {sale}/-"));
    assert_eq!(
        known[2],
        format!("sale_vnd by_account {by_account} {by_account}/-")
    );
    quarter
}

async fn figures_are_those_of_a_recount_in_the_order_of_the_bank(database: Database) {
    tell_in_order(&database, |_| {}).await;
}

async fn figures_are_those_of_a_recount_in_reverse_order(database: Database) {
    tell_in_order(&database, |notices| notices.reverse()).await;
}

async fn figures_are_those_of_a_recount_in_a_shuffled_order(database: Database) {
    let shuffle = |notices: &mut Vec<Told>| {
        let mut dice = Dice(11);
        for place in (1..notices.len()).rev() {
            let other = usize::try_from(dice.below(u64::try_from(place + 1).unwrap())).unwrap();
            notices.swap(place, other);
        }
    };
    tell_in_order(&database, shuffle).await;
}
