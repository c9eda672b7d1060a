//! Where a source stands: its approval, its secrets in turn, the accounts it speaks for.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::sources::SourceRow;
use super::{StoreError, Tx, expect_one, inconsistent, on_engine};
use crate::domain::ids::{AccountId, SourceId, UserId};
use crate::domain::source::{SourceApproval, SourceState, SourceStatus};

impl SourceRow {
    /// Where the source stands.
    pub fn state(&self) -> Result<SourceState, StoreError> {
        let bad = |column| inconsistent("sources", column, self.id);
        let person = |id: Option<Uuid>, column| id.map(UserId::from_uuid).ok_or(bad(column));
        let requested_by = person(self.requested_by, "requested_by")?;
        let approval = || {
            Ok::<_, StoreError>(SourceApproval {
                requested_by,
                approved_by: person(self.approved_by, "approved_by")?,
            })
        };
        let status = SourceStatus::parse(&self.state).map_err(|_| bad("state"))?;
        Ok(match status {
            SourceStatus::Pending => SourceState::Pending { requested_by },
            SourceStatus::Active => SourceState::Active(approval()?),
            SourceStatus::Disabled => SourceState::Disabled(approval()?),
            SourceStatus::Discarded => SourceState::Discarded { requested_by },
        })
    }
}

/// Moves version `version` to another state. `false` means that someone else was first.
pub async fn update_state(
    tx: &mut Tx,
    id: SourceId,
    version: i64,
    state: SourceState,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE sources SET state = $3, approved_by = $4, version = version + 1
        WHERE id = $1 AND version = $2";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(version)
            .bind(state.status().as_str())
            .bind(state.approved_by().map(UserId::uuid))
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// Keeps a secret that waits for a second person, in place of one that waited before. `false`
/// means that someone else was first.
pub async fn propose_secret(
    tx: &mut Tx,
    id: SourceId,
    version: i64,
    sealed: &[u8],
    by: UserId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE sources SET
            next_secret_sealed = $3,
            next_secret_requested_by = $4,
            next_secret_created_at = $5,
            version = version + 1
        WHERE id = $1 AND version = $2";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(version)
            .bind(sealed)
            .bind(by.uuid())
            .bind(now)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// Puts the waiting secret in use; the one before is good until `previous_until`. `false`
/// means that someone else was first.
pub async fn adopt_secret(
    tx: &mut Tx,
    id: SourceId,
    version: i64,
    previous_until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE sources SET
            previous_secret_sealed = secret_sealed,
            previous_secret_last_used_at = secret_last_used_at,
            previous_secret_expires_at = $3,
            secret_sealed = next_secret_sealed,
            secret_created_at = $4,
            secret_last_used_at = NULL,
            next_secret_sealed = NULL,
            next_secret_requested_by = NULL,
            next_secret_created_at = NULL,
            version = version + 1
        WHERE id = $1 AND version = $2 AND next_secret_sealed IS NOT NULL";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(version)
            .bind(previous_until)
            .bind(now)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// The accounts that a source is bound to, oldest binding first.
pub async fn accounts_of(tx: &mut Tx, id: SourceId) -> Result<Vec<AccountId>, StoreError> {
    const SQL: &str = "SELECT account_id FROM source_accounts
        WHERE source_id = $1 AND unbound_at IS NULL
        ORDER BY bound_at, account_id";
    let ids: Vec<Uuid> = on_engine!(tx, |connection| {
        sqlx::query_scalar(SQL)
            .bind(id.uuid())
            .fetch_all(connection)
            .await
    })?;
    Ok(ids.into_iter().map(AccountId::from_uuid).collect())
}

/// Takes an account from a source. `false` means that it was not bound.
pub async fn unbind_account(
    tx: &mut Tx,
    id: SourceId,
    account: AccountId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE source_accounts SET unbound_at = $3
        WHERE source_id = $1 AND account_id = $2 AND unbound_at IS NULL";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(account.uuid())
            .bind(now)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// Raises the version of a source whose bindings changed.
pub async fn touch(tx: &mut Tx, id: SourceId) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE sources SET version = version + 1 WHERE id = $1";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("sources", affected)
}
