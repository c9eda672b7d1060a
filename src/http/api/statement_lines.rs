//! `/v1/statements/{id}/lines`: the verdict on every line.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::money::open_money;
use super::registry::filter;
use crate::domain::day::to_rfc3339;
use crate::domain::ids::{BankTransactionId, StatementId, StatementProposalId};
use crate::domain::reconciliation::LineVerdict;
use crate::http::AppState;
use crate::http::auth::{MerchantOrStaff, found};
use crate::http::code::Code;
use crate::http::extract::{Json, Path, Query};
use crate::http::page::{Page, Position};
use crate::http::problem::Problem;
use crate::store::statements;
use crate::store::statements::lines::{self, LineRow};

/// One line of a statement; or a transaction that it does not tell of.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatementLine, example = json!({
    "number": 17,
    "file_line": 24,
    "verdict": "missing_here",
    "direction": "credit",
    "amount_vnd": 45_000,
    "known_amount_vnd": null,
    "day": "2026-11-03",
    "occurred_at": "2026-11-03T00:00:00+07:00",
    "bank_reference": "FT26307000000001",
    "content": "TH7K2M9XQ4 bun oc",
    "transaction_id": null,
    "proposal_id": null,
    "proposal_state": null,
}))]
pub struct StatementLineDocument {
    /// From 1, in the order of the file; behind the lines what is missing at the bank.
    number: i64,
    /// The line or row of the file; null for what is missing at the bank.
    file_line: Option<i64>,
    /// `matched`, `missing_here`, `amount_differs` or `missing_at_bank`.
    verdict: String,
    /// `credit` or `debit`, seen from the merchant's account.
    direction: String,
    amount_vnd: i64,
    /// What the transaction moved, where there is one.
    known_amount_vnd: Option<i64>,
    /// The local day.
    day: String,
    /// The bank's time; the beginning of the day where the file tells no time.
    occurred_at: String,
    /// The bank's own reference.
    bank_reference: Option<String>,
    /// The transfer text of what is not matched, while it is kept.
    content: Option<String>,
    /// The transaction that it tells of.
    transaction_id: Option<String>,
    /// The newest proposal to believe it.
    proposal_id: Option<String>,
    /// Where that proposal stands.
    proposal_state: Option<String>,
}

/// Which lines are wanted.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatementLineQuery {
    /// Only those with this verdict.
    verdict: Option<String>,
    /// For staff: the merchant whose statement is read.
    merchant_id: Option<String>,
    /// For staff: the number of the case it is read for; the merchant sees it.
    case: Option<String>,
    /// How many rows, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl From<LineRow> for StatementLineDocument {
    fn from(row: LineRow) -> Self {
        let transaction = |id| BankTransactionId::from_uuid(id).to_string();
        let proposal = |id| StatementProposalId::from_uuid(id).to_string();
        Self {
            number: row.number,
            file_line: row.file_line,
            verdict: row.verdict,
            direction: row.direction,
            amount_vnd: row.amount_vnd,
            known_amount_vnd: row.known_amount_vnd,
            day: row.local_day.to_string(),
            occurred_at: to_rfc3339(row.occurred_at),
            bank_reference: row.bank_reference,
            content: row.content,
            transaction_id: row.transaction_id.map(transaction),
            proposal_id: row.proposal_id.map(proposal),
            proposal_state: row.proposal_state,
        }
    }
}

/// The lines of a statement, in the order of the file.
#[utoipa::path(
    get,
    path = "/v1/statements/{id}/lines",
    tag = "money",
    summary = "List the lines of a bank statement",
    description = "For its merchant: every line with its verdict, and behind them our transactions that the statement does not tell of. Staff name the merchant and a case.",
    operation_id = "list_statement_lines",
    params(("id" = String, Path, description = "The statement."), StatementLineQuery),
    responses((status = 200, description = "A page of lines.", body = Page<StatementLineDocument>))
)]
pub async fn list(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Path(id): Path<StatementId>,
    Query(query): Query<StatementLineQuery>,
) -> Result<Json<Page<StatementLineDocument>>, Problem> {
    let (merchant, case) = (query.merchant_id.as_deref(), query.case.as_deref());
    let money = open_money(&state, &caller, merchant, case, "statements").await?;
    let verdict = filter("verdict", query.verdict.as_deref(), LineVerdict::parse)?;
    let scope = (&caller.actor, id.to_string(), &query.verdict);
    let cursor = query.cursor.as_deref();
    let request = state
        .page_key
        .request("statement_lines", &scope, query.limit, cursor)?;
    let after = request.after().map(|it| it.sort.parse::<i64>());
    let after = after.transpose().map_err(|_| Code::InvalidCursor)?;
    let mut tx = state.ledger.store.begin_read().await?;
    found(statements::find(&mut tx, money.reach, id).await?)?;
    let (after, rows) = (after.unwrap_or(0), request.fetch_rows());
    let rows = lines::list(&mut tx, money.reach, id, verdict, after, rows).await?;
    let position = |row: &LineRow| Position {
        sort: row.number.to_string(),
        id: Uuid::nil(),
    };
    Ok(Json(request.page(rows, position, Into::into)))
}
