//! `phocho restore`: looks at a backup, and puts it in the database's place.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use clap::Args;

use super::backup::sync_folder_of;
use super::findings::{Finding, Form, show};
use super::open::{DataOptions, database_url, key_fits, key_path, read_key};
use crate::clock::Clock;
use crate::config::Settings;
use crate::domain::day::vietnam_offset;
use crate::store::files::{companions, take_alone};
use crate::store::{DatabaseUrl, Store, StoreError, audit};

/// Which backup, and whether only to look at it.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: phocho restore /mnt/usb/phocho-2026-03-16.db")]
pub struct RestoreOptions {
    /// A file that `phocho backup` made.
    file: PathBuf,
    /// Only look whether the backup is sound.
    #[arg(long)]
    check: bool,
    /// Print the findings as one JSON document.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataOptions,
}

/// Checks the backup and, unless only that was asked for, puts it in place.
pub fn run(options: &RestoreOptions) -> anyhow::Result<ExitCode> {
    let settings = options.data.settings()?;
    let url = database_url(&settings);
    let Some(database) = url.sqlite_path() else {
        println!("pg_restore --clean --if-exists --dbname='{url}' FILE");
        eprintln!("phocho: PostgreSQL restores its own backups: type the line above.");
        return Ok(ExitCode::from(2));
    };
    refuse_what_is_no_backup(database, &options.file)?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        if options.check {
            let findings = look_at(&options.file, &settings, &url).await?;
            return show(&findings, Form::of(options.json));
        }
        put_in_place(database, options, &settings, &url).await
    })
}

fn refuse_what_is_no_backup(database: &Path, file: &Path) -> anyhow::Result<()> {
    let shown = file.display();
    let place = fs::canonicalize(file).with_context(|| format!("cannot read {shown}"))?;
    if fs::canonicalize(database).is_ok_and(|database| database == place) {
        bail!("{shown} is the database itself");
    }
    let used = |path: &PathBuf| fs::metadata(path).is_ok_and(|file| file.len() > 0);
    if let Some(companion) = companions(file).iter().find(|path| used(path)) {
        let companion = companion.display();
        bail!(
            "beside {shown} lies {companion}: it is a database in use, not a backup; make one \
             with: phocho backup"
        );
    }
    Ok(())
}

/// Whether a backup is sound, fits this program and opens with the key.
async fn look_at(
    file: &Path,
    settings: &Settings,
    url: &DatabaseUrl,
) -> anyhow::Result<Vec<Finding>> {
    let store = Store::open_copy(file).await?;
    let damage = store.damage().await?;
    if let Some(first) = damage.first() {
        let fix = "take an older backup";
        return Ok(vec![Finding::bad("file", first, fix)]);
    }
    let mut findings = vec![Finding::good(
        "file",
        "sound from the first page to the last",
    )];
    let schema = look_at_schema(&store).await?;
    let fits = schema.ok;
    findings.push(schema);
    if fits {
        findings.push(look_at_audit(&store).await?);
        findings.extend(look_at_key(&store, settings, url).await?);
    }
    store.close().await;
    Ok(findings)
}

async fn look_at_schema(store: &Store) -> anyhow::Result<Finding> {
    let newest = match store.check_not_ahead().await {
        Err(fault @ StoreError::SchemaAhead { .. }) => {
            let fix = "restore it with the program that made it, or a newer one";
            return Ok(Finding::bad("schema", fault.to_string(), fix));
        }
        outcome => outcome.map(|()| store.migrations())?.await?,
    };
    let applied = newest.iter().filter(|migration| migration.applied).count();
    Ok(match newest.len() - applied {
        _ if applied == 0 => Finding::bad(
            "schema",
            "this is no database of phocho",
            "name a file that phocho backup made",
        ),
        0 => Finding::good("schema", "that of this program"),
        behind => Finding::good(
            "schema",
            format!("{behind} migrations behind; brought up to date at the next start"),
        ),
    })
}

/// Whether every chain of the audit is whole.
pub async fn look_at_audit(store: &Store) -> anyhow::Result<Finding> {
    let mut tx = store.begin_read().await?;
    let chains = audit::chains(&mut tx).await?;
    for chain in &chains {
        if let Some(sequence) = audit::first_break(&mut tx, chain).await? {
            return Ok(Finding::bad(
                "audit",
                format!("chain {chain} breaks at entry {sequence}: it was altered"),
                "compare with an older backup: phocho restore --check FILE",
            ));
        }
    }
    Ok(Finding::good(
        "audit",
        format!("{} chains, each whole", chains.len()),
    ))
}

/// Whether the key opens the secrets; nothing when there is no key or no secret to try.
pub async fn look_at_key(
    store: &Store,
    settings: &Settings,
    url: &DatabaseUrl,
) -> anyhow::Result<Option<Finding>> {
    const NAME: &str = "key";
    let Some(path) = key_path(settings, url).filter(|path| path.exists()) else {
        return Ok(None);
    };
    let shown = path.display().to_string();
    let key = match read_key(&path) {
        Ok(key) => key,
        Err(fault) => {
            let fix = format!("put the copy of the key that you kept apart at {shown}");
            return Ok(Some(Finding::bad(NAME, format!("{fault:#}"), fix)));
        }
    };
    Ok(match key_fits(store, &key).await? {
        None => None,
        Some(true) => Some(Finding::good(NAME, format!("{shown} opens the secrets"))),
        Some(false) => Some(Finding::bad(
            NAME,
            format!("{shown} does not open the secrets"),
            format!("put the key of this database at {shown}"),
        )),
    })
}

/// Copies the backup beside the database, looks at the copy, and exchanges the two.
async fn put_in_place(
    database: &Path,
    options: &RestoreOptions,
    settings: &Settings,
    url: &DatabaseUrl,
) -> anyhow::Result<ExitCode> {
    if let Some(folder) = database.parent() {
        fs::create_dir_all(folder)?;
    }
    let Some(sole_use) = take_alone(database)? else {
        bail!("{url} is in use; stop phocho first");
    };
    let arrival = database.with_extension("restoring");
    copy_durably(&options.file, &arrival)?;
    let findings = look_at(&arrival, settings, url).await?;
    // A key that does not fit is told of, and can be put right afterwards.
    let sound = |finding: &Finding| finding.ok || finding.name == "key";
    if !findings.iter().all(sound) {
        fs::remove_file(&arrival)?;
        show(&findings, Form::of(options.json))?;
        eprintln!("phocho: nothing was changed");
        return Ok(ExitCode::from(1));
    }
    let aside = put_aside(database, Clock::System.now())?;
    fs::rename(&arrival, database)?;
    sync_folder_of(database)?;
    drop(sole_use);
    // Opening it sets what durability needs, and checks that it is so.
    Store::connect(url).await?.close().await;
    let code = show(&findings, Form::of(options.json))?;
    eprintln!("phocho: {url} is now the backup; start: phocho serve");
    if let Some(aside) = aside {
        let aside = aside.display();
        eprintln!("phocho: the database that was there is kept as {aside}");
    }
    Ok(code)
}

fn copy_durably(from: &Path, to: &Path) -> anyhow::Result<()> {
    let mut source = File::open(from)?;
    let mut target = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(to)
        .with_context(|| format!("cannot create {}", to.display()))?;
    io::copy(&mut source, &mut target)?;
    target.sync_all()?;
    Ok(())
}

/// Gives the present database a dated name, with the files that belong to it: what was
/// committed last may still lie in them, and beside another database they would damage it.
fn put_aside(database: &Path, now: DateTime<Utc>) -> anyhow::Result<Option<PathBuf>> {
    let stamp = now.with_timezone(&vietnam_offset()).format("%Y%m%d-%H%M%S");
    let aside = database.with_extension(format!("before-{stamp}.db"));
    if aside.exists() {
        bail!("{} is there already; try again", aside.display());
    }
    let mut moved = None;
    if database.exists() {
        fs::rename(database, &aside)?;
        moved = Some(aside.clone());
    }
    for (from, to) in companions(database).iter().zip(&companions(&aside)) {
        if from.exists() {
            fs::rename(from, to)?;
        }
    }
    sync_folder_of(database)?;
    Ok(moved)
}
