//! `/v1/payment-codes/{id}/revisions`: what a code has shown, and `PATCH` of a code: what it
//! shows from now on.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::PageQuery;
use super::code_amounts::AmountFields;
use super::payment_codes::{PaymentCodeDocument, find, issuer};
use super::registry::{Expected, Versioned};
use crate::domain::code::AmountRuleName;
use crate::domain::day::to_rfc3339;
use crate::domain::ids::CodeId;
use crate::flows::issue_code;
use crate::http::AppState;
use crate::http::auth::{Caller, MerchantOrStaff};
use crate::http::code::Code;
use crate::http::extract::{Json, Path, Query};
use crate::http::language::Text;
use crate::http::page::{Page, Position};
use crate::http::problem::{FieldError, Problem, at};
use crate::store::code_revisions::{self, RevisionRow};

/// What a code asks for from now on.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount_rule": "fixed", "amount_vnd": 35_000}))]
pub struct PaymentCodeAmendment {
    /// `fixed`, `open` or `suggested`; of a dynamic code `fixed`.
    amount_rule: String,
    /// The fixed or suggested amount, đồng.
    amount_vnd: Option<i64>,
    /// Of an open amount: the least, đồng.
    floor_vnd: Option<i64>,
    /// Of an open amount: the most, đồng.
    ceiling_vnd: Option<i64>,
}

/// What one revision of a code shows. It never changes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CodeRevision, example = json!({
    "revision": 1,
    "payload": "0002010102113857…",
    "amount_rule": "open",
    "amount_vnd": null,
    "floor_vnd": null,
    "ceiling_vnd": null,
    "created_by": "mer_01920000000070008000000000000001",
    "created_at": "2026-11-23T09:00:00+07:00",
}))]
pub struct CodeRevisionDocument {
    /// Its number, from 1.
    revision: i64,
    /// The text of the picture.
    payload: String,
    /// `fixed`, `open` or `suggested`.
    amount_rule: String,
    amount_vnd: Option<i64>,
    floor_vnd: Option<i64>,
    ceiling_vnd: Option<i64>,
    /// The person, merchant or till that made it.
    created_by: String,
    created_at: String,
}

impl From<RevisionRow> for CodeRevisionDocument {
    fn from(row: RevisionRow) -> Self {
        Self {
            revision: row.revision,
            payload: row.payload,
            amount_rule: row.amount_rule,
            amount_vnd: row.amount_vnd,
            floor_vnd: row.floor_vnd,
            ceiling_vnd: row.ceiling_vnd,
            created_by: row.created_by,
            created_at: to_rfc3339(row.created_at),
        }
    }
}

/// What a code has shown so far.
#[utoipa::path(
    get,
    path = "/v1/payment-codes/{id}/revisions",
    tag = "codes",
    summary = "List what a payment code has shown",
    description = "For whoever may read the code. Newest first; the picture of each is at `qr.svg?revision=`.",
    operation_id = "list_payment_code_revisions",
    params(("id" = String, Path, description = "The code."), PageQuery),
    responses((status = 200, description = "A page of revisions.", body = Page<CodeRevisionDocument>))
)]
pub async fn list(
    caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<CodeId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<CodeRevisionDocument>>, Problem> {
    let scope = (&caller.actor, id.to_string());
    let cursor = query.cursor.as_deref();
    let request = state
        .page_key
        .request("revisions", &scope, query.limit, cursor)?;
    let before = request.after().map(|it| it.sort.parse::<i64>()).transpose();
    let before = before.map_err(|_| Code::InvalidCursor)?;
    let mut tx = state.ledger.store.begin_read().await?;
    find(&mut tx, &caller, id).await?;
    let rows = code_revisions::list(&mut tx, id, before, request.fetch_rows()).await?;
    let position = |row: &RevisionRow| Position {
        sort: row.revision.to_string(),
        id: Uuid::nil(),
    };
    Ok(Json(request.page(
        rows,
        position,
        CodeRevisionDocument::from,
    )))
}

/// Gives a code another amount.
#[utoipa::path(
    patch,
    path = "/v1/payment-codes/{id}",
    tag = "codes",
    summary = "Amend a payment code",
    description = "For its merchant, and for staff but for codes of single sales. The amount rule changes, the reference and the account stay, and the new text is the next revision: of a static code while it is in use, of a dynamic one while it is neither paid nor expired. `If-Match` is required: what was decided on an older state of the code is refused.",
    operation_id = "amend_payment_code",
    params(("id" = String, Path, description = "The code."), Expected),
    request_body = PaymentCodeAmendment,
    responses((status = 200, description = "The code afterwards.", body = PaymentCodeDocument))
)]
pub async fn amend(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Path(id): Path<CodeId>,
    expected: Expected,
    Json(body): Json<PaymentCodeAmendment>,
) -> Result<Versioned<PaymentCodeDocument>, Problem> {
    let version = expected.version.ok_or_else(version_required)?;
    let name = AmountRuleName::parse(&body.amount_rule).map_err(at("/amount_rule"))?;
    let amounts = AmountFields {
        amount: body.amount_vnd,
        floor: body.floor_vnd,
        ceiling: body.ceiling_vnd,
    };
    let rule = amounts.rule(name)?;
    let issuer = issuer(&caller, &state);
    let mut tx = state.ledger.store.begin_write().await?;
    let seen = find(&mut tx, &caller, id).await?;
    if seen.version != version {
        return Err(Code::PreconditionFailed.into());
    }
    let amended = issue_code::amend(&mut tx, &issuer, id, seen.revision, rule).await?;
    tx.commit().await?;
    let version = amended.code.version;
    let document = PaymentCodeDocument::new(amended, issuer.now)?;
    Ok(Versioned(version, document))
}

fn version_required() -> Problem {
    let message = Text::new(
        "Cần ghi ETag của mã vừa đọc.",
        "Give the ETag of the code that was read.",
    );
    let error = FieldError::header("If-Match", "required", message);
    Problem::new(Code::InvalidHeader).errors(vec![error])
}
