//! `/v1/statements`: a bank's statement held against the books.
//!
//! A statement shows its merchant's takings. So the merchant brings it, or an administrator
//! who was given it; other staff read one only for a recorded case, like all money.

use std::io::Cursor;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::money::{CaseQuery, open_money};
use super::registry::{Versioned, by_id, filter};
use super::statement_documents::{StatementDocument, StatementReport, Tried};
use crate::domain::day::Window;
use crate::domain::ids::{AccountId, StatementId};
use crate::flows::reconcile::{
    self, Examined, FileBytes, LinesWanted, ReconcileError, Staged, Wishes,
};
use crate::http::AppState;
use crate::http::auth::{Caller, MerchantOrAdmin, MerchantOrStaff, found};
use crate::http::code::Code;
use crate::http::extract::{Json, Path, Query, Statement};
use crate::http::idempotency::{Begun, Creation, IdempotencyKey};
use crate::http::language::Text;
use crate::http::page::Page;
use crate::http::problem::{FieldError, Problem};
use crate::store::statements::{self, ImportRow};

const OPERATION: &str = "statements.create";

/// What a file is said to be.
#[derive(Clone, Debug, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatementQuery {
    /// The account that it tells of, approved by two persons before.
    account_id: String,
    /// The first day that it tells of; what the file says itself if not given.
    first_day: Option<NaiveDate>,
    /// The last day that it tells of; given together with the first.
    last_day: Option<NaiveDate>,
    /// `true` to take the good lines of a file that has bad ones; it then closes no day.
    good_lines: Option<bool>,
    /// `true` to compare and write nothing.
    dry_run: Option<bool>,
}

/// Which statements are wanted.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatementsQuery {
    /// Only those of this account.
    account_id: Option<String>,
    /// For staff: the merchant whose statements are read.
    merchant_id: Option<String>,
    /// For staff: the number of the case they are read for; the merchant sees it.
    case: Option<String>,
    /// How many rows, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl StatementQuery {
    fn wishes(&self) -> Result<Wishes, Problem> {
        let period = match (self.first_day, self.last_day) {
            (None, None) => None,
            (Some(first), Some(last)) => Some(Window::new(first, last).ok_or_else(|| {
                let text = Text::new(
                    "Ngày cuối không được sớm hơn ngày đầu.",
                    "The last day is not earlier than the first.",
                );
                bad_query("last_day", "out_of_range", text)
            })?),
            (first, _) => {
                let missing = if first.is_some() {
                    "last_day"
                } else {
                    "first_day"
                };
                let text = Text::new(
                    "Ngày đầu và ngày cuối được ghi cùng nhau.",
                    "The first and the last day are given together.",
                );
                return Err(bad_query(missing, "required", text));
            }
        };
        let lines = match self.good_lines {
            Some(true) => LinesWanted::Good,
            Some(false) | None => LinesWanted::All,
        };
        Ok(Wishes { period, lines })
    }
}

fn bad_query(name: &str, code: &'static str, text: Text) -> Problem {
    Problem::new(Code::InvalidQuery).errors(vec![FieldError::query(name, code, text)])
}

/// Imports a statement.
#[utoipa::path(
    post,
    path = "/v1/statements",
    tag = "money",
    summary = "Hold a bank statement against the books",
    description = "For a merchant, about its own account, and for administrators. CSV, XLSX, XLS, camt.053 or MT940, found from the bytes; at most 32 MiB and 500 000 lines. Each line is `matched`, `missing_here` or `amount_differs`, and each of our transactions of these days that it does not tell of `missing_at_bank`. A file with anything wrong in it is refused whole and every fault named, unless `good_lines=true`. The same file again, after a deadline for instance, changes nothing and gives the first result. Nothing is credited by it: see the proposals.",
    operation_id = "create_statement",
    params(StatementQuery, ("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same file and wishes, the first answer comes back.")),
    request_body(content = String, content_type = "application/octet-stream", example = "Ngày giao dịch,Số tham chiếu,Ghi nợ,Ghi có,Số dư,Nội dung\n03/11/2026,FT26307000000001,,45.000,1.245.000,TH7K2M9XQ4 bun oc\n"),
    responses(
        (status = 201, description = "It was imported.", body = StatementReport),
        (status = 200, description = "A trial, or the result of the same file before.", body = StatementReport),
    )
)]
pub async fn create(
    MerchantOrAdmin(caller): MerchantOrAdmin,
    State(state): State<AppState>,
    Query(query): Query<StatementQuery>,
    key: IdempotencyKey,
    Statement(bytes): Statement,
) -> Result<Response, Problem> {
    let wishes = query.wishes()?;
    let account = filter(
        "account_id",
        Some(&query.account_id),
        str::parse::<AccountId>,
    )?;
    let account = account.expect("it was given");
    let mut tx = state.ledger.store.begin_read().await?;
    let account = reconcile::account(&mut tx, caller.reach(), account).await?;
    tx.rollback().await?;
    let file: FileBytes = Box::new(Cursor::new(bytes));
    let now = state.clock.now();
    let examined = reconcile::examine(file, account, wishes, now).await?;
    if query.dry_run == Some(true) {
        return trial(&state, &caller, examined).await;
    }
    let request = (&query, hex::encode(examined.survey.file_hash));
    // The key is only looked at here: nothing may wait for a transaction that reads a file.
    match Creation::begin(&state, &caller, OPERATION, key.clone(), &request).await? {
        Begun::Replay(response) => return Ok(response),
        Begun::First(work) => drop(work),
    }
    if let Some(before) = reconcile::imported_before(&state.ledger.store, &examined).await? {
        return imported_before(&state, before).await;
    }
    import(&state, &caller, (key, &request), examined).await
}

async fn import(
    state: &AppState,
    caller: &Caller,
    (key, request): (IdempotencyKey, &impl Serialize),
    examined: Examined,
) -> Result<Response, Problem> {
    let act = caller.act(state);
    let store = &state.ledger.store;
    let mut staged = reconcile::stage(&state.ledger, &act, examined, &|_| ()).await?;
    let finished = finish(state, caller, (key, request), &mut staged).await;
    if matches!(finished, Ok(Ended::Imported(_))) {
        reconcile::draw_in_now(store, &act, staged.id).await;
    } else {
        reconcile::discard(store, staged.id).await?;
    }
    match finished? {
        Ended::Imported(response) | Ended::Replayed(response) => Ok(response),
        Ended::Meanwhile => {
            let before = reconcile::imported_before(store, &staged.examined).await?;
            imported_before(state, found(before)?).await
        }
    }
}

/// How an import ended.
enum Ended {
    /// It is visible.
    Imported(Response),
    /// The same request was answered meanwhile.
    Replayed(Response),
    /// The same file was imported meanwhile.
    Meanwhile,
}

async fn finish(
    state: &AppState,
    caller: &Caller,
    (key, request): (IdempotencyKey, &impl Serialize),
    staged: &mut Staged,
) -> Result<Ended, Problem> {
    let act = caller.act(state);
    let begun = Creation::begin(state, caller, OPERATION, key, request).await?;
    let mut work = match begun {
        Begun::Replay(response) => return Ok(Ended::Replayed(response)),
        Begun::First(work) => work,
    };
    let finished = match reconcile::finish(work.tx(), &act, staged).await {
        Err(ReconcileError::ImportedMeanwhile) => return Ok(Ended::Meanwhile),
        finished => finished?,
    };
    let report = StatementReport::imported(&staged.examined.survey, finished);
    Ok(Ended::Imported(work.created(&report).await?))
}

async fn trial(state: &AppState, caller: &Caller, examined: Examined) -> Result<Response, Problem> {
    let tried = Tried::of(&examined);
    let act = caller.act(state);
    let trial = reconcile::trial(&state.ledger, &act, examined, &|_| ()).await?;
    Ok(Json(StatementReport::trial(tried, trial)).into_response())
}

async fn imported_before(state: &AppState, before: ImportRow) -> Result<Response, Problem> {
    let mut tx = state.ledger.store.begin_read().await?;
    let report = reconcile::report(&mut tx, before).await?;
    let report = StatementReport::imported_before(report);
    Ok((StatusCode::OK, Json(report)).into_response())
}

/// The statements that the caller may read, newest first.
#[utoipa::path(
    get,
    path = "/v1/statements",
    tag = "money",
    summary = "List bank statements",
    description = "For a merchant: its own. Staff name the merchant and a case; the merchant sees that they looked.",
    operation_id = "list_statements",
    params(StatementsQuery),
    responses((status = 200, description = "A page of statements.", body = Page<StatementDocument>))
)]
pub async fn list(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Query(query): Query<StatementsQuery>,
) -> Result<Json<Page<StatementDocument>>, Problem> {
    let (merchant, case) = (query.merchant_id.as_deref(), query.case.as_deref());
    let money = open_money(&state, &caller, merchant, case, "statements").await?;
    let account = query.account_id.as_deref();
    let account = filter("account_id", account, str::parse::<AccountId>)?;
    let scope = (&caller.actor, &query.merchant_id, &query.account_id);
    let cursor = query.cursor.as_deref();
    let request = state
        .page_key
        .request("statements", &scope, query.limit, cursor)?;
    let before = request.after().map(|it| StatementId::from_uuid(it.id));
    let mut tx = state.ledger.store.begin_read().await?;
    let rows = request.fetch_rows();
    let rows = statements::list(&mut tx, money.reach, account, before, rows).await?;
    let position = |row: &ImportRow| by_id(row.id);
    Ok(Json(request.page(rows, position, Into::into)))
}

/// One statement.
#[utoipa::path(
    get,
    path = "/v1/statements/{id}",
    tag = "money",
    summary = "Read a bank statement",
    description = "For its merchant. Staff name the merchant and a case.",
    operation_id = "read_statement",
    params(("id" = String, Path, description = "The statement."), CaseQuery),
    responses((status = 200, description = "The statement.", body = StatementDocument))
)]
pub async fn read(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Path(id): Path<StatementId>,
    Query(query): Query<CaseQuery>,
) -> Result<Versioned<StatementDocument>, Problem> {
    let money = query.open(&state, &caller, "statements").await?;
    let mut tx = state.ledger.store.begin_read().await?;
    let row = found(statements::find(&mut tx, money.reach, id).await?)?;
    Ok(Versioned(row.version, row.into()))
}
