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
use super::inspect::{look_at_audit, look_at_key, look_at_schema};
use super::open::{DataOptions, database_url};
use crate::clock::Clock;
use crate::config::Settings;
use crate::domain::day::vietnam_offset;
use crate::store::files::{companions, give_to_owner_of, take_alone};
use crate::store::{DatabaseUrl, Store};

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
    let folder = database.parent().filter(|it| !it.as_os_str().is_empty());
    let model = Some(database).filter(|database| database.exists());
    give_to_owner_of(model.or(folder).unwrap_or(Path::new(".")), &arrival)?;
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
    let stamp = now
        .with_timezone(&vietnam_offset())
        .format("%Y%m%d-%H%M%S-%3f");
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
