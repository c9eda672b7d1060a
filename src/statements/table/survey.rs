//! The first reading of a table: everything that has to be known before its lines are told.

use super::cell::{Cell, Row, moment};
use super::facts::Facts;
use super::header::{Header, Role};
use super::number::{Figure, Proof, Style, figure};
use crate::domain::statement::LineOrder;
use crate::domain::text::key;
use crate::statements::date::Moment;
use crate::statements::fault::Fault;
use crate::statements::reason::Reason;

/// How far down a header is looked for.
const HEADER_MAX_ROWS: usize = 100;
/// How many lines are looked at to find in which order they stand.
const ORDER_LINES: usize = 100;
/// The columns of numbers.
const NUMBERS: [Role; 4] = [Role::Debit, Role::Credit, Role::Amount, Role::Balance];
/// How the labels of rows begin that sum other rows up, as [`key`] makes them.
const SUMS: [&str; 9] = [
    "TONG", "CONG", "SODU", "LUYKE", "PHATSINH", "TOTAL", "SUBTOTAL", "OPENING", "CLOSING",
];

/// What the first reading found.
pub(super) struct Survey {
    pub header: Header,
    pub facts: Facts,
    /// What is wrong with the rows around the lines.
    pub faults: Vec<Fault>,
    pub order: LineOrder,
    /// The last line of the file that holds something.
    pub last_line: u64,
    styles: [Option<Style>; 4],
}

/// A line's cells of numbers.
type Sample = [Cell; 4];

/// The header among the first rows, if there is one.
pub(super) fn header_among(
    rows: impl Iterator<Item = Result<Row, Fault>>,
) -> Result<Option<Header>, Fault> {
    let mut seen = Vec::new();
    for row in rows.take(HEADER_MAX_ROWS) {
        seen.push(row?);
        if let Some(header) = header_at_end(&seen) {
            return header.map(Some);
        }
    }
    Ok(None)
}

/// Whether the last row that was seen is the header, alone or below the one before it.
fn header_at_end(seen: &[Row]) -> Option<Result<Header, Fault>> {
    match seen {
        [.., last] if let Some(header) = Header::of(last, &[]) => Some(header),
        [.., before, last] => Header::of(before, std::slice::from_ref(last)),
        _ => None,
    }
}

impl Survey {
    /// Reads a table for the first time.
    pub(super) fn of(mut rows: impl Iterator<Item = Result<Row, Fault>>) -> Result<Self, Fault> {
        let mut seen = Vec::new();
        let header = loop {
            let row = match rows.next() {
                Some(row) if seen.len() < HEADER_MAX_ROWS => row?,
                _ => return Err(Fault::of_line(1, Reason::NoHeader)),
            };
            seen.push(row);
            if let Some(header) = header_at_end(&seen) {
                break header?;
            }
        };
        let mut survey = Self {
            facts: Facts::default(),
            faults: Vec::new(),
            order: LineOrder::OldestFirst,
            last_line: header.line,
            styles: [None; 4],
            header,
        };
        for row in &seen[..seen.len() - survey.header.rows] {
            survey.learn(row);
        }
        survey.read_on(rows)?;
        match survey
            .faults
            .iter()
            .find(|it| matches!(it.reason, Reason::AccountCurrency { .. }))
        {
            Some(fault) => Err(fault.clone()),
            None => Ok(survey),
        }
    }

    fn read_on(&mut self, rows: impl Iterator<Item = Result<Row, Fault>>) -> Result<(), Fault> {
        let mut proofs: [Proof; 4] = Default::default();
        let mut samples = Vec::new();
        let mut ends = (None, None);
        for row in rows {
            let row = row?;
            if row.filled().next().is_none() {
                continue;
            }
            self.last_line = row.line;
            if !self.is_line(&row) {
                if !self.header.repeats(&row) {
                    self.learn(&row);
                }
                continue;
            }
            let numbers = NUMBERS.map(|role| self.header.cell_of(&row, role));
            for (proof, cell) in proofs.iter_mut().zip(numbers) {
                proof.add(row.line, cell);
            }
            let moment = moment(self.header.cell_of(&row, Role::Date)).ok();
            let moment = moment.map(|(moment, _)| moment);
            ends = (ends.0.or(moment), moment.or(ends.1));
            if samples.len() < ORDER_LINES {
                samples.push(numbers.map(Clone::clone));
            }
        }
        self.settle(&mut proofs, &samples);
        for (index, proof) in proofs.iter().enumerate() {
            self.styles[index] = proof.decide().map_err(|(line, reason)| Fault {
                line,
                column: self.header.name(NUMBERS[index]),
                reason,
            })?;
        }
        self.order = self.order_of(&samples, ends);
        Ok(())
    }

    fn learn(&mut self, row: &Row) {
        if let Err(fault) = self.facts.learn(row) {
            self.faults.push(fault);
        }
    }

    /// The style of a column of numbers.
    pub(super) fn style(&self, role: Role) -> Option<Style> {
        let index = NUMBERS.iter().position(|it| *it == role)?;
        self.styles[index]
    }

    /// Whether a row below the header is a line of the statement, good or bad: it has a date,
    /// or money that is no sum of other rows.
    pub(super) fn is_line(&self, row: &Row) -> bool {
        let has_digit = |role| {
            let cell = self.header.cell_of(row, role).shown();
            cell.bytes().any(|it| it.is_ascii_digit())
        };
        let has_money = [Role::Debit, Role::Credit, Role::Amount]
            .into_iter()
            .any(has_digit);
        let has_date = moment(self.header.cell_of(row, Role::Date)).is_ok();
        if row.line < self.header.line || !(has_date || has_money) {
            return false;
        }
        if has_date && has_money {
            return true;
        }
        // A balance carried over may have the day of the table.
        let sums = row.filled().any(|cell| {
            let words = key(&cell.shown());
            SUMS.iter().any(|it| words.starts_with(it))
        });
        if sums || self.header.repeats(row) {
            return false;
        }
        let is_numbering = row.filled().all(|cell| {
            let shown = cell.shown();
            shown.trim_matches(['(', ')', '[', ']']).chars().count() <= 2
        });
        has_date || !is_numbering
    }

    /// Gives columns that prove no style the one in which the balances follow, if they follow
    /// in one only.
    fn settle(&mut self, proofs: &mut [Proof; 4], samples: &[Sample]) {
        // Amounts and balances a thousand times smaller would follow as well.
        if proofs[3].is_ambiguous() {
            return;
        }
        let follow = [Style::Comma, Style::Dot].map(|style| {
            for (own, proof) in self.styles.iter_mut().zip(proofs.iter()) {
                let proven = proof.decide().unwrap_or(None);
                *own = if proof.is_ambiguous() {
                    Some(style)
                } else {
                    proven
                };
            }
            let (down, up) = self.follow(samples);
            down.max(up)
        });
        let style = match follow {
            [comma, 0] if comma > 0 => Style::Comma,
            [0, dot] if dot > 0 => Style::Dot,
            _ => return,
        };
        let ambiguous = proofs[..3].iter_mut().filter(|proof| proof.is_ambiguous());
        ambiguous.for_each(|proof| proof.settle(style));
    }

    /// How often a balance follows from the one above it, and from the one below it.
    fn follow(&self, samples: &[Sample]) -> (u32, u32) {
        let (mut down, mut up) = (0, 0);
        for pair in samples.windows(2) {
            let [(Some(before), first), (Some(after), second)] =
                [self.known(&pair[0]), self.known(&pair[1])]
            else {
                continue;
            };
            down += u32::from(before + second == after);
            up += u32::from(after + first == before);
        }
        (down, up)
    }

    /// In which order the lines stand: as their balances follow, else as their times do.
    fn order_of(&self, samples: &[Sample], ends: (Option<Moment>, Option<Moment>)) -> LineOrder {
        let (mut down, mut up) = self.follow(samples);
        if down == up {
            let time = |it: Option<Moment>| it.map(|it| (it.on, it.at));
            let is_backwards = time(ends.0) > time(ends.1);
            (down, up) = (u32::from(!is_backwards), u32::from(is_backwards));
        }
        if up > down {
            LineOrder::NewestFirst
        } else {
            LineOrder::OldestFirst
        }
    }

    /// The balance of a sample and its movement, below zero for money out.
    fn known(&self, sample: &Sample) -> (Option<i64>, i64) {
        let [debit, credit, amount, balance] = sample;
        let number = |cell, role| match figure(cell, self.style(role)) {
            Ok(Figure::Some(number)) => number.get(),
            _ => 0,
        };
        let movement = number(credit, Role::Credit) - number(debit, Role::Debit).abs()
            + number(amount, Role::Amount);
        let is_known = !balance.is_empty();
        (is_known.then(|| number(balance, Role::Balance)), movement)
    }
}
