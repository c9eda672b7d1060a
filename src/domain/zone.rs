//! Zones: the streets, markets and car parks that are watched.
//!
//! A zone keeps its code for ever, while the ward it lies in changes: the district and its
//! wards ended on 2025-07-01. So a ward belongs to a zone **as of a day**, and an unknown
//! ward is said to be unknown. `zones.json` beside this file is the pilot's first list.

use std::fmt;
use std::sync::LazyLock;

use chrono::NaiveDate;
use serde::Deserialize;

use crate::domain::word::word_enum;

/// A zone's code, such as `TH-QK`: groups of capitals and digits joined by `-`, at least two
/// groups, 4 to 20 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZoneCode(String);

/// A text that is no zone code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a zone code is groups of A–Z and 0–9 joined by hyphens, 4 to 20 characters, as TH-QK")]
pub struct ZoneCodeError;

impl ZoneCodeError {
    /// The same text in Vietnamese.
    pub fn vietnamese(&self) -> String {
        "Mã khu vực gồm các nhóm chữ A–Z và số 0–9 nối bằng dấu gạch, 4 đến 20 ký tự, ví dụ TH-QK"
            .into()
    }
}

impl ZoneCode {
    /// Reads a code in capitals.
    pub fn parse(text: &str) -> Result<Self, ZoneCodeError> {
        let of_group = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        let is_group = |group: &str| !group.is_empty() && group.bytes().all(of_group);
        let fits =
            (4..=20).contains(&text.len()) && text.contains('-') && text.split('-').all(is_group);
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(ZoneCodeError)
        }
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ZoneCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

word_enum! {
    /// What kind of place a zone is.
    ZoneKind is "zone kind" {
        /// A street or the surroundings of a temple.
        Street = "street",
        /// A market.
        Market = "market",
        /// A supermarket or a group of them.
        Supermarket = "supermarket",
        /// A street of food stalls.
        FoodStreet = "food_street",
        /// Car parks: another operator and another fee, always counted apart.
        Parking = "parking",
    }
}

word_enum! {
    /// Why a zone is watched.
    ZoneRole is "zone role" {
        /// The pilot takes place here.
        Pilot = "pilot",
        /// Watched to compare with.
        Comparison = "comparison",
    }
}

/// The ward of a zone over a closed interval of days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WardPeriod {
    /// The ward's name, or `None` where it is not known.
    pub ward: Option<String>,
    /// The first day.
    pub from: NaiveDate,
    /// The last day, or `None` while it lasts.
    pub to: Option<NaiveDate>,
}

/// Why periods do not make a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WardHistoryError {
    /// A period ends before it begins.
    #[error("a ward's last day is before its first, {0}")]
    Reversed(NaiveDate),
    /// Two periods share a day.
    #[error("two wards share the day {0}")]
    Overlap(NaiveDate),
}

/// The wards of a zone over time: in order, no day twice. Days between periods are unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WardHistory(Vec<WardPeriod>);

impl WardHistory {
    /// Sorts the periods and refuses those that overlap.
    pub fn new(mut periods: Vec<WardPeriod>) -> Result<Self, WardHistoryError> {
        periods.sort_by_key(|period| period.from);
        for period in &periods {
            if period.to.is_some_and(|to| to < period.from) {
                return Err(WardHistoryError::Reversed(period.from));
            }
        }
        for pair in periods.windows(2) {
            if pair[0].to.is_none_or(|to| to >= pair[1].from) {
                return Err(WardHistoryError::Overlap(pair[1].from));
            }
        }
        Ok(Self(periods))
    }

    /// The periods, earliest first.
    pub fn periods(&self) -> &[WardPeriod] {
        &self.0
    }

    /// The ward on a day; `None` where it is not known.
    pub fn ward_on(&self, day: NaiveDate) -> Option<&str> {
        let covers =
            |period: &&WardPeriod| period.from <= day && period.to.is_none_or(|to| day <= to);
        self.0.iter().find(covers)?.ward.as_deref()
    }
}

/// A zone of the pilot's first list.
#[derive(Clone, Debug)]
pub struct ZoneSeed {
    /// Its code for ever.
    pub code: ZoneCode,
    /// What it is.
    pub kind: ZoneKind,
    /// Its Vietnamese name.
    pub name: String,
    /// Why it is watched.
    pub role: ZoneRole,
    /// The wards since 2019-01-01, the first day that the pilot asks about.
    pub wards: WardHistory,
    /// Whether a public source confirms all its facts.
    pub facts_verified: bool,
    /// The facts that a public source confirms, by the names used in the file.
    pub verified_fields: Vec<String>,
    /// What is uncertain, in English; may be empty.
    pub note: String,
}

/// A row of `zones.json`, as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedRow {
    code: String,
    kind: String,
    name: String,
    role: String,
    wards: Vec<WardRow>,
    verified: bool,
    verified_fields: Vec<String>,
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WardRow {
    ward: Option<String>,
    from: NaiveDate,
    to: Option<NaiveDate>,
}

static SEEDS: LazyLock<Vec<ZoneSeed>> = LazyLock::new(|| {
    let rows: Vec<SeedRow> =
        serde_json::from_str(include_str!("zones.json")).expect("the zone list is valid JSON");
    rows.into_iter().map(ZoneSeed::from_row).collect()
});

impl ZoneSeed {
    /// The pilot's first list, in the order of the file.
    pub fn all() -> &'static [Self] {
        &SEEDS
    }

    fn from_row(row: SeedRow) -> Self {
        let periods = row.wards.into_iter().map(|period| WardPeriod {
            ward: period.ward,
            from: period.from,
            to: period.to,
        });
        Self {
            code: ZoneCode::parse(&row.code).expect("the list has valid codes"),
            kind: ZoneKind::parse(&row.kind).expect("the list has known kinds"),
            name: row.name,
            role: ZoneRole::parse(&row.role).expect("the list has known roles"),
            wards: WardHistory::new(periods.collect()).expect("the list has ordered wards"),
            facts_verified: row.verified,
            verified_fields: row.verified_fields,
            note: row.note,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::TradeName;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn period(ward: Option<&str>, from: &str, to: Option<&str>) -> WardPeriod {
        WardPeriod {
            ward: ward.map(str::to_owned),
            from: day(from),
            to: to.map(day),
        }
    }

    #[test]
    fn a_zone_code_is_groups_of_capitals_and_digits() {
        for text in ["TH-QK", "TH-PTH-BX", "TH-LOTTE", "BD-12"] {
            assert_eq!(ZoneCode::parse(text).unwrap().as_str(), text);
        }
        for text in [
            "",
            "TH",
            "THQK",
            "TH-",
            "-QK1",
            "TH--QK",
            "th-qk",
            "TH-QK ",
            "TH_QK",
            "TH-ĐK",
            "TH-AAAAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(ZoneCode::parse(text), Err(ZoneCodeError), "{text}");
        }
    }

    #[test]
    fn the_ward_of_a_zone_changes_on_the_first_of_july_2025() {
        let market = ZoneSeed::all()
            .iter()
            .find(|zone| zone.code.as_str() == "TH-CB")
            .unwrap();
        assert_eq!(market.wards.ward_on(day("2025-06-30")), Some("Bưởi"));
        assert_eq!(market.wards.ward_on(day("2025-07-01")), Some("Tây Hồ"));
        assert_eq!(market.wards.ward_on(day("2031-01-01")), Some("Tây Hồ"));
        assert_eq!(market.wards.ward_on(day("2018-12-31")), None);
    }

    #[test]
    fn a_history_refuses_a_day_with_two_wards() {
        let old = || period(Some("Bưởi"), "2019-01-01", Some("2025-06-30"));
        let new = || period(Some("Tây Hồ"), "2025-07-01", None);
        let sorted = WardHistory::new(vec![new(), old()]).unwrap();
        assert_eq!(sorted.periods(), [old(), new()]);
        for (name, periods, wanted) in [
            (
                "shared day",
                vec![old(), period(None, "2025-06-30", None)],
                WardHistoryError::Overlap(day("2025-06-30")),
            ),
            (
                "after an open end",
                vec![new(), period(None, "2026-01-01", None)],
                WardHistoryError::Overlap(day("2026-01-01")),
            ),
            (
                "backwards",
                vec![period(None, "2025-02-01", Some("2025-01-31"))],
                WardHistoryError::Reversed(day("2025-02-01")),
            ),
        ] {
            assert_eq!(WardHistory::new(periods), Err(wanted), "{name}");
        }
        let gap = WardHistory::new(vec![
            period(Some("a"), "2024-01-01", Some("2024-01-01")),
            period(Some("b"), "2024-01-03", None),
        ])
        .unwrap();
        assert_eq!(gap.ward_on(day("2024-01-02")), None);
        assert_eq!(gap.ward_on(day("2024-01-03")), Some("b"));
    }

    #[test]
    fn the_first_list_has_two_pilot_zones_and_marks_what_is_uncertain() {
        let zones = ZoneSeed::all();
        let pilots: Vec<_> = zones
            .iter()
            .filter(|zone| zone.role == ZoneRole::Pilot)
            .map(|zone| zone.code.as_str())
            .collect();
        assert_eq!(pilots, ["TH-QK", "TH-PTH"]);
        let mut codes: Vec<_> = zones.iter().map(|zone| &zone.code).collect();
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), zones.len());
        for zone in zones {
            assert!(TradeName::parse(&zone.name).is_ok(), "{}", zone.name);
            assert!(!zone.note.is_empty(), "{}", zone.code);
            let ward_known = zone.wards.ward_on(day("2026-01-01")).is_some();
            assert_eq!(ward_known, zone.code.as_str() == "TH-CB", "{}", zone.code);
        }
    }
}
