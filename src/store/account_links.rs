//! Account links: the consent and life of the way from an account through a source.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::reach::{Reach, reaches_merchant};
use super::{StoreError, Tx, inconsistent, on_engine};
use crate::domain::account_link::{
    BreakCause, Consent, ConsentMeans, LinkMethod, LinkState, LinkStatus,
};
use crate::domain::ids::{AccountId, LinkId, MerchantId, SourceId};

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountLink {
    /// Its id.
    pub id: LinkId,
    /// Whose account it is.
    pub merchant: MerchantId,
    /// The account.
    pub account: AccountId,
    /// The source that tells of it.
    pub source: SourceId,
    /// By what way.
    pub method: LinkMethod,
    /// Where it stands.
    pub state: LinkState,
    /// Who asked the trader.
    pub invited_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Raised by every change, from 1.
    pub version: i64,
}

/// Which links to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct LinkFilter {
    /// Only this merchant's.
    pub merchant: Option<MerchantId>,
    /// Only those of this account.
    pub account: Option<AccountId>,
    /// Only those that stand here.
    pub status: Option<LinkStatus>,
}

#[derive(sqlx::FromRow)]
struct LinkRow {
    id: Uuid,
    merchant_id: Uuid,
    account_id: Uuid,
    source_id: Uuid,
    method: String,
    state: String,
    invited_by: String,
    consent_means: Option<String>,
    consent_recorded_by: Option<String>,
    consented_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    live_at: Option<DateTime<Utc>>,
    broken_at: Option<DateTime<Utc>>,
    broken_by: Option<String>,
    revoked_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    version: i64,
}

/// The columns of links.
macro_rules! select_links {
    ($rest:expr) => {
        concat!(
            "SELECT l.id,
                l.merchant_id,
                l.account_id,
                l.source_id,
                l.method,
                l.state,
                l.invited_by,
                l.consent_means,
                l.consent_recorded_by,
                l.consented_at,
                l.expires_at,
                l.live_at,
                l.broken_at,
                l.broken_by,
                l.revoked_at,
                l.created_at,
                l.version
            FROM account_links l ",
            $rest
        )
    };
}

impl TryFrom<LinkRow> for AccountLink {
    type Error = StoreError;

    fn try_from(row: LinkRow) -> Result<Self, StoreError> {
        let bad = |column| inconsistent("account_links", column, row.id);
        let consent = || {
            let means = row.consent_means.as_deref().map(ConsentMeans::parse);
            let means = means.and_then(Result::ok);
            let recorded_by = row.consent_recorded_by.clone();
            Ok::<_, StoreError>(Consent {
                means: means.ok_or_else(|| bad("consent_means"))?,
                recorded_by: recorded_by.ok_or_else(|| bad("consent_recorded_by"))?,
                recorded_at: row.consented_at.ok_or_else(|| bad("consented_at"))?,
                expires_at: row.expires_at,
            })
        };
        let status = LinkStatus::parse(&row.state).map_err(|_| bad("state"))?;
        let state = match status {
            LinkStatus::Invited => LinkState::Invited,
            LinkStatus::Consented => LinkState::Consented(consent()?),
            LinkStatus::Live => LinkState::Live {
                consent: consent()?,
                live_at: row.live_at.ok_or_else(|| bad("live_at"))?,
            },
            LinkStatus::Broken => LinkState::Broken {
                consent: consent()?,
                broken_at: row.broken_at.ok_or_else(|| bad("broken_at"))?,
                cause: {
                    let cause = row.broken_by.as_deref().map(BreakCause::parse);
                    cause.and_then(Result::ok).ok_or_else(|| bad("broken_by"))?
                },
            },
            LinkStatus::Revoked => LinkState::Revoked {
                revoked_at: row.revoked_at.ok_or_else(|| bad("revoked_at"))?,
            },
        };
        Ok(Self {
            id: LinkId::from_uuid(row.id),
            merchant: MerchantId::from_uuid(row.merchant_id),
            account: AccountId::from_uuid(row.account_id),
            source: SourceId::from_uuid(row.source_id),
            method: LinkMethod::parse(&row.method).map_err(|_| bad("method"))?,
            state,
            invited_by: row.invited_by,
            created_at: row.created_at,
            version: row.version,
        })
    }
}

/// Stores an invited link. `false` means that the account has an open link through this
/// source.
pub async fn insert(tx: &mut Tx, link: &AccountLink) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO account_links
            (id,
             merchant_id,
             account_id,
             source_id,
             method,
             state,
             invited_by,
             created_at,
             version)
        VALUES ($1, $2, $3, $4, $5, 'invited', $6, $7, 1)
        ON CONFLICT DO NOTHING";
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(link.id.uuid())
            .bind(link.merchant.uuid())
            .bind(link.account.uuid())
            .bind(link.source.uuid())
            .bind(link.method.as_str())
            .bind(&link.invited_by)
            .bind(link.created_at)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// Moves version `version` to another state; the last consent stays on record when it is
/// revoked. `false` means that someone else was first.
pub async fn update_state(
    tx: &mut Tx,
    id: LinkId,
    version: i64,
    state: &LinkState,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE account_links SET state = $3,
            consent_means = COALESCE($4, consent_means),
            consent_recorded_by = COALESCE($5, consent_recorded_by),
            expires_at = CASE WHEN $6 THEN $7 ELSE expires_at END,
            consented_at = COALESCE($8, consented_at),
            live_at = $9,
            broken_at = $10,
            broken_by = $11,
            revoked_at = $12,
            version = version + 1
        WHERE id = $1 AND version = $2";
    let consent = state.consent();
    let (live_at, broken, revoked_at) = match state {
        LinkState::Invited | LinkState::Consented(_) => (None, None, None),
        LinkState::Live { live_at, .. } => (Some(*live_at), None, None),
        LinkState::Broken {
            broken_at, cause, ..
        } => (None, Some((*broken_at, cause.as_str())), None),
        LinkState::Revoked { revoked_at } => (None, None, Some(*revoked_at)),
    };
    let (broken_at, broken_by) = broken.unzip();
    let affected = on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(id.uuid())
            .bind(version)
            .bind(state.status().as_str())
            .bind(consent.map(|it| it.means.as_str()))
            .bind(consent.map(|it| it.recorded_by.as_str()))
            .bind(consent.is_some())
            .bind(consent.and_then(|it| it.expires_at))
            .bind(consent.map(|it| it.recorded_at))
            .bind(live_at)
            .bind(broken_at)
            .bind(broken_by)
            .bind(revoked_at)
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(affected == 1)
}

/// A link within reach.
pub async fn find(
    tx: &mut Tx,
    reach: Reach,
    id: LinkId,
) -> Result<Option<AccountLink>, StoreError> {
    const SQL: &str = select_links!(concat!(
        "WHERE ",
        reaches_merchant!("l.merchant_id"),
        " AND l.id = $3"
    ));
    let row: Option<LinkRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(id.uuid())
            .fetch_optional(connection)
            .await
    })?;
    row.map(AccountLink::try_from).transpose()
}

/// The links within reach in the order in which traders were asked, after the given one.
pub async fn list(
    tx: &mut Tx,
    reach: Reach,
    wanted: LinkFilter,
    after: Option<LinkId>,
    limit: u32,
) -> Result<Vec<AccountLink>, StoreError> {
    const SQL: &str = select_links!(concat!(
        "WHERE ",
        reaches_merchant!("l.merchant_id"),
        " AND ($3 IS NULL OR l.merchant_id = $3)
            AND ($4 IS NULL OR l.account_id = $4)
            AND ($5 IS NULL OR l.state = $5)
            AND ($6 IS NULL OR l.id > $6)
        ORDER BY l.id LIMIT $7"
    ));
    let rows: Vec<LinkRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(reach.merchant())
            .bind(reach.user())
            .bind(wanted.merchant.map(MerchantId::uuid))
            .bind(wanted.account.map(AccountId::uuid))
            .bind(wanted.status.map(LinkStatus::as_str))
            .bind(after.map(LinkId::uuid))
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?;
    rows.into_iter().map(AccountLink::try_from).collect()
}

/// The newest link of an account through a source, revoked or not.
pub async fn newest(
    tx: &mut Tx,
    account: AccountId,
    source: SourceId,
) -> Result<Option<AccountLink>, StoreError> {
    const SQL: &str = select_links!(
        "WHERE l.account_id = $1 AND l.source_id = $2
        ORDER BY CASE WHEN l.state = 'revoked' THEN 1 ELSE 0 END, l.id DESC LIMIT 1"
    );
    let row: Option<LinkRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(account.uuid())
            .bind(source.uuid())
            .fetch_optional(connection)
            .await
    })?;
    row.map(AccountLink::try_from).transpose()
}

/// The link of an account through a source that the next notice makes live.
pub async fn waiting(
    tx: &mut Tx,
    account: AccountId,
    source: SourceId,
) -> Result<Option<AccountLink>, StoreError> {
    const SQL: &str = select_links!(
        "WHERE l.account_id = $1 AND l.source_id = $2
            AND (l.state = 'consented' OR l.state = 'broken')"
    );
    let row: Option<LinkRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(account.uuid())
            .bind(source.uuid())
            .fetch_optional(connection)
            .await
    })?;
    row.map(AccountLink::try_from).transpose()
}

/// Links whose consent ends by an instant and that are not broken, the first ones to end, after
/// the given one.
pub async fn ending_by(
    tx: &mut Tx,
    by: DateTime<Utc>,
    after: Option<LinkId>,
    limit: u32,
) -> Result<Vec<AccountLink>, StoreError> {
    const SQL: &str = select_links!(
        "WHERE l.expires_at <= $1 AND (l.state = 'consented' OR l.state = 'live')
            AND ($2 IS NULL OR l.id > $2)
        ORDER BY l.id LIMIT $3"
    );
    let rows: Vec<LinkRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(by)
            .bind(after.map(LinkId::uuid))
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?;
    rows.into_iter().map(AccountLink::try_from).collect()
}

/// Live links through a source.
pub async fn live_through(
    tx: &mut Tx,
    source: SourceId,
    limit: u32,
) -> Result<Vec<AccountLink>, StoreError> {
    const SQL: &str =
        select_links!("WHERE l.source_id = $1 AND l.state = 'live' ORDER BY l.id LIMIT $2");
    let rows: Vec<LinkRow> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(source.uuid())
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await
    })?;
    rows.into_iter().map(AccountLink::try_from).collect()
}
