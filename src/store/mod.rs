//! The only SQL: one text for each query, two databases.
//!
//! [`Store`] wraps a pool of either engine, [`Tx`] a transaction of either. Every query is a
//! function over a [`Tx`] in the file of its table family. Writes open with
//! [`Store::begin_write`]: SQLite then takes its one write lock at the start, so that a
//! transaction that reads before it writes cannot fail half-way.

pub mod access;
pub mod account_links;
pub mod accounts;
pub mod adoption;
pub mod alerts;
pub mod audit;
pub mod callbacks;
pub mod censuses;
pub mod code_revisions;
pub mod code_states;
pub mod codes;
pub mod day_summaries;
pub mod delays;
pub mod doubts;
mod error;
pub mod establishments;
pub mod events;
pub mod files;
pub mod idempotency;
pub mod invariants;
pub mod issued_references;
pub mod linking;
pub mod locks;
pub mod match_switches;
pub mod merchants;
pub mod onboarding;
pub mod outlets;
pub mod payment_moves;
pub mod payments;
pub mod pulls;
pub mod reach;
pub mod retention;
pub mod reversal_links;
pub mod reversals;
pub mod rollups;
pub mod sealed_values;
mod setup;
pub mod source_entry;
pub mod source_health;
pub mod source_hours;
pub mod source_states;
pub mod sources;
pub mod statements;
pub mod suspense;
pub mod suspense_ages;
pub mod suspense_hints;
pub mod told;
pub mod transactions;
pub mod trials;
pub mod zones;

pub use error::StoreError;
pub use setup::{DatabaseUrl, MigrationState};

use std::fs::File;
use std::sync::Arc;

use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};

/// Runs one expression on whichever connection is inside a transaction.
macro_rules! on_engine {
    ($tx:expr, |$connection:ident| $body:expr) => {
        match $tx.engine_mut() {
            $crate::store::Engine::Sqlite(transaction) => {
                let $connection = &mut **transaction;
                $body
            }
            $crate::store::Engine::Postgres(transaction) => {
                let $connection = &mut **transaction;
                $body
            }
        }
    };
}
pub(crate) use on_engine;

/// The database, on either engine.
#[derive(Clone, Debug)]
pub enum Store {
    /// One file. Readers share a pool; there is exactly one writing connection.
    Sqlite {
        /// Connections that only read.
        read: SqlitePool,
        /// The one connection that writes.
        write: SqlitePool,
        /// Says that the file is in use, until the last clone is dropped.
        hold: Arc<File>,
    },
    /// A server.
    Postgres(PgPool),
}

/// A transaction on either engine. Dropping it rolls it back.
#[derive(Debug)]
pub struct Tx {
    engine: Engine,
}

#[derive(Debug)]
pub(crate) enum Engine {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Store {
    /// Opens a transaction that may write.
    pub async fn begin_write(&self) -> Result<Tx, StoreError> {
        let engine = match self {
            Self::Sqlite { write, .. } => {
                Engine::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?)
            }
            Self::Postgres(pool) => Engine::Postgres(pool.begin().await?),
        };
        Ok(Tx { engine })
    }

    /// Opens a transaction that only reads, from one consistent moment.
    pub async fn begin_read(&self) -> Result<Tx, StoreError> {
        let engine = match self {
            Self::Sqlite { read, .. } => Engine::Sqlite(read.begin().await?),
            // SQLite reads one snapshot by itself; PostgreSQL must be asked to.
            Self::Postgres(pool) => Engine::Postgres(
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    .await?,
            ),
        };
        Ok(Tx { engine })
    }

    /// The engine's name, for people.
    pub fn engine_name(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }
}

impl Tx {
    /// Makes everything durable. Only after this returns may a caller be told so.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.engine {
            Engine::Sqlite(transaction) => transaction.commit().await?,
            Engine::Postgres(transaction) => transaction.commit().await?,
        }
        Ok(())
    }

    /// Undoes everything.
    pub async fn rollback(self) -> Result<(), StoreError> {
        match self.engine {
            Engine::Sqlite(transaction) => transaction.rollback().await?,
            Engine::Postgres(transaction) => transaction.rollback().await?,
        }
        Ok(())
    }

    pub(crate) fn engine_mut(&mut self) -> &mut Engine {
        &mut self.engine
    }
}

/// Reports a stored value that no code of ours writes.
pub(crate) fn inconsistent(
    table: &'static str,
    column: &'static str,
    row: impl std::fmt::Display,
) -> StoreError {
    StoreError::Inconsistent {
        table,
        column,
        row: row.to_string(),
    }
}

/// Checks that a write touched exactly the one row it was decided on.
pub(crate) fn expect_one(table: &'static str, affected: u64) -> Result<(), StoreError> {
    if affected == 1 {
        Ok(())
    } else {
        Err(StoreError::Conflict { table })
    }
}
