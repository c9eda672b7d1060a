//! A day as an argument.

use chrono::NaiveDate;

/// Reads a day, and says how one is written.
pub(super) fn day(text: &str) -> Result<NaiveDate, &'static str> {
    text.parse()
        .map_err(|_| "a day is written year-month-day, such as 2026-11-24")
}
