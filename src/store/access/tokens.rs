//! Bearer tokens: found by the hash of their secret, good until revoked or expired.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::access::{TokenHolder, UserRole};
use crate::domain::ids::{MerchantId, OutletId, TokenId, UserId};
use crate::store::{StoreError, Tx, expect_one, inconsistent, on_engine};

/// A bearer token; its secret is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// What people call it.
    pub label: String,
    /// In whose name it speaks.
    pub holder: TokenHolder,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Until when it is good, this instant excluded.
    pub expires_at: Option<DateTime<Utc>>,
    /// Since when it is good no more.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A token that is good now, with what its user may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveToken {
    /// The token.
    pub token: Token,
    /// The role and whether every zone is seen, when a person holds it.
    pub user: Option<(UserRole, bool)>,
}

#[derive(sqlx::FromRow)]
struct TokenRow {
    id: Uuid,
    label: String,
    user_id: Option<Uuid>,
    merchant_id: Option<Uuid>,
    outlet_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
}

#[derive(sqlx::FromRow)]
struct LiveRow {
    #[sqlx(flatten)]
    token: TokenRow,
    role: Option<String>,
    all_zones: Option<bool>,
}

impl TokenRow {
    fn read(self) -> Result<Token, StoreError> {
        let holder = match (self.user_id, self.merchant_id, self.outlet_id) {
            (Some(user), None, None) => TokenHolder::User(UserId::from_uuid(user)),
            (None, Some(merchant), None) => TokenHolder::Merchant(MerchantId::from_uuid(merchant)),
            (None, Some(merchant), Some(outlet)) => TokenHolder::Device {
                merchant: MerchantId::from_uuid(merchant),
                outlet: OutletId::from_uuid(outlet),
            },
            _ => return Err(inconsistent("tokens", "user_id", self.id)),
        };
        Ok(Token {
            id: TokenId::from_uuid(self.id),
            label: self.label,
            holder,
            created_at: self.created_at,
            expires_at: self.expires_at,
            revoked_at: self.revoked_at,
            last_used_at: self.last_used_at,
        })
    }
}

impl LiveRow {
    fn read(self) -> Result<LiveToken, StoreError> {
        let token = self.token.read()?;
        let user = match (token.holder, self.role, self.all_zones) {
            (TokenHolder::User(user), Some(role), Some(all_zones)) => {
                let role =
                    UserRole::parse(&role).map_err(|_| inconsistent("users", "role", user))?;
                Some((role, all_zones))
            }
            _ => None,
        };
        Ok(LiveToken { token, user })
    }
}

/// Adds a token under the SHA-256 of its secret.
pub async fn insert(tx: &mut Tx, token: &Token, secret_hash: &[u8; 32]) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO tokens
            (id,
             secret_hash,
             label,
             user_id,
             merchant_id,
             outlet_id,
             created_at,
             expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let (user, merchant, outlet) = match token.holder {
        TokenHolder::User(user) => (Some(user.uuid()), None, None),
        TokenHolder::Merchant(merchant) => (None, Some(merchant.uuid()), None),
        TokenHolder::Device { merchant, outlet } => {
            (None, Some(merchant.uuid()), Some(outlet.uuid()))
        }
    };
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(token.id.uuid())
            .bind(secret_hash.as_slice())
            .bind(&token.label)
            .bind(user)
            .bind(merchant)
            .bind(outlet)
            .bind(token.created_at)
            .bind(token.expires_at)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    expect_one("tokens", affected)
}

/// The token of a secret, if it is good now: not revoked, not expired, its user not disabled.
pub async fn find_live(
    tx: &mut Tx,
    secret_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<LiveToken>, StoreError> {
    const SQL: &str = "SELECT t.id,
            t.label,
            t.user_id,
            t.merchant_id,
            t.outlet_id,
            t.created_at,
            t.expires_at,
            t.revoked_at,
            t.last_used_at,
            u.role,
            u.all_zones
        FROM tokens t LEFT JOIN users u ON u.id = t.user_id
        WHERE t.secret_hash = $1
            AND t.revoked_at IS NULL
            AND (t.expires_at IS NULL OR t.expires_at > $2)
            AND u.disabled_at IS NULL";
    let row: Option<LiveRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(secret_hash.as_slice())
            .bind(now)
            .fetch_optional(connection)
            .await
    })?;
    row.map(LiveRow::read).transpose()
}

/// A token, good or not.
pub async fn find(tx: &mut Tx, id: TokenId) -> Result<Option<Token>, StoreError> {
    const SQL: &str = "SELECT id,
            label,
            user_id,
            merchant_id,
            outlet_id,
            created_at,
            expires_at,
            revoked_at,
            last_used_at
        FROM tokens WHERE id = $1";
    let row: Option<TokenRow> = on_engine!(tx, |connection| {
        let query = sqlx::query_as(SQL).bind(id.uuid());
        query.fetch_optional(connection).await
    })?;
    row.map(TokenRow::read).transpose()
}

/// Tokens after one, by id, which is the order in which they were made; one holder's only,
/// when one is given. A merchant's list holds those of its tills.
pub async fn list(
    tx: &mut Tx,
    holder: Option<TokenHolder>,
    after: Option<TokenId>,
    limit: i64,
) -> Result<Vec<Token>, StoreError> {
    const SQL: &str = "SELECT id,
            label,
            user_id,
            merchant_id,
            outlet_id,
            created_at,
            expires_at,
            revoked_at,
            last_used_at
        FROM tokens
        WHERE id > $1
            AND ($2 IS NULL OR user_id = $2)
            AND ($3 IS NULL OR merchant_id = $3)
            AND ($4 IS NULL OR outlet_id = $4)
        ORDER BY id LIMIT $5";
    let (user, merchant, outlet) = match holder {
        None => (None, None, None),
        Some(TokenHolder::User(user)) => (Some(user.uuid()), None, None),
        Some(TokenHolder::Merchant(merchant)) => (None, Some(merchant.uuid()), None),
        Some(TokenHolder::Device { merchant, outlet }) => {
            (None, Some(merchant.uuid()), Some(outlet.uuid()))
        }
    };
    let rows: Vec<TokenRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(after.map_or(Uuid::nil(), TokenId::uuid))
            .bind(user)
            .bind(merchant)
            .bind(outlet)
            .bind(limit)
            .fetch_all(connection)
            .await
    })?;
    rows.into_iter().map(TokenRow::read).collect()
}

/// Ends a token; `false` when there is none or it was ended before.
pub async fn revoke(tx: &mut Tx, id: TokenId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    let affected = on_engine!(tx, |connection| {
        let query = sqlx::query(SQL).bind(id.uuid()).bind(now);
        query
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// Notes that a token was used, unless that was noted since `before`.
pub async fn touch(
    tx: &mut Tx,
    id: TokenId,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE tokens SET last_used_at = $3
        WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $2)";
    on_engine!(tx, |connection| {
        let query = sqlx::query(SQL).bind(id.uuid()).bind(before).bind(now);
        // Another request may have noted it first.
        query.execute(connection).await.map(|_| ())
    })?;
    Ok(())
}

/// Whether any token has ever been used.
pub async fn any_was_used(tx: &mut Tx) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT id FROM tokens WHERE last_used_at IS NOT NULL LIMIT 1";
    let id: Option<Uuid> = on_engine!(tx, |connection| sqlx::query_scalar(SQL)
        .fetch_optional(connection)
        .await)?;
    Ok(id.is_some())
}
