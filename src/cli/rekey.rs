//! `phocho rekey`: seals every secret of the database under a new master key.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use clap::Args;

use super::open::{DataOptions, database_url, key_path, open_present, read_key};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::flows::change_master_key::{KeyChange, Resealed};
use crate::store::{Store, StoreError};

/// How often, and after how long, it is looked again whether the database is in use.
const LOOKS: u32 = 8;
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

/// Which key comes next.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "Example: (umask 077; openssl rand -hex 32 > new.key) && phocho rekey --new-key-file new.key\n\n\
    Stop phocho first. Afterwards start it with the new key: PHOCHO_KEY_FILE, or the file\n\
    beside the SQLite database. Keep the old key as long as a backup from before is kept."
)]
pub struct RekeyOptions {
    /// A file of 64 hexadecimal digits.
    #[arg(long, value_name = "FILE")]
    new_key_file: PathBuf,
    /// Print the outcome as one JSON document.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataOptions,
}

/// Whether nobody else has the database, at the latest after a few seconds: a server goes on
/// listing a session for a moment after it has ended.
async fn comes_to_be_alone(store: &Store) -> Result<bool, StoreError> {
    for _ in 0..LOOKS {
        if store.hold_alone().await? {
            return Ok(true);
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    store.hold_alone().await
}

/// Changes the key, all or nothing.
pub fn run(options: &RekeyOptions) -> anyhow::Result<ExitCode> {
    let settings = options.data.settings()?;
    let url = database_url(&settings);
    let Some(path) = key_path(&settings, &url) else {
        bail!("PostgreSQL needs PHOCHO_KEY_FILE, the file of the present key");
    };
    let (old, new) = (read_key(&path)?, read_key(&options.new_key_file)?);
    if old.reveal() == new.reveal() {
        eprintln!("phocho: the new key is the present one");
        return Ok(ExitCode::from(2));
    }
    let runtime = tokio::runtime::Runtime::new()?;
    let done: Resealed = runtime.block_on(async {
        let store = open_present(&url).await?;
        store.check_schema().await?;
        if !comes_to_be_alone(&store).await? {
            bail!("{url} is in use; stop phocho first, every instance of it");
        }
        let change = KeyChange {
            old: &old,
            new: &new,
            entropy: &Entropy::System,
            now: Clock::System.now(),
        };
        let done = change.run(&store).await?;
        store.close().await;
        anyhow::Ok(done)
    })?;
    let Resealed { changed, unchanged } = done;
    if options.json {
        println!(
            "{}",
            serde_json::json!({"changed": changed, "unchanged": unchanged})
        );
    } else {
        println!("{changed} values sealed anew, {unchanged} were already");
    }
    let (key, old) = (options.new_key_file.display(), path.display());
    eprintln!(
        "phocho: the key is now {key}. Put it in the place of {old}, or name it by \
         PHOCHO_KEY_FILE, before the next start; keep a copy apart from the database. The old \
         key opens only the backups from before."
    );
    Ok(ExitCode::SUCCESS)
}
