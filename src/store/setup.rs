//! Opening a database, bringing its schema up to date, and refusing one that could lose an
//! acknowledged notice.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, PgPool, SqlitePool};

use super::files::use_together;
use super::{Store, StoreError};

static MIGRATOR: Migrator = sqlx::migrate!();

/// Below this version SQLite can corrupt a WAL database that several connections use.
const OLDEST_SAFE_SQLITE: (u32, u32, u32) = (3, 51, 3);
const READ_CONNECTIONS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 8;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// Where the data is. `Debug` and `Display` never show a password.
#[derive(Clone)]
pub enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL server.
    Postgres(Box<PgConnectOptions>),
}

/// An address that names no database.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseUrlError {
    /// Neither `sqlite:` nor `postgres://`.
    #[error("a database address begins with sqlite: or postgres://")]
    Scheme,
    /// A PostgreSQL address that cannot be read.
    #[error("the PostgreSQL address cannot be read")]
    Postgres(#[source] sqlx::Error),
}

impl DatabaseUrl {
    /// Reads `sqlite:PATH` or `postgres://…`.
    pub fn parse(text: &str) -> Result<Self, DatabaseUrlError> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            let options = text.parse().map_err(DatabaseUrlError::Postgres)?;
            return Ok(Self::Postgres(Box::new(options)));
        }
        Err(DatabaseUrlError::Scheme)
    }

    /// The SQLite file, if it is one.
    pub fn sqlite_path(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(formatter, "sqlite:{}", path.display()),
            Self::Postgres(options) => write!(
                formatter,
                "postgres://{}@{}:{}/{}",
                options.get_username(),
                options.get_host(),
                options.get_port(),
                options.get_database().unwrap_or_default()
            ),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// One migration and whether the database has it.
#[derive(Debug)]
pub struct MigrationState {
    /// Its number.
    pub version: i64,
    /// What it does.
    pub description: String,
    /// Whether it has been applied.
    pub applied: bool,
}

impl Store {
    /// Opens the database and checks that its settings are durable. Creates a SQLite file
    /// and its folder when missing.
    pub async fn connect(url: &DatabaseUrl) -> Result<Self, StoreError> {
        match url {
            DatabaseUrl::Sqlite(path) => open_sqlite(path).await,
            DatabaseUrl::Postgres(options) => open_postgres(options).await,
        }
    }

    /// Applies every migration that is missing.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.check_not_ahead().await?;
        match self {
            Self::Sqlite { write, .. } => MIGRATOR.run(write).await?,
            Self::Postgres(pool) => MIGRATOR.run(pool).await?,
        }
        Ok(())
    }

    /// Every migration of this program with its state in the database.
    pub async fn migrations(&self) -> Result<Vec<MigrationState>, StoreError> {
        let applied = self.applied_migrations().await?;
        let state = |migration: &sqlx::migrate::Migration| MigrationState {
            version: migration.version,
            description: migration.description.to_string(),
            applied: applied.contains(&migration.version),
        };
        Ok(MIGRATOR.iter().map(state).collect())
    }

    async fn applied_migrations(&self) -> Result<Vec<i64>, StoreError> {
        const SQL: &str = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version";
        let applied: Result<Vec<i64>, sqlx::Error> = match self {
            Self::Sqlite { read, .. } => sqlx::query_scalar(SQL).fetch_all(read).await,
            Self::Postgres(pool) => sqlx::query_scalar(SQL).fetch_all(pool).await,
        };
        match applied {
            Ok(versions) => Ok(versions),
            // A new database has no table of migrations yet.
            Err(sqlx::Error::Database(fault)) if is_missing_table(fault.as_ref()) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// Refuses a schema that is newer than this program: it would misread what it does not
    /// know.
    pub async fn check_not_ahead(&self) -> Result<(), StoreError> {
        let newest = self.applied_migrations().await?.pop().unwrap_or(0);
        if MIGRATOR.iter().all(|migration| migration.version < newest) && newest > 0 {
            return Err(StoreError::SchemaAhead { found: newest });
        }
        Ok(())
    }

    /// The engine's own name and version, for people.
    pub async fn engine_version(&self) -> Result<String, StoreError> {
        let version: String = match self {
            Self::Sqlite { read, .. } => {
                let query = sqlx::query_scalar("SELECT sqlite_version()");
                query.fetch_one(read).await?
            }
            Self::Postgres(pool) => {
                let query = sqlx::query_scalar("SELECT current_setting('server_version')");
                query.fetch_one(pool).await?
            }
        };
        Ok(format!("{} {version}", self.engine_name()))
    }

    /// Refuses a schema that is older or newer than this program.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        self.check_not_ahead().await?;
        let missing = self
            .migrations()
            .await?
            .iter()
            .filter(|migration| !migration.applied)
            .count();
        if missing == 0 {
            Ok(())
        } else {
            Err(StoreError::SchemaBehind { found: missing })
        }
    }

    /// Whether the database answers and still keeps what it acknowledges.
    pub async fn check_durable(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { write, .. } => check_sqlite(write).await,
            Self::Postgres(pool) => check_postgres(pool).await,
        }
    }

    /// Closes every connection.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { read, write, .. } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

async fn open_sqlite(path: &Path) -> Result<Store, StoreError> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder).map_err(sqlx::Error::Io)?;
    }
    let hold = use_together(path).map_err(sqlx::Error::Io)?;
    create_private(path).map_err(sqlx::Error::Io)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        // NORMAL may lose acknowledged commits when the power fails; FULL does not, and many
        // notices share one commit.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        // A destroyed key is overwritten, not only taken off its page.
        .pragma("secure_delete", "fast")
        .pragma("wal_autocheckpoint", "4000")
        .pragma("cache_size", "-16000");
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // SQLite ends a transaction by itself when the disk is full or fails. The driver then
        // counts it as open for ever: such a connection is replaced.
        .before_acquire(|connection, _| {
            let fit = !connection.is_in_transaction();
            Box::pin(async move { Ok(fit) })
        })
        .connect_with(options.clone())
        .await?;
    check_sqlite(&write).await?;
    let read = SqlitePoolOptions::new()
        .max_connections(READ_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options.pragma("query_only", "on"))
        .await?;
    Ok(Store::Sqlite {
        read,
        write,
        hold: Arc::new(hold),
    })
}

/// Creates a missing file so that only its owner can read it: SQLite's own files beside it
/// take the same mode.
fn create_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create_new(true).mode(0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        // One that is there is not opened: closing it again would give up the locks of
        // whatever else in this process uses it.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether a query failed because its table is not there.
fn is_missing_table(fault: &dyn sqlx::error::DatabaseError) -> bool {
    match fault.code().as_deref() {
        // SQLite has one code for every fault of a statement's text.
        Some("1") => fault.message().starts_with("no such table"),
        code => code == Some("42P01"),
    }
}

async fn check_sqlite(pool: &SqlitePool) -> Result<(), StoreError> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(pool)
        .await?;
    let mut parts = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    if (next(), next(), next()) < OLDEST_SAFE_SQLITE {
        return Err(StoreError::NotDurable(format!(
            "SQLite {version} is older than 3.51.3"
        )));
    }
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous")
        .fetch_one(pool)
        .await?;
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(pool)
        .await?;
    if synchronous < 2 || journal != "wal" {
        return Err(StoreError::NotDurable(format!(
            "journal_mode={journal} synchronous={synchronous}"
        )));
    }
    Ok(())
}

async fn open_postgres(options: &PgConnectOptions) -> Result<Store, StoreError> {
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options.clone())
        .await?;
    check_postgres(&pool).await?;
    Ok(Store::Postgres(pool))
}

async fn check_postgres(pool: &PgPool) -> Result<(), StoreError> {
    const SQL: &str = "SELECT current_setting('synchronous_commit'), current_setting('fsync'), \
         current_setting('full_page_writes'), current_setting('server_version_num')";
    let (commit, fsync, pages, version): (String, String, String, String) =
        sqlx::query_as(SQL).fetch_one(pool).await?;
    if version.parse::<u32>().unwrap_or(0) < 150_000 {
        return Err(StoreError::NotDurable(format!(
            "PostgreSQL {version} is older than 15"
        )));
    }
    // `off` acknowledges before the log is on disk; `local` does not wait for the standbys
    // that a highly available set-up counts on.
    if !matches!(commit.as_str(), "on" | "remote_apply") || fsync != "on" || pages != "on" {
        return Err(StoreError::NotDurable(format!(
            "synchronous_commit={commit} fsync={fsync} full_page_writes={pages}"
        )));
    }
    Ok(())
}
