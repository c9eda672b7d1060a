//! Workbooks of spreadsheets as rows: zipped ones (XLSX) and old ones (XLS).
//!
//! A cell gives its stored value, that of a formula too. Whether a number is a day is told by
//! the column that it stands in, so no formats are read. What a workbook unpacks to is bounded.

mod biff;
mod compound;
mod xlsx;

use std::io::{Read, Seek};

use super::fault::Fault;
use super::reason::Reason;
use super::table::{Cell, Row};
use crate::domain::statement::StatementForm;
use rust_decimal::Decimal;

/// The largest file.
const FILE_MAX_BYTES: u64 = 32 * 1024 * 1024;
/// The most cells of a sheet.
const CELLS_MAX: usize = 3_000_000;
/// The last column that is read.
const COLUMNS_MAX: usize = 100;
/// Days between the two calendars that spreadsheets count in.
const CALENDAR_1904_DAYS: u32 = 1_462;

/// Why a workbook is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is damaged, or of a version before 1997.
    Damaged,
    /// It is locked with a password.
    Locked,
    /// It holds more than any statement.
    TooLarge,
}

/// The rows of one sheet, and whether it counts days from 1904.
#[derive(Debug, Default)]
struct Sheet {
    rows: Vec<Row>,
    cells: usize,
}

/// The sheets of a workbook, in its order.
pub(super) fn sheets(form: StatementForm, bytes: impl Read + Seek) -> Result<Vec<Vec<Row>>, Fault> {
    let sheets = if form == StatementForm::Xlsx {
        xlsx::sheets(bytes)
    } else {
        biff::sheets(bytes)
    };
    sheets.map_err(|why| {
        Fault::of_line(
            1,
            match why {
                Unreadable::Damaged => Reason::WorkbookDamaged,
                Unreadable::Locked => Reason::WorkbookLocked,
                Unreadable::TooLarge => Reason::WorkbookTooLarge,
            },
        )
    })
}

impl Sheet {
    /// Puts a value into the cell of a row, both from 0.
    fn put(&mut self, row: u32, column: usize, cell: Cell) -> Result<(), Unreadable> {
        if cell.is_empty() || column >= COLUMNS_MAX {
            return Ok(());
        }
        self.cells += 1;
        if self.cells > CELLS_MAX {
            return Err(Unreadable::TooLarge);
        }
        let line = u64::from(row) + 1;
        if self.rows.last().is_none_or(|last| last.line != line) {
            self.rows.push(Row {
                line,
                cells: Vec::new(),
            });
        }
        let cells = &mut self.rows.last_mut().expect("one was pushed").cells;
        if cells.len() <= column {
            cells.resize(column + 1, Cell::Empty);
        }
        cells[column] = cell;
        Ok(())
    }

    /// The rows from top to bottom.
    fn into_rows(mut self) -> Result<Vec<Row>, Unreadable> {
        self.rows.sort_by_key(|row| row.line);
        let is_torn = self
            .rows
            .windows(2)
            .any(|pair| pair[0].line == pair[1].line);
        if is_torn {
            return Err(Unreadable::Damaged);
        }
        Ok(self.rows)
    }
}

/// A number of a spreadsheet as it shows it: without the noise behind its sixteenth digit.
fn number_of(text: &str) -> Cell {
    let exact = Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text));
    let parsed = exact.or_else(|_| text.parse::<Decimal>());
    match parsed {
        Ok(number) => Cell::Number(number.round_dp(6).normalize()),
        Err(_) => Cell::text(text),
    }
}

/// Moves the days of a sheet that counts from 1904; amounts of a statement are no days.
fn from_1904(rows: &mut [Row]) {
    let days = Decimal::from(20_000)..Decimal::from(80_000);
    for cell in rows.iter_mut().flat_map(|row| &mut row.cells) {
        if let Cell::Number(number) = cell
            && days.contains(number)
        {
            *number += Decimal::from(CALENDAR_1904_DAYS);
        }
    }
}
