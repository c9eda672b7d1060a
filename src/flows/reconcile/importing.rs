//! Comparing a file with the books and writing its lines down, while nobody sees them.

use std::io;

use chrono::{DateTime, NaiveDate, Utc};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::comparison::{Compared, Comparison, Stated};
use super::survey::Moved;
use super::{DIFFERENCES_MAX, Examined, FileBytes};
use crate::domain::credit::Direction;
use crate::domain::ids::{BankTransactionId, StatementId};
use crate::domain::reconciliation::LineVerdict;
use crate::domain::statement::{Balance, Booking};
use crate::flows::access::Act;
use crate::flows::intake::Ledger;
use crate::flows::linking::Linker;
use crate::flows::reconcile::ReconcileError;
use crate::statements::{Item, StatementFile};
use crate::store::statements::evidence::{self, StatedTelling};
use crate::store::statements::lines::{self, NewLine};
use crate::store::statements::missing::{self, PeriodTransaction};
use crate::store::statements::{self, ImportSums, NewImport};
use crate::store::{Store, StoreError, Tx};

/// Lines that are compared together and written in one transaction.
const STEP: usize = 500;
/// Steps that are read ahead.
const AHEAD: usize = 2;
/// Transactions of the account that are looked through together.
const PAGE: i64 = 1_000;
/// Rows that one transaction removes.
const REMOVED_AT_ONCE: i64 = 2_000;

/// A line or a transaction that only one side knows, or that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What became of it.
    pub verdict: LineVerdict,
    /// The number of the line in its statement; none for what is missing at the bank.
    pub number: Option<i64>,
    /// The line or row of the file.
    pub file_line: Option<i64>,
    /// In or out.
    pub direction: Direction,
    /// How much, đồng: at the bank, or here for what is missing there.
    pub amount_vnd: i64,
    /// How much we know of, đồng, where there is a transaction.
    pub known_amount_vnd: Option<i64>,
    /// Its local day.
    pub local_day: NaiveDate,
    /// The bank's own reference.
    pub bank_reference: Option<String>,
    /// The transaction.
    pub transaction: Option<BankTransactionId>,
}

/// What a file came to, without anything written.
#[derive(Debug)]
pub struct Trial {
    /// The counts and sums.
    pub sums: ImportSums,
    /// The differences, the first [`DIFFERENCES_MAX`].
    pub differences: Vec<Difference>,
}

/// A file whose lines are written down and not visible yet.
#[derive(Debug)]
pub struct Staged {
    /// The import.
    pub id: StatementId,
    /// The file.
    pub examined: Examined,
    pub(super) begun_at: DateTime<Utc>,
    pub(super) comparison: Comparison,
    pub(super) trial: Trial,
}

/// Tells how many lines have been compared.
pub type Progress<'a> = &'a (dyn Fn(u64) + Sync);

/// What gathers while lines are compared.
#[derive(Debug, Default)]
struct Gathered {
    sums: ImportSums,
    differences: Vec<Difference>,
}

/// Which lines a look at the file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    WithReference,
    WithoutReference,
}

/// Compares a file and writes nothing but, once in the life of a database, the key of links.
pub async fn trial(
    ledger: &Ledger,
    act: &Act<'_>,
    examined: Examined,
    progress: Progress<'_>,
) -> Result<Trial, ReconcileError> {
    let id = StatementId::from_uuid(act.entropy.uuid(act.now));
    let linker = open_linker(ledger).await?;
    let mut comparison = Comparison::new(linker, id, examined.account.id);
    let mut gathered = Gathered::default();
    // One moment of the books for all lines.
    let mut tx = ledger.store.begin_read().await?;
    let (account, period) = (examined.account.id, examined.period);
    let mut steps = Steps::over(&examined.survey, examined.file);
    while let Some(step) = steps.next().await? {
        let compared = comparison.compare(&mut tx, step).await?;
        gathered.add(&compared);
        progress(steps.done);
    }
    let mut after = None;
    loop {
        let page = missing::of_account(&mut tx, account, period, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.occurred_at, last.transaction()));
        let untold = page
            .iter()
            .filter(|one| !one.is_suspected && !comparison.has(one.transaction()));
        for one in untold {
            gathered.sums.counts.add(LineVerdict::MissingAtBank);
            gathered.show(missing_at_bank(one)?);
        }
    }
    tx.rollback().await?;
    Ok(gathered.into_trial())
}

/// Compares a file and writes its lines down, step by step; nobody sees them before
/// [`finish`](super::finish).
pub async fn stage(
    ledger: &Ledger,
    act: &Act<'_>,
    mut examined: Examined,
    progress: Progress<'_>,
) -> Result<Staged, ReconcileError> {
    let id = StatementId::from_uuid(act.entropy.uuid(act.now));
    let linker = open_linker(ledger).await?;
    let file = std::mem::replace(&mut examined.file, Box::new(io::empty()));
    let mut tx = ledger.store.begin_write().await?;
    statements::begin(&mut tx, &begun(id, act, &examined)).await?;
    tx.commit().await?;
    let mut comparison = Comparison::new(linker, id, examined.account.id);
    let mut steps = Steps::over(&examined.survey, file);
    let written = write_down(ledger, act.now, (id, &mut steps), &mut comparison, progress).await;
    match written {
        Ok(gathered) => Ok(Staged {
            id,
            examined,
            begun_at: act.now,
            comparison,
            trial: gathered.into_trial(),
        }),
        Err(error) => {
            discard(&ledger.store, id).await?;
            Err(error)
        }
    }
}

async fn write_down(
    ledger: &Ledger,
    now: DateTime<Utc>,
    (id, steps): (StatementId, &mut Steps),
    comparison: &mut Comparison,
    progress: Progress<'_>,
) -> Result<Gathered, ReconcileError> {
    let mut gathered = Gathered::default();
    while let Some(step) = steps.next().await? {
        // Looking up needs no lock: what comes meanwhile is looked for at the end.
        let mut tx = ledger.store.begin_read().await?;
        let compared = comparison.compare(&mut tx, step).await?;
        tx.rollback().await?;
        gathered.add(&compared);
        let mut tx = ledger.store.begin_write().await?;
        write_step(&mut tx, (id, comparison), &compared, now).await?;
        tx.commit().await?;
        progress(steps.done);
    }
    Ok(gathered)
}

async fn write_step(
    tx: &mut Tx,
    (id, comparison): (StatementId, &Comparison),
    compared: &[Compared],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let rows: Vec<NewLine> = compared.iter().map(Compared::row).collect();
    lines::insert(tx, id, &rows).await?;
    let tellings: Vec<_> = compared.iter().filter_map(Compared::telling).collect();
    evidence::insert(tx, id, comparison.account(), &tellings, now).await
}

/// Removes an import that nobody sees, step by step. Safe at any time: one that is visible
/// stays.
pub async fn discard(store: &Store, id: StatementId) -> Result<(), StoreError> {
    loop {
        let mut tx = store.begin_write().await?;
        let mut removed = evidence::remove(&mut tx, id, REMOVED_AT_ONCE).await?;
        removed += lines::remove(&mut tx, id, REMOVED_AT_ONCE).await?;
        if removed == 0 {
            statements::remove(&mut tx, id).await?;
        }
        tx.commit().await?;
        if removed == 0 {
            return Ok(());
        }
    }
}

async fn open_linker(ledger: &Ledger) -> Result<Linker, StoreError> {
    let mut tx = ledger.store.begin_write().await?;
    let linker = Linker::open(&mut tx, &ledger.entropy, &ledger.master_key).await?;
    tx.commit().await?;
    Ok(linker)
}

fn begun<'a>(id: StatementId, act: &Act<'a>, examined: &'a Examined) -> NewImport<'a> {
    let survey = &examined.survey;
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    NewImport {
        id,
        account: examined.account.id,
        merchant: examined.account.merchant,
        file_hash: &survey.file_hash,
        form: examined.form,
        period: examined.period,
        opening_vnd: survey.opening.map(Balance::get),
        closing_vnd: survey.closing.map(Balance::get),
        balance: examined.balance,
        bad_lines: count(survey.bad_lines),
        unbooked_lines: count(survey.unbooked),
        imported_by: act.actor,
        now: act.now,
    }
}

impl Gathered {
    fn add(&mut self, compared: &[Compared]) {
        let mut moved = Moved::default();
        for one in compared {
            self.sums.lines += 1;
            self.sums.counts.add(one.verdict);
            moved.add(one.line.direction, one.line.amount.get());
            if one.verdict != LineVerdict::Matched {
                self.show(one.difference());
            }
        }
        self.sums.credited_vnd += moved.credited_vnd;
        self.sums.debited_vnd += moved.debited_vnd;
    }

    fn show(&mut self, difference: Difference) {
        if self.differences.len() < DIFFERENCES_MAX {
            self.differences.push(difference);
        }
    }

    fn into_trial(self) -> Trial {
        Trial {
            sums: self.sums,
            differences: self.differences,
        }
    }
}

impl Compared {
    fn row(&self) -> NewLine {
        let matched = self.verdict == LineVerdict::Matched;
        NewLine {
            number: self.line.number,
            file_line: self.line.file_line,
            verdict: self.verdict,
            direction: self.line.direction,
            amount: self.line.amount,
            occurred_at: self.line.occurred_at,
            local_day: self.line.local_day,
            bank_reference: self.line.bank_reference.clone(),
            content: (!matched).then(|| self.line.content.clone()),
            transaction: self.transaction,
        }
    }

    /// What is to be kept as evidence beside the line itself.
    pub(in crate::flows) fn telling(&self) -> Option<StatedTelling> {
        let transaction = self.transaction.filter(|_| self.news.are_any())?;
        Some(StatedTelling {
            number: self.line.number,
            transaction,
            fact_hash: self.line.fact_hash(),
            bank_reference: self.line.bank_reference.clone(),
            text_link: self.text_link.clone(),
            occurred_at: self.line.occurred_at,
            naming: self.naming.clone(),
            is_to_follow: self.news.change_the_books() || self.names_more,
        })
    }

    fn difference(&self) -> Difference {
        Difference {
            verdict: self.verdict,
            number: Some(self.line.number),
            file_line: Some(self.line.file_line),
            direction: self.line.direction,
            amount_vnd: self.line.amount.get(),
            known_amount_vnd: self.known_amount_vnd,
            local_day: self.line.local_day,
            bank_reference: self.line.bank_reference.clone(),
            transaction: self.transaction,
        }
    }
}

fn missing_at_bank(one: &PeriodTransaction) -> Result<Difference, StoreError> {
    Ok(Difference {
        verdict: LineVerdict::MissingAtBank,
        number: None,
        file_line: None,
        direction: one.direction()?,
        amount_vnd: one.amount_vnd,
        known_amount_vnd: Some(one.amount_vnd),
        local_day: one.local_day,
        bank_reference: one.bank_reference.clone(),
        transaction: Some(one.transaction()),
    })
}

/// The booked lines of a file, some at a time. A thread of its own reads ahead.
struct Steps {
    lines: mpsc::Receiver<Vec<Stated>>,
    reading: Option<JoinHandle<()>>,
    /// How many lines have been given out.
    done: u64,
}

impl Steps {
    fn over(survey: &super::Survey, file: FileBytes) -> Self {
        let looks = [
            (survey.lines > survey.without_reference).then_some(Look::WithReference),
            (survey.without_reference > 0).then_some(Look::WithoutReference),
        ];
        let (sender, lines) = mpsc::channel(AHEAD);
        let reading = tokio::task::spawn_blocking(move || read(file, looks, &sender));
        Self {
            lines,
            reading: Some(reading),
            done: 0,
        }
    }

    async fn next(&mut self) -> io::Result<Option<Vec<Stated>>> {
        if let Some(step) = self.lines.recv().await {
            self.done += step.len() as u64;
            return Ok(Some(step));
        }
        if let Some(reading) = self.reading.take() {
            reading.await.map_err(io::Error::other)?;
        }
        Ok(None)
    }
}

fn read(mut file: FileBytes, looks: [Option<Look>; 2], sender: &mpsc::Sender<Vec<Stated>>) {
    for look in looks.into_iter().flatten() {
        // What is wrong with the file was found and decided upon at the first look.
        let Ok(items) = StatementFile::open(&mut file) else {
            return;
        };
        let mut number = 0;
        let mut step = Vec::with_capacity(STEP);
        for item in items {
            let Ok(Item::Line(line)) = item else { continue };
            if line.booking != Booking::Booked {
                continue;
            }
            number += 1;
            if line.bank_reference.is_some() != (look == Look::WithReference) {
                continue;
            }
            step.push(Stated::new(number, line));
            if step.len() == STEP && sender.blocking_send(std::mem::take(&mut step)).is_err() {
                return; // Whoever wanted the lines has gone.
            }
        }
        if !step.is_empty() && sender.blocking_send(step).is_err() {
            return;
        }
    }
}
