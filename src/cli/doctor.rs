//! `phocho doctor`: whether everything is in order, line by line, and what puts it right.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use chrono::{DateTime, Days, TimeDelta, Utc};
use clap::Args;

use super::findings::{Finding, Form, show};
use super::inspect::{look_at_audit, look_at_key, look_at_schema};
use super::open::{DataOptions, database_url, key_path, open_present};
use crate::clock::Clock;
use crate::config::Settings;
use crate::domain::day::{local_day, to_rfc3339};
use crate::flows::check_books;
use crate::store::reach::Reach;
use crate::store::{DatabaseUrl, Store, alerts, audit, retention, suspense_ages};

/// Less free room than this on the data's disk is a finding, in bytes.
const ROOM_MIN: u64 = 1 << 30;
/// A credit that waits longer than this for its merchant is a finding, in days.
const SUSPENSE_MAX_DAYS: i64 = 7;
/// How far what is recorded may lie ahead of the clock.
const CLOCK_SLACK: TimeDelta = TimeDelta::seconds(60);
/// Where a container's runner hands files in; their mode is the runner's business.
const HANDED_IN: &str = "/run/";

/// Which installation.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: phocho doctor --json")]
pub struct DoctorOptions {
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataOptions,
}

/// Prints what was found; exit status 1 when something is to be done.
pub fn run(options: &DoctorOptions) -> anyhow::Result<ExitCode> {
    let form = Form::of(options.json);
    let settings = match options.data.settings() {
        Ok(settings) => settings,
        Err(fault) => {
            let fix = "correct it; phocho config example explains every setting";
            let finding = Finding::bad("settings", format!("{fault:#}"), fix);
            return show(&[finding], form);
        }
    };
    let url = database_url(&settings);
    let mut findings = vec![Finding::good("settings", format!("the data is at {url}"))];
    findings.extend(url.sqlite_path().map(look_at_room));
    findings.extend(look_at_key_file(&settings, &url));
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        match open_present(&url).await {
            Err(fault) => findings.push(unreachable(&url, &fault)),
            Ok(store) => {
                look_inside(&store, &settings, &url, &mut findings).await?;
                store.close().await;
            }
        }
        show(&findings, form)
    })
}

fn unreachable(url: &DatabaseUrl, fault: &anyhow::Error) -> Finding {
    let fix = match url.sqlite_path() {
        Some(path) if !path.exists() => {
            "phocho serve makes it; phocho restore FILE brings one back"
        }
        Some(_) => "phocho restore FILE puts a backup in its place",
        None => "start the server, or correct PHOCHO_DATABASE_URL",
    };
    Finding::bad("database", format!("{fault:#}"), fix)
}

async fn look_inside(
    store: &Store,
    settings: &Settings,
    url: &DatabaseUrl,
    findings: &mut Vec<Finding>,
) -> anyhow::Result<()> {
    let version = store.engine_version().await?;
    findings.push(Finding::good(
        "database",
        format!("{version} answers and keeps what it acknowledges"),
    ));
    let mut schema = look_at_schema(store).await?;
    if schema.ok && store.check_schema().await.is_err() {
        schema = Finding::bad("schema", schema.detail, "phocho migrate");
    }
    let fits = schema.ok;
    findings.push(schema);
    if !fits {
        return Ok(());
    }
    let now = Clock::System.now();
    findings.extend(look_at_key(store, settings, url).await?);
    findings.push(look_at_clock(store, now).await?);
    findings.push(look_at_suspense(store, now).await?);
    findings.push(look_at_alerts(store).await?);
    findings.push(look_at_retention(store, settings, now).await?);
    findings.push(look_at_audit(store).await?);
    findings.push(look_at_books(store).await?);
    Ok(())
}

/// `df` tells of the disk; the language itself cannot.
fn look_at_room(database: &Path) -> Finding {
    const NAME: &str = "disk";
    let folder = database.ancestors().skip(1).find(|folder| folder.is_dir());
    let folder = folder.unwrap_or(Path::new("."));
    let told = Command::new("df").arg("-Pk").arg(folder).output();
    let told = told.map(|told| String::from_utf8_lossy(&told.stdout).into_owned());
    let line = told
        .ok()
        .and_then(|told| told.lines().nth(1).map(str::to_owned));
    let free = line.and_then(|line| line.split_whitespace().nth(3)?.parse::<u64>().ok());
    let Some(free) = free.map(|kib| kib * 1024) else {
        let shown = folder.display();
        return Finding::bad(
            NAME,
            "df does not tell the free room",
            format!("df -h {shown}"),
        );
    };
    let used = fs::metadata(database).map_or(0, |file| file.len());
    let detail = format!(
        "{} MiB free, the database has {} MiB",
        free >> 20,
        used >> 20
    );
    if free < ROOM_MIN.max(used) {
        Finding::bad(
            NAME,
            detail,
            "free some room, or move data_dir to a larger disk",
        )
    } else {
        Finding::good(NAME, detail)
    }
}

fn look_at_key_file(settings: &Settings, url: &DatabaseUrl) -> Option<Finding> {
    const NAME: &str = "key file";
    let Some(path) = key_path(settings, url) else {
        let fix = "(umask 077; openssl rand -hex 32 > phocho.key), then set PHOCHO_KEY_FILE";
        return Some(Finding::bad(NAME, "PHOCHO_KEY_FILE is not set", fix));
    };
    let shown = path.display();
    let mode = match fs::metadata(&path) {
        Ok(file) => file.permissions().mode() & 0o777,
        // A new installation has neither.
        Err(_) if url.sqlite_path().is_some_and(|database| !database.exists()) => return None,
        Err(fault) => {
            let fix = format!("put the copy of the key that you kept apart at {shown}");
            return Some(Finding::bad(NAME, format!("{shown}: {fault}"), fix));
        }
    };
    if mode & 0o077 != 0 && !path.starts_with(HANDED_IN) {
        let detail = format!("{shown} is open to others (mode {mode:04o})");
        return Some(Finding::bad(NAME, detail, format!("chmod 600 {shown}")));
    }
    Some(Finding::good(NAME, format!("{shown}, mode {mode:04o}")))
}

/// The clock is not behind what it has stamped before. The machine's zone plays no part: days
/// are Vietnamese ones by a fixed offset.
async fn look_at_clock(store: &Store, now: DateTime<Utc>) -> anyhow::Result<Finding> {
    let mut tx = store.begin_read().await?;
    let mut newest = DateTime::UNIX_EPOCH;
    for chain in audit::chains(&mut tx).await? {
        let entries = audit::newest(&mut tx, &chain, None, None, 1).await?;
        newest = entries.first().map_or(newest, |entry| newest.max(entry.at));
    }
    let shown = to_rfc3339(now);
    Ok(if newest > now + CLOCK_SLACK {
        let newest = to_rfc3339(newest);
        Finding::bad(
            "clock",
            format!("it says {shown}, but something was recorded at {newest}"),
            "set the clock; timedatectl set-ntp true keeps it right",
        )
    } else {
        let detail = format!("{shown}; days are Vietnamese whatever zone the machine is in");
        Finding::good("clock", detail)
    })
}

async fn look_at_suspense(store: &Store, now: DateTime<Utc>) -> anyhow::Result<Finding> {
    let mut tx = store.begin_read().await?;
    let waiting = suspense_ages::waiting(&mut tx, Reach::Everything, now).await?;
    let (count, oldest) = (waiting.open, waiting.oldest);
    let age = oldest.map_or(0, |oldest| (now - oldest).num_days());
    let detail = match count {
        0 => "no credit waits to be attributed".to_owned(),
        _ => format!("{count} credits wait to be attributed, the oldest for {age} days"),
    };
    Ok(if age > SUSPENSE_MAX_DAYS {
        let fix = "ask the merchants to say what the credits were for";
        Finding::bad("suspense", detail, fix)
    } else {
        Finding::good("suspense", detail)
    })
}

async fn look_at_alerts(store: &Store) -> anyhow::Result<Finding> {
    let mut tx = store.begin_read().await?;
    let count = alerts::open_count(&mut tx, Reach::Everything).await?;
    Ok(match count {
        0 => Finding::good("alerts", "none is open"),
        _ => Finding::bad(
            "alerts",
            format!("{count} are open"),
            "look at GET /v1/alerts",
        ),
    })
}

async fn look_at_retention(
    store: &Store,
    settings: &Settings,
    now: DateTime<Utc>,
) -> anyhow::Result<Finding> {
    let kept_days = settings.raw_retention_days.get();
    // A day longer: the hour's round may be about to come.
    let due = local_day(now) - Days::new(u64::from(kept_days) + 1);
    let mut tx = store.begin_read().await?;
    let mut held = 0;
    for day in retention::keys_before(&mut tx, due).await? {
        // A day whose credits wait in suspense rightly has its key.
        let removable = retention::first_body_of(&mut tx, day).await?;
        held += usize::from(removable.is_some());
    }
    Ok(if held == 0 {
        let detail = format!("raw notices are destroyed after {kept_days} days");
        Finding::good("retention", detail)
    } else {
        let detail = format!("{held} days of raw notices are past {kept_days} days");
        Finding::bad(
            "retention",
            detail,
            "start phocho serve; it destroys them hour by hour",
        )
    })
}

async fn look_at_books(store: &Store) -> anyhow::Result<Finding> {
    const NAME: &str = "books";
    let breaches = check_books::check(store, 1).await?;
    Ok(match breaches.first() {
        None => Finding::good(NAME, "every sum equals a recount, every rule holds"),
        Some(breach) => {
            let detail = format!("not so: {}: {}", breach.rule, breach.subject);
            Finding::bad(
                NAME,
                detail,
                "phocho check shows what else; keep a backup of today",
            )
        }
    })
}
