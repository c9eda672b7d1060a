//! What can go wrong below a flow.

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
    /// A write found another state than the one it was decided on.
    #[error("a row changed under a write to {table}")]
    Conflict {
        /// The table.
        table: &'static str,
    },
}

impl StoreError {
    /// Whether a unique key refused the write.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation())
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
