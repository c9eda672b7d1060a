//! What a credit in suspense may have been for, as a help to the person who decides.
//!
//! A suggestion attributes nothing: likeness and amount are good enough to be looked at and
//! never good enough to be believed. Best first: references that the text names, references
//! one slip away from something in the text, open codes for one sale with exactly this amount,
//! outlets of the account.

use std::cmp::Reverse;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::explanation::worded;
use super::ids::{CodeId, OutletId};
use super::matching::{Texts, joined};
use super::money::Vnd;
use super::word::word_enum;

/// How long before the credit a code for one sale was issued at most to be likely.
pub const ISSUED_BEFORE: TimeDelta = TimeDelta::hours(12);
/// How far a bank's clock may go behind ours.
pub const CLOCK_SLACK: TimeDelta = TimeDelta::minutes(2);
/// How many suggestions are made at most.
pub const MOST: usize = 20;

word_enum! {
    /// Where a credit without a code stands.
    SuspenseState is "suspense state" {
        /// It waits for its trader.
        Open = "open",
        /// Its trader said what it was.
        Settled = "settled",
    }
}

worded! {
    /// Why something is suggested.
    SuggestedWhy {
        /// The text names the reference, but not as the only one.
        Named = "named",
            "Nội dung có ghi mã này.",
            "The text names this reference.";
        /// One character differs.
        Substituted = "one_substituted",
            "Nội dung khác mã này đúng một ký tự.",
            "The text differs from this reference in one character.";
        /// Two characters beside each other changed places.
        Swapped = "two_swapped",
            "Nội dung có mã này với hai ký tự cạnh nhau bị đổi chỗ.",
            "The text holds this reference with two neighbours swapped.";
        /// One character is missing.
        Missing = "one_missing",
            "Nội dung có mã này nhưng thiếu một ký tự.",
            "The text holds this reference with one character missing.";
        /// One character is too many.
        Extra = "one_extra",
            "Nội dung có mã này nhưng thừa một ký tự.",
            "The text holds this reference with one character too many.";
        /// An open code for one sale expects exactly this amount.
        SameAmount = "same_amount",
            "Mã này đang chờ đúng số tiền này, được tạo trong vòng 12 giờ trước đó.",
            "This code waits for exactly this amount and was issued within the 12 hours before.";
        /// The outlet's codes point at the account.
        OutletOfAccount = "outlet_of_account",
            "Điểm bán này nhận tiền vào tài khoản đó.",
            "This outlet is paid into the account.";
    }
}

/// A code of the credited account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCode {
    /// The code.
    pub code: CodeId,
    /// Where it hangs.
    pub outlet: OutletId,
    /// Its reference.
    pub reference: String,
    /// The amount that it waits for, if it is an open code for one sale.
    pub waits_for: Option<Vnd>,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
}

/// The credit that waits.
#[derive(Clone, Copy, Debug)]
pub struct Waiting<'a> {
    /// What the payer wrote.
    pub texts: Texts<'a>,
    /// How much came.
    pub amount: Vnd,
    /// The bank's time.
    pub occurred_at: DateTime<Utc>,
}

/// Something that the credit may have been for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The code; none when only the outlet is likely.
    pub code: Option<CodeId>,
    /// Its reference.
    pub reference: Option<String>,
    /// The outlet.
    pub outlet: OutletId,
    /// Why, the strongest ground first.
    pub reasons: Vec<SuggestedWhy>,
}

/// Ranks what a credit may have been for; at most [`MOST`]. `codes` and `outlets` are those of
/// the credited account.
pub fn suggest(credit: Waiting<'_>, codes: &[KnownCode], outlets: &[OutletId]) -> Vec<Suggestion> {
    let fields: Vec<Vec<u8>> = joined(credit.texts)
        .into_iter()
        .map(|text| text.chars().map(ascii).collect())
        .collect();
    let mut ranked: Vec<(_, Suggestion)> = codes
        .iter()
        .filter_map(|known| {
            let slip = likeness(&fields, known.reference.as_bytes());
            let amount = fits(credit, known).then_some(SuggestedWhy::SameAmount);
            let reasons: Vec<_> = slip.into_iter().chain(amount).collect();
            let first = *reasons.first()?;
            let rank = (
                first != SuggestedWhy::Named,
                first == SuggestedWhy::SameAmount,
                amount.is_none(),
                Reverse(known.issued_at),
                known.code,
            );
            let suggestion = Suggestion {
                code: Some(known.code),
                reference: Some(known.reference.clone()),
                outlet: known.outlet,
                reasons,
            };
            Some((rank, suggestion))
        })
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let codes = ranked.into_iter().map(|(_, suggestion)| suggestion);
    let outlets = outlets.iter().map(|outlet| Suggestion {
        code: None,
        reference: None,
        outlet: *outlet,
        reasons: vec![SuggestedWhy::OutletOfAccount],
    });
    codes.chain(outlets).take(MOST).collect()
}

/// A letter that is not in the alphabet of references is still one letter.
fn ascii(letter: char) -> u8 {
    u8::try_from(letter)
        .ok()
        .filter(u8::is_ascii)
        .unwrap_or(b'?')
}

/// Whether an open code for one sale waited for exactly this credit.
fn fits(credit: Waiting<'_>, known: &KnownCode) -> bool {
    let since = credit.occurred_at - ISSUED_BEFORE;
    let until = credit.occurred_at + CLOCK_SLACK;
    known.waits_for == Some(credit.amount) && (since..=until).contains(&known.issued_at)
}

/// The least slip by which one of the texts holds the reference.
fn likeness(fields: &[Vec<u8>], reference: &[u8]) -> Option<SuggestedWhy> {
    let holds = |length: usize, is_like: &dyn Fn(&[u8]) -> bool| {
        let mut windows = fields.iter().flat_map(|text| text.windows(length));
        windows.any(is_like)
    };
    let length = reference.len();
    if holds(length, &|window| window == reference) {
        Some(SuggestedWhy::Named)
    } else if holds(length, &|window| is_swapped(window, reference)) {
        Some(SuggestedWhy::Swapped)
    } else if holds(length, &|window| differences(window, reference) == 1) {
        Some(SuggestedWhy::Substituted)
    } else if holds(length - 1, &|window| lacks_one(window, reference)) {
        Some(SuggestedWhy::Missing)
    } else if holds(length + 1, &|window| lacks_one(reference, window)) {
        Some(SuggestedWhy::Extra)
    } else {
        None
    }
}

fn differences(left: &[u8], right: &[u8]) -> usize {
    left.iter()
        .zip(right)
        .filter(|(one, other)| one != other)
        .count()
}

fn is_swapped(left: &[u8], right: &[u8]) -> bool {
    let Some(first) = left.iter().zip(right).position(|(one, other)| one != other) else {
        return false;
    };
    differences(left, right) == 2
        && first + 1 < left.len()
        && left[first] == right[first + 1]
        && left[first + 1] == right[first]
}

/// Whether `short` is `long` without one of its characters.
fn lacks_one(short: &[u8], long: &[u8]) -> bool {
    let same = short
        .iter()
        .zip(long)
        .take_while(|(one, other)| one == other)
        .count();
    short[same..] == long[same + 1..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_773_628_200 + minute * 60, 0).unwrap()
    }

    fn known(number: u128, reference: &str, waits_for: Option<i64>, minute: i64) -> KnownCode {
        KnownCode {
            code: CodeId::from_uuid(Uuid::from_u128(number)),
            outlet: OutletId::from_uuid(Uuid::from_u128(100)),
            reference: reference.to_owned(),
            waits_for: waits_for.map(|amount| Vnd::new(amount).unwrap()),
            issued_at: at(minute),
        }
    }

    fn told(content: &str, codes: &[KnownCode]) -> Vec<(Option<String>, Vec<&'static str>)> {
        let credit = Waiting {
            texts: Texts {
                content,
                order_field: None,
            },
            amount: Vnd::new(45_000).unwrap(),
            occurred_at: at(0),
        };
        let outlet = OutletId::from_uuid(Uuid::from_u128(100));
        let found = suggest(credit, codes, &[outlet]).into_iter();
        let words = |reasons: Vec<SuggestedWhy>| {
            let words = reasons.into_iter().map(SuggestedWhy::as_str);
            words.collect::<Vec<_>>()
        };
        found
            .map(|one| (one.reference, words(one.reasons)))
            .collect()
    }

    #[test]
    fn one_slip_of_any_kind_is_recognised_and_two_are_not() {
        for (text, wanted) in [
            ("th7k2m9xq4 bun", Some("named")),
            ("TH7K2M9XQ5", Some("one_substituted")),
            ("TH7KZ M9XQ4", Some("one_substituted")),
            ("TH7K2M9X04", Some("one_substituted")),
            ("TH7K2Ж9XQ4", Some("one_substituted")),
            ("TH72KM9XQ4", Some("two_swapped")),
            ("HT7K2M9XQ4 cam on", Some("two_swapped")),
            ("TH7K2M9XQ", Some("one_missing")),
            ("TH7KM9XQ4.FT2607", Some("one_missing")),
            ("H7K2M9XQ4", Some("one_missing")),
            ("TH7K22M9XQ4", Some("one_extra")),
            ("MBVCB.1.TH7K2 5 M9XQ4.CT", Some("one_extra")),
            ("TH72MK9XQ4", None),
            ("TH7K2M9", None),
            ("", None),
        ] {
            let found = told(text, &[known(1, "TH7K2M9XQ4", None, -9_000)]);
            let reasons = found.iter().find(|(reference, _)| reference.is_some());
            let reason = reasons.map(|(_, reasons)| reasons[0]);
            assert_eq!(reason, wanted, "{text}");
        }
    }

    #[test]
    fn named_comes_before_like_before_the_amount_before_the_outlet() {
        let codes = [
            known(1, "THQ6V2Y9JB", Some(45_000), -30),
            known(2, "TH3D8W5RNC", Some(45_000), -5),
            known(3, "TH7K2M9XQ4", None, -90),
            known(4, "THB4N7T2KE", Some(45_000), -10),
            known(5, "THA2A2A2A2", Some(45_001), -10),
        ];
        let found = told("THB4N7T2KF / TH7K2M9XQ4", &codes);
        let wanted = [
            (Some("TH7K2M9XQ4"), vec!["named"]),
            (Some("THB4N7T2KE"), vec!["one_substituted", "same_amount"]),
            (Some("TH3D8W5RNC"), vec!["same_amount"]),
            (Some("THQ6V2Y9JB"), vec!["same_amount"]),
            (None, vec!["outlet_of_account"]),
        ];
        let wanted = wanted.map(|(reference, words)| (reference.map(str::to_owned), words));
        assert_eq!(found, wanted);
    }

    #[test]
    fn an_amount_fits_only_a_code_of_the_hours_before() {
        for (minute, wanted) in [(2, 1), (3, 0), (0, 1), (-720, 1), (-721, 0)] {
            let codes = [known(1, "THQ6V2Y9JB", Some(45_000), minute)];
            assert_eq!(told("bun", &codes).len() - 1, wanted, "{minute} min");
        }
    }
}
