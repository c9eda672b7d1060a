//! Opening what every command on the data needs: the database and the key of its secrets.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};

use crate::config::Settings;
use crate::entropy::Entropy;
use crate::flows::intake::Ledger;
use crate::store::{DatabaseUrl, Store};
use crate::vault::{KEY_BYTES, Key};

/// The name of the SQLite file in the data folder.
const SQLITE_FILE: &str = "phocho.db";

/// The database of the settings; a file in the data folder when none is named.
pub fn database_url(settings: &Settings) -> DatabaseUrl {
    let default = || DatabaseUrl::Sqlite(settings.data_dir.join(SQLITE_FILE));
    settings.database_url.clone().unwrap_or_else(default)
}

/// Opens the database with a schema that fits this program: a SQLite file is brought up to
/// date, a server is left to `phocho migrate`, because several instances may be running.
pub async fn open_store(url: &DatabaseUrl) -> anyhow::Result<Store> {
    let store = Store::connect(url)
        .await
        .with_context(|| format!("cannot open {url}"))?;
    match url {
        DatabaseUrl::Sqlite(_) => store.migrate().await?,
        DatabaseUrl::Postgres(_) => store.check_schema().await?,
    }
    Ok(store)
}

/// Opens the database and the key.
pub async fn open_ledger(settings: &Settings) -> anyhow::Result<Ledger> {
    let url = database_url(settings);
    let key = master_key(settings, &url)?;
    let store = open_store(&url).await?;
    Ok(Ledger {
        store,
        entropy: Entropy::System,
        master_key: Arc::new(key),
        chain: format!("{}/intake", settings.instance_name),
    })
}

/// Reads the key. Only beside a SQLite file is a missing one created: two instances on one
/// server that each made their own could not read each other's secrets.
fn master_key(settings: &Settings, url: &DatabaseUrl) -> anyhow::Result<Key> {
    if let Some(path) = &settings.key_file {
        return read_key(path);
    }
    let Some(database) = url.sqlite_path() else {
        bail!(
            "PostgreSQL needs PHOCHO_KEY_FILE, a file of 64 hexadecimal digits; make one with: \
             (umask 077; openssl rand -hex 32 > phocho.key)"
        );
    };
    let path = database.with_extension("key");
    if path.exists() {
        read_key(&path)
    } else {
        create_key(&path)
    }
}

fn read_key(path: &Path) -> anyhow::Result<Key> {
    let shown = path.display();
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read the key {shown}"))?;
    let bytes = hex::decode(text.trim())
        .ok()
        .and_then(|bytes| <[u8; KEY_BYTES]>::try_from(bytes).ok());
    let bytes = bytes.with_context(|| format!("{shown} does not hold 64 hexadecimal digits"))?;
    Ok(Key::new(bytes))
}

fn create_key(path: &PathBuf) -> anyhow::Result<Key> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let bytes: [u8; KEY_BYTES] = Entropy::System.bytes();
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot create the key {}", path.display()))?;
    writeln!(file, "{}", hex::encode(bytes))?;
    file.sync_all()?;
    eprintln!(
        "phocho: created the key {}. Keep a copy apart from the database: without it the \
         sources' secrets and the raw notices cannot be read.",
        path.display()
    );
    Ok(Key::new(bytes))
}
