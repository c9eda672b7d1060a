//! `/v1/audit`: the record of what was done.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::day::to_rfc3339;
use crate::flows::change::PEOPLE_CHAIN;
use crate::http::AppState;
use crate::http::auth::Admin;
use crate::http::code::Code;
use crate::http::extract::{Json, Query};
use crate::http::page::{Page, Position};
use crate::http::problem::Problem;
use crate::store::audit::{self, AuditRow};

/// Which entries are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// The chain; `main`, what people did, if not given.
    chain: Option<String>,
    /// Only what was done to the thing with this id.
    subject: Option<String>,
    /// How many rows, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// One change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry, example = json!({
    "sequence": 7,
    "at": "2026-11-23T09:00:00+07:00",
    "actor": "usr_01920000000070008000000000000001",
    "action": "token.revoke",
    "subject": "tok_01920000000070008000000000000002",
    "detail": {},
    "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}))]
pub struct AuditDocument {
    /// Its number in the chain, from 1 without a gap.
    sequence: i64,
    at: String,
    /// Who did it.
    actor: String,
    /// What was done.
    action: String,
    /// To what.
    subject: String,
    /// What changed.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
    /// SHA-256 over the hash before and this entry, in hexadecimal.
    hash: String,
}

impl From<AuditRow> for AuditDocument {
    fn from(row: AuditRow) -> Self {
        Self {
            sequence: row.sequence,
            at: to_rfc3339(row.at),
            actor: row.actor,
            action: row.action,
            subject: row.subject,
            // What cannot be read is shown as it is: the record hides nothing.
            detail: serde_json::from_str(&row.detail).unwrap_or(row.detail.into()),
            hash: hex::encode(row.hash),
        }
    }
}

/// What was done, newest first.
#[utoipa::path(
    get,
    path = "/v1/audit",
    tag = "access",
    summary = "Read the audit record",
    description = "For administrators. Newest first; each entry's hash covers the one before it.",
    operation_id = "list_audit",
    params(AuditQuery),
    responses((status = 200, description = "A page of entries.", body = Page<AuditDocument>))
)]
pub async fn list(
    _admin: Admin,
    State(state): State<AppState>,
    Query(query): Query<AuditQuery>,
) -> Result<Json<Page<AuditDocument>>, Problem> {
    let chain = query.chain.as_deref().unwrap_or(PEOPLE_CHAIN);
    let subject = query.subject.as_deref();
    let cursor = query.cursor.as_deref();
    let request = state
        .page_key
        .request("audit", &(chain, subject), query.limit, cursor)?;
    let before = request
        .after()
        .map(|position| position.sort.parse().map_err(|_| Code::InvalidCursor))
        .transpose()?;
    let mut tx = state.ledger.store.begin_read().await?;
    let limit = request.fetch_rows().into();
    let rows = audit::newest(&mut tx, chain, subject, before, limit).await?;
    let position = |row: &AuditRow| Position {
        sort: row.sequence.to_string(),
        id: Uuid::nil(),
    };
    Ok(Json(request.page(rows, position, AuditDocument::from)))
}
