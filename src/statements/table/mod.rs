//! Tables: rows of cells under a header in either language, with a preamble above, headers
//! again on every page, and sums below.
//!
//! A table is read twice. The first time finds the header, the style of each column's numbers
//! and what stands around the lines; the second time tells the lines. What is kept between the
//! two does not grow with the file.

mod cell;
mod facts;
mod header;
mod number;
mod records;
mod survey;

use std::collections::VecDeque;
use std::io::{Read, Seek};

use self::cell::moment;
pub(super) use self::cell::{Cell, Row};
use self::facts::is_scientific;
use self::header::Role;
use self::number::{Figure, figure};
pub(crate) use self::records::DELIMITERS;
use self::records::Records;
use self::survey::{Survey, header_among};
use super::fault::{Fault, found};
use super::reason::Reason;
use super::{Item, text};
use crate::domain::credit::Direction;
use crate::domain::encoding::{EncodingError, Saved};
use crate::domain::money::Vnd;
use crate::domain::statement::{
    Balance, Booking, StatementEnd, StatementForm, StatementHead, StatementLine,
};
use crate::domain::text::key;

/// The words of a column that says which way money went, as [`key`] makes them.
const CREDIT_WORDS: [&str; 8] = ["C", "CR", "CO", "GHICO", "CREDIT", "TIENVAO", "VAO", "IN"];
const DEBIT_WORDS: [&str; 8] = ["D", "DR", "NO", "GHINO", "DEBIT", "TIENRA", "RA", "OUT"];

/// The statement of a table.
pub(super) struct Table<I> {
    rows: I,
    survey: Survey,
    told: VecDeque<Result<Item, Fault>>,
    lines: u64,
    is_over: bool,
}

/// Opens a table that is written as text.
pub(super) fn open_text<R: Read + Seek>(
    mut bytes: R,
) -> Result<Table<impl Iterator<Item = Result<Row, Fault>> + use<R>>, Fault> {
    let damaged = |error| match error {
        EncodingError::Damaged { line } => Fault::of_line(line, Reason::Damaged),
        EncodingError::ZeroBytes => Fault::of_line(1, Reason::ZeroBytes),
        EncodingError::Legacy => Fault::of_line(1, Reason::LegacyEncoding),
        EncodingError::Unreadable => Fault::of_line(1, Reason::Unreadable),
    };
    let saved = Saved::recognise(&mut bytes).map_err(damaged)?;
    let mut best = (0, DELIMITERS[0]);
    for delimiter in DELIMITERS {
        let text = saved.open(&mut bytes).map_err(damaged)?;
        let rows = Records::new(text, delimiter);
        if let Ok(Some(header)) = header_among(rows)
            && header.known() > best.0
        {
            best = (header.known(), delimiter);
        }
    }
    let (_, delimiter) = best;
    let text = saved.open(&mut bytes).map_err(damaged)?;
    let survey = Survey::of(Records::new(text, delimiter))?;
    let text = saved.open(bytes).map_err(damaged)?;
    Ok(Table::new(
        StatementForm::Csv,
        survey,
        Records::new(text, delimiter),
    ))
}

/// Opens the first of the sheets of a workbook that has a header.
pub(super) fn open_sheets(
    form: StatementForm,
    sheets: Vec<Vec<Row>>,
) -> Result<Table<impl Iterator<Item = Result<Row, Fault>>>, Fault> {
    let has_header = |rows: &Vec<Row>| {
        let header = header_among(rows.iter().cloned().map(Ok));
        !matches!(header, Ok(None))
    };
    let rows = sheets.into_iter().find(has_header).unwrap_or_default();
    let survey = Survey::of(rows.iter().cloned().map(Ok))?;
    Ok(Table::new(form, survey, rows.into_iter().map(Ok)))
}

impl<I> Table<I> {
    fn new(form: StatementForm, mut survey: Survey, rows: I) -> Self {
        let facts = &survey.facts;
        let head = StatementHead {
            line: survey.header.line,
            form,
            account_number: facts.account_number.clone(),
            currency: facts.currency.clone(),
            from: facts.from,
            to: facts.to,
            opening: facts.opening,
            order: survey.order,
        };
        let mut told: VecDeque<_> = survey.faults.drain(..).map(Err).collect();
        told.push_back(Ok(Item::Head(head)));
        Self {
            rows,
            survey,
            told,
            lines: 0,
            is_over: false,
        }
    }

    /// Reads a row, unless it is none of the statement's lines.
    fn take(&mut self, row: &Row) -> Option<Result<Item, Fault>> {
        if !self.survey.is_line(row) {
            return None;
        }
        let line = self.line(row);
        self.lines += u64::from(line.is_ok());
        Some(line.map(Item::Line))
    }

    fn line(&self, row: &Row) -> Result<StatementLine, Fault> {
        let header = &self.survey.header;
        let fault = |role, reason| Fault {
            line: row.line,
            column: header.name(role),
            reason,
        };
        let date = header.cell_of(row, Role::Date);
        let (moment, behind) = moment(date).map_err(|it| fault(Role::Date, it))?;
        let (direction, amount) = self.movement(row)?;
        let content = match header.cell_of(row, Role::Content) {
            Cell::Text(content) => content.clone(),
            other => other.shown(),
        };
        let reference = match header.cell_of(row, Role::Reference).shown() {
            _ if header.is_combined() => behind,
            reference => reference,
        };
        if is_scientific(&reference) {
            let found = found(&reference);
            return Err(fault(Role::Reference, Reason::Scientific { found }));
        }
        Ok(StatementLine {
            line: row.line,
            occurred_on: moment.on,
            occurred_at: moment.at,
            direction,
            amount,
            content: text::content(&content).map_err(|it| fault(Role::Content, it))?,
            bank_reference: reference_of(&reference).map_err(|it| fault(Role::Reference, it))?,
            end_to_end_id: None,
            balance_after: self.balance(row)?,
            is_reversal: false,
            booking: Booking::Booked,
        })
    }

    /// Which way how much went.
    fn movement(&self, row: &Row) -> Result<(Direction, Vnd), Fault> {
        let header = &self.survey.header;
        let fault = |role, reason| Fault {
            line: row.line,
            column: header.name(role),
            reason,
        };
        let (direction, amount, role) =
            if header.place(Role::Credit).is_some() && header.place(Role::Debit).is_some() {
                let (debit, credit) = (
                    self.figure(row, Role::Debit)?,
                    self.figure(row, Role::Credit)?,
                );
                match (debit, credit) {
                    (Figure::Some(debit), Figure::None) => {
                        (Direction::Debit, debit.get().abs(), Role::Debit)
                    }
                    (Figure::None, Figure::Some(credit)) => {
                        (Direction::Credit, credit.get(), Role::Credit)
                    }
                    (Figure::Some(_), Figure::Some(_)) => {
                        return Err(Fault::of_line(row.line, Reason::BothSides));
                    }
                    (Figure::None, Figure::None) => {
                        return Err(Fault::of_line(row.line, Reason::NoSide));
                    }
                }
            } else {
                let Figure::Some(amount) = self.figure(row, Role::Amount)? else {
                    return Err(Fault::of_line(row.line, Reason::NoSide));
                };
                let direction = match header.place(Role::Side) {
                    Some(_) => side_of(header.cell_of(row, Role::Side))
                        .map_err(|it| fault(Role::Side, it))?,
                    None if amount.get() < 0 => Direction::Debit,
                    None => Direction::Credit,
                };
                (direction, amount.get().abs(), Role::Amount)
            };
        if amount < 0 {
            let found = found(&header.cell_of(row, role).shown());
            return Err(fault(role, Reason::NotAnAmount { found }));
        }
        let amount = Vnd::new(amount).map_err(|_| fault(role, Reason::TooLarge))?;
        Ok((direction, amount))
    }

    fn figure(&self, row: &Row, role: Role) -> Result<Figure, Fault> {
        let header = &self.survey.header;
        figure(header.cell_of(row, role), self.survey.style(role)).map_err(|reason| Fault {
            line: row.line,
            column: header.name(role),
            reason,
        })
    }

    fn balance(&self, row: &Row) -> Result<Option<Balance>, Fault> {
        Ok(match self.figure(row, Role::Balance)? {
            Figure::Some(balance) => Some(balance),
            Figure::None => {
                let cell = self.survey.header.cell_of(row, Role::Balance).shown();
                cell.contains('0').then(Balance::default)
            }
        })
    }

    fn end(&self) -> Item {
        let (line, closing) = match self.survey.facts.closing {
            Some((line, closing)) => (line, Some(closing)),
            None => (self.survey.last_line, None),
        };
        Item::End(StatementEnd {
            line,
            closing,
            lines: self.lines,
        })
    }
}

impl<I: Iterator<Item = Result<Row, Fault>>> Iterator for Table<I> {
    type Item = Result<Item, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(item) = self.told.pop_front() {
            return Some(item);
        }
        while !self.is_over {
            match self.rows.next() {
                None => {
                    self.is_over = true;
                    return Some(Ok(self.end()));
                }
                Some(Err(fault)) => {
                    self.is_over = true;
                    return Some(Err(fault));
                }
                Some(Ok(row)) => {
                    if let Some(item) = self.take(&row) {
                        return Some(item);
                    }
                }
            }
        }
        None
    }
}

/// A reference on one line, without the mark that keeps a spreadsheet from counting with it.
fn reference_of(text: &str) -> Result<Option<String>, Reason> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    let line = line.strip_prefix('\'').unwrap_or(&line);
    Ok(text::name(line)?.filter(|it| it != "-"))
}

fn side_of(cell: &Cell) -> Result<Direction, Reason> {
    let shown = cell.shown();
    let word = key(&shown);
    if CREDIT_WORDS.contains(&word.as_str()) || shown == "+" {
        Ok(Direction::Credit)
    } else if DEBIT_WORDS.contains(&word.as_str()) || shown == "-" {
        Ok(Direction::Debit)
    } else {
        Err(Reason::UnknownWord {
            found: found(&shown),
        })
    }
}

#[cfg(test)]
mod tests;
