//! The first look at a file: everything that can be wrong with it, before anything is written.

use chrono::NaiveDate;
use sha2::{Digest, Sha256};

use super::{FAULTS_MAX, FileBytes, LINES_MAX};
use crate::domain::credit::Direction;
use crate::domain::day::local_day;
use crate::domain::reconciliation::BalanceControl;
use crate::domain::statement::{Balance, Booking, StatementForm, StatementHead, StatementLine};
use crate::statements::{Fault, Item, Scope, StatementFile};

/// What a file holds.
#[derive(Clone, Debug)]
pub struct Survey {
    /// SHA-256 of the file.
    pub file_hash: [u8; 32],
    /// How it is written; none when nothing of it could be read.
    pub form: Option<StatementForm>,
    /// The accounts that it names, each once.
    pub account_numbers: Vec<String>,
    /// The first day that it says it tells of, or that it has a line for.
    pub first_day: Option<NaiveDate>,
    /// The last one.
    pub last_day: Option<NaiveDate>,
    /// The earliest and the latest day of its lines, each with the line of the file.
    pub days_of_lines: Option<[(NaiveDate, u64); 2]>,
    /// What stood on the account before the first line.
    pub opening: Option<Balance>,
    /// What stood there after the last.
    pub closing: Option<Balance>,
    /// Whether its balances prove that no line is left out.
    pub balance: BalanceControl,
    /// Booked lines that could be read.
    pub lines: u64,
    /// How many of them tell no bank reference.
    pub without_reference: u64,
    /// Lines of money that has not moved yet.
    pub unbooked: u64,
    /// What is wrong with it, the first [`FAULTS_MAX`].
    pub faults: Vec<Fault>,
    /// How many faults there are.
    pub faults_in_all: u64,
    /// How many of them are lines that could not be read.
    pub bad_lines: u64,
    /// Whether it has more lines than are taken.
    pub too_long: bool,
}

/// Reads a file to its end.
pub fn survey(file: &mut FileBytes) -> std::io::Result<Survey> {
    let mut survey = Survey::empty(hash(file)?);
    let mut chain = Chain::default();
    let items = match StatementFile::open(file) {
        Ok(items) => items,
        Err(fault) => {
            survey.note_fault(fault);
            return Ok(survey);
        }
    };
    for item in items {
        match item {
            Ok(Item::Head(head)) => {
                chain.begin(&head);
                survey.note_head(head);
            }
            Ok(Item::Line(line)) => {
                survey.note_line(&line);
                chain.move_by(&line);
                if survey.lines + survey.unbooked > LINES_MAX {
                    survey.too_long = true;
                    break;
                }
            }
            Ok(Item::End(end)) => {
                chain.end(end.closing);
                survey.closing = end.closing;
            }
            Err(fault) => survey.note_fault(fault),
        }
    }
    let whole = survey.faults_in_all == 0 && chain.is_whole();
    if whole {
        survey.balance = BalanceControl::Controlled;
    }
    Ok(survey)
}

/// The day that a line counts on, as the day of a notice does.
pub(super) fn day_of(line: &StatementLine) -> NaiveDate {
    line.occurred_at.map_or(line.occurred_on, local_day)
}

fn hash(file: &mut FileBytes) -> std::io::Result<[u8; 32]> {
    let mut hasher = Sha256::new();
    let mut piece = vec![0; 64 * 1024];
    file.rewind()?;
    loop {
        let count = file.read(&mut piece)?;
        if count == 0 {
            return Ok(hasher.finalize().into());
        }
        hasher.update(&piece[..count]);
    }
}

impl Survey {
    const fn empty(file_hash: [u8; 32]) -> Self {
        Self {
            file_hash,
            form: None,
            account_numbers: Vec::new(),
            first_day: None,
            last_day: None,
            days_of_lines: None,
            opening: None,
            closing: None,
            balance: BalanceControl::None,
            lines: 0,
            without_reference: 0,
            unbooked: 0,
            faults: Vec::new(),
            faults_in_all: 0,
            bad_lines: 0,
            too_long: false,
        }
    }

    fn note_head(&mut self, head: StatementHead) {
        if self.form.is_none() {
            self.opening = head.opening;
        }
        self.form = Some(head.form);
        for day in [head.from, head.to].into_iter().flatten() {
            self.note_day(day);
        }
        if let Some(number) = head.account_number
            && !self.account_numbers.contains(&number)
        {
            self.account_numbers.push(number);
        }
    }

    fn note_line(&mut self, line: &StatementLine) {
        if line.booking != Booking::Booked {
            self.unbooked += 1;
            return;
        }
        self.lines += 1;
        self.without_reference += u64::from(line.bank_reference.is_none());
        let day = day_of(line);
        self.note_day(day);
        let here = (day, line.line);
        let [first, last] = self.days_of_lines.unwrap_or([here, here]);
        self.days_of_lines = Some([
            if day < first.0 { here } else { first },
            if day > last.0 { here } else { last },
        ]);
    }

    fn note_day(&mut self, day: NaiveDate) {
        self.first_day = Some(self.first_day.map_or(day, |first| first.min(day)));
        self.last_day = Some(self.last_day.map_or(day, |last| last.max(day)));
    }

    fn note_fault(&mut self, fault: Fault) {
        self.faults_in_all += 1;
        if fault.reason.scope() == Scope::Line {
            self.bad_lines += 1;
        }
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(fault);
        }
    }
}

/// The balances of the statements of one file: each follows from its lines, and the next one
/// begins where the one before ended. A break within one statement is a fault that its reader
/// names; what is looked for here is whether anything was proved at all.
#[derive(Default)]
struct Chain {
    running: Option<Balance>,
    statements: u64,
    broken: bool,
}

impl Chain {
    fn begin(&mut self, head: &StatementHead) {
        let follows = self.statements == 0 || head.opening == self.running;
        self.broken |= !follows || head.opening.is_none();
        self.statements += 1;
        self.running = head.opening;
    }

    fn move_by(&mut self, line: &StatementLine) {
        if line.booking == Booking::Booked {
            self.running = self
                .running
                .and_then(|balance| balance.after(line.direction, line.amount));
        }
    }

    fn end(&mut self, closing: Option<Balance>) {
        self.broken |= closing.is_none() || closing != self.running;
    }

    const fn is_whole(&self) -> bool {
        self.statements > 0 && !self.broken
    }
}

/// What is in and what is out, đồng.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moved {
    pub(super) credited_vnd: i64,
    pub(super) debited_vnd: i64,
}

impl Moved {
    pub(super) const fn add(&mut self, direction: Direction, amount_vnd: i64) {
        match direction {
            Direction::Credit => self.credited_vnd += amount_vnd,
            Direction::Debit => self.debited_vnd += amount_vnd,
        }
    }
}
