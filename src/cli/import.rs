//! `phocho import`: a census or a list of merchants from a CSV file, tried before it is
//! written.
//!
//! The report goes to standard output. Bad rows are written beside the file as they stood in
//! it, with a column that says what is wrong.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};
use indicatif::ProgressBar;
use uuid::Uuid;

use super::day::day;
use super::open::{DataOptions, database_url, open_store, require_present};
use crate::clock::Clock;
use crate::domain::account::PersonalAccounts;
use crate::domain::ids::UserId;
use crate::entropy::Entropy;
use crate::flows::access::first_administrator;
use crate::flows::change::{Change, ChangeError};
use crate::flows::import::{
    FILE_MAX_BYTES, FileKind, Report, Upload, Writing, bad_rows, import_merchants, import_places,
};
use crate::http::api::imports::ImportReport;
use crate::store::Store;
use crate::store::reach::Reach;

/// What the rows of the file are.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// Places that a census saw: one census for each zone of the file.
    ///
    /// Columns: zone_code, position, name, trade, size_class, owner_key, and perhaps status,
    /// open_days, operates_at_night, accepts_cashless, accepted_means, owner_sex,
    /// owner_over_60; Vietnamese names are known too.
    #[command(
        after_help = "Example: phocho import establishments census.csv --surveyed-on 2026-10-01 --commit"
    )]
    Establishments {
        /// The day of the walk-through, such as 2026-10-01.
        #[arg(long, value_name = "DAY", value_parser = day)]
        surveyed_on: NaiveDate,
        #[command(flatten)]
        wishes: Wishes,
    },
    /// Merchants to register, perhaps with an outlet and an account.
    ///
    /// Columns: kind, name, representative, tax_code, phone, and perhaps zone_code,
    /// stall_label and trade together, and bank_bin, account_number, holder_name, holder_kind
    /// and registered_name together; Vietnamese names are known too.
    #[command(after_help = "Example: phocho import merchants ho-kinh-doanh.csv --commit")]
    Merchants {
        #[command(flatten)]
        wishes: Wishes,
    },
}

/// Which file, and what to do with it.
#[derive(Args, Clone, Debug)]
pub struct Wishes {
    /// The CSV file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Write the rows, if every one is good; without it nothing is written.
    #[arg(long)]
    commit: bool,
    /// Take the good rows whatever the others are.
    #[arg(long)]
    partial: bool,
    /// Print the report as one JSON object.
    #[arg(long)]
    json: bool,
    /// The language of the report.
    #[arg(long, value_enum, default_value_t = Lang::Vi)]
    lang: Lang,
    #[command(flatten)]
    data: DataOptions,
}

/// A language of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Lang {
    /// Vietnamese.
    Vi,
    /// English.
    En,
}

/// Tries or writes the file; exit status 1 when rows are bad.
pub fn run(command: &ImportCommand) -> anyhow::Result<ExitCode> {
    let (day, wishes) = match command {
        ImportCommand::Establishments {
            surveyed_on,
            wishes,
        } => (Some(*surveyed_on), wishes),
        ImportCommand::Merchants { wishes } => (None, wishes),
    };
    let kind = match day {
        Some(_) => FileKind::Places,
        None => FileKind::Merchants,
    };
    // It shows on a terminal only.
    let progress = ProgressBar::new_spinner();
    progress.enable_steady_tick(Duration::from_millis(100));
    progress.set_message("reading the file");
    let upload = Upload::read(kind, &read_file(&wishes.file)?);
    let settings = wishes.data.settings()?;
    let url = database_url(&settings);
    require_present(&url)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let report = runtime.block_on(async {
        let store = open_store(&url).await?;
        progress.set_message("comparing with the database");
        let policy = settings.personal_accounts;
        let report = import(&store, &upload, (day, policy), wishes).await;
        store.close().await;
        anyhow::Ok(report)
    })?;
    progress.finish_and_clear();
    match report {
        Ok(report) => tell(&upload, &report, wishes),
        Err(ChangeError::Refused(refusal)) => {
            eprintln!("phocho: --surveyed-on: {refusal}");
            Ok(ExitCode::from(2))
        }
        Err(fault) => Err(fault).context("the import failed; nothing was written"),
    }
}

/// The bytes of a file, one more than an import takes at most.
fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("cannot open {shown}"))?;
    let limit = u64::try_from(FILE_MAX_BYTES).expect("a size fits") + 1;
    let mut bytes = Vec::new();
    file.take(limit)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read {shown}"))?;
    Ok(bytes)
}

async fn import(
    store: &Store,
    upload: &Upload,
    (day, policy): (Option<NaiveDate>, PersonalAccounts),
    wishes: &Wishes,
) -> Result<Report, ChangeError> {
    let writing = Writing::of(wishes.commit, wishes.partial);
    let (entropy, now) = (Entropy::System, Clock::System.now());
    // Whoever may start this program may do all; the record names the first administrator.
    // A trial is nobody's deed.
    let (mut tx, actor) = if writing == Writing::Nothing {
        (store.begin_read().await?, UserId::from_uuid(Uuid::nil()))
    } else {
        let mut tx = store.begin_write().await?;
        let actor = first_administrator(&mut tx, &entropy, now).await?;
        (tx, actor)
    };
    let change = Change {
        actor,
        now,
        entropy: &entropy,
    };
    let everything = Reach::Everything;
    let report = match day {
        Some(day) => import_places(&mut tx, &change, everything, upload, (day, writing)).await?,
        None => import_merchants(&mut tx, &change, everything, policy, upload, writing).await?,
    };
    if report.committed {
        tx.commit().await?;
    }
    Ok(report)
}

/// Prints the report and writes the bad rows beside the file.
fn tell(upload: &Upload, report: &Report, wishes: &Wishes) -> anyhow::Result<ExitCode> {
    let text = if wishes.json {
        let document = ImportReport::from(report.clone());
        let mut json = serde_json::to_string(&document).context("a report is plain data")?;
        json.push('\n');
        json
    } else {
        in_words(report, wishes.lang)
    };
    io::stdout()
        .write_all(text.as_bytes())
        .context("writing standard output")?;
    if let Some(rows) = bad_rows(upload, report) {
        let path = wishes.file.with_extension("loi.csv");
        write_private(&path, &rows).with_context(|| format!("cannot write {}", path.display()))?;
        eprintln!(
            "phocho: the bad rows are in {}: correct them there and import that file",
            path.display()
        );
    }
    if !report.committed {
        let why = if wishes.commit {
            "because of what the report says"
        } else {
            "this was a trial; add --commit to write"
        };
        eprintln!("phocho: nothing was written: {why}");
    }
    let good = report.bad == 0 && report.file_faults.is_empty();
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// Writes a file that its owner alone reads: the rows are personal.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)
}

fn in_words(report: &Report, lang: Lang) -> String {
    let mut text = String::new();
    let mut line = |line: String| writeln!(text, "{line}").expect("a text grows");
    let Report {
        rows,
        added,
        changed,
        unchanged,
        bad,
        ..
    } = report;
    line(match (lang, report.committed) {
        (Lang::Vi, false) => format!(
            "Chưa ghi: {rows} dòng: thêm {added}, sửa {changed}, giữ nguyên {unchanged}, lỗi {bad}"
        ),
        (Lang::Vi, true) => format!(
            "Đã ghi: {rows} dòng: thêm {added}, sửa {changed}, giữ nguyên {unchanged}, lỗi {bad}"
        ),
        (Lang::En, false) => format!(
            "Not written: {rows} rows: {added} added, {changed} changed, {unchanged} unchanged, {bad} bad"
        ),
        (Lang::En, true) => format!(
            "Written: {rows} rows: {added} added, {changed} changed, {unchanged} unchanged, {bad} bad"
        ),
    });
    for census in &report.zones {
        let (zone, places, over) = (&census.zone, census.places, census.carried_over);
        let version = census.version.map_or("–".to_owned(), |it| it.to_string());
        line(match lang {
            Lang::Vi => format!(
                "{zone}: đợt khảo sát số {version}, {places} điểm trong tệp, giữ lại {over} điểm"
            ),
            Lang::En => {
                format!("{zone}: census {version}, {places} places of the file, {over} taken over")
            }
        });
    }
    for fault in &report.file_faults {
        line(match lang {
            Lang::Vi => fault.vietnamese(),
            Lang::En => fault.to_string(),
        });
    }
    for fault in &report.faults {
        let (at, found, wanted) = (fault.line, &fault.found, &fault.wanted);
        let column = fault.column.as_deref();
        line(match lang {
            Lang::Vi => {
                let column = column.map_or(String::new(), |it| format!(", cột {it}"));
                format!("dòng {at}{column}: thấy “{found}”: {}", wanted.vietnamese)
            }
            Lang::En => {
                let column = column.map_or(String::new(), |it| format!(", column {it}"));
                format!("line {at}{column}: found “{found}”: {}", wanted.english)
            }
        });
    }
    text
}
