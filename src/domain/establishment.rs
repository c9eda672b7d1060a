//! Establishments: places that trade, found by the census, enrolled or not.
//!
//! They are the denominator of every coverage and activity rate. Each census writes a new
//! record of what it saw and never changes an old one.

use chrono::{Datelike, NaiveDate, Weekday};

use crate::domain::lunar::LunarDay;
use crate::domain::text::{TextError, TradeName};
use crate::domain::word::word_enum;

word_enum! {
    /// Whether a place trades.
    EstablishmentStatus is "establishment status" {
        /// Someone trades here: counts as operating.
        Trading = "trading",
        /// The place is empty.
        Vacant = "vacant",
        /// Whoever traded here has stopped.
        Ceased = "ceased",
        /// Nobody could tell.
        Unknown = "unknown",
    }
}

word_enum! {
    /// How large a place is; also the stratum of the sales survey.
    SizeClass is "size class" {
        /// A cart pitch or a stall.
        Stall = "stall",
        /// A small shop.
        Small = "small",
        /// A large shop.
        Large = "large",
        /// Part of a chain.
        Chain = "chain",
    }
}

word_enum! {
    /// The sex of the owner, asked for the adoption gap.
    OwnerSex is "owner sex" {
        /// A woman.
        Female = "female",
        /// A man.
        Male = "male",
    }
}

word_enum! {
    /// A confirmed change between two censuses.
    EstablishmentChange is "establishment change" {
        /// It began to trade.
        Opened = "opened",
        /// It stopped trading.
        Closed = "closed",
    }
}

/// On which days a place is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenDays {
    /// Every day.
    Daily,
    /// On these days of the week, Monday first.
    Weekly(Vec<Weekday>),
    /// On these days of the lunar month, ascending, 1 to 30.
    Lunar(Vec<u8>),
}

/// A text that names no open days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("open days are `daily`, `weekly mon tue …` or `lunar 4 9 14 …`, ascending, none twice")]
pub struct OpenDaysError;

impl OpenDaysError {
    /// The same text in Vietnamese.
    pub fn vietnamese(&self) -> String {
        "Ngày mở cửa ghi là `daily`, `weekly mon tue …` hoặc `lunar 4 9 14 …`, tăng dần".into()
    }
}

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Mon),
    ("tue", Weekday::Tue),
    ("wed", Weekday::Wed),
    ("thu", Weekday::Thu),
    ("fri", Weekday::Fri),
    ("sat", Weekday::Sat),
    ("sun", Weekday::Sun),
];

impl OpenDays {
    /// Reads `daily`, `weekly sat sun` or `lunar 4 9 14`.
    pub fn parse(text: &str) -> Result<Self, OpenDaysError> {
        let mut words = text.split(' ');
        let days = match words.next() {
            Some("daily") => words.next().is_none().then_some(Self::Daily),
            Some("weekly") => {
                let place = |word| WEEKDAYS.iter().position(|day| day.0 == word);
                let places: Option<Vec<usize>> = words.map(place).collect();
                ascending(places)
                    .map(|days| Self::Weekly(days.into_iter().map(|at| WEEKDAYS[at].1).collect()))
            }
            Some("lunar") => ascending(words.map(lunar_day_number).collect()).map(Self::Lunar),
            _ => None,
        };
        days.ok_or(OpenDaysError)
    }

    /// The text that [`OpenDays::parse`] reads.
    pub fn to_text(&self) -> String {
        let (name, days): (&str, Vec<String>) = match self {
            Self::Daily => ("daily", Vec::new()),
            Self::Weekly(days) => {
                let word = |day: &Weekday| WEEKDAYS[day.num_days_from_monday() as usize].0;
                ("weekly", days.iter().map(|day| word(day).into()).collect())
            }
            Self::Lunar(days) => ("lunar", days.iter().map(u8::to_string).collect()),
        };
        std::iter::once(name.to_owned())
            .chain(days)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Whether the place is open on a day; `None` for a lunar rule on a day outside the
    /// calendar table.
    pub fn include(&self, day: NaiveDate) -> Option<bool> {
        match self {
            Self::Daily => Some(true),
            Self::Weekly(days) => Some(days.contains(&day.weekday())),
            Self::Lunar(days) => LunarDay::of(day).map(|lunar| days.contains(&lunar.day())),
        }
    }
}

/// The days when there is at least one and they ascend, so that each set has one spelling.
fn ascending<T: PartialOrd>(days: Option<Vec<T>>) -> Option<Vec<T>> {
    days.filter(|days| !days.is_empty() && days.windows(2).all(|pair| pair[0] < pair[1]))
}

fn lunar_day_number(word: &str) -> Option<u8> {
    let number = word.parse::<u8>().ok()?;
    let plain = !word.starts_with(['0', '+']);
    (plain && (1..=30).contains(&number)).then_some(number)
}

/// The household or company behind a place, under a key that the census gives: the unit of
/// every disclosure test. 1 to 64 characters of `A–Z a–z 0–9 _ -`. Not a name, not a tax code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnerKey(String);

/// A text that is no owner key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an owner key has 1 to 64 characters of A–Z, a–z, 0–9, _ and -")]
pub struct OwnerKeyError;

impl OwnerKeyError {
    /// The same text in Vietnamese.
    pub fn vietnamese(&self) -> String {
        "Khóa chủ hộ dài 1 đến 64 ký tự, chỉ gồm A–Z, a–z, 0–9, _ và -".into()
    }
}

impl OwnerKey {
    /// Reads a key exactly as written.
    pub fn parse(text: &str) -> Result<Self, OwnerKeyError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(OwnerKeyError)
        }
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a trade is called, such as "bún ốc": a [`TradeName`] of at most 60 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trade(TradeName);

impl Trade {
    /// Reads a trade.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let name = TradeName::parse(text)?;
        if name.as_str().chars().count() > 60 {
            return Err(TextError::TooLong { max: 60 });
        }
        Ok(Self(name))
    }

    /// The text as stored and shown.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// What one census saw of one establishment. No turnover is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CensusRecord {
    /// Whether it trades.
    pub status: EstablishmentStatus,
    /// What it sells.
    pub trade: Trade,
    /// How large it is.
    pub size_class: SizeClass,
    /// When it is open.
    pub open_days: OpenDays,
    /// Whether it trades at night.
    pub operates_at_night: bool,
    /// Whether it takes any cashless means, ours or another; `None` when not asked.
    pub accepts_cashless: Option<bool>,
    /// Which means, in the surveyor's words; may be empty.
    pub accepted_means: String,
    /// Who is behind it.
    pub owner: OwnerKey,
    /// The owner's sex; `None` when not asked.
    pub owner_sex: Option<OwnerSex>,
    /// Whether the owner is 60 or older; `None` when not asked.
    pub owner_over_60: Option<bool>,
}

impl CensusRecord {
    /// Whether it belongs to the stock of operating establishments, `E_z`.
    pub fn is_operating(&self) -> bool {
        self.status == EstablishmentStatus::Trading
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn open_days_have_one_spelling_each() {
        for text in [
            "daily",
            "weekly sat sun",
            "weekly mon",
            "lunar 1 15",
            "lunar 4 9 14 19 24 29",
        ] {
            assert_eq!(OpenDays::parse(text).unwrap().to_text(), text);
        }
        for text in [
            "",
            "Daily",
            "daily ",
            "daily mon",
            "weekly",
            "weekly sun sat",
            "weekly sat sat",
            "weekly xyz",
            "lunar",
            "lunar 0",
            "lunar 31",
            "lunar 04",
            "lunar +4",
            "lunar 9 4",
            "lunar 4  9",
            "lunar 4,9",
            "lunar 300",
        ] {
            assert_eq!(OpenDays::parse(text), Err(OpenDaysError), "{text}");
        }
    }

    #[test]
    fn a_place_is_open_by_weekday_or_by_lunar_day() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (rule, on, wanted) in [
            ("daily", "2026-11-23", Some(true)),
            ("weekly sat sun", "2026-11-22", Some(true)),
            ("weekly sat sun", "2026-11-23", Some(false)),
            ("lunar 1 15", "2026-11-23", Some(true)),
            ("lunar 1 15", "2026-11-24", Some(false)),
            ("lunar 1 15", "1900-01-01", None),
        ] {
            let open = OpenDays::parse(rule).unwrap();
            assert_eq!(open.include(day(on)), wanted, "{rule} {on}");
        }
    }

    #[test]
    fn an_owner_key_is_plain_and_bounded() {
        for text in ["H-0012", "a", "tay_ho-7"] {
            assert_eq!(OwnerKey::parse(text).unwrap().as_str(), text);
        }
        for text in ["", " ", "H 1", "Hộ-1", "a\u{200B}", &"x".repeat(65)] {
            assert_eq!(OwnerKey::parse(text), Err(OwnerKeyError), "{text}");
        }
    }

    #[test]
    fn only_a_trading_place_counts_as_operating() {
        let record = |status| CensusRecord {
            status,
            trade: Trade::parse("Bún ốc").unwrap(),
            size_class: SizeClass::Stall,
            open_days: OpenDays::Daily,
            operates_at_night: false,
            accepts_cashless: None,
            accepted_means: String::new(),
            owner: OwnerKey::parse("H-1").unwrap(),
            owner_sex: None,
            owner_over_60: None,
        };
        let operating: Vec<_> = EstablishmentStatus::ALL
            .iter()
            .map(|status| record(*status).is_operating())
            .collect();
        assert_eq!(operating, [true, false, false, false]);
        assert_eq!(
            Trade::parse(&"ư".repeat(61)),
            Err(TextError::TooLong { max: 60 })
        );
    }

    proptest! {
        #[test]
        fn any_set_of_lunar_days_reads_back(set in prop::collection::btree_set(1u8..=30, 1..8)) {
            let days = OpenDays::Lunar(set.into_iter().collect());
            prop_assert_eq!(OpenDays::parse(&days.to_text()), Ok(days));
        }
    }
}
