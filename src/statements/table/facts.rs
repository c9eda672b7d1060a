//! What the rows around the lines of a table say: account, currency, days, balances.

use super::cell::{Cell, Row, day_of};
use super::number::{Figure, Proof, figure};
use crate::domain::statement::Balance;
use crate::domain::text::key;
use crate::statements::fault::{Column, Fault, found};
use crate::statements::reason::Reason;
use crate::statements::text;

use chrono::NaiveDate;

/// Beginnings of labels, as [`key`] makes them.
const ACCOUNT: [&str; 8] = [
    "SOTAIKHOAN",
    "SOTK",
    "TAIKHOAN",
    "STK",
    "ACCOUNTNUMBER",
    "ACCOUNTNO",
    "ACCOUNT",
    "ACCTNO",
];
const CURRENCY: [&str; 4] = ["LOAITIEN", "DONVITIEN", "TIENTE", "CURRENCY"];
const OPENING: [&str; 6] = [
    "SODUDAUKY",
    "SODUDAUNGAY",
    "SODUDAU",
    "OPENINGBALANCE",
    "BEGINNINGBALANCE",
    "SODUKYTRUOC",
];
const CLOSING: [&str; 5] = [
    "SODUCUOIKY",
    "SODUCUOINGAY",
    "SODUCUOI",
    "CLOSINGBALANCE",
    "ENDINGBALANCE",
];
const FROM: [&str; 6] = ["TUNGAY", "TU", "FROMDATE", "FROM", "KYSAOKE", "PERIOD"];
const TO: [&str; 4] = ["DENNGAY", "DEN", "TODATE", "TO"];

/// What was found so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub account_number: Option<String>,
    pub currency: Option<String>,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub opening: Option<Balance>,
    /// The closing balance and its line.
    pub closing: Option<(u64, Balance)>,
}

impl Facts {
    /// Takes what a row that is no line of the statement says.
    pub(super) fn learn(&mut self, row: &Row) -> Result<(), Fault> {
        let cells: Vec<(usize, String)> = (0..row.cells.len())
            .map(|column| (column, row.cell(column).shown()))
            .filter(|(_, text)| !text.is_empty())
            .collect();
        for (index, (column, cell)) in cells.iter().enumerate() {
            let (label, inside) = match cell.split_once(':') {
                Some((label, inside)) => (label, inside.trim()),
                None => (cell.as_str(), ""),
            };
            let next = cells
                .get(index + 1)
                .map(|(column, text)| (*column, text.as_str()));
            let (place, value) = if inside.is_empty() {
                next.unwrap_or((*column, ""))
            } else {
                (*column, inside)
            };
            self.take(row, label, (place, value))?;
        }
        Ok(())
    }

    fn take(
        &mut self,
        row: &Row,
        label: &str,
        (column, value): (usize, &str),
    ) -> Result<(), Fault> {
        // A label may stand in two languages; a value is never one.
        let labels: Vec<String> = label.split('/').map(key).collect();
        let is = |names: &[&str]| labels.iter().any(|it| names.contains(&it.as_str()));
        let fault = |reason| Fault {
            line: row.line,
            column: Some(Column::Cell {
                letter: super::cell::letter_of(column),
                title: String::new(),
            }),
            reason,
        };
        if is(&ACCOUNT) && self.account_number.is_none() {
            if is_scientific(value) {
                return Err(fault(Reason::Scientific {
                    found: found(value),
                }));
            }
            let number: String = value
                .chars()
                .filter(|it| !matches!(it, ' ' | '\''))
                .collect();
            let number = number.strip_suffix("VND").unwrap_or(&number);
            if number.bytes().any(|it| it.is_ascii_digit()) {
                self.account_number = text::name(number).map_err(fault)?;
            }
        } else if is(&CURRENCY) && self.currency.is_none() && !value.is_empty() {
            if !["VND", "DONG"].contains(&key(value).as_str()) {
                return Err(fault(Reason::AccountCurrency {
                    found: found(value),
                }));
            }
            self.currency = Some("VND".to_owned());
        } else if is(&OPENING) && self.opening.is_none() {
            self.opening = last_figure(row, value);
        } else if is(&CLOSING) {
            let closing = last_figure(row, value).map(|it| (row.line, it));
            self.closing = closing.or(self.closing);
        } else if is(&FROM) && self.from.is_none() {
            let mut days = days_of(value);
            self.from = days.next();
            self.to = self.to.or_else(|| days.next());
        } else if is(&TO) && self.to.is_none() {
            self.to = days_of(value).next();
        }
        Ok(())
    }
}

/// Whether a spreadsheet shortened a long number: its last digits are lost.
pub(super) fn is_scientific(text: &str) -> bool {
    let Some((digits, power)) = text.trim().split_once(['E', 'e']) else {
        return false;
    };
    let is_number = |it: &str| {
        it.starts_with(|first: char| first.is_ascii_digit())
            && it
                .bytes()
                .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','))
    };
    let power = power.strip_prefix(['+', '-']).unwrap_or(power);
    is_number(digits) && !power.is_empty() && power.bytes().all(|it| it.is_ascii_digit())
}

/// The balance behind a label: in its own cell, or the last number of the row.
fn last_figure(row: &Row, value: &str) -> Option<Balance> {
    let inside = Cell::text(value);
    let mut cells: Vec<&Cell> = row.filled().collect();
    cells.insert(0, &inside);
    cells.into_iter().rev().find_map(|cell| {
        let mut proof = Proof::default();
        proof.add(row.line, cell);
        match figure(cell, proof.decide().ok()?).ok()? {
            Figure::Some(balance) => Some(balance),
            Figure::None if cell.is_empty() => None,
            Figure::None => Some(Balance::default()),
        }
    })
}

/// The days that a text names, in its order.
fn days_of(text: &str) -> impl Iterator<Item = NaiveDate> {
    text.split(|it: char| it.is_whitespace() || it == ',')
        .filter_map(day_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(rows: &[&[&str]]) -> Result<Facts, Fault> {
        let mut facts = Facts::default();
        for (line, cells) in (1..).zip(rows) {
            let cells = cells.iter().map(|it| Cell::text(*it)).collect();
            facts.learn(&Row { line, cells })?;
        }
        Ok(facts)
    }

    #[test]
    fn labels_stand_before_their_values_in_a_cell_or_in_the_next() {
        let day = NaiveDate::from_ymd_opt;
        for rows in [
            &[
                &["Số tài khoản/Account number: 0071 0001 23456"][..],
                &["Loại tiền/Currency:", "", "VND"],
                &["Từ/From: 01/03/2026", "Đến/To: 16/03/2026"],
                &["Số dư đầu kỳ", "", "2,000,000"],
                &["Số dư cuối kỳ: 1.915.000 VND"],
            ][..],
            &[
                &["Số TK", "'0071000123456"],
                &["Đơn vị tiền", "Đồng"],
                &["Từ ngày 1", "x"],
                &["Từ ngày", "01/03/2026 đến 16/03/2026"],
                &["Opening balance", "2000000"],
                &["Closing balance", "", "", "1915000"],
            ],
        ] {
            let facts = facts(rows).unwrap();
            assert_eq!(facts.account_number.as_deref(), Some("0071000123456"));
            assert_eq!(facts.currency.as_deref(), Some("VND"));
            assert_eq!((facts.from, facts.to), (day(2026, 3, 1), day(2026, 3, 16)));
            assert_eq!(facts.opening, Balance::new(2_000_000));
            assert_eq!(facts.closing.map(|it| it.1), Balance::new(1_915_000));
        }
    }

    #[test]
    fn another_currency_and_a_shortened_account_are_named() {
        let fault = facts(&[&["x"], &["Loại tiền", "USD"]]).unwrap_err();
        assert_eq!((fault.line, fault.reason.code()), (2, "account_currency"));
        let fault = facts(&[&["Số tài khoản", "1.03E+12"]]).unwrap_err();
        assert_eq!(fault.reason.code(), "scientific");
        assert_eq!(fault.column.unwrap().to_string(), "B");
        assert!(!is_scientific("E5") && !is_scientific("12A4") && is_scientific("7,1e10"));
    }
}
