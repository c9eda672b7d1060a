//! `/v1/account-links`: how an account's notices reach us, with the trader's consent.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::registry::{Expected, Versioned, by_id, filter};
use super::wording::Worded;
use crate::domain::account_link::{
    BreakCause, Consent, ConsentMeans, LinkMethod, LinkState, LinkStatus,
};
use crate::domain::day::{to_microseconds, to_rfc3339};
use crate::domain::ids::{AccountId, LinkId, MerchantId};
use crate::flows::link_account::{self, NewLink};
use crate::http::AppState;
use crate::http::auth::{MerchantOrStaff, Staff, found};
use crate::http::extract::{Json, Path, Query};
use crate::http::idempotency::{Begun, Creation, IdempotencyKey};
use crate::http::page::Page;
use crate::http::problem::{FieldErrors, Problem, at};
use crate::store::account_links::{self, AccountLink, LinkFilter};

/// A link to ask a trader for.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "account_id": "acc_01920000000070008000000000000001",
    "source_id": "src_01920000000070008000000000000001",
    "method": "aggregator_consent",
}))]
pub struct LinkCreation {
    /// The account.
    account_id: String,
    /// The source that is to tell of it.
    source_id: String,
    /// `aggregator_api`, `aggregator_consent`, `bank_direct`, `virtual_account` or `acquirer`.
    method: String,
}

/// A trader's consent.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"means": "paper", "expires_at": "2027-11-23T00:00:00+07:00"}))]
pub struct LinkConsent {
    /// `paper`, `app` or `bank`.
    means: String,
    /// When it ends; open when absent.
    expires_at: Option<DateTime<Utc>>,
}

/// The way from an account through a source.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccountLink, example = json!({
    "id": "lnk_01920000000070008000000000000001",
    "merchant_id": "mer_01920000000070008000000000000001",
    "account_id": "acc_01920000000070008000000000000001",
    "source_id": "src_01920000000070008000000000000001",
    "method": "aggregator_consent",
    "state": "live",
    "consent": {
        "means": "paper",
        "recorded_by": "usr_01920000000070008000000000000001",
        "recorded_at": "2026-11-23T09:00:00+07:00",
        "expires_at": "2027-11-23T00:00:00+07:00",
    },
    "live_at": "2026-11-23T09:01:13+07:00",
    "broken_at": null,
    "cause": null,
    "revoked_at": null,
    "invited_by": "usr_01920000000070008000000000000001",
    "created_at": "2026-11-22T09:00:00+07:00",
    "version": 3,
}))]
pub struct LinkDocument {
    id: String,
    merchant_id: String,
    account_id: String,
    source_id: String,
    /// `aggregator_api`, `aggregator_consent`, `bank_direct`, `virtual_account` or `acquirer`.
    method: &'static str,
    /// `invited`, `consented`, `live`, `broken` or `revoked`.
    state: &'static str,
    /// The consent it stands on; null before the first one and after it was revoked.
    consent: Option<ConsentDocument>,
    /// Since when notices come, while they do.
    live_at: Option<String>,
    /// Since when they do not.
    broken_at: Option<String>,
    /// Why not: `silent`, `closed` or `expired`.
    cause: Option<Worded>,
    revoked_at: Option<String>,
    invited_by: String,
    created_at: String,
    version: i64,
}

/// A consent as it was written down.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LinkConsentGiven)]
pub struct ConsentDocument {
    /// `paper`, `app` or `bank`.
    means: &'static str,
    recorded_by: String,
    recorded_at: String,
    /// When it ends; null for an open one.
    expires_at: Option<String>,
}

/// Which links are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LinkQuery {
    /// Only this merchant's.
    merchant_id: Option<String>,
    /// Only those of this account.
    account_id: Option<String>,
    /// Where it stands, such as `broken`.
    state: Option<String>,
    /// How many rows, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

const fn worded(cause: BreakCause) -> Worded {
    let (vi, en) = match cause {
        BreakCause::Silent => (
            "Nguồn báo tiền đã im lặng.",
            "The source of notices fell silent.",
        ),
        BreakCause::Closed => (
            "Nguồn báo tiền đã tắt.",
            "The source of notices was switched off.",
        ),
        BreakCause::Expired => ("Sự đồng ý đã hết hạn.", "The consent ended."),
    };
    Worded::new(cause.as_str(), vi, en)
}

impl From<AccountLink> for LinkDocument {
    fn from(link: AccountLink) -> Self {
        let consent = link.state.consent().map(|consent| ConsentDocument {
            means: consent.means.as_str(),
            recorded_by: consent.recorded_by.clone(),
            recorded_at: to_rfc3339(consent.recorded_at),
            expires_at: consent.expires_at.map(to_rfc3339),
        });
        let (live_at, broken, revoked_at) = match link.state {
            LinkState::Invited | LinkState::Consented(_) => (None, None, None),
            LinkState::Live { live_at, .. } => (Some(live_at), None, None),
            LinkState::Broken {
                broken_at, cause, ..
            } => (None, Some((broken_at, cause)), None),
            LinkState::Revoked { revoked_at } => (None, None, Some(revoked_at)),
        };
        Self {
            id: link.id.to_string(),
            merchant_id: link.merchant.to_string(),
            account_id: link.account.to_string(),
            source_id: link.source.to_string(),
            method: link.method.as_str(),
            state: link.state.status().as_str(),
            consent,
            live_at: live_at.map(to_rfc3339),
            broken_at: broken.map(|(at, _)| to_rfc3339(at)),
            cause: broken.map(|(_, cause)| worded(cause)),
            revoked_at: revoked_at.map(to_rfc3339),
            invited_by: link.invited_by,
            created_at: to_rfc3339(link.created_at),
            version: link.version,
        }
    }
}

impl LinkCreation {
    fn read(&self) -> Result<NewLink, Problem> {
        let mut errors = FieldErrors::new();
        let account = errors.check("/account_id", self.account_id.parse());
        let source = errors.check("/source_id", self.source_id.parse());
        let method = errors.check("/method", LinkMethod::parse(&self.method));
        errors.finish()?;
        let read = "every field was checked";
        Ok(NewLink {
            account: account.expect(read),
            source: source.expect(read),
            method: method.expect(read),
        })
    }
}

fn shown(link: AccountLink) -> Versioned<LinkDocument> {
    Versioned(link.version, link.into())
}

/// Asks a trader for a link.
#[utoipa::path(
    post,
    path = "/v1/account-links",
    tag = "registry",
    summary = "Ask for an account link",
    description = "For staff. An account has one open link through a source. It waits for the trader's consent; whether the source may speak for the account is decided apart, by an administrator.",
    operation_id = "create_account_link",
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same body, the first answer comes back.")),
    request_body = LinkCreation,
    responses((status = 201, description = "The trader is asked.", body = LinkDocument))
)]
pub async fn create(
    Staff(caller): Staff,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Json(body): Json<LinkCreation>,
) -> Result<Response, Problem> {
    let (new, act) = (body.read()?, caller.act(&state));
    let begun = Creation::begin(&state, &caller, "account_links.create", key, &body);
    let mut work = match begun.await? {
        Begun::Replay(response) => return Ok(response),
        Begun::First(work) => work,
    };
    let link = link_account::invite(work.tx(), &act, caller.reach(), new).await?;
    work.created(&LinkDocument::from(link)).await
}

/// One link.
#[utoipa::path(
    get,
    path = "/v1/account-links/{id}",
    tag = "registry",
    summary = "Read an account link",
    description = "For staff, within their zones, and for its merchant.",
    operation_id = "read_account_link",
    params(("id" = String, Path, description = "The link.")),
    responses((status = 200, description = "The link.", body = LinkDocument))
)]
pub async fn read(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Path(id): Path<LinkId>,
) -> Result<Versioned<LinkDocument>, Problem> {
    let mut tx = state.ledger.store.begin_read().await?;
    let link = account_links::find(&mut tx, caller.reach(), id).await?;
    Ok(shown(found(link)?))
}

/// The links within the caller's reach, in the order in which traders were asked.
#[utoipa::path(
    get,
    path = "/v1/account-links",
    tag = "registry",
    summary = "List the account links",
    description = "For staff, within their zones; a merchant sees its own.",
    operation_id = "list_account_links",
    params(LinkQuery),
    responses((status = 200, description = "A page of links.", body = Page<LinkDocument>))
)]
pub async fn list(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Query(query): Query<LinkQuery>,
) -> Result<Json<Page<LinkDocument>>, Problem> {
    let (merchant, account) = (query.merchant_id.as_deref(), query.account_id.as_deref());
    let wanted = LinkFilter {
        merchant: filter("merchant_id", merchant, str::parse::<MerchantId>)?,
        account: filter("account_id", account, str::parse::<AccountId>)?,
        status: filter("state", query.state.as_deref(), LinkStatus::parse)?,
    };
    let scope = (&caller.actor, merchant, account, &query.state);
    let cursor = query.cursor.as_deref();
    let request = state
        .page_key
        .request("account_links", &scope, query.limit, cursor)?;
    let after = request.after().map(|it| LinkId::from_uuid(it.id));
    let (reach, rows) = (caller.reach(), request.fetch_rows());
    let mut tx = state.ledger.store.begin_read().await?;
    let rows = account_links::list(&mut tx, reach, wanted, after, rows).await?;
    let position = |link: &AccountLink| by_id(link.id.uuid());
    Ok(Json(request.page(rows, position, LinkDocument::from)))
}

/// Writes a trader's consent down.
#[utoipa::path(
    post,
    path = "/v1/account-links/{id}/consent",
    tag = "registry",
    summary = "Record a trader's consent",
    description = "For its merchant, and for staff who hold the trader's word. A newer consent takes the place of the one before. The link becomes live with the first verified notice.",
    operation_id = "consent_account_link",
    params(("id" = String, Path, description = "The link."), Expected),
    request_body = LinkConsent,
    responses((status = 200, description = "The link afterwards.", body = LinkDocument))
)]
pub async fn consent(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Path(id): Path<LinkId>,
    expected: Expected,
    Json(body): Json<LinkConsent>,
) -> Result<Versioned<LinkDocument>, Problem> {
    let act = caller.act(&state);
    let consent = Consent {
        means: ConsentMeans::parse(&body.means).map_err(at("/means"))?,
        recorded_by: act.actor.to_owned(),
        recorded_at: act.now,
        expires_at: body.expires_at.map(to_microseconds),
    };
    let which = (id, expected.version);
    let mut tx = state.ledger.store.begin_write().await?;
    let link = link_account::consent(&mut tx, &act, caller.reach(), which, consent).await?;
    tx.commit().await?;
    Ok(shown(link))
}

/// Takes a link back.
#[utoipa::path(
    post,
    path = "/v1/account-links/{id}/revoke",
    tag = "registry",
    summary = "Revoke an account link",
    description = "For its merchant, and for staff. The source no longer speaks for the account: later notices about it are kept as quarantined and make no payment. It is bound again only after a new link was agreed to.",
    operation_id = "revoke_account_link",
    params(("id" = String, Path, description = "The link."), Expected),
    responses((status = 200, description = "The link afterwards.", body = LinkDocument))
)]
pub async fn revoke(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Path(id): Path<LinkId>,
    expected: Expected,
) -> Result<Versioned<LinkDocument>, Problem> {
    let (act, which) = (caller.act(&state), (id, expected.version));
    let mut tx = state.ledger.store.begin_write().await?;
    let link = link_account::revoke(&mut tx, &act, caller.reach(), which).await?;
    tx.commit().await?;
    Ok(shown(link))
}
