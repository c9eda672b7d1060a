//! `phocho reconcile`: a bank statement held against the books.
//!
//! The report goes to standard output. Nothing is credited by it: what is missing here is
//! believed only when two persons say so, through the API.

mod talk;
mod words;

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use chrono::NaiveDate;
use clap::Args;
use indicatif::ProgressBar;
use uuid::Uuid;

use self::talk::{
    advice, believe_the_missing, cannot_read, days_in_wrong_order, no_account, nothing_imported,
};
use self::words::{Outcome, Summary, faults_in_words, in_words};
use super::day::day;
use super::import::Lang;
use super::open::{DataOptions, database_url, open_ledger, require_present};
use crate::clock::Clock;
use crate::domain::bank::{AccountNumber, BankBin};
use crate::domain::day::Window;
use crate::domain::ids::{AccountId, StatementId, UserId};
use crate::flows::access::{Act, first_administrator};
use crate::flows::change::ChangeError;
use crate::flows::intake::Ledger;
use crate::flows::reconcile::{
    self, Examined, Finished, LinesWanted, ReconcileError, Survey, Wishes,
};
use crate::http::api::statement_documents::{StatementRefusal, StatementReport, Tried};
use crate::store::accounts::{self, Account};
use crate::store::reach::Reach;
use crate::store::{StoreError, Tx};

/// Which statement, and what to do with it.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "Example: phocho reconcile sao-ke.xlsx --account 970436/0011001234567 --dry-run"
)]
pub struct ReconcileOptions {
    /// The statement: CSV, XLSX, XLS, camt.053 or MT940; its form is found from its bytes.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The account that it tells of: acc_… or the bank's six digits, a slash and the number.
    #[arg(long, value_name = "ACCOUNT")]
    account: String,
    /// The first day that it tells of, such as 2026-11-01; what the file says if not given.
    #[arg(long, value_name = "DAY", value_parser = day, requires = "last_day")]
    first_day: Option<NaiveDate>,
    /// The last day that it tells of.
    #[arg(long, value_name = "DAY", value_parser = day, requires = "first_day")]
    last_day: Option<NaiveDate>,
    /// Compare and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Take the good lines of a file that has bad ones; it then closes no day.
    #[arg(long)]
    good_lines: bool,
    /// Print the report as one JSON object.
    #[arg(long)]
    json: bool,
    /// The language of the report and of what is said beside it.
    #[arg(long, value_enum, default_value_t = Lang::Vi)]
    lang: Lang,
    #[command(flatten)]
    data: DataOptions,
}

/// What there is to print, and whether anything needs a person.
struct Told {
    text: String,
    /// What to do next, for a person.
    next: Option<String>,
    agrees: bool,
}

/// Holds the statement against the books; exit status 1 when anything differs or is wrong
/// with the file.
pub fn run(options: &ReconcileOptions) -> anyhow::Result<ExitCode> {
    let lang = options.lang;
    let Some(wishes) = wishes(options) else {
        say(days_in_wrong_order(lang));
        return Ok(ExitCode::from(2));
    };
    let file = match open_file(&options.file) {
        Ok(file) => file,
        Err(fault) => {
            say(&cannot_read(&options.file, &fault, lang));
            return Ok(ExitCode::from(3));
        }
    };
    let settings = options.data.settings()?;
    require_present(&database_url(&settings))?;
    let runtime = tokio::runtime::Runtime::new()?;
    // It shows on a terminal only.
    let progress = ProgressBar::new_spinner();
    progress.enable_steady_tick(Duration::from_millis(100));
    let told = runtime.block_on(async {
        let ledger = open_ledger(&settings).await?;
        let told = reconcile(&ledger, file, (options, wishes), &progress).await;
        ledger.store.close().await;
        anyhow::Ok(told)
    })?;
    progress.finish_and_clear();
    let told = match told {
        Ok(told) => told,
        Err(ReconcileError::UnknownAccount) => {
            say(&no_account(&options.account, lang));
            return Ok(ExitCode::from(2));
        }
        Err(ReconcileError::Change(fault @ ChangeError::Store(_))) => {
            return Err(fault).context("the import failed; nothing of it is visible");
        }
        Err(ReconcileError::File(fault)) => {
            say(&cannot_read(&options.file, &fault, lang));
            return Ok(ExitCode::from(3));
        }
        Err(refusal) => {
            say(&nothing_imported(&options.file, lang));
            refused(&refusal, options)?
        }
    };
    io::stdout()
        .write_all(told.text.as_bytes())
        .context("writing standard output")?;
    if let Some(next) = &told.next {
        say(next);
    }
    Ok(if told.agrees {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// Talk goes beside the report.
fn say(text: &str) {
    eprintln!("phocho: {text}");
}

/// Opens a file; a folder is none.
fn open_file(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(file)
}

/// None when the days are in the wrong order.
fn wishes(options: &ReconcileOptions) -> Option<Wishes> {
    let period = match (options.first_day, options.last_day) {
        (Some(first), Some(last)) => Some(Window::new(first, last)?),
        _ => None,
    };
    let lines = if options.good_lines {
        LinesWanted::Good
    } else {
        LinesWanted::All
    };
    Some(Wishes { period, lines })
}

async fn reconcile(
    ledger: &Ledger,
    file: File,
    (options, wishes): (&ReconcileOptions, Wishes),
    progress: &ProgressBar,
) -> Result<Told, ReconcileError> {
    let now = Clock::System.now();
    let mut tx = ledger.store.begin_read().await?;
    let account = find_account(&mut tx, &options.account).await?;
    tx.rollback().await?;
    progress.set_message("reading the file");
    let examined = reconcile::examine(Box::new(file), account, wishes, now).await?;
    let actor = actor(ledger, options).await?.to_string();
    let act = Act {
        actor: &actor,
        now,
        entropy: &ledger.entropy,
    };
    progress.set_length(examined.survey.lines);
    progress.set_message("comparing with the database");
    let step = |lines: u64| progress.set_position(lines);
    if options.dry_run {
        let tried = Tried::of(&examined);
        let survey = examined.survey.clone();
        let trial = reconcile::trial(ledger, &act, examined, &step).await?;
        let result = Summary {
            outcome: Outcome::Trial,
            lines: trial.sums.lines,
            counts: trial.sums.counts,
            closed_days: 0,
            survey: Some(&survey),
            differences: &trial.differences,
        };
        let text = (!options.json).then(|| in_words(&result, options.lang));
        let agrees = result.agrees();
        return told(text, agrees, || StatementReport::trial(tried, trial));
    }
    if let Some(before) = reconcile::imported_before(&ledger.store, &examined).await? {
        let mut tx = ledger.store.begin_read().await?;
        let finished = reconcile::report(&mut tx, before).await?;
        return imported(Outcome::Before, None, finished, options);
    }
    import(ledger, &act, examined, options, &step).await
}

async fn import(
    ledger: &Ledger,
    act: &Act<'_>,
    examined: Examined,
    options: &ReconcileOptions,
    step: &(dyn Fn(u64) + Sync),
) -> Result<Told, ReconcileError> {
    let (examined, finished) = reconcile::import(ledger, act, examined, step).await?;
    imported(Outcome::Imported, Some(&examined.survey), finished, options)
}

/// Whoever may start this program may do all; the record names the first administrator. A
/// trial is nobody's deed.
async fn actor(ledger: &Ledger, options: &ReconcileOptions) -> Result<UserId, StoreError> {
    if options.dry_run {
        return Ok(UserId::from_uuid(Uuid::nil()));
    }
    let mut tx = ledger.store.begin_write().await?;
    let now = Clock::System.now();
    let actor = first_administrator(&mut tx, &ledger.entropy, now).await?;
    tx.commit().await?;
    Ok(actor)
}

async fn find_account(tx: &mut Tx, name: &str) -> Result<Account, ReconcileError> {
    let everything = Reach::Everything;
    if let Ok(id) = name.parse::<AccountId>() {
        return reconcile::account(tx, everything, id).await;
    }
    let (bank, number) = name.split_once('/').ok_or(ReconcileError::UnknownAccount)?;
    let (Ok(bank), Ok(number)) = (BankBin::parse(bank), AccountNumber::parse(number)) else {
        return Err(ReconcileError::UnknownAccount);
    };
    let found = accounts::find_by_number(tx, everything, bank, &number).await?;
    let id = found.ok_or(ReconcileError::UnknownAccount)?.id;
    reconcile::account(tx, everything, id).await
}

fn imported(
    outcome: Outcome,
    survey: Option<&Survey>,
    finished: Finished,
    options: &ReconcileOptions,
) -> Result<Told, ReconcileError> {
    let result = Summary {
        outcome,
        lines: finished.import.lines,
        counts: finished.import.counts(),
        closed_days: finished.import.closed_days,
        survey,
        differences: &finished.differences,
    };
    let text = (!options.json).then(|| in_words(&result, options.lang));
    let agrees = result.agrees() && finished.import.bad_lines == 0;
    let id = StatementId::from_uuid(finished.import.id);
    let missing = result.counts.missing_here > 0;
    let next = missing.then(|| believe_the_missing(id, options.lang));
    let told = told(text, agrees, || match survey {
        Some(survey) => StatementReport::imported(survey, finished),
        None => StatementReport::imported_before(finished),
    })?;
    Ok(Told { next, ..told })
}

fn told(
    text: Option<String>,
    agrees: bool,
    report: impl FnOnce() -> StatementReport,
) -> Result<Told, ReconcileError> {
    let text = match text {
        Some(text) => text,
        None => one_line(&report())?,
    };
    Ok(Told {
        text,
        next: None,
        agrees,
    })
}

fn one_line(document: &impl serde::Serialize) -> Result<String, ReconcileError> {
    let mut json = serde_json::to_string(document).map_err(io::Error::other)?;
    json.push('\n');
    Ok(json)
}

fn refused(refusal: &ReconcileError, options: &ReconcileOptions) -> anyhow::Result<Told> {
    let text = if options.json {
        one_line(&StatementRefusal::of(refusal))?
    } else {
        let mut text = match options.lang {
            Lang::Vi => refusal.vietnamese(),
            Lang::En => refusal.to_string(),
        };
        text.push('\n');
        if let ReconcileError::Faults(survey) = refusal {
            faults_in_words(&mut text, survey, options.lang);
        }
        text
    };
    Ok(Told {
        text,
        next: advice(refusal, options.lang).map(str::to_owned),
        agrees: false,
    })
}
