//! Opening what every command on the data needs: the settings, the database and the key of its
//! secrets.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;

use crate::config::{Loaded, Overrides, Settings};
use crate::entropy::Entropy;
use crate::flows::intake::Ledger;
use crate::flows::receive_notice::secret_name;
use crate::store::{DatabaseUrl, Store, StoreError, sources};
use crate::vault::{KEY_BYTES, Key};

/// The name of the SQLite file in the data folder.
const SQLITE_FILE: &str = "phocho.db";

/// Which data a command works on.
#[derive(Args, Clone, Debug, Default)]
pub struct DataOptions {
    /// The settings file (default: phocho.toml, if it is there).
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of the data.
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<String>,
    /// sqlite:PATH or postgres://…; a password is safer in a file (PHOCHO_DATABASE_URL_FILE).
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

impl DataOptions {
    /// The settings with these put over them.
    pub fn settings(&self) -> anyhow::Result<Settings> {
        let overrides: Overrides = [
            ("data_dir", &self.data_dir),
            ("database_url", &self.database_url),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.clone()?)))
        .collect();
        Ok(Loaded::from_process(&overrides, self.config.as_deref())?.settings)
    }
}

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

/// Refuses a SQLite file that is not there, for commands that have nothing to do on a new one.
pub fn require_present(url: &DatabaseUrl) -> anyhow::Result<()> {
    if let Some(path) = url.sqlite_path().filter(|path| !path.exists()) {
        bail!(
            "there is no database {}; name another with --data-dir or --database-url",
            path.display()
        );
    }
    Ok(())
}

/// Opens a database that must be there, as it is: no file is made and no schema is changed.
pub async fn open_present(url: &DatabaseUrl) -> anyhow::Result<Store> {
    require_present(url)?;
    let store = Store::connect(url).await;
    store.with_context(|| format!("cannot open {url}"))
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
    let Some(path) = key_path(settings, url) else {
        bail!(
            "PostgreSQL needs PHOCHO_KEY_FILE, a file of 64 hexadecimal digits; make one with: \
             (umask 077; openssl rand -hex 32 > phocho.key)"
        );
    };
    if settings.key_file.is_some() || path.exists() {
        read_key(&path)
    } else {
        create_key(&path)
    }
}

/// Where the key is: named by a setting, else beside the SQLite file.
pub fn key_path(settings: &Settings, url: &DatabaseUrl) -> Option<PathBuf> {
    let beside = || Some(url.sqlite_path()?.with_extension("key"));
    settings.key_file.clone().or_else(beside)
}

/// Whether the key opens what is sealed in the database; `None` when nothing is sealed yet.
pub async fn key_fits(store: &Store, key: &Key) -> Result<Option<bool>, StoreError> {
    let mut tx = store.begin_read().await?;
    let sealed = sources::newest_secret(&mut tx).await?;
    Ok(sealed.map(|(source, sealed)| key.open(&secret_name(source), &sealed).is_ok()))
}

/// Reads a key file.
pub fn read_key(path: &Path) -> anyhow::Result<Key> {
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
