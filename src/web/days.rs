//! The days behind the chart of the front page, each with how much of it a bank's statement
//! has confirmed.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use super::view;
use super::words::Words;
use crate::domain::day::Window;
use crate::domain::lunar::LunarDay;
use crate::store::adoption::{Area, Place, by_day};
use crate::store::reach::Reach;
use crate::store::statements::closed_days;
use crate::store::{StoreError, Tx, accounts};

/// How many days the chart shows.
const CHART_DAYS: u64 = 31;

/// A day of the chart, in numbers.
pub(super) struct DayLine {
    pub(super) day: String,
    pub(super) lunar: String,
    pub(super) peak: bool,
    pub(super) payments: String,
    pub(super) value: String,
    /// How many accounts a statement has closed, of those in use.
    pub(super) closed: String,
}

/// The days of the chart, oldest first, each with its number of payments.
pub(super) async fn days(
    tx: &mut Tx,
    words: &Words,
    today: NaiveDate,
) -> Result<Vec<(DayLine, i64)>, StoreError> {
    let all = Reach::Everything;
    let everywhere = Area::new(all, Place::Everywhere);
    let first = today - Days::new(CHART_DAYS - 1);
    let window = Window::new(first, today).expect("the first day is not after the last");
    let counted = by_day::payments(tx, &everywhere, window).await?;
    let closed = closed_days::counts(tx, all, window).await?;
    let closed: BTreeMap<_, _> = closed.into_iter().collect();
    let accounts = view::number(accounts::count_approved(tx, all).await?);
    let line = |day: NaiveDate| {
        let counts = counted.get(&day);
        let payments = counts.map_or(0, |counts| counts.payments);
        let value = counts.map_or(0, |counts| counts.sale_vnd);
        let closed = view::number(closed.get(&day).copied().unwrap_or(0));
        let line = DayLine {
            day: view::day(day),
            lunar: view::lunar(day),
            peak: LunarDay::of(day).is_some_and(LunarDay::is_first_or_fifteenth),
            payments: view::number(payments),
            value: view::short_vnd(value, words.large_units),
            closed: format!("{closed} / {accounts}"),
        };
        (line, payments)
    };
    Ok(first
        .iter_days()
        .take_while(|day| *day <= today)
        .map(line)
        .collect())
}
