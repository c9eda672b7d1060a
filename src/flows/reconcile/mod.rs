//! Holding a bank's statement of one account against our books.
//!
//! ```text
//! file ─▶ survey: everything that is wrong with it, its period, its sums; nothing is written
//!      ─▶ compare: the lines in steps, each with its verdict (`domain::linking` places them)
//!      ─▶ write down: one short transaction for each step; nobody sees these lines
//!      ─▶ finish: one short transaction makes all of it visible, or nothing
//! ```
//!
//! The file is read from its beginning for each look, so that memory does not grow with it,
//! and notices that come meanwhile never wait for more than one step. Lines that have a bank
//! reference are compared first: what only a text tells of takes what is left. What came while
//! the lines were written down is looked for again at the end, inside the last transaction.
//!
//! What the lines add to the transactions that they tell of, such as a code that nobody else
//! named, is drawn in step by step after that.
//!
//! An import that ends in the middle leaves rows that nobody sees; [`discard`] removes them,
//! at once or in a later round of housekeeping.

mod believe;
mod comparison;
mod error;
mod finishing;
mod following;
mod importing;
mod late;
mod news;
mod survey;

use std::io::{Read, Seek};

use chrono::{DateTime, NaiveDate, Utc};

pub use self::believe::{PROPOSAL_MAX_LINES, ProposalError, propose, reject};
pub(super) use self::believe::{hold_proposal, vouching};
pub(super) use self::comparison::{Compared, Comparison, Stated};
pub use self::error::ReconcileError;
pub(super) use self::finishing::close_days;
pub use self::finishing::{Finished, finish, report};
pub use self::following::{draw_in, draw_in_now, import};
pub use self::importing::{Difference, Progress, Staged, Trial, discard, stage, trial};
pub(super) use self::late::{Late, hold_against_statements, settle};
pub use self::survey::Survey;

use crate::domain::account::AccountStatus;
use crate::domain::day::{Window, local_day};
use crate::domain::ids::AccountId;
use crate::domain::reconciliation::BalanceControl;
use crate::domain::refusal::Refusal;
use crate::domain::statement::StatementForm;
use crate::store::accounts::{self, Account};
use crate::store::reach::Reach;
use crate::store::statements::{self, ImportRow};
use crate::store::{Store, StoreError, Tx};

/// The largest file that comes over the network, in bytes.
pub const FILE_MAX_BYTES: usize = 32 * 1024 * 1024;
/// The most lines of a file.
pub const LINES_MAX: u64 = 500_000;
/// The most days of a statement.
pub const PERIOD_MAX_DAYS: i64 = 400;
/// The most faults that a refusal names; all of them are counted.
pub const FAULTS_MAX: usize = 200;
/// The most differences that a report shows; all of them are counted.
pub const DIFFERENCES_MAX: usize = 1_000;

/// What can be read again from its beginning.
pub trait ReadAgain: Read + Seek + Send + Sync {}
impl<T: Read + Seek + Send + Sync> ReadAgain for T {}

/// A statement as it was handed in.
pub type FileBytes = Box<dyn ReadAgain>;

/// What somebody who brings a file asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes {
    /// The days that it tells of; what the file says itself if not given.
    pub period: Option<Window>,
    /// Whether to take the good lines of a file that has bad ones.
    pub lines: LinesWanted,
}

/// Which lines of a file are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinesWanted {
    /// All of them, or none.
    #[default]
    All,
    /// The good ones, whatever the others are.
    Good,
}

/// A file that can be imported.
pub struct Examined {
    /// The account that it tells of.
    pub account: Account,
    /// What it holds.
    pub survey: Survey,
    /// How it is written.
    pub form: StatementForm,
    /// The days that it tells of.
    pub period: Window,
    /// Whether its balances prove that no line is left out.
    pub balance: BalanceControl,
    file: FileBytes,
}

impl std::fmt::Debug for Examined {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Examined")
            .field("account", &self.account.id)
            .field("survey", &self.survey)
            .field("period", &self.period)
            .finish_non_exhaustive()
    }
}

/// The account that a statement is said to tell of, if it is in use.
pub async fn account(tx: &mut Tx, reach: Reach, id: AccountId) -> Result<Account, ReconcileError> {
    let found = accounts::find(tx, reach, id).await?;
    found.filter(is_used).ok_or(ReconcileError::UnknownAccount)
}

fn is_used(account: &Account) -> bool {
    matches!(
        account.state.status(),
        AccountStatus::Approved | AccountStatus::Retired
    )
}

/// What the same file came to before, if it was imported.
pub async fn imported_before(
    store: &Store,
    examined: &Examined,
) -> Result<Option<ImportRow>, StoreError> {
    let mut tx = store.begin_read().await?;
    let account = &examined.account;
    let own = Reach::Merchant(account.merchant);
    statements::find_by_file(&mut tx, own, account.id, &examined.survey.file_hash).await
}

/// Reads a file to its end and refuses one that cannot be imported, with everything that is
/// wrong with it.
pub async fn examine(
    mut file: FileBytes,
    account: Account,
    wishes: Wishes,
    now: DateTime<Utc>,
) -> Result<Examined, ReconcileError> {
    // Reading a large file would hold up whoever shares the thread.
    let reading = tokio::task::spawn_blocking(move || {
        let survey = survey::survey(&mut file)?;
        Ok::<_, std::io::Error>((file, survey))
    });
    let (file, survey) = reading.await.map_err(std::io::Error::other)??;
    let good = wishes.lines == LinesWanted::Good;
    if survey.too_long {
        return Err(ReconcileError::TooLong);
    }
    let Some(form) = survey.form.filter(|_| survey.faults.is_empty() || good) else {
        return Err(ReconcileError::Faults(Box::new(survey)));
    };
    if survey.lines == 0 && !survey.faults.is_empty() {
        return Err(ReconcileError::Faults(Box::new(survey)));
    }
    check_account(&account, &survey.account_numbers)?;
    let period = period_of(&survey, wishes.period, local_day(now))?;
    let balance = survey.balance;
    Ok(Examined {
        account,
        survey,
        form,
        period,
        balance,
        file,
    })
}

/// A spreadsheet drops the zeros in front of a number, banks group its digits, and formats put
/// the bank in front of it and the currency behind it.
fn check_account(account: &Account, named: &[String]) -> Result<(), ReconcileError> {
    let plain = |number: &str| {
        let letters = number.chars().filter(char::is_ascii_alphanumeric);
        let letters: String = letters.map(|it| it.to_ascii_uppercase()).collect();
        let bare = letters.strip_suffix("VND").unwrap_or(&letters);
        bare.trim_start_matches('0').to_owned()
    };
    let own = plain(account.number.reveal());
    let is_own = |number: &&String| plain(number).ends_with(&own);
    match named.iter().find(|number| !is_own(number)) {
        Some(number) => Err(ReconcileError::OtherAccount(last_four(number))),
        None => Ok(()),
    }
}

/// As much of a number as a refusal shows.
fn last_four(number: &str) -> String {
    let letters: Vec<char> = number.chars().collect();
    letters[letters.len().saturating_sub(4)..].iter().collect()
}

fn period_of(
    survey: &Survey,
    wanted: Option<Window>,
    today: NaiveDate,
) -> Result<Window, ReconcileError> {
    let told = survey.first_day.zip(survey.last_day);
    let told = told.and_then(|(first, last)| Window::new(first, last));
    let period = wanted.or(told).ok_or(ReconcileError::NoPeriod)?;
    if period.days() > PERIOD_MAX_DAYS {
        return Err(ReconcileError::LongPeriod);
    }
    for (day, line) in survey.days_of_lines.into_iter().flatten() {
        if day < period.first() || day > period.last() {
            return Err(ReconcileError::OutsidePeriod { line, day });
        }
    }
    if period.last() > today {
        return Err(Refusal::FutureDay.into());
    }
    Ok(period)
}
