//! `phocho backup`: copies the database while it is in use.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;

use super::open::{DataOptions, database_url, key_path, open_present};
use crate::config::Settings;
use crate::store::{DatabaseUrl, Store};

/// What to copy, and where to.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: phocho backup /mnt/usb/phocho-2026-03-16.db")]
pub struct BackupOptions {
    /// The new file. It appears whole or not at all.
    file: PathBuf,
    /// Replace a file that is there.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    data: DataOptions,
}

/// Makes the copy; for a server, says which command does it.
pub fn run(options: &BackupOptions) -> anyhow::Result<ExitCode> {
    let settings = options.data.settings()?;
    let url = database_url(&settings);
    let Some(database) = url.sqlite_path() else {
        return Ok(tell_of_pg_dump(&url, options, &settings));
    };
    if options.file.exists() && !options.force {
        let shown = options.file.display();
        eprintln!("phocho: {shown} is there already; name another file, or replace it: --force");
        return Ok(ExitCode::from(2));
    }
    refuse_the_database_itself(database, &options.file)?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(copy(&url, &options.file))?;
    let bytes = fs::metadata(&options.file)?.len();
    println!("{}\t{bytes} bytes", options.file.display());
    tell_of_key(&settings, &url);
    Ok(ExitCode::SUCCESS)
}

/// Nothing was copied, so this is no success that a script could take for a backup.
fn tell_of_pg_dump(url: &DatabaseUrl, options: &BackupOptions, settings: &Settings) -> ExitCode {
    let file = options.file.display();
    println!("pg_dump --format=custom --file='{file}' '{url}'");
    eprintln!("phocho: nothing was copied. PostgreSQL makes its own backups: type the line above.");
    tell_of_key(settings, url);
    ExitCode::from(2)
}

fn tell_of_key(settings: &Settings, url: &DatabaseUrl) {
    if let Some(key) = key_path(settings, url) {
        eprintln!(
            "phocho: the key {} is not in the backup. Keep a copy of it apart: without it the \
             sources' secrets and the raw notices cannot be read.",
            key.display()
        );
    }
}

fn refuse_the_database_itself(database: &Path, file: &Path) -> anyhow::Result<()> {
    let same = |one: &Path| fs::canonicalize(one).ok();
    if file.exists() && same(database) == same(file) {
        bail!("{} is the database itself", file.display());
    }
    Ok(())
}

/// Copies into a file beside the new one, checks it, and only then gives it its name.
async fn copy(url: &DatabaseUrl, file: &Path) -> anyhow::Result<()> {
    let store = open_present(url).await?;
    let partial = Partial::create(file)?;
    let copied = store.backup_to(&partial.path).await;
    store.close().await;
    copied.with_context(|| format!("cannot copy into {}", file.display()))?;
    File::open(&partial.path)?.sync_all()?;
    let copy = Store::open_copy(&partial.path).await?;
    let damage = copy.damage().await?;
    copy.close().await;
    if let Some(first) = damage.first() {
        bail!("the copy is damaged ({first}); is the disk in order? Nothing was kept");
    }
    partial.keep_as(file)
}

/// An unfinished file; it goes when it is not kept.
struct Partial {
    path: PathBuf,
}

impl Partial {
    fn create(file: &Path) -> anyhow::Result<Self> {
        let mut name = file.as_os_str().to_owned();
        name.push(format!(".partial-{}", std::process::id()));
        let path = PathBuf::from(name);
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self { path })
    }

    fn keep_as(self, file: &Path) -> anyhow::Result<()> {
        fs::rename(&self.path, file)?;
        sync_folder_of(file)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Nothing is there any more once it was kept.
        let _ = fs::remove_file(&self.path);
    }
}

/// Makes a new or changed name in a folder survive a power cut.
pub fn sync_folder_of(file: &Path) -> anyhow::Result<()> {
    let folder = file.parent().filter(|it| !it.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}
