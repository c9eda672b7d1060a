//! Numbers, money and dates as people in Vietnam write them.

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use rust_decimal::Decimal;

use crate::domain::day::{local_day, vietnam_offset};
use crate::domain::lunar::LunarDay;

/// A whole number in groups of three: `1.234.567`.
pub(super) fn number(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push('.');
        }
        grouped.push(digit);
    }
    if number < 0 {
        format!("−{grouped}")
    } else {
        grouped
    }
}

/// An amount: `1.234.567 ₫`.
pub(super) fn vnd(amount: i64) -> String {
    format!("{} ₫", number(amount))
}

/// A large amount in a few signs: `12,3 triệu ₫`, `1,2 tỷ ₫`.
pub(super) fn short_vnd(amount: i64, words: [&str; 2]) -> String {
    let [million, billion] = words;
    let tenths = |unit: i64| (amount + unit / 20) / (unit / 10);
    match amount {
        1_000_000_000.. => format!("{} {billion} ₫", one_decimal(tenths(1_000_000_000))),
        1_000_000.. => format!("{} {million} ₫", one_decimal(tenths(1_000_000))),
        _ => vnd(amount),
    }
}

fn one_decimal(tenths: i64) -> String {
    let (whole, tenth) = (number(tenths / 10), tenths % 10);
    if tenth == 0 {
        whole
    } else {
        format!("{whole},{tenth}")
    }
}

/// A percentage with a decimal comma: `60,1 %`.
pub(super) fn percent(percent: Decimal) -> String {
    format!("{} %", percent.normalize().to_string().replace('.', ","))
}

/// A day: `24/11/2026`.
pub(super) fn day(day: NaiveDate) -> String {
    format!("{:02}/{:02}/{}", day.day(), day.month(), day.year())
}

/// The day of the lunar month: `16/10`, with `*` in a leap month.
pub(super) fn lunar(day: NaiveDate) -> String {
    LunarDay::of(day).map_or_else(String::new, |lunar| {
        let month = lunar.month();
        let leap = if month.leap { "*" } else { "" };
        format!("{}/{}{leap}", lunar.day(), month.month)
    })
}

/// The time of day, with the day before it when that is not `today`: `21:52:07`.
pub(super) fn time(at: DateTime<Utc>, today: NaiveDate) -> String {
    let local = at.with_timezone(&vietnam_offset());
    let clock = format!(
        "{:02}:{:02}:{:02}",
        local.hour(),
        local.minute(),
        local.second()
    );
    let on = local_day(at);
    if on == today {
        clock
    } else {
        format!("{:02}/{:02} {clock}", on.day(), on.month())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_and_shares_are_written_as_in_vietnam() {
        for (amount, wanted) in [
            (0, "0 ₫"),
            (999, "999 ₫"),
            (1_000, "1.000 ₫"),
            (-1_234_567, "−1.234.567 ₫"),
        ] {
            assert_eq!(vnd(amount), wanted);
        }
        for (amount, wanted) in [
            (999_999, "999.999 ₫"),
            (1_000_000, "1 triệu ₫"),
            (12_340_000, "12,3 triệu ₫"),
            (999_960_000, "1.000 triệu ₫"),
            (1_250_000_000, "1,3 tỷ ₫"),
        ] {
            assert_eq!(short_vnd(amount, ["triệu", "tỷ"]), wanted);
        }
        assert_eq!(percent(Decimal::new(601, 1)), "60,1 %");
        assert_eq!(percent(Decimal::new(600, 1)), "60 %");
    }

    #[test]
    fn days_carry_their_lunar_day_and_times_their_day_when_it_is_another() {
        let today: NaiveDate = "2026-11-24".parse().unwrap();
        assert_eq!(
            (day(today), lunar(today)),
            ("24/11/2026".into(), "16/10".into())
        );
        let leap: NaiveDate = "2025-07-25".parse().unwrap();
        assert_eq!(lunar(leap), "1/6*");
        let at: DateTime<Utc> = "2026-11-23T16:59:59Z".parse().unwrap();
        assert_eq!(time(at, today), "23/11 23:59:59");
        let at: DateTime<Utc> = "2026-11-23T17:00:00Z".parse().unwrap();
        assert_eq!(time(at, today), "00:00:00");
    }
}
