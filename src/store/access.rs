//! Who may call: users and their zones, one-time links. Tokens are in [`tokens`].

pub mod tokens;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{StoreError, Tx, expect_one, inconsistent, on_engine};
use crate::domain::access::UserRole;
use crate::domain::ids::{UserId, ZoneId};

/// A person who works with the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// The person's name.
    pub name: String,
    /// What the person may do.
    pub role: UserRole,
    /// Whether the person sees every zone.
    pub all_zones: bool,
    /// When the person came.
    pub created_at: DateTime<Utc>,
    /// When the person went.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Raised by every change.
    pub version: i64,
}

#[derive(sqlx::FromRow)]
struct UserRow {
    id: Uuid,
    name: String,
    role: String,
    all_zones: bool,
    created_at: DateTime<Utc>,
    disabled_at: Option<DateTime<Utc>>,
    version: i64,
}

impl UserRow {
    fn read(self) -> Result<User, StoreError> {
        let role =
            UserRole::parse(&self.role).map_err(|_| inconsistent("users", "role", self.id))?;
        Ok(User {
            id: UserId::from_uuid(self.id),
            name: self.name,
            role,
            all_zones: self.all_zones,
            created_at: self.created_at,
            disabled_at: self.disabled_at,
            version: self.version,
        })
    }
}

/// Adds a user.
pub async fn insert_user(tx: &mut Tx, user: &User) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO users
            (id,
             name,
             role,
             all_zones,
             created_at,
             disabled_at,
             version)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(user.id.uuid())
            .bind(&user.name)
            .bind(user.role.as_str())
            .bind(user.all_zones)
            .bind(user.created_at)
            .bind(user.disabled_at)
            .bind(user.version)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("users", affected)
}

/// A user.
pub async fn user(tx: &mut Tx, id: UserId) -> Result<Option<User>, StoreError> {
    const SQL: &str = "SELECT id,
            name,
            role,
            all_zones,
            created_at,
            disabled_at,
            version
        FROM users WHERE id = $1";
    let row: Option<UserRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(id.uuid())
            .fetch_optional(connection)
            .await
    })?;
    row.map(UserRow::read).transpose()
}

/// The administrator who came first and is still there.
pub async fn first_admin(tx: &mut Tx) -> Result<Option<UserId>, StoreError> {
    const SQL: &str = "SELECT id FROM users
        WHERE role = 'admin' AND disabled_at IS NULL ORDER BY created_at, id LIMIT 1";
    let id: Option<Uuid> = on_engine!(tx, |connection| sqlx::query_scalar(SQL)
        .fetch_optional(connection)
        .await)?;
    Ok(id.map(UserId::from_uuid))
}

/// Users after one, by id, which is the order in which they came.
pub async fn list_users(
    tx: &mut Tx,
    after: Option<UserId>,
    limit: i64,
) -> Result<Vec<User>, StoreError> {
    const SQL: &str = "SELECT id,
            name,
            role,
            all_zones,
            created_at,
            disabled_at,
            version
        FROM users WHERE id > $1 ORDER BY id LIMIT $2";
    let after = after.map_or(Uuid::nil(), UserId::uuid);
    let rows: Vec<UserRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(after)
            .bind(limit)
            .fetch_all(connection)
            .await
    })?;
    rows.into_iter().map(UserRow::read).collect()
}

/// Lets a user see a zone. Saying it twice changes nothing.
pub async fn add_user_zone(tx: &mut Tx, user: UserId, zone: ZoneId) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO user_zones (user_id, zone_id) VALUES ($1, $2)
        ON CONFLICT (user_id, zone_id) DO NOTHING";
    on_engine!(tx, |connection| {
        let query = sqlx::query(SQL).bind(user.uuid()).bind(zone.uuid());
        query.execute(connection).await.map(|_| ())
    })?;
    Ok(())
}

/// The zones that a user sees.
pub async fn zones_of_user(tx: &mut Tx, user: UserId) -> Result<Vec<ZoneId>, StoreError> {
    const SQL: &str = "SELECT zone_id FROM user_zones WHERE user_id = $1 ORDER BY zone_id";
    let zones: Vec<Uuid> = on_engine!(tx, |connection| {
        let query = sqlx::query_scalar(SQL).bind(user.uuid());
        query.fetch_all(connection).await
    })?;
    Ok(zones.into_iter().map(ZoneId::from_uuid).collect())
}

/// A link to store.
#[derive(Clone, Copy, Debug)]
pub struct NewLink {
    /// SHA-256 of its secret.
    pub secret_hash: [u8; 32],
    /// Whose token it gives.
    pub user: UserId,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Until when it is good, this instant excluded.
    pub expires_at: DateTime<Utc>,
}

/// Adds a one-time link.
pub async fn insert_link(tx: &mut Tx, link: &NewLink) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO one_time_links (secret_hash, user_id, created_at, expires_at)
        VALUES ($1, $2, $3, $4)";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(link.secret_hash.as_slice())
            .bind(link.user.uuid())
            .bind(link.created_at)
            .bind(link.expires_at)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("one_time_links", affected)
}

/// Uses a link up and tells whose it was; `None` when it is unknown, used or expired.
pub async fn use_link(
    tx: &mut Tx,
    secret_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<UserId>, StoreError> {
    const SQL: &str = "UPDATE one_time_links SET used_at = $2
        WHERE secret_hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING user_id";
    let user: Option<Uuid> = on_engine!(tx, |connection| {
        sqlx::query_scalar(SQL)
            .bind(secret_hash.as_slice())
            .bind(now)
            .fetch_optional(connection)
            .await
    })?;
    Ok(user.map(UserId::from_uuid))
}

/// Ends every link of a user that nobody has used; how many is returned.
pub async fn retire_links(
    tx: &mut Tx,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    const SQL: &str = "UPDATE one_time_links SET expires_at = $2
        WHERE user_id = $1 AND used_at IS NULL AND expires_at > $2";
    Ok(on_engine!(tx, |connection| {
        let query = sqlx::query(SQL).bind(user.uuid()).bind(now);
        query
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?)
}
