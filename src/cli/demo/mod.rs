//! `phocho demo`: the whole pilot at work on sample data, on the real server.
//!
//! The street follows from a seed and a day ([`plan`], [`words`]); it is registered through
//! the flows that staff use ([`enrol`]), a bank posts signed notices to the running service
//! ([`live`]), and the past is written behind it ([`history`]), the newest day first. Once the
//! last days are told, people hold bank statements against them ([`bookkeeping`]). Only secrets
//! and tokens never repeat.

mod bank;
mod bookkeeping;
mod enrol;
mod history;
mod live;
mod people;
mod plan;
mod traffic;
mod words;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use self::bank::BANKS;
use self::bookkeeping::{Bookkeeper, STATEMENT_DAYS};
use self::enrol::{Desk, OpenTrader, Street};
use self::history::Historian;
use self::live::{LiveBank, Payee};
use self::people::{Printed, Staff};
use self::plan::{CENSUS_DAYS_AGO, HISTORY_DAYS, Plan};
use super::day::day;
use super::dice::Dice;
use super::open::{database_url, open_ledger};
use super::serve::Service;
use crate::clock::Clock;
use crate::config::{Loaded, LogFormat, Overrides, Settings};
use crate::domain::access::TokenHolder;
use crate::domain::day::{local_day, start_of_day};
use crate::http::FrontPage;
use crate::http::lifecycle::Stage;
use crate::http::server::Termination;
use crate::store::DatabaseUrl;
use crate::store::files::take_alone;
use crate::telemetry::start_log;

/// The folder of the sample data within the data folder.
const FOLDER: &str = "demo";
/// Its database.
const DATABASE: &str = "demo.db";

/// What sample data, and where.
#[derive(Args, Clone, Debug)]
pub struct DemoOptions {
    /// Equal seeds and days give equal sample data.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// The day on which the pilot stands, such as 2026-11-24 (default: today).
    #[arg(long, value_name = "DAY", value_parser = day)]
    today: Option<NaiveDate>,
    /// Where pages and the API are served.
    #[arg(long, value_name = "ADDRESS")]
    bind: Option<String>,
    /// The folder in which a folder for the sample data is made anew.
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<String>,
    /// Milliseconds between two notices of the sample bank.
    #[arg(long, value_name = "MS", default_value_t = 2_500)]
    pace_ms: u64,
}

/// Shows the pilot until the machine asks to stop.
pub fn run(options: &DemoOptions) -> anyhow::Result<ExitCode> {
    let settings = settings(options)?;
    // Its bank forges and repeats on purpose: only what really goes wrong is told.
    start_log(LogFormat::Auto, "error")?;
    let runtime = tokio::runtime::Runtime::new().context("the runtime cannot start")?;
    runtime.block_on(show(options, &settings))
}

/// The settings of the process, on a fresh database of the demo's own.
fn settings(options: &DemoOptions) -> anyhow::Result<Settings> {
    let given = [("bind", &options.bind), ("data_dir", &options.data_dir)];
    let given = given.into_iter();
    let mut overrides: Overrides = given
        .filter_map(|(name, value)| Some((name, value.clone()?)))
        .collect();
    let folder = Loaded::from_process(&overrides, None)?.settings.data_dir;
    let database = fresh_folder(&folder.join(FOLDER))?.join(DATABASE);
    overrides.insert("database_url", format!("sqlite:{}", database.display()));
    overrides.insert("key_file", String::new());
    Ok(Loaded::from_process(&overrides, None)?.settings)
}

/// Forgets the sample data of an earlier run: its own files, and nothing else. That of a run
/// which still shows it stays.
fn fresh_folder(folder: &Path) -> anyhow::Result<PathBuf> {
    let database = folder.join(DATABASE);
    let shown = folder.display();
    fs::create_dir_all(folder).with_context(|| format!("cannot make {shown}"))?;
    let alone = take_alone(&database).with_context(|| format!("cannot use {shown}"))?;
    if alone.is_none() {
        bail!("another phocho demo runs on {shown}: stop it, or give --data-dir another folder");
    }
    for ending in ["db", "db-wal", "db-shm", "key"] {
        let path = database.with_extension(ending);
        match fs::remove_file(&path) {
            Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => {
                return Err(fault).with_context(|| format!("cannot remove {}", path.display()));
            }
            _ => {}
        }
    }
    Ok(folder.to_path_buf())
}

async fn show(options: &DemoOptions, settings: &Settings) -> anyhow::Result<ExitCode> {
    let termination = Termination::listen().context("signals cannot be awaited")?;
    let clock = clock(options.today);
    let today = local_day(clock.now());
    let ledger = open_ledger(settings).await?;
    let mut service = Service::prepare(settings, ledger, clock.clone()).await?;
    service.state.front_page = FrontPage::SampleData;
    let plan = Plan::new(options.seed, today);
    let (staff, street) = register(&service, &plan).await?;
    let service = service.open(settings);
    let base = format!("http://{}", service.address);
    let days = TimeDelta::days(STATEMENT_DAYS);
    let shown = plan.busy_since(today - days).unwrap_or_default();
    let printed = tokens(&service, &staff, &street.traders[shown]).await?;
    print_addresses(&base, &database_url(settings), &printed);

    let token = &printed.first().context("tokens were made")?.1;
    start_bank(&service, options, (&base, token), &street);
    start_history(&service, (plan, street), (staff, shown));
    termination.wait().await;
    service.stop(settings).await?;
    Ok(ExitCode::SUCCESS)
}

/// The machine's clock, or one that stands on another day at the same time of day.
fn clock(today: Option<NaiveDate>) -> Clock {
    let Some(today) = today else {
        return Clock::System;
    };
    let present = local_day(Clock::System.now());
    Clock::Shifted(start_of_day(today) - start_of_day(present))
}

async fn register(service: &Service, plan: &Plan) -> anyhow::Result<(Staff, Street)> {
    let bar = ProgressBar::new(u64::try_from(plan.traders.len())?);
    bar.set_style(ProgressStyle::with_template(
        "{bar:24} {pos}/{len} traders registered",
    )?);
    let first_day = start_of_day(plan.today - TimeDelta::days(CENSUS_DAYS_AGO));
    let ledger = &service.state.ledger;
    let staff = people::hire(ledger, first_day).await?;
    let desk = Desk {
        ledger,
        intake: &service.state.intake,
        plan,
        staff: &staff,
        dice: &Dice::new(plan.seed, "references"),
    };
    let done = |count| bar.inc(u64::try_from(count).unwrap_or(0));
    let street = desk.register(done).await?;
    bar.finish_and_clear();
    Ok((staff, street))
}

/// A token for each kind of caller.
async fn tokens(
    service: &Service,
    staff: &Staff,
    shown: &OpenTrader,
) -> anyhow::Result<Vec<Printed>> {
    let (merchant, outlet) = (shown.merchant, shown.outlet);
    let holders = [
        ("ADMIN", TokenHolder::User(staff.first_admin)),
        ("ADMIN2", TokenHolder::User(staff.second_admin)),
        ("STAFF", TokenHolder::User(staff.maker)),
        ("STAFF2", TokenHolder::User(staff.checker)),
        ("MERCHANT", TokenHolder::Merchant(merchant)),
        ("TILL", TokenHolder::Device { merchant, outlet }),
    ];
    let now = service.state.clock.now();
    people::tokens(&service.state.ledger, &holders, now).await
}

/// Standard output holds lines that a shell reads; the talk goes beside it.
fn print_addresses(base: &str, database: &DatabaseUrl, printed: &[Printed]) {
    println!("BASE={base}\nDATABASE={database}");
    for (name, token) in printed {
        println!("{name}={token}");
    }
    eprintln!(
        "phocho: DỮ LIỆU MẪU · sample data\n  the street  {base}/\n  the API     {base}/docs/\n\
         The lines above are for a shell: tokens of two administrators, two members of the \
         staff, a merchant and its till.\nStop with Ctrl-C."
    );
}

fn start_bank(
    service: &Service,
    options: &DemoOptions,
    (base, token): (&str, &str),
    street: &Street,
) {
    let payees = street.traders.iter().enumerate();
    let payees = payees.map(|(trader, it)| Payee {
        trader,
        outlet: it.outlet.to_string(),
        account: it.account.clone(),
        reference: it.reference.clone(),
    });
    let bank = LiveBank {
        base: base.to_owned(),
        clock: service.state.clock.clone(),
        seed: options.seed,
        token: token.to_owned(),
        secrets: street.secrets.clone(),
        payees: payees.collect(),
        pace: Duration::from_millis(options.pace_ms),
    };
    let plan = Plan::new(options.seed, local_day(service.state.clock.now()));
    let lifecycle = service.state.lifecycle.clone();
    service.state.lifecycle.spawn(async move {
        bank.run(&plan, &lifecycle).await;
    });
}

/// Writes the past behind the running service, today's first.
fn start_history(
    service: &Service,
    (plan, street): (Plan, Street),
    (staff, shown): (Staff, usize),
) {
    let historian = Historian {
        ledger: service.state.ledger.clone(),
        intake: service.state.intake.clone(),
        plan,
        street,
    };
    let (lifecycle, now) = (service.state.lifecycle.clone(), service.state.clock.now());
    service.state.lifecycle.spawn(async move {
        let bar = ProgressBar::new(u64::try_from(HISTORY_DAYS + 1).unwrap_or(0));
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} days of history, {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let mut sales = 0;
        for ago in 0..=HISTORY_DAYS {
            if lifecycle.stage() == Stage::Stopping {
                return;
            }
            let day = historian.plan.today - TimeDelta::days(ago);
            match historian.tell(day, now).await {
                Ok(told) => sales += told,
                Err(fault) => {
                    eprintln!("phocho: the history stopped at {day}: {fault:#}");
                    return;
                }
            }
            if ago == STATEMENT_DAYS {
                keep_books(&historian, (&staff, shown), now).await;
            }
            bar.set_message(format!("{sales} payments"));
            bar.inc(1);
        }
        bar.finish_and_clear();
        eprintln!("phocho: {HISTORY_DAYS} days of history are written, {sales} sales");
    });
}

/// The street goes on without its statements if they cannot be held against it.
async fn keep_books(historian: &Historian, (staff, shown): (&Staff, usize), now: DateTime<Utc>) {
    let bookkeeper = Bookkeeper {
        ledger: &historian.ledger,
        staff,
        trader: &historian.street.traders[shown],
        bank: &BANKS[historian.plan.traders[shown].bank],
        today: historian.plan.today,
        now,
    };
    if let Err(fault) = Box::pin(bookkeeper.keep()).await {
        eprintln!("phocho: the sample statements were not held against the books: {fault:#}");
    }
}
