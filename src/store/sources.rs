//! Sources: vendor accounts that send notices, their sealed secrets and their accounts.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{StoreError, Tx, expect_one, on_engine};
use crate::domain::entry_rules::EntryRules;
use crate::domain::ids::{AccountId, MerchantId, SourceId, UserId};

/// A stored source. Secrets are sealed.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct SourceRow {
    /// Its id.
    pub id: Uuid,
    /// The last part of its address.
    pub name: String,
    /// The format it speaks.
    pub adapter: String,
    /// `pending`, `active`, `disabled` or `discarded`.
    pub state: String,
    /// Who asked for it.
    pub requested_by: Option<Uuid>,
    /// Who let it speak.
    pub approved_by: Option<Uuid>,
    /// How old or early a signed time may be, seconds.
    pub tolerance_s: i64,
    /// A JSON object of terminal or partner numbers.
    pub config: String,
    /// The secret in use.
    pub secret_sealed: Vec<u8>,
    /// Since when.
    pub secret_created_at: DateTime<Utc>,
    /// When a notice was last proved with it.
    pub secret_last_used_at: Option<DateTime<Utc>>,
    /// The secret before.
    pub previous_secret_sealed: Option<Vec<u8>>,
    /// Until when it is good.
    pub previous_secret_expires_at: Option<DateTime<Utc>>,
    /// When a notice was last proved with it.
    pub previous_secret_last_used_at: Option<DateTime<Utc>>,
    /// A secret that waits for a second person.
    pub next_secret_sealed: Option<Vec<u8>>,
    /// Who asked for it.
    pub next_secret_requested_by: Option<Uuid>,
    /// When.
    pub next_secret_created_at: Option<DateTime<Utc>>,
    /// A sender's public key.
    pub ed25519_public_key: Option<String>,
    /// Who may speak to it; see [`SourceRow::entry`].
    pub entry_rules: String,
    /// Rules that wait for a second person.
    pub next_entry_rules: Option<String>,
    /// Who asked for them.
    pub next_entry_requested_by: Option<Uuid>,
    /// When.
    pub next_entry_created_at: Option<DateTime<Utc>>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Raised by every change.
    pub version: i64,
}

/// A source to create: pending until another person lets it speak.
#[derive(Clone, Debug)]
pub struct NewSource {
    /// Its id.
    pub id: SourceId,
    /// Who asks for it.
    pub requested_by: UserId,
    /// The last part of its address.
    pub name: String,
    /// The format it speaks.
    pub adapter: String,
    /// How old or early a signed time may be, seconds.
    pub tolerance_s: i64,
    /// A JSON object of terminal or partner numbers.
    pub config: String,
    /// The sealed secret.
    pub secret_sealed: Vec<u8>,
    /// A sender's public key.
    pub ed25519_public_key: Option<String>,
    /// Who may speak to it.
    pub entry: EntryRules,
    /// The present.
    pub now: DateTime<Utc>,
}

/// An account that a source may speak for.
#[derive(Clone, Copy, Debug)]
pub struct BoundAccount {
    /// The account.
    pub account: AccountId,
    /// Whose it is.
    pub merchant: MerchantId,
}

/// The columns of sources.
macro_rules! select_sources {
    ($rest:literal) => {
        concat!(
            "SELECT id,
                name,
                adapter,
                state,
                requested_by,
                approved_by,
                tolerance_s,
                config,
                secret_sealed,
                secret_created_at,
                secret_last_used_at,
                previous_secret_sealed,
                previous_secret_expires_at,
                previous_secret_last_used_at,
                next_secret_sealed,
                next_secret_requested_by,
                next_secret_created_at,
                ed25519_public_key,
                entry_rules,
                next_entry_rules,
                next_entry_requested_by,
                next_entry_created_at,
                created_at,
                version
            FROM sources ",
            $rest
        )
    };
}

/// Creates a source. `false` means that the name is taken.
pub async fn insert(tx: &mut Tx, source: &NewSource) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO sources
            (id,
             name,
             adapter,
             state,
             requested_by,
             tolerance_s,
             config,
             secret_sealed,
             secret_created_at,
             ed25519_public_key,
             entry_rules,
             created_at,
             version)
        VALUES ($1, $2, $3, 'pending', $9, $4, $5, $6, $7, $8, $10, $7, 1)
        ON CONFLICT (name) DO NOTHING";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(source.id.uuid())
            .bind(&source.name)
            .bind(&source.adapter)
            .bind(source.tolerance_s)
            .bind(&source.config)
            .bind(&source.secret_sealed)
            .bind(source.now)
            .bind(&source.ed25519_public_key)
            .bind(source.requested_by.uuid())
            .bind(source.entry.to_string())
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// The source at an address.
pub async fn find_by_name(tx: &mut Tx, name: &str) -> Result<Option<SourceRow>, StoreError> {
    const SQL: &str = select_sources!("WHERE name = $1");
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(name)
            .fetch_optional(connection)
            .await
    })?)
}

/// A source by its id.
pub async fn find(tx: &mut Tx, id: SourceId) -> Result<Option<SourceRow>, StoreError> {
    const SQL: &str = select_sources!("WHERE id = $1");
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(id.uuid())
            .fetch_optional(connection)
            .await
    })?)
}

/// Sources in the order of their creation, after the given one.
pub async fn list(
    tx: &mut Tx,
    after: Option<SourceId>,
    limit: u32,
) -> Result<Vec<SourceRow>, StoreError> {
    const SQL: &str = select_sources!("WHERE ($1 IS NULL OR id > $1) ORDER BY id LIMIT $2");
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(after.map(SourceId::uuid))
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?)
}

/// The sealed secret of the newest source: to see whether a key opens what is sealed here.
pub async fn newest_secret(tx: &mut Tx) -> Result<Option<(SourceId, Vec<u8>)>, StoreError> {
    const SQL: &str = "SELECT id, secret_sealed FROM sources ORDER BY created_at DESC, id LIMIT 1";
    let row: Option<(Uuid, Vec<u8>)> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL).fetch_optional(connection).await
    })?;
    Ok(row.map(|(id, sealed)| (SourceId::from_uuid(id), sealed)))
}

/// Lets a source speak for an account. Saying it twice changes nothing.
pub async fn bind_account(
    tx: &mut Tx,
    source: SourceId,
    account: AccountId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO source_accounts (source_id, account_id, bound_at)
        VALUES ($1, $2, $3)
        ON CONFLICT (source_id, account_id) DO UPDATE SET unbound_at = NULL";
    on_engine!(tx, |connection| {
        let query = sqlx::query(SQL)
            .bind(source.uuid())
            .bind(account.uuid())
            .bind(now);
        query.execute(connection).await.map(|_| ())
    })?;
    Ok(())
}

/// The accounts of a source with this number; all of them when the notice names none. The
/// caller needs exactly one.
pub async fn bound_accounts(
    tx: &mut Tx,
    source: SourceId,
    account_number: Option<&str>,
) -> Result<Vec<BoundAccount>, StoreError> {
    // An account stays bound when it is replaced: codes issued for it go on receiving money.
    const SQL: &str = "SELECT a.id, a.merchant_id FROM source_accounts s
        JOIN accounts a ON a.id = s.account_id
        WHERE s.source_id = $1 AND s.unbound_at IS NULL
            AND ($2 IS NULL OR a.account_number = $2)
            AND a.state <> 'pending' AND a.state <> 'rejected'
        ORDER BY a.id LIMIT 2";
    let rows: Vec<(Uuid, Uuid)> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(source.uuid())
            .bind(account_number)
            .fetch_all(connection)
            .await
    })?;
    let bound = |(account, merchant)| BoundAccount {
        account: AccountId::from_uuid(account),
        merchant: MerchantId::from_uuid(merchant),
    };
    Ok(rows.into_iter().map(bound).collect())
}

/// Remembers which secret proved a notice, so that a rotation can be seen to be complete.
pub async fn note_secret_use(
    tx: &mut Tx,
    source: SourceId,
    previous: bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE sources SET
            secret_last_used_at = CASE WHEN $2 THEN secret_last_used_at ELSE $3 END,
            previous_secret_last_used_at = CASE WHEN $2 THEN $3 ELSE previous_secret_last_used_at END
        WHERE id = $1";
    let affected = on_engine!(tx, |connection| {
        let query = sqlx::query(SQL)
            .bind(source.uuid())
            .bind(previous)
            .bind(now);
        query
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("sources", affected)
}

/// What became of deliveries, counted for one source and day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct DeliveryCounts {
    /// Distinct notices that became a transaction.
    pub accepted: i64,
    /// Distinct notices about nothing that concerns us.
    pub ignored: i64,
    /// Distinct notices of a failed payment.
    pub failed: i64,
    /// Distinct notices that were authentic but unusable.
    pub quarantined: i64,
    /// Distinct notices that contradict one before.
    pub conflict: i64,
    /// Further deliveries of a counted notice.
    pub repeated: i64,
    /// Deliveries that failed authentication.
    pub refused: i64,
}

/// Adds to the counts of a source's day.
pub async fn count_deliveries(
    tx: &mut Tx,
    source: SourceId,
    day: NaiveDate,
    more: &DeliveryCounts,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO source_days
            (source_id,
             day,
             accepted,
             ignored,
             failed,
             quarantined,
             conflict,
             repeated,
             refused)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (source_id, day) DO UPDATE SET
            accepted = source_days.accepted + excluded.accepted,
            ignored = source_days.ignored + excluded.ignored,
            failed = source_days.failed + excluded.failed,
            quarantined = source_days.quarantined + excluded.quarantined,
            conflict = source_days.conflict + excluded.conflict,
            repeated = source_days.repeated + excluded.repeated,
            refused = source_days.refused + excluded.refused";
    on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(source.uuid())
            .bind(day)
            .bind(more.accepted)
            .bind(more.ignored)
            .bind(more.failed)
            .bind(more.quarantined)
            .bind(more.conflict)
            .bind(more.repeated)
            .bind(more.refused)
            .execute(connection)
            .await
            .map(|_| ())
    })?;
    Ok(())
}

/// The counts of a source, or of all sources, over local days.
pub async fn delivery_counts(
    tx: &mut Tx,
    source: Option<SourceId>,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<DeliveryCounts, StoreError> {
    const SQL: &str = "SELECT
            CAST(COALESCE(SUM(accepted), 0) AS BIGINT) AS accepted,
            CAST(COALESCE(SUM(ignored), 0) AS BIGINT) AS ignored,
            CAST(COALESCE(SUM(failed), 0) AS BIGINT) AS failed,
            CAST(COALESCE(SUM(quarantined), 0) AS BIGINT) AS quarantined,
            CAST(COALESCE(SUM(conflict), 0) AS BIGINT) AS conflict,
            CAST(COALESCE(SUM(repeated), 0) AS BIGINT) AS repeated,
            CAST(COALESCE(SUM(refused), 0) AS BIGINT) AS refused
        FROM source_days WHERE ($1 IS NULL OR source_id = $1) AND day >= $2 AND day <= $3";
    let source = source.map(SourceId::uuid);
    Ok(on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(source)
            .bind(first)
            .bind(last)
            .fetch_one(connection)
            .await
    })?)
}
