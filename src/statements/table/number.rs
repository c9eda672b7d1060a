//! How a column writes its numbers, decided over the whole column.
//!
//! `1,234,567` and `1.234.567` both occur in statements, so `1.234` alone could be more than a
//! thousand đồng or little more than one. A column is read in the style that one of its cells
//! proves, or that alone leads from each balance to the next. A column of which neither can be
//! said, though it holds such cells, is not read.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::cell::Cell;
use crate::domain::statement::Balance;
use crate::statements::fault::found;
use crate::statements::reason::Reason;

/// The mark between groups of three digits; the other one is before decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `1,234,567.00`.
    Comma,
    /// `1.234.567,00`.
    Dot,
}

impl Style {
    const fn marks(self) -> (char, char) {
        match self {
            Self::Comma => (',', '.'),
            Self::Dot => ('.', ','),
        }
    }
}

/// What the cells of a column prove.
#[derive(Clone, Debug, Default)]
pub(super) struct Proof {
    style: Option<Style>,
    /// The first line that proves another style than the ones before it.
    against: Option<u64>,
    /// The first line that either style could have written.
    ambiguous: Option<u64>,
}

impl Proof {
    /// Takes one more cell of the column.
    pub(super) fn add(&mut self, line: u64, cell: &Cell) {
        let Cell::Text(text) = cell else {
            return;
        };
        let (_, digits) = bare(text);
        let proves = |style| magnitude(&digits, Some(style)).is_some();
        match (proves(Style::Comma), proves(Style::Dot)) {
            _ if is_ambiguous(&digits) => {
                self.ambiguous.get_or_insert(line);
            }
            (true, false) => self.prove(Style::Comma, line),
            (false, true) => self.prove(Style::Dot, line),
            // Digits alone, or no number.
            _ => {}
        }
    }

    fn prove(&mut self, style: Style, line: u64) {
        if *self.style.get_or_insert(style) != style {
            self.against.get_or_insert(line);
        }
    }

    /// Whether the cells would be numbers in either style.
    pub(super) const fn is_ambiguous(&self) -> bool {
        matches!(
            (self.against, self.style, self.ambiguous),
            (None, None, Some(_))
        )
    }

    /// Takes over what the balances prove.
    pub(super) const fn settle(&mut self, style: Style) {
        self.style = Some(style);
    }

    /// The style of the column; `None` where digits stand alone. Else the line and the reason
    /// that keep it from being read.
    pub(super) const fn decide(&self) -> Result<Option<Style>, (u64, Reason)> {
        match (self.against, self.style, self.ambiguous) {
            (Some(line), _, _) => Err((line, Reason::MixedNumbers)),
            (None, None, Some(line)) => Err((line, Reason::AmbiguousNumbers)),
            (None, style, _) => Ok(style),
        }
    }
}

/// Whether a number could be read in both styles: one mark, three digits behind it.
fn is_ambiguous(digits: &str) -> bool {
    let Some((before, behind)) = digits.split_once([',', '.']) else {
        return false;
    };
    let all = |it: &str| it.bytes().all(|byte| byte.is_ascii_digit());
    (1..=3).contains(&before.len()) && behind.len() == 3 && all(before) && all(behind)
}

/// A number without its sign, its currency and the blanks between its groups, and whether it
/// is below zero. Blanks that stand elsewhere stay.
fn bare(text: &str) -> (bool, String) {
    let lower = text.trim().to_lowercase();
    let plain = lower.replace(['\u{A0}', '\u{202F}', '\u{2009}'], " ");
    let mut text = plain.as_str();
    let mut negative = false;
    loop {
        let before = text.len();
        for unit in ["vnđ", "vnd", "đồng", "đ", "₫"] {
            text = text.strip_suffix(unit).unwrap_or(text).trim_end();
        }
        let inner = text.strip_prefix('(').and_then(|it| it.strip_suffix(')'));
        let inner = inner.or_else(|| text.strip_prefix(['-', '−']));
        let inner = inner.or_else(|| text.strip_suffix('-'));
        if let Some(inner) = inner.filter(|_| !negative) {
            negative = true;
            text = inner.trim();
        } else if let Some(inner) = text.strip_prefix('+').filter(|_| !negative) {
            text = inner.trim();
        }
        if text.len() == before {
            break;
        }
    }
    let groups: Vec<&str> = text.split(' ').collect();
    if let [first, others @ ..] = groups.as_slice()
        && (1..=3).contains(&first.len())
        && others
            .iter()
            .all(|it| it.split([',', '.']).next().is_some_and(|it| it.len() == 3))
    {
        return (negative, groups.concat());
    }
    (negative, text.to_owned())
}

/// Digits in the groups of a style, or without groups, and one or two decimals.
fn magnitude(digits: &str, style: Option<Style>) -> Option<Decimal> {
    let (group, mark) = style.map_or(('\0', '\0'), Style::marks);
    let (whole, decimals) = match digits.split_once(mark) {
        Some((whole, decimals)) if (1..=2).contains(&decimals.len()) => (whole, decimals),
        Some(_) => return None,
        None => (digits, ""),
    };
    let groups: Vec<&str> = whole.split(group).collect();
    let is_number = |it: &&str| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit());
    let is_grouped = match groups.as_slice() {
        [_] => true,
        [first, others @ ..] => first.len() <= 3 && others.iter().all(|it| it.len() == 3),
        [] => false,
    };
    let all = groups.iter().all(is_number) && decimals.bytes().all(|it| it.is_ascii_digit());
    if !is_grouped || !all {
        return None;
    }
    let joined = format!("{}.{decimals}0", groups.concat());
    Decimal::from_str_exact(&joined).ok()
}

/// What a cell of a number column says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    /// Nothing, a dash or zero.
    None,
    /// Whole đồng, not zero.
    Some(Balance),
}

/// Reads a cell in the style of its column.
pub(super) fn figure(cell: &Cell, style: Option<Style>) -> Result<Figure, Reason> {
    let not = || Reason::NotAnAmount {
        found: found(&cell.shown()),
    };
    let value = match cell {
        Cell::Empty => return Ok(Figure::None),
        Cell::Number(number) => *number,
        Cell::Text(text) if matches!(text.trim(), "-" | "–" | "—") => return Ok(Figure::None),
        Cell::Text(text) => {
            let (negative, digits) = bare(text);
            let magnitude = magnitude(&digits, style).ok_or_else(not)?;
            if negative { -magnitude } else { magnitude }
        }
    };
    if !value.fract().is_zero() {
        return Err(Reason::Fraction {
            found: found(&cell.shown()),
        });
    }
    let whole = value.to_i64().and_then(Balance::new);
    match whole.ok_or(Reason::TooLarge)? {
        zero if zero.get() == 0 => Ok(Figure::None),
        whole => Ok(Figure::Some(whole)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of a column, or why it is not read.
    fn column(cells: &[&str]) -> Result<Vec<Option<i64>>, (u64, Reason)> {
        let cells: Vec<Cell> = cells.iter().map(|it| Cell::text(*it)).collect();
        let mut proof = Proof::default();
        for (line, cell) in (1..).zip(&cells) {
            proof.add(line, cell);
        }
        let style = proof.decide()?;
        let read = |(line, cell)| match figure(cell, style) {
            Ok(Figure::None) => Ok(None),
            Ok(Figure::Some(amount)) => Ok(Some(amount.get())),
            Err(reason) => Err((line, reason)),
        };
        (1..).zip(&cells).map(read).collect()
    }

    #[test]
    fn one_cell_proves_the_style_of_its_column() {
        for (cells, wanted) in [
            (
                &["1,234,567", "50,000"][..],
                vec![Some(1_234_567), Some(50_000)],
            ),
            (
                &["1.234.567", "50.000"],
                vec![Some(1_234_567), Some(50_000)],
            ),
            (&["50,000", "50,000.00"], vec![Some(50_000), Some(50_000)]),
            (&["50.000", "1.000,0"], vec![Some(50_000), Some(1_000)]),
            (
                &["1 234 567", "50 000", "1 234 567,00"],
                vec![Some(1_234_567), Some(50_000), Some(1_234_567)],
            ),
            (
                &["50000", "-50000", "+50000"],
                vec![Some(50_000), Some(-50_000), Some(50_000)],
            ),
            (
                &["(50,000)", "-1,234,567 VND", "1,000 đ"],
                vec![Some(-50_000), Some(-1_234_567), Some(1_000)],
            ),
            (
                &["1,000,000VNĐ", "5 ₫", "7-"],
                vec![Some(1_000_000), Some(5), Some(-7)],
            ),
            (&["", "-", "0", "0.00"], vec![None, None, None, None]),
        ] {
            assert_eq!(column(cells), Ok(wanted), "{cells:?}");
        }
    }

    #[test]
    fn a_column_that_proves_no_style_or_two_is_not_read() {
        let not = |found: &str| Reason::NotAnAmount {
            found: found.to_owned(),
        };
        for (cells, line, reason) in [
            (&["1.234"][..], 1, Reason::AmbiguousNumbers),
            (&["7", "1,234", "12.345"], 2, Reason::AmbiguousNumbers),
            (&["1,234,567", "1.234.567"], 2, Reason::MixedNumbers),
            (&["1,234,567", "1.234"], 2, not("1.234")),
            (
                &["1,234,567", "1.5"],
                2,
                Reason::Fraction {
                    found: "1.5".to_owned(),
                },
            ),
            (&["12,34,567"], 1, not("12,34,567")),
            (&["1 23 456"], 1, not("1 23 456")),
            (&["1e5"], 1, not("1e5")),
            (&["--5"], 1, not("--5")),
            (&["1,234,567.891"], 1, not("1,234,567.891")),
            (&["٥٠"], 1, not("٥٠")),
            (
                &["99999999999999999999999999999999999"],
                1,
                not("99999999999999999999999999999999999"),
            ),
            (&["9999999999999999"], 1, Reason::TooLarge),
        ] {
            assert_eq!(column(cells), Err((line, reason)), "{cells:?}");
        }
    }
}
