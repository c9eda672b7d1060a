//! What can go wrong below a flow.

use sqlx::sqlite::SqliteError;

/// A fault of the database or of what it holds.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("a migration failed")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A stored value that no code of ours writes.
    #[error("inconsistent data in {table}.{column} of row {row}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's key.
        row: String,
    },
    /// The database is not set up as durability needs.
    #[error("the database is not durable: {0}")]
    NotDurable(String),
    /// The schema is older than this program.
    #[error("the database schema is {found} migrations behind; run: phocho migrate")]
    SchemaBehind {
        /// How many migrations have not been applied.
        found: usize,
    },
    /// The schema is newer than this program, which would misread it.
    #[error("the database schema has migration {found}, which this program does not know")]
    SchemaAhead {
        /// The newest migration of the database.
        found: i64,
    },
    /// A write found another state than the one it was decided on.
    #[error("a row changed under a write to {table}")]
    Conflict {
        /// The table.
        table: &'static str,
    },
}

impl StoreError {
    /// The fault with its causes on one line, for the log.
    pub fn chain(&self) -> String {
        let mut chain = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(next) = cause {
            chain.push_str(": ");
            chain.push_str(&next.to_string());
            cause = next.source();
        }
        chain
    }

    /// Whether a unique key refused the write.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation())
    }

    /// Whether the database cannot take anything just now: out of reach, locked, its disk full
    /// or failing, or a standby that only reads. Nothing of the transaction was kept, and the
    /// same request can succeed once the cause is gone.
    pub fn is_unavailable(&self) -> bool {
        let Self::Database(fault) = self else {
            return false;
        };
        match fault {
            sqlx::Error::Database(fault) => {
                let code = fault.code().unwrap_or_default();
                match fault.try_downcast_ref::<SqliteError>() {
                    Some(_) => is_sqlite_out_of_order(&code),
                    None => is_postgres_out_of_order(&code),
                }
            }
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            // A line that broke in the middle of a word, or a proxy's answer in its place.
            | sqlx::Error::Protocol(_)
            | sqlx::Error::BeginFailed
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => true,
            _ => false,
        }
    }

    /// Whether running the transaction again can succeed: a deadlock or a serialisation
    /// failure between several instances.
    pub fn is_retryable(&self) -> bool {
        let Self::Database(sqlx::Error::Database(error)) = self else {
            return false;
        };
        matches!(error.code().as_deref(), Some("40P01" | "40001"))
    }
}

/// SQLite's result codes; the low byte is the kind, the rest says more.
fn is_sqlite_out_of_order(code: &str) -> bool {
    const BUSY: u32 = 5;
    const LOCKED: u32 = 6;
    const OUT_OF_MEMORY: u32 = 7;
    const READ_ONLY: u32 = 8;
    const IO_ERROR: u32 = 10;
    const FULL: u32 = 13;
    const CANNOT_OPEN: u32 = 14;
    let kind = code.parse::<u32>().map(|code| code & 0xff);
    matches!(
        kind,
        Ok(BUSY | LOCKED | OUT_OF_MEMORY | READ_ONLY | IO_ERROR | FULL | CANNOT_OPEN)
    )
}

/// PostgreSQL's classes: connection, resources (a full disk is 53100), intervention of an
/// operator, the system (an I/O error), and a server that only reads while another takes over.
fn is_postgres_out_of_order(code: &str) -> bool {
    const CLASSES: [&str; 4] = ["08", "53", "57", "58"];
    const READ_ONLY: &str = "25006";
    CLASSES.iter().any(|class| code.starts_with(class)) || code == READ_ONLY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_by_itself_is_told_from_what_does_not() {
        for (name, code, expected) in [
            ("busy", "5", true),
            ("busy snapshot", "517", true),
            ("write error", "778", true),
            ("failing sync", "1034", true),
            ("full", "13", true),
            ("a unique key", "2067", false),
            ("a fault in a statement", "1", false),
            ("corrupt", "11", false),
            ("no code", "", false),
        ] {
            assert_eq!(is_sqlite_out_of_order(code), expected, "{name}");
        }
        for (name, code, expected) in [
            ("connection broken", "08006", true),
            ("disk full", "53100", true),
            ("too many connections", "53300", true),
            ("shutting down", "57P01", true),
            ("starting", "57P03", true),
            ("input or output", "58030", true),
            ("a standby", "25006", true),
            ("a deadlock is tried again at once", "40P01", false),
            ("a unique key", "23505", false),
            ("corrupt", "XX001", false),
        ] {
            assert_eq!(is_postgres_out_of_order(code), expected, "{name}");
        }
        assert!(StoreError::from(sqlx::Error::PoolTimedOut).is_unavailable());
        assert!(!StoreError::from(sqlx::Error::RowNotFound).is_unavailable());
        assert!(!StoreError::Conflict { table: "outlets" }.is_unavailable());
    }
}
