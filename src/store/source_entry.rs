//! The rules of who may speak to a source: those in force and those that wait.

use chrono::{DateTime, Utc};

use super::sources::SourceRow;
use super::{StoreError, Tx, inconsistent, on_engine};
use crate::domain::entry_rules::EntryRules;
use crate::domain::ids::{SourceId, UserId};

impl SourceRow {
    /// The rules in force.
    pub fn entry(&self) -> Result<EntryRules, StoreError> {
        let rules = self.entry_rules.parse();
        rules.map_err(|_| inconsistent("sources", "entry_rules", self.id))
    }

    /// The rules that wait for a second person.
    pub fn next_entry(&self) -> Result<Option<EntryRules>, StoreError> {
        let rules = self.next_entry_rules.as_deref().map(str::parse);
        let rules = rules.transpose();
        rules.map_err(|_| inconsistent("sources", "next_entry_rules", self.id))
    }
}

/// Keeps rules that wait for a second person, in place of any that waited before. `false`
/// means that someone else was first.
pub async fn propose(
    tx: &mut Tx,
    id: SourceId,
    version: i64,
    rules: &EntryRules,
    by: UserId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE sources SET
            next_entry_rules = $3,
            next_entry_requested_by = $4,
            next_entry_created_at = $5,
            version = version + 1
        WHERE id = $1 AND version = $2";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(version)
            .bind(rules.to_string())
            .bind(by.uuid())
            .bind(now)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// Puts the waiting rules in force. `false` means that someone else was first.
pub async fn adopt(tx: &mut Tx, id: SourceId, version: i64) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE sources SET
            entry_rules = next_entry_rules,
            next_entry_rules = NULL,
            next_entry_requested_by = NULL,
            next_entry_created_at = NULL,
            version = version + 1
        WHERE id = $1 AND version = $2 AND next_entry_rules IS NOT NULL";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(version)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}
