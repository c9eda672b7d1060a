//! `/v1/statement-proposals`: believing what nothing but a statement tells of, by two persons.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::registry::{Expected, Versioned, by_id, filter};
use crate::domain::day::to_rfc3339;
use crate::domain::ids::{MerchantId, StatementId, StatementProposalId};
use crate::domain::reconciliation::ProposalState;
use crate::flows::intake::believe_statement;
use crate::flows::reconcile::{self, PROPOSAL_MAX_LINES, ProposalError};
use crate::http::AppState;
use crate::http::auth::{Admin, MerchantOrAdmin, found};
use crate::http::extract::{Json, Path, Query};
use crate::http::idempotency::{Begun, Creation, IdempotencyKey};
use crate::http::language::Text;
use crate::http::page::Page;
use crate::http::problem::{FieldError, Problem};
use crate::store::statements::proposals::{self, ProposalFilter, ProposalRow};

/// Lines to believe.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [17]}))]
pub struct ProposalCreation {
    /// The numbers of 1 to 200 lines that are missing here.
    lines: Vec<i64>,
}

/// A proposal to believe lines of a statement.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatementProposal, example = json!({
    "id": "stp_01920000000070008000000000000001",
    "statement_id": "stm_01920000000070008000000000000001",
    "merchant_id": "mer_01920000000070008000000000000001",
    "state": "approved",
    "lines": 1,
    "amount_vnd": 45_000,
    "imported_by": "mer_01920000000070008000000000000001",
    "proposed_by": "mer_01920000000070008000000000000001",
    "proposed_at": "2026-11-21T09:05:00+07:00",
    "decided_by": "usr_01920000000070008000000000000001",
    "decided_at": "2026-11-21T10:00:00+07:00",
    "created": 1,
    "attached": 0,
    "amount_differs": 0,
    "version": 2,
}))]
pub struct ProposalDocument {
    id: String,
    statement_id: String,
    merchant_id: String,
    /// `proposed`, `approved` or `rejected`.
    state: String,
    /// How many lines; `/v1/statements/{id}/lines` shows which.
    lines: i64,
    /// Their money, in and out together.
    amount_vnd: i64,
    /// Who brought the file.
    imported_by: String,
    proposed_by: String,
    proposed_at: String,
    decided_by: Option<String>,
    decided_at: Option<String>,
    /// How many lines became transactions.
    created: i64,
    /// How many a notice had told of meanwhile: they credit nothing.
    attached: i64,
    /// How many a notice had told of meanwhile with another amount: they credit nothing and stay
    /// differences of the statement. An approved proposal counts every line once: created,
    /// attached or here.
    amount_differs: i64,
    version: i64,
}

/// Which proposals are wanted.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProposalQuery {
    /// Only those of this statement.
    statement_id: Option<String>,
    /// Where it stands, such as `proposed`.
    state: Option<String>,
    /// How many rows, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl From<ProposalRow> for ProposalDocument {
    fn from(row: ProposalRow) -> Self {
        let amount_differs = row.amount_differs();
        Self {
            id: StatementProposalId::from_uuid(row.id).to_string(),
            statement_id: StatementId::from_uuid(row.import_id).to_string(),
            merchant_id: MerchantId::from_uuid(row.merchant_id).to_string(),
            state: row.state,
            lines: row.lines,
            amount_vnd: row.amount_vnd,
            imported_by: row.imported_by,
            proposed_by: row.proposed_by,
            proposed_at: to_rfc3339(row.proposed_at),
            decided_by: row.decided_by,
            decided_at: row.decided_at.map(to_rfc3339),
            created: row.created,
            attached: row.attached,
            amount_differs,
            version: row.version,
        }
    }
}

impl From<ProposalError> for Problem {
    fn from(error: ProposalError) -> Self {
        let (place, code, vietnamese) = match &error {
            ProposalError::UnknownLine(place) => (place, "unknown_line", "Không có dòng này."),
            ProposalError::NotMissing(place) => (
                place,
                "not_missing",
                "Dòng này không thiếu ở đây, hoặc được ghi hai lần.",
            ),
            ProposalError::Waiting(place) => (
                place,
                "waiting",
                "Dòng này đang chờ duyệt ở một đề nghị khác.",
            ),
            ProposalError::TextForgotten(place) => (
                place,
                "text_forgotten",
                "Nội dung của dòng này đã được xoá: hãy nhập lại sao kê.",
            ),
            ProposalError::Change(_) => {
                let ProposalError::Change(change) = error else {
                    unreachable!("it was one just now")
                };
                return change.into();
            }
        };
        let text = Text::new(vietnamese, error.to_string());
        FieldError::new(format!("/lines/{place}"), code, text).into()
    }
}

fn check_count(lines: usize) -> Result<(), Problem> {
    if (1..=PROPOSAL_MAX_LINES).contains(&lines) {
        return Ok(());
    }
    let text = Text::new(
        format!("Từ 1 đến {PROPOSAL_MAX_LINES} dòng."),
        format!("From 1 to {PROPOSAL_MAX_LINES} lines."),
    );
    Err(FieldError::new("/lines", "out_of_range", text).into())
}

/// Proposes to believe lines.
#[utoipa::path(
    post,
    path = "/v1/statements/{id}/proposals",
    tag = "money",
    summary = "Propose to believe lines of a bank statement",
    description = "For its merchant and for administrators: lines that are missing here are to become bank transactions, though no notice told of them. Nothing is credited before an administrator approves who neither proposed it nor brought the file.",
    operation_id = "create_statement_proposal",
    params(("id" = String, Path, description = "The statement."),
        ("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same body, the first answer comes back.")),
    request_body = ProposalCreation,
    responses((status = 201, description = "It waits for approval.", body = ProposalDocument))
)]
pub async fn create(
    MerchantOrAdmin(caller): MerchantOrAdmin,
    State(state): State<AppState>,
    Path(id): Path<StatementId>,
    key: IdempotencyKey,
    Json(body): Json<ProposalCreation>,
) -> Result<Response, Problem> {
    check_count(body.lines.len())?;
    let request = (id.to_string(), &body);
    let begun = Creation::begin(&state, &caller, "statement_proposals.create", key, &request);
    let mut work = match begun.await? {
        Begun::Replay(response) => return Ok(response),
        Begun::First(work) => work,
    };
    let act = caller.act(&state);
    let proposed = reconcile::propose(work.tx(), &act, caller.reach(), id, &body.lines).await?;
    work.created(&ProposalDocument::from(proposed)).await
}

/// The proposals within the caller's reach, newest first.
#[utoipa::path(
    get,
    path = "/v1/statement-proposals",
    tag = "money",
    summary = "List proposals to believe lines of statements",
    description = "For a merchant: its own. For administrators: all, of which those that are `proposed` wait for one of them.",
    operation_id = "list_statement_proposals",
    params(ProposalQuery),
    responses((status = 200, description = "A page of proposals.", body = Page<ProposalDocument>))
)]
pub async fn list(
    MerchantOrAdmin(caller): MerchantOrAdmin,
    State(state): State<AppState>,
    Query(query): Query<ProposalQuery>,
) -> Result<Json<Page<ProposalDocument>>, Problem> {
    let import = query.statement_id.as_deref();
    let wanted = ProposalFilter {
        import: filter("statement_id", import, str::parse::<StatementId>)?,
        state: filter("state", query.state.as_deref(), ProposalState::parse)?,
    };
    let scope = (&caller.actor, &query.statement_id, &query.state);
    let cursor = query.cursor.as_deref();
    let request = state
        .page_key
        .request("statement_proposals", &scope, query.limit, cursor)?;
    let before = request
        .after()
        .map(|it| StatementProposalId::from_uuid(it.id));
    let mut tx = state.ledger.store.begin_read().await?;
    let rows = request.fetch_rows();
    let rows = proposals::list(&mut tx, caller.reach(), wanted, before, rows).await?;
    let position = |row: &ProposalRow| by_id(row.id);
    Ok(Json(request.page(rows, position, Into::into)))
}

/// One proposal.
#[utoipa::path(
    get,
    path = "/v1/statement-proposals/{id}",
    tag = "money",
    summary = "Read a proposal to believe lines of a statement",
    description = "For its merchant and for administrators.",
    operation_id = "read_statement_proposal",
    params(("id" = String, Path, description = "The proposal.")),
    responses((status = 200, description = "The proposal.", body = ProposalDocument))
)]
pub async fn read(
    MerchantOrAdmin(caller): MerchantOrAdmin,
    State(state): State<AppState>,
    Path(id): Path<StatementProposalId>,
) -> Result<Versioned<ProposalDocument>, Problem> {
    let mut tx = state.ledger.store.begin_read().await?;
    let row = found(proposals::find(&mut tx, caller.reach(), id).await?)?;
    Ok(Versioned(row.version, row.into()))
}

/// Approves a proposal.
#[utoipa::path(
    post,
    path = "/v1/statement-proposals/{id}/approve",
    tag = "money",
    summary = "Believe lines of a bank statement",
    description = "For another administrator than whoever proposed it and whoever brought the file. The lines become bank transactions and are attributed like those of a notice; a notice that comes later credits nothing. A line of which a notice told meanwhile with another amount credits nothing either: which of the two is right is for people to find out.",
    operation_id = "approve_statement_proposal",
    params(("id" = String, Path, description = "The proposal."), Expected),
    responses((status = 200, description = "The proposal afterwards.", body = ProposalDocument))
)]
pub async fn approve(
    Admin(caller): Admin,
    State(state): State<AppState>,
    Path(id): Path<StatementProposalId>,
    expected: Expected,
) -> Result<Versioned<ProposalDocument>, Problem> {
    let act = caller.act(&state);
    let which = (id, expected.version);
    let row = believe_statement(&state.ledger, &act, caller.reach(), which).await?;
    Ok(Versioned(row.version, row.into()))
}

/// Refuses a proposal.
#[utoipa::path(
    post,
    path = "/v1/statement-proposals/{id}/reject",
    tag = "money",
    summary = "Refuse to believe lines of a bank statement",
    description = "For its merchant and for administrators, also to take one's own proposal back. The lines can be proposed again.",
    operation_id = "reject_statement_proposal",
    params(("id" = String, Path, description = "The proposal."), Expected),
    responses((status = 200, description = "The proposal afterwards.", body = ProposalDocument))
)]
pub async fn reject(
    MerchantOrAdmin(caller): MerchantOrAdmin,
    State(state): State<AppState>,
    Path(id): Path<StatementProposalId>,
    expected: Expected,
) -> Result<Versioned<ProposalDocument>, Problem> {
    let act = caller.act(&state);
    let mut tx = state.ledger.store.begin_write().await?;
    let which = (id, expected.version);
    let row = reconcile::reject(&mut tx, &act, caller.reach(), which).await?;
    tx.commit().await?;
    Ok(Versioned(row.version, row.into()))
}
