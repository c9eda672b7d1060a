//! A SQLite database as files: who uses it, a copy of it, and whether a copy is sound.
//!
//! Every open [`Store`] holds a shared lock on a small file beside the database; whoever
//! wants to put another database in its place must get that lock for itself alone. The
//! database's own file is never locked or opened for this: closing it would give up SQLite's
//! locks in the same process.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};

use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use super::{Store, StoreError};

/// How many faults of a damaged file are told.
const DAMAGE_SHOWN: i64 = 5;

/// The right to replace a database: nobody else has it open, and nobody can open it until
/// this is dropped.
#[derive(Debug)]
pub struct SoleUse {
    _lock: File,
}

/// The files that SQLite keeps beside a database: what was committed last, and an index of it.
pub fn companions(database: &Path) -> [PathBuf; 2] {
    [with_suffix(database, "-wal"), with_suffix(database, "-shm")]
}

/// Takes a database for oneself; `None` while another process has it open.
pub fn take_alone(database: &Path) -> io::Result<Option<SoleUse>> {
    let lock = open_lock(database)?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(SoleUse { _lock: lock })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Says that a database is in use, for as long as the file is open.
pub(super) fn use_together(database: &Path) -> io::Result<File> {
    let lock = open_lock(database)?;
    match lock.try_lock_shared() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            let why = "the database is being replaced by phocho restore";
            Err(io::Error::new(io::ErrorKind::ResourceBusy, why))
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn open_lock(database: &Path) -> io::Result<File> {
    let path = with_suffix(database, ".lock");
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o600);
    let lock = options.open(&path)?;
    if database.exists() {
        // Whoever may open the database may open its lock, though the superuser made it.
        give_to_owner_of(database, &path)?;
    }
    Ok(lock)
}

/// Makes a file belong to whoever another one belongs to: what the superuser puts in place is
/// for the service, which runs as someone else.
pub fn give_to_owner_of(model: &Path, file: &Path) -> io::Result<()> {
    let (wanted, present) = (fs::metadata(model)?, fs::metadata(file)?);
    if (wanted.uid(), wanted.gid()) == (present.uid(), present.gid()) {
        return Ok(());
    }
    chown(file, Some(wanted.uid()), Some(wanted.gid()))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

impl Store {
    /// Copies a SQLite database, while it is in use, into a file that is empty or not there.
    pub async fn backup_to(&self, path: &Path) -> Result<(), StoreError> {
        let Self::Sqlite { read, .. } = self else {
            return Err(StoreError::NotDurable(
                "PostgreSQL has its own backup: pg_dump".to_owned(),
            ));
        };
        // The other file is a write too, which the readers' connections refuse.
        let mut connection = read.acquire().await?.detach();
        sqlx::query("PRAGMA query_only = off")
            .execute(&mut connection)
            .await?;
        let copied = sqlx::query("VACUUM INTO $1")
            .bind(path.to_string_lossy().into_owned())
            .execute(&mut connection)
            .await;
        connection.close().await?;
        copied?;
        Ok(())
    }

    /// Whether nobody else has the database open. Of a SQLite file it stays so until this store
    /// is closed; of a server it is told for this moment.
    pub async fn hold_alone(&self) -> Result<bool, StoreError> {
        const SESSIONS: &str = "SELECT COUNT(*) FROM pg_stat_activity
            WHERE datname = current_database() AND backend_type = 'client backend'";
        match self {
            Self::Sqlite { hold, .. } => match hold.try_lock() {
                Ok(()) => Ok(true),
                Err(TryLockError::WouldBlock) => Ok(false),
                Err(TryLockError::Error(error)) => Err(sqlx::Error::Io(error).into()),
            },
            // A server has no file to hold; each session beside our own may be an instance.
            Self::Postgres(pool) => {
                let sessions: i64 = sqlx::query_scalar(SESSIONS).fetch_one(pool).await?;
                Ok(sessions <= i64::from(pool.size()))
            }
        }
    }

    /// Opens a copy to look at it. Nothing is written, not even beside the file, which must
    /// not change meanwhile.
    pub async fn open_copy(path: &Path) -> Result<Self, StoreError> {
        let hold = File::open(path).map_err(sqlx::Error::Io)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .immutable(true);
        let pool = SqlitePoolOptions::new().max_connections(1);
        let read = pool.connect_with(options).await?;
        Ok(Self::Sqlite {
            write: read.clone(),
            read,
            hold: std::sync::Arc::new(hold),
        })
    }

    /// What is broken in the file of a SQLite database, in SQLite's words; nothing when it is
    /// sound. A server looks after its own files.
    pub async fn damage(&self) -> Result<Vec<String>, StoreError> {
        let Self::Sqlite { read, .. } = self else {
            return Ok(Vec::new());
        };
        let sql = format!("PRAGMA integrity_check({DAMAGE_SHOWN})");
        let told = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(read);
        let told: Vec<String> = match told.await {
            Ok(told) => told,
            // A file that cannot be read at all is told of in the same way.
            Err(sqlx::Error::Database(fault)) => vec![fault.message().to_owned()],
            Err(error) => return Err(error.into()),
        };
        Ok(told.into_iter().filter(|line| line != "ok").collect())
    }
}
