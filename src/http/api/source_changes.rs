//! What is done to a source: approval, new secrets, the accounts it may speak for.

use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::registry::{Expected, Versioned, change};
use super::source_documents::{IssuedSourceDocument, SecretDocument, SourceDocument, shown};
use super::sources::out_of_range;
use crate::banks::Secret;
use crate::domain::ids::{AccountId, SourceId};
use crate::domain::source::SourceEvent;
use crate::flows::register_source::{self, OVERLAP_MAX};
use crate::http::AppState;
use crate::http::auth::Admin;
use crate::http::extract::{Json, Path, PathPair};
use crate::http::idempotency::{Begun, Creation, IdempotencyKey};
use crate::http::problem::{Problem, at};

/// How long the secret before a new one stays good when nobody says, in seconds: a day.
const OVERLAP_DEFAULT_S: u32 = 86_400;

/// A secret to change to.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct SecretRotation {
    /// The secret that the vendor made, or the bank's new public key; made here, and shown
    /// once, when absent.
    secret: Option<SecretDocument>,
}

/// How a waiting secret is put in use.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"overlap_s": 86_400}))]
pub struct SecretApproval {
    /// How long the secret before it stays good, in seconds: a day when absent, 30 days at
    /// most, 0 when it has become known.
    overlap_s: Option<u32>,
}

/// An account to bind.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"account_id": "acc_01920000000070008000000000000001"}))]
pub struct AccountBinding {
    /// The account.
    account_id: String,
}

macro_rules! steps {
    ($($name:ident $path:tt $operation:tt $summary:tt $description:tt => $event:expr;)*) => {$(
        #[doc = $summary]
        #[utoipa::path(
            post,
            path = $path,
            tag = "bank in",
            summary = $summary,
            description = $description,
            operation_id = $operation,
            params(("id" = String, Path, description = "The source."), Expected),
            responses((status = 200, description = "The source afterwards.", body = SourceDocument))
        )]
        pub async fn $name(
            Admin(caller): Admin,
            State(state): State<AppState>,
            Path(id): Path<SourceId>,
            expected: Expected,
        ) -> Result<Versioned<SourceDocument>, Problem> {
            let change = change(&caller, &state)?;
            let mut tx = state.ledger.store.begin_write().await?;
            let which = (id, expected.version);
            let known = register_source::step(&mut tx, &change, which, $event).await?;
            tx.commit().await?;
            shown(known)
        }
    )*};
}

steps! {
    approve "/v1/sources/{id}/approve" "approve_source" "Let a source speak"
        "For another administrator than the one who asked for it." => SourceEvent::Approve;
    discard "/v1/sources/{id}/discard" "discard_source" "Discard a source"
        "For administrators, while nobody has approved it." => SourceEvent::Discard;
    disable "/v1/sources/{id}/disable" "disable_source" "Switch a source off"
        "For administrators. Its notices are answered 404, so its vendor goes on trying." => SourceEvent::Disable;
    enable "/v1/sources/{id}/enable" "enable_source" "Switch a source on again"
        "For administrators." => SourceEvent::Enable;
}

/// Asks for a new secret of a source.
#[utoipa::path(
    post,
    path = "/v1/sources/{id}/rotate",
    tag = "bank in",
    summary = "Ask for a new secret",
    description = "For administrators. The present secret stays in use until another administrator approves the new one; a secret that is made here is shown in this answer only.",
    operation_id = "rotate_source",
    params(("id" = String, Path, description = "The source."), Expected,
        ("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same body, the first answer comes back.")),
    request_body = SecretRotation,
    responses((status = 201, description = "It waits for approval.", body = IssuedSourceDocument))
)]
pub async fn rotate(
    Admin(caller): Admin,
    State(state): State<AppState>,
    Path(id): Path<SourceId>,
    expected: Expected,
    key: IdempotencyKey,
    Json(body): Json<SecretRotation>,
) -> Result<Response, Problem> {
    let change = change(&caller, &state)?;
    let request = (id.to_string(), &body);
    let mut work = match Creation::begin(&state, &caller, "sources.rotate", key, &request).await? {
        Begun::Replay(response) => return Ok(response),
        Begun::First(work) => work,
    };
    let (which, key) = ((id, expected.version), &state.ledger.master_key);
    let secret = body.secret.clone().map(Secret::from);
    let known = register_source::propose_secret(work.tx(), &change, key, which, secret).await?;
    work.created(&IssuedSourceDocument::new(known)?).await
}

/// Puts the waiting secret of a source in use.
#[utoipa::path(
    post,
    path = "/v1/sources/{id}/approve-secret",
    tag = "bank in",
    summary = "Put a new secret in use",
    description = "For another administrator than the one who asked for it. The secret before it stays good for the overlap, so that the vendor can change over without losing a notice.",
    operation_id = "approve_source_secret",
    params(("id" = String, Path, description = "The source."), Expected),
    request_body = SecretApproval,
    responses((status = 200, description = "The source afterwards.", body = SourceDocument))
)]
pub async fn approve_secret(
    Admin(caller): Admin,
    State(state): State<AppState>,
    Path(id): Path<SourceId>,
    expected: Expected,
    Json(body): Json<SecretApproval>,
) -> Result<Versioned<SourceDocument>, Problem> {
    let change = change(&caller, &state)?;
    let overlap_s = body.overlap_s.unwrap_or(OVERLAP_DEFAULT_S);
    let overlap = TimeDelta::seconds(overlap_s.into());
    if overlap > OVERLAP_MAX {
        let most = u32::try_from(OVERLAP_MAX.num_seconds()).expect("thirty days fit");
        return Err(out_of_range("/overlap_s", 0, most).into());
    }
    let mut tx = state.ledger.store.begin_write().await?;
    let which = (id, expected.version);
    let known = register_source::adopt_secret(&mut tx, &change, which, overlap).await?;
    tx.commit().await?;
    shown(known)
}

/// Lets a source speak for one more account.
#[utoipa::path(
    post,
    path = "/v1/sources/{id}/accounts",
    tag = "bank in",
    summary = "Bind an account to a source",
    description = "For administrators. Binding it twice changes nothing. An account whose trader was asked for a link through this source is bound only with the trader's consent.",
    operation_id = "bind_source_account",
    params(("id" = String, Path, description = "The source.")),
    request_body = AccountBinding,
    responses((status = 200, description = "The source afterwards.", body = SourceDocument))
)]
pub async fn bind(
    Admin(caller): Admin,
    State(state): State<AppState>,
    Path(id): Path<SourceId>,
    Json(body): Json<AccountBinding>,
) -> Result<Versioned<SourceDocument>, Problem> {
    let account = body.account_id.parse::<AccountId>();
    let account = account.map_err(at("/account_id"))?;
    let change = change(&caller, &state)?;
    let mut tx = state.ledger.store.begin_write().await?;
    let known = register_source::bind(&mut tx, &change, id, account).await?;
    tx.commit().await?;
    shown(known)
}

/// Takes an account from a source.
#[utoipa::path(
    delete,
    path = "/v1/sources/{id}/accounts/{account_id}",
    tag = "bank in",
    summary = "Take an account from a source",
    description = "For administrators. Later notices about it are kept as quarantined and make no payment.",
    operation_id = "unbind_source_account",
    params(
        ("id" = String, Path, description = "The source."),
        ("account_id" = String, Path, description = "The account."),
    ),
    responses((status = 200, description = "The source afterwards.", body = SourceDocument))
)]
pub async fn unbind(
    Admin(caller): Admin,
    State(state): State<AppState>,
    PathPair(id, account): PathPair<SourceId, AccountId>,
) -> Result<Versioned<SourceDocument>, Problem> {
    let change = change(&caller, &state)?;
    let mut tx = state.ledger.store.begin_write().await?;
    let known = register_source::unbind(&mut tx, &change, id, account).await?;
    tx.commit().await?;
    shown(known)
}
