//! What is paid on one day of the sample street.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::plan::{Plan, Trader};
use super::words::ZONES;
use crate::cli::dice::Dice;
use crate::domain::day::start_of_day;
use crate::domain::lunar::PeakCalendar;
use crate::domain::zone::ZoneCode;

/// Numbers of one day's notices begin here times the day.
const NOTICES_A_DAY: u64 = 100_000;

/// One sale and how it is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sale {
    /// The bank's number of its first credit; the next ones follow.
    pub(super) number: u64,
    /// Which trader, by its place in the plan.
    pub(super) trader: usize,
    /// When the first credit is booked.
    pub(super) at: DateTime<Utc>,
    /// What is owed, đồng.
    pub(super) due_vnd: i64,
    /// How it is paid.
    pub(super) way: Way,
}

/// How a customer pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The printed code, its reference in the text.
    Printed,
    /// The printed code; the bank breaks the reference with spaces and changes its case.
    Mangled,
    /// The account alone: the text names nothing, or mistypes it.
    WithoutReference,
    /// A code for this sale, paid exactly.
    Exact,
    /// A code for this sale, paid too little.
    Short,
    /// A code for this sale, paid in two parts.
    Parts,
    /// A code for this sale, paid twice.
    Twice,
}

impl Way {
    fn draw(dice: &Dice) -> Self {
        match dice.below(1_000) {
            0..=899 => Self::Printed,
            900..=929 => Self::Mangled,
            930..=941 => Self::WithoutReference,
            942..=985 => Self::Exact,
            986..=991 => Self::Short,
            992..=996 => Self::Parts,
            _ => Self::Twice,
        }
    }

    /// Whether a code is made for the sale.
    pub(super) const fn has_own_code(self) -> bool {
        matches!(self, Self::Exact | Self::Short | Self::Parts | Self::Twice)
    }

    /// What is transferred, one after another, for a sale of `due` đồng.
    pub(super) fn credits(self, due_vnd: i64) -> Vec<i64> {
        match self {
            Self::Printed | Self::Mangled | Self::WithoutReference | Self::Exact => vec![due_vnd],
            // The trick of the street: three zeros less, which the ear takes for the price.
            Self::Short => vec![(due_vnd / 1_000).max(1)],
            Self::Parts => vec![due_vnd / 2, due_vnd - due_vnd / 2],
            Self::Twice => vec![due_vnd, due_vnd],
        }
    }
}

/// Everything that is sold by code on a day, in the order of the bank.
pub(super) fn sales_on(plan: &Plan, day: NaiveDate) -> Vec<Sale> {
    let mut sales = Vec::new();
    for (place, trader) in plan.traders.iter().enumerate() {
        let dice = Dice::new(plan.seed, &format!("{day} {}", trader.number));
        for _ in 0..count(&dice, trader, day) {
            sales.push(sale(&dice, (place, trader), day));
        }
    }
    sales.sort_by_key(|sale| (sale.at, sale.trader));
    let first = first_number(day);
    for (number, sale) in (0..).zip(&mut sales) {
        sale.number = first + 2 * number;
    }
    sales
}

/// The first number that a bank gives on a day.
pub(super) fn first_number(day: NaiveDate) -> u64 {
    let origin = NaiveDate::from_ymd_opt(2020, 1, 1).expect("a day of the calendar");
    NOTICES_A_DAY * u64::try_from((day - origin).num_days()).unwrap_or(0)
}

/// How many sales a trader has on a day.
fn count(dice: &Dice, trader: &Trader, day: NaiveDate) -> i64 {
    let usual = trader.habit.on(day) * busyness_tenths(ZONES[trader.zone].code, day) / 10;
    let drawn = usual * dice.between(60, 140) / 100;
    let rest = u64::try_from(drawn % 100).unwrap_or(0);
    drawn / 100 + i64::from(dice.chance(rest))
}

/// How busy a zone is, in tenths of an ordinary day.
fn busyness_tenths(zone: &str, day: NaiveDate) -> i64 {
    let code = ZoneCode::parse(zone).expect("the sample zones are of the first list");
    let calendar = PeakCalendar::of_zone(&code);
    match (calendar, calendar.is_peak(day)) {
        (PeakCalendar::Temple, Some(true)) => 34,
        (PeakCalendar::BuoiMarket, Some(true)) => 22,
        (PeakCalendar::Weekend, Some(true)) => 14,
        _ => 9,
    }
}

fn sale(dice: &Dice, (place, trader): (usize, &Trader), day: NaiveDate) -> Sale {
    let (from, to) = trader.trade.hours;
    let second = dice.between(from * 3_600, to * 3_600 - 1);
    let pieces = [1, 1, 1, 2, 2, 3][usize::try_from(dice.below(6)).expect("six")];
    Sale {
        number: 0,
        trader: place,
        at: start_of_day(day) + TimeDelta::seconds(second),
        due_vnd: dice.pick(trader.trade.prices) * pieces,
        way: Way::draw(dice),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::demo::plan::HISTORY_DAYS;

    #[test]
    fn ninety_days_hold_twenty_thousand_sales_and_the_temple_peaks_with_the_moon() {
        let today: NaiveDate = "2026-11-24".parse().unwrap();
        let plan = Plan::new(7, today);
        let days = (1..=HISTORY_DAYS).map(|ago| today - TimeDelta::days(ago));
        let total: usize = days.map(|day| sales_on(&plan, day).len()).sum();
        assert!((20_000..60_000).contains(&total), "{total}");
        let temple = |day: &str| {
            let sales = sales_on(&plan, day.parse().unwrap());
            let zone = |sale: &&Sale| ZONES[plan.traders[sale.trader].zone].code == "TH-PTH";
            sales.iter().filter(zone).count()
        };
        // 15/10 and two days later.
        assert!(temple("2026-11-23") > 2 * temple("2026-11-20"));
        let day = today - TimeDelta::days(3);
        let sales = sales_on(&plan, day);
        assert_eq!(sales, sales_on(&plan, day));
        assert!(sales.windows(2).all(|pair| pair[0].at <= pair[1].at));
        assert!(
            sales
                .windows(2)
                .all(|pair| pair[0].number + 2 == pair[1].number)
        );
    }
}
