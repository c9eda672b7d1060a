//! A cell of a table and what may stand in it.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::statements::date::Moment;
use crate::statements::fault::found;
use crate::statements::reason::Reason;

/// The serial numbers of 2000 and 2099 in a spreadsheet: a number between them is a day.
const SERIALS: std::ops::RangeInclusive<i64> = 36_526..=73_050;
const SECONDS_PER_DAY: i64 = 86_400;

/// A row of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::statements) struct Row {
    /// The line of the file on which it begins, or its number in the sheet, from 1.
    pub line: u64,
    /// From the first column on; what a spreadsheet leaves out is empty.
    pub cells: Vec<Cell>,
}

/// What stands in a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::statements) enum Cell {
    /// Nothing.
    #[default]
    Empty,
    /// A text.
    Text(String),
    /// A number of a spreadsheet.
    Number(Decimal),
}

impl Cell {
    /// A text, which is nothing when it is blank.
    pub(in crate::statements) fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.trim().is_empty() {
            Self::Empty
        } else {
            Self::Text(text)
        }
    }

    pub(in crate::statements) const fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// What a person reads there.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.trim().to_owned(),
            Self::Number(number) => number.normalize().to_string(),
        }
    }
}

impl Row {
    /// The cell in a column.
    pub(super) fn cell(&self, column: usize) -> &Cell {
        self.cells.get(column).unwrap_or(&Cell::Empty)
    }

    /// The cells with something in them.
    pub(super) fn filled(&self) -> impl Iterator<Item = &Cell> {
        self.cells.iter().filter(|cell| !cell.is_empty())
    }
}

/// The column of this number, from 0, as spreadsheets call it: `A`, …, `Z`, `AA`, …
pub(super) fn letter_of(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).expect("a letter of 26");
        letters.push(char::from(b'A' + digit));
        rest = (rest - 1) / 26;
    }
    letters.into_iter().rev().collect()
}

/// Reads a date with an optional time; what stands behind it on the cell's further words is
/// given back.
pub(super) fn moment(cell: &Cell) -> Result<(Moment, String), Reason> {
    let not = || Reason::NotADate {
        found: found(&cell.shown()),
    };
    let text = match cell {
        Cell::Empty => return Err(Reason::Missing),
        Cell::Number(serial) => {
            let moment = of_serial(*serial).ok_or_else(not)?;
            return Ok((moment, String::new()));
        }
        Cell::Text(text) => text.trim(),
    };
    if let Some(moment) = serial_text(text) {
        return Ok((moment, String::new()));
    }
    let (first, rest) = split_word(text);
    let (day, time) = match first.split_once('T') {
        Some((day, time)) => (day, Some(time)),
        None => (first, None),
    };
    let day = day_of(day).ok_or_else(not)?;
    if let Some(time) = time {
        let time = time_of(time).ok_or_else(not)?;
        let moment = Moment::local(day.and_time(time)).ok_or_else(not)?;
        return Ok((moment, rest.to_owned()));
    }
    let (second, further) = split_word(rest);
    let (moment, rest) = match time_of(second) {
        Some(time) => (Moment::local(day.and_time(time)), further),
        None => (Moment::day(day), rest),
    };
    Ok((moment.ok_or_else(not)?, rest.to_owned()))
}

/// The first word and what follows it.
fn split_word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

/// `16/03/2026`, `16-03-2026`, `16.3.2026` or `2026-03-16`.
pub(super) fn day_of(text: &str) -> Option<NaiveDate> {
    let mark = text.chars().find(|it| matches!(it, '/' | '-' | '.'))?;
    let parts: Vec<&str> = text.split(mark).collect();
    let &[first, month, last] = parts.as_slice() else {
        return None;
    };
    let is_number = |it: &&str| it.len() <= 4 && it.bytes().all(|byte| byte.is_ascii_digit());
    if !parts.iter().all(is_number) {
        return None;
    }
    let (year, day) = if first.len() == 4 {
        (first, last)
    } else {
        (last, first)
    };
    if year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// `09:29` or `09:29:41`, with fractions passed over.
fn time_of(text: &str) -> Option<NaiveTime> {
    let text = text.trim_end_matches('Z');
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let form = match whole.matches(':').count() {
        1 => "%H:%M",
        2 => "%H:%M:%S",
        _ => return None,
    };
    NaiveTime::parse_from_str(whole, form).ok()
}

/// The serial number of a day as a text: a spreadsheet lost the format of the cell.
fn serial_text(text: &str) -> Option<Moment> {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    if whole.len() != 5 {
        return None;
    }
    of_serial(Decimal::from_str_exact(text).ok()?)
}

/// Days since 1899-12-30 and the fraction of the day, to the second.
pub(super) fn of_serial(serial: Decimal) -> Option<Moment> {
    let day = serial.trunc().to_i64().filter(|it| SERIALS.contains(it))?;
    let seconds = (serial.fract() * Decimal::from(SECONDS_PER_DAY)).round();
    let seconds = seconds.to_i64()?;
    let origin = NaiveDate::from_ymd_opt(1899, 12, 30)?;
    let day = origin.checked_add_days(Days::new(u64::try_from(day).ok()?))?;
    if seconds == 0 {
        return Moment::day(day);
    }
    let time = NaiveDateTime::new(day, NaiveTime::MIN);
    Moment::local(time + chrono::TimeDelta::seconds(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::day::to_rfc3339;

    #[test]
    fn dates_are_read_in_every_form_with_what_stands_behind_them() {
        for (text, day, time, rest) in [
            ("16/03/2026", "2026-03-16", None, ""),
            ("6/3/2026", "2026-03-06", None, ""),
            ("16-03-2026", "2026-03-16", None, ""),
            ("16.03.2026", "2026-03-16", None, ""),
            ("2026-03-16", "2026-03-16", None, ""),
            ("16/03/2026 09:29:41", "2026-03-16", Some("09:29:41"), ""),
            ("16/03/2026 09:29", "2026-03-16", Some("09:29:00"), ""),
            ("2026-03-16T09:29:41", "2026-03-16", Some("09:29:41"), ""),
            (
                "2026-03-16 09:29:41.123",
                "2026-03-16",
                Some("09:29:41"),
                "",
            ),
            (
                "04/08/2026\n5389 - 82579",
                "2026-08-04",
                None,
                "5389 - 82579",
            ),
            (
                "04/08/2026 01:02:03\nFT1",
                "2026-08-04",
                Some("01:02:03"),
                "FT1",
            ),
            ("46097", "2026-03-16", None, ""),
            ("46097.5", "2026-03-16", Some("12:00:00"), ""),
        ] {
            let (moment, found) = moment(&Cell::text(text)).unwrap();
            assert_eq!(moment.on.to_string(), day, "{text}");
            let wanted = time.map(|time| format!("{day}T{time}+07:00"));
            assert_eq!(moment.at.map(to_rfc3339), wanted, "{text}");
            assert_eq!(found, rest, "{text}");
        }
        for text in [
            "32/03/2026",
            "16/13/2026",
            "16/03/26",
            "16/03",
            "3/2026",
            "1234567",
            "16/03/1899",
            "a/b/cccc",
            "2026-03-16Tx",
            "Trang 1/5",
        ] {
            assert!(moment(&Cell::text(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn serial_numbers_are_days_and_seconds() {
        for (serial, wanted) in [
            ("46097", Some("2026-03-16")),
            ("46097.395613", Some("2026-03-16T09:29:41+07:00")),
            ("46097.999999", Some("2026-03-17T00:00:00+07:00")),
            ("12", None),
            ("99999999999999", None),
            ("-46097", None),
        ] {
            let found = of_serial(serial.parse().unwrap());
            let found = found.map(|it| it.at.map_or(it.on.to_string(), to_rfc3339));
            assert_eq!(found.as_deref(), wanted, "{serial}");
        }
    }

    #[test]
    fn columns_have_the_letters_of_a_spreadsheet() {
        for (column, letter) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(letter_of(column), letter);
        }
    }
}
