//! The Vietnamese lunar calendar: peak days follow it, from temple crowds to market days.
//!
//! Days are looked up in a stored table, `lunar_months.txt`, and not computed: calendars made
//! for China (UTC+8) differ from Vietnam's (UTC+7) by a day or a month when a new moon falls
//! near midnight; in 2007 and 2030 the two differ on the New Year itself.
//!
//! A line of the table is a lunar year: the solar day it begins on, the month that is
//! repeated as a leap month (0 for none), and the length of every month in turn. Every month
//! begins on the UTC+7 day of an astronomical new moon. The table holds 2007-02-17 to
//! 2052-01-31; a day outside it has no lunar day here.

use std::sync::LazyLock;

use chrono::{Datelike, Days, NaiveDate, Weekday};

use crate::domain::zone::ZoneCode;

/// A month of the lunar calendar. A year may hold the same number twice; the second is leap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LunarMonth {
    /// The lunar year, named by the solar year in which it begins.
    pub year: i32,
    /// 1 (tháng Giêng) to 12 (tháng Chạp).
    pub month: u8,
    /// Whether this is the repeated month (tháng nhuận).
    pub leap: bool,
}

/// A day of the lunar calendar that exists and is in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LunarDay {
    month: LunarMonth,
    day: u8,
    length: u8,
}

/// A month of the table.
struct Row {
    first: NaiveDate,
    month: LunarMonth,
    length: u8,
}

impl Row {
    fn day(&self, day: u8) -> LunarDay {
        LunarDay {
            month: self.month,
            day,
            length: self.length,
        }
    }
}

static MONTHS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let years = include_str!("lunar_months.txt").lines();
    years.flat_map(months_of_year).collect()
});

fn months_of_year(line: &str) -> Vec<Row> {
    let mut words = line.split(' ');
    let mut next = || words.next().expect("a line has a day and a leap month");
    let mut first: NaiveDate = next().parse().expect("a line begins with a day");
    let repeated: u8 = next().parse().expect("the leap month is a number");
    let year = first.year();
    let (mut month, mut leap) = (0, false);
    let mut rows = Vec::with_capacity(13);
    for word in words {
        leap = month == repeated && month > 0 && !leap;
        month += u8::from(!leap);
        let length: u8 = word.parse().expect("a month's length is a number");
        rows.push(Row {
            first,
            month: LunarMonth { year, month, leap },
            length,
        });
        first = first + Days::new(u64::from(length));
    }
    rows
}

impl LunarDay {
    /// The lunar day of a solar day; `None` outside the table.
    pub fn of(day: NaiveDate) -> Option<Self> {
        let after = MONTHS.partition_point(|row| row.first <= day);
        let row = MONTHS.get(after.checked_sub(1)?)?;
        let passed = u8::try_from((day - row.first).num_days()).ok()?;
        (passed < row.length).then(|| row.day(passed + 1))
    }

    /// A day of a month; `None` when the month or the day does not exist or is not in the
    /// table. A month has 29 or 30 days.
    pub fn new(month: LunarMonth, day: u8) -> Option<Self> {
        let row = row_of(month)?;
        (1..=row.length).contains(&day).then(|| row.day(day))
    }

    /// The solar day.
    pub fn to_solar(self) -> NaiveDate {
        let row = row_of(self.month).expect("only days of the table are constructed");
        row.first + Days::new(u64::from(self.day - 1))
    }

    /// The month it lies in.
    pub const fn month(self) -> LunarMonth {
        self.month
    }

    /// 1 to 30.
    pub const fn day(self) -> u8 {
        self.day
    }

    /// Mồng một or rằm: the days of temple visits.
    pub const fn is_first_or_fifteenth(self) -> bool {
        self.day == 1 || self.day == 15
    }

    /// The last day of the year, which people call 30 Chạp even when it is the 29th.
    pub const fn is_new_years_eve(self) -> bool {
        self.month.month == 12 && !self.month.leap && self.day == self.length
    }

    /// 23 Chạp to 15 Giêng: figures of these days are compared by lunar date only.
    pub const fn is_in_tet_season(self) -> bool {
        let ends = self.month.month == 12 && self.day >= 23;
        let begins = self.month.month == 1 && !self.month.leap && self.day <= 15;
        ends || begins
    }

    /// The same lunar day of the year before: what the temple area is compared with. `None`
    /// for a leap month, for a thirtieth that was not there, and outside the table.
    pub fn a_year_before(self) -> Option<Self> {
        if self.month.leap {
            return None;
        }
        let year = self.month.year - 1;
        Self::new(LunarMonth { year, ..self.month }, self.day)
    }
}

fn row_of(month: LunarMonth) -> Option<&'static Row> {
    let place = MONTHS.binary_search_by_key(&month, |row| row.month).ok()?;
    Some(&MONTHS[place])
}

/// Which days are the busy ones of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeakCalendar {
    /// Phủ Tây Hồ: the 1st and 15th, the festivals 3/3 and 13/8, and New Year's eve to 15
    /// Giêng.
    Temple,
    /// Chợ Bưởi: lunar days 4, 9, 14, 19, 24 and 29.
    BuoiMarket,
    /// Saturday, Sunday and the public holidays that every year has.
    Weekend,
}

impl PeakCalendar {
    /// The calendar of a zone of the pilot.
    pub fn of_zone(code: &ZoneCode) -> Self {
        match code.as_str() {
            "TH-CB" => Self::BuoiMarket,
            "TH-PTH" | "TH-PTH-AT" | "TH-PTH-BX" => Self::Temple,
            _ => Self::Weekend,
        }
    }

    /// Whether a day is a peak day; `None` when it depends on the moon and the day is outside
    /// the table.
    pub fn is_peak(self, day: NaiveDate) -> Option<bool> {
        match self {
            Self::Temple => LunarDay::of(day).map(is_temple_peak),
            Self::BuoiMarket => LunarDay::of(day).map(|lunar| lunar.day % 5 == 4),
            Self::Weekend if is_weekend_or_solar_holiday(day) => Some(true),
            Self::Weekend => LunarDay::of(day).map(is_lunar_holiday),
        }
    }
}

fn is_temple_peak(lunar: LunarDay) -> bool {
    let festival = matches!((lunar.month.month, lunar.day), (3, 3) | (8, 13)) && !lunar.month.leap;
    let new_year = lunar.month.month == 1 && !lunar.month.leap && lunar.day <= 15;
    lunar.is_first_or_fifteenth() || festival || new_year || lunar.is_new_years_eve()
}

fn is_weekend_or_solar_holiday(day: NaiveDate) -> bool {
    let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
    weekend || matches!((day.month(), day.day()), (1 | 5, 1) | (4, 30) | (9, 2))
}

/// New Year's eve to 3 Giêng and 10/3 (Giỗ Tổ). What a year's own decision adds is not here.
fn is_lunar_holiday(lunar: LunarDay) -> bool {
    let month = lunar.month;
    let tet = month.month == 1 && !month.leap && lunar.day <= 3;
    let ancestors = month.month == 3 && !month.leap && lunar.day == 10;
    tet || ancestors || lunar.is_new_years_eve()
}

#[cfg(test)]
mod tests {
    use super::*;
    use amlich_core::lunar::convert_solar_to_lunar;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn lunar(year: i32, month: u8, leap: bool, day: u8) -> Option<LunarDay> {
        LunarDay::new(LunarMonth { year, month, leap }, day)
    }

    #[test]
    fn every_published_pair_of_days_agrees_both_ways() {
        let mut pairs = 0;
        let mut reader =
            csv::Reader::from_reader(include_str!("../../tests/data/lunar_pairs.csv").as_bytes());
        for row in reader.records() {
            let row = row.unwrap();
            let found = LunarDay::of(day(&row[0])).unwrap();
            let wanted = lunar(
                row[4].parse().unwrap(),
                row[2].parse().unwrap(),
                &row[3] == "yes",
                row[1].parse().unwrap(),
            );
            assert_eq!(Some(found), wanted, "{}", &row[0]);
            assert_eq!(found.to_solar(), day(&row[0]));
            pairs += 1;
        }
        assert_eq!(pairs, 57);
    }

    #[test]
    fn the_table_has_no_gap_and_the_leap_months_of_the_almanac() {
        for pair in MONTHS.windows(2) {
            let length = Days::new(u64::from(pair[0].length));
            assert_eq!(pair[0].first + length, pair[1].first);
            assert!(matches!(pair[0].length, 29 | 30));
            assert!(pair[0].month < pair[1].month);
        }
        assert_eq!(MONTHS.len(), 556);
        let leaps: Vec<_> = MONTHS
            .iter()
            .filter(|row| row.month.leap && (2020..2040).contains(&row.month.year))
            .map(|row| (row.month.year, row.month.month))
            .collect();
        assert_eq!(
            leaps,
            [
                (2020, 4),
                (2023, 2),
                (2025, 6),
                (2028, 5),
                (2031, 3),
                (2033, 11),
                (2036, 6),
                (2039, 5)
            ]
        );
    }

    /// Months that `amlich-core` 0.1 begins a day or a month wrong, because it places some
    /// new moons on the wrong side of midnight. In each the table has the day of the
    /// astronomical new moon; 2023 and 2031 are also among the published pairs.
    const ORACLE_ERRS_IN: &[(i32, &[u8])] = &[
        (2008, &[11]),
        (2015, &[9, 10]),
        (2020, &[4]),
        (2023, &[2]),
        (2026, &[6, 7]),
        (2031, &[3]),
        (2035, &[6, 7]),
        (2039, &[5]),
        (2044, &[6, 7]),
        (2045, &[1, 2]),
        (2051, &[2]),
    ];

    #[test]
    fn every_day_agrees_with_another_implementation_outside_its_known_errors() {
        let errs: Vec<_> = day("2007-02-17")
            .iter_days()
            .take_while(|solar| *solar < day("2052-01-31"))
            .filter_map(|solar| {
                let ours = LunarDay::of(solar).unwrap();
                let theirs = convert_solar_to_lunar(
                    i32::try_from(solar.day()).unwrap(),
                    i32::try_from(solar.month()).unwrap(),
                    solar.year(),
                    7.0,
                );
                let same = (theirs.year, theirs.month, theirs.is_leap, theirs.day)
                    == (
                        ours.month.year,
                        i32::from(ours.month.month),
                        ours.month.leap,
                        i32::from(ours.day),
                    );
                (!same).then_some((ours.month.year, ours.month.month))
            })
            .collect();
        let mut months = errs;
        months.dedup();
        let known: Vec<_> = ORACLE_ERRS_IN
            .iter()
            .flat_map(|(year, months)| months.iter().map(move |month| (*year, *month)))
            .collect();
        assert_eq!(months, known);
    }

    #[test]
    fn days_that_do_not_exist_or_lie_outside_the_table_are_none() {
        assert_eq!(LunarDay::of(day("2007-02-16")), None);
        assert!(LunarDay::of(day("2052-01-31")).is_some());
        assert_eq!(LunarDay::of(day("2052-02-01")), None);
        assert_eq!(lunar(2025, 12, false, 30), None);
        assert_eq!(lunar(2026, 4, true, 1), None);
        assert_eq!(lunar(2026, 1, false, 0), None);
        assert_eq!(lunar(2026, 13, false, 1), None);
    }

    #[test]
    fn peak_days_follow_the_calendar_of_their_zone() {
        use PeakCalendar::{BuoiMarket, Temple, Weekend};
        for (name, calendar, on, wanted) in [
            ("fifteenth of the tenth", Temple, "2026-11-23", true),
            ("sixteenth", Temple, "2026-11-24", false),
            ("festival 3/3", Temple, "2026-04-19", true),
            ("festival 13/8", Temple, "2026-09-23", true),
            ("eve of a 29-day Chạp", Temple, "2027-02-05", true),
            ("day before that eve", Temple, "2027-02-04", false),
            ("mồng 9 Giêng", Temple, "2026-02-25", true),
            ("16 Giêng", Temple, "2026-03-04", false),
            ("weekend at the temple", Temple, "2026-11-21", false),
            ("market day 14", BuoiMarket, "2026-11-22", true),
            ("market day 29, month of 29", BuoiMarket, "2026-02-16", true),
            ("fifteenth at the market", BuoiMarket, "2026-11-23", false),
            ("Saturday", Weekend, "2026-11-21", true),
            ("Sunday", Weekend, "2026-11-22", true),
            ("Monday", Weekend, "2026-11-23", false),
            ("2 September, a Wednesday", Weekend, "2026-09-02", true),
            ("mồng 2 Tết, a Wednesday", Weekend, "2026-02-18", true),
            ("Giỗ Tổ, a Friday", Weekend, "2027-04-16", true),
        ] {
            assert_eq!(calendar.is_peak(day(on)), Some(wanted), "{name}");
        }
        assert_eq!(Temple.is_peak(day("2060-01-01")), None);
        let calendar = |code| PeakCalendar::of_zone(&ZoneCode::parse(code).unwrap());
        assert_eq!(calendar("TH-PTH"), Temple);
        assert_eq!(calendar("TH-CB"), BuoiMarket);
        assert_eq!(calendar("TH-QK"), Weekend);
    }

    #[test]
    fn tet_and_the_year_before_are_found_by_lunar_date() {
        let of = |text: &str| LunarDay::of(day(text)).unwrap();
        assert!(!of("2026-02-09").is_in_tet_season());
        assert!(of("2026-02-10").is_in_tet_season());
        assert!(of("2026-03-03").is_in_tet_season());
        assert!(!of("2026-03-04").is_in_tet_season());
        assert_eq!(of("2027-02-06").a_year_before(), Some(of("2026-02-17")));
        assert_eq!(of("2025-07-25").a_year_before(), None);
        let thirtieth = lunar(2026, 12, false, 29).unwrap();
        assert_eq!(thirtieth.a_year_before(), lunar(2025, 12, false, 29));
        assert_eq!(lunar(2024, 12, false, 30), None);
    }

    proptest! {
        #[test]
        fn any_day_of_the_table_reads_back(offset in 0u64..16_419) {
            let solar = day("2007-02-17") + Days::new(offset);
            let found = LunarDay::of(solar).unwrap();
            prop_assert_eq!(found.to_solar(), solar);
            prop_assert_eq!(LunarDay::new(found.month(), found.day()), Some(found));
        }
    }
}
