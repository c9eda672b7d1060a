//! `/v1/payments/{id}/reversals` and `/v1/reversals`: money that goes back. Recorded here,
//! executed at the bank, and counted only when the bank says so.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::instant_of;
use super::money::{CaseQuery, open_money};
use super::payments;
use super::registry::{Versioned, filter};
use super::suspense_settlement::trader;
use super::wording::Worded;
use crate::domain::day::to_rfc3339;
use crate::domain::ids::{AccountId, BankTransactionId, MerchantId, PaymentId, ReversalId};
use crate::domain::money::Vnd;
use crate::domain::reversal::{MatchedBy, Nature, ReversalState};
use crate::domain::text::Reason;
use crate::flows::record_reversal::{self, GivenBack};
use crate::http::AppState;
use crate::http::auth::{Caller, MerchantOrStaff, found};
use crate::http::extract::{Json, Path, Query};
use crate::http::idempotency::{Begun, Creation, IdempotencyKey};
use crate::http::language::Text;
use crate::http::page::{Page, Position};
use crate::http::problem::{FieldError, Problem, at};
use crate::store::reversals::{self, ReversalFilter, ReversalRow};

/// Money that goes back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reversal, example = json!({
    "id": "rev_01920000000070008000000000000001",
    "merchant_id": "mer_01920000000070008000000000000001",
    "account_id": "acc_01920000000070008000000000000001",
    "origin": "merchant",
    "state": "confirmed",
    "amount_vnd": 20_000,
    "transaction_id": "btx_01920000000070008000000000000001",
    "payment_id": "pay_01920000000070008000000000000001",
    "movement_id": "btx_01920000000070008000000000000002",
    "matched_by": {
        "code": "amount",
        "vi": "Cùng tài khoản, cùng số tiền và thời gian phù hợp với khoản hoàn đã ghi.",
        "en": "Account, amount and time fit the reversal that was recorded.",
    },
    "nature": "customer_request",
    "note": "khách trả lại một bát",
    "recorded_by": "mer_01920000000070008000000000000001",
    "recorded_at": "2026-11-23T09:10:00+07:00",
    "confirmed_at": "2026-11-23T09:12:30+07:00",
    "version": 2,
}))]
pub struct ReversalDocument {
    id: String,
    merchant_id: String,
    account_id: String,
    /// `bank` for the bank's own word, `merchant` for a trader's record.
    origin: String,
    /// `waiting`, `confirmed`, `covered` (a bank's word that confirms a trader's record, which
    /// counts in its place), `undone` (the bank took its word back) or `cancelled`. Only
    /// `confirmed` lowers a figure.
    state: String,
    amount_vnd: i64,
    /// The transaction that it takes back; null while a bank's word names nothing known.
    transaction_id: Option<String>,
    /// The payment of that transaction.
    payment_id: Option<String>,
    /// The transaction by which the money went; null while a record waits for its debit.
    movement_id: Option<String>,
    /// How it is known what belongs together.
    matched_by: Option<Worded>,
    /// Why a trader gave it back.
    nature: Option<String>,
    /// A trader's words.
    note: Option<String>,
    recorded_by: String,
    recorded_at: String,
    /// Since when the money is known to have gone.
    confirmed_at: Option<String>,
    version: i64,
}

/// Money of a payment that a trader gives back, by the trader's own bank.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount_vnd": 20_000, "nature": "customer_request", "note": "khách trả lại một bát"}))]
pub struct NewReversalDocument {
    /// How much, above zero.
    amount_vnd: i64,
    /// `customer_request`, `duplicate`, `overpayment`, `cash_out`, `operational_error` or
    /// `fraud`.
    nature: String,
    /// Words that stay with the record, 1 to 500 characters.
    note: Option<String>,
}

/// Which reversals are wanted.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReversalQuery {
    /// Only those in this state.
    state: Option<String>,
    /// For staff: the merchant whose reversals are read.
    merchant_id: Option<String>,
    /// For staff: the number of the case they are read for; the merchant sees it.
    case: Option<String>,
    /// How many rows, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl From<ReversalRow> for ReversalDocument {
    fn from(row: ReversalRow) -> Self {
        let transaction = |id| BankTransactionId::from_uuid(id).to_string();
        let known = row.matched_by.as_deref().and_then(MatchedBy::parse);
        let payment = row.payment_id.map(PaymentId::from_uuid);
        Self {
            id: ReversalId::from_uuid(row.id).to_string(),
            merchant_id: MerchantId::from_uuid(row.merchant_id).to_string(),
            account_id: AccountId::from_uuid(row.account_id).to_string(),
            origin: row.origin,
            state: row.state,
            amount_vnd: row.amount_vnd,
            transaction_id: row.taken_back_id.map(transaction),
            payment_id: payment.map(|id| id.to_string()),
            movement_id: row.movement_id.map(transaction),
            matched_by: known.map(|how| Worded::new(how.as_str(), how.vi(), how.en())),
            nature: row.nature,
            note: row.note,
            recorded_by: row.recorded_by,
            recorded_at: to_rfc3339(row.recorded_at),
            confirmed_at: row.confirmed_at.map(to_rfc3339),
            version: row.version,
        }
    }
}

impl NewReversalDocument {
    fn read(&self) -> Result<GivenBack, Problem> {
        let amount = Vnd::new(self.amount_vnd).map_err(at("/amount_vnd"))?;
        if amount.is_zero() {
            let text = Text::new("Ghi số tiền lớn hơn 0.", "Give an amount above zero.");
            return Err(FieldError::new("/amount_vnd", "zero", text).into());
        }
        let note = self.note.as_deref().map(Reason::parse).transpose();
        Ok(GivenBack {
            amount,
            nature: Nature::parse(&self.nature).map_err(at("/nature"))?,
            note: note.map_err(at("/note"))?,
        })
    }
}

/// Records money that is given back.
#[utoipa::path(
    post,
    path = "/v1/payments/{id}/reversals",
    tag = "money",
    summary = "Record money given back",
    description = "For the payment's merchant and the till of its outlet; never for staff. Nothing is paid here: the trader pays at the bank. The record waits for that debit and is confirmed by it (same account, same amount, from the day before the record to seven days after); until then no figure changes. What would go back in all is at most what came.",
    operation_id = "record_reversal",
    params(("id" = String, Path, description = "The payment."),
        ("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same body, the first answer comes back.")),
    request_body = NewReversalDocument,
    responses((status = 201, description = "The record.", body = ReversalDocument))
)]
pub async fn record(
    caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<PaymentId>,
    key: IdempotencyKey,
    Json(body): Json<NewReversalDocument>,
) -> Result<Response, Problem> {
    let trader = trader(&caller)?;
    let given = body.read()?;
    let request = (id.to_string(), &body);
    let mut work = match Creation::begin(&state, &caller, "reversals.record", key, &request).await?
    {
        Begun::Replay(response) => return Ok(response),
        Begun::First(work) => work,
    };
    let act = caller.act(&state);
    let row = record_reversal::record(work.tx(), &act, trader, id, &given).await?;
    work.created(&ReversalDocument::from(row)).await
}

/// The reversals of one payment.
#[utoipa::path(
    get,
    path = "/v1/payments/{id}/reversals",
    tag = "money",
    summary = "List the reversals of a payment",
    description = "For its merchant and the till of its outlet. Staff name the merchant and a case. Newest first.",
    operation_id = "list_payment_reversals",
    params(("id" = String, Path, description = "The payment."), ReversalQuery),
    responses((status = 200, description = "A page of reversals.", body = Page<ReversalDocument>))
)]
pub async fn list_of_payment(
    caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<PaymentId>,
    Query(query): Query<ReversalQuery>,
) -> Result<Json<Page<ReversalDocument>>, Problem> {
    list_where(&state, &caller, Some(id), &query).await
}

/// The reversals that the caller may read.
#[utoipa::path(
    get,
    path = "/v1/reversals",
    tag = "money",
    summary = "List reversals",
    description = "For a merchant and its tills: banks' words and own records; `state=waiting` gives those that wait for their other end. Staff name the merchant and a case. Newest first.",
    operation_id = "list_reversals",
    params(ReversalQuery),
    responses((status = 200, description = "A page of reversals.", body = Page<ReversalDocument>))
)]
pub async fn list(
    caller: Caller,
    State(state): State<AppState>,
    Query(query): Query<ReversalQuery>,
) -> Result<Json<Page<ReversalDocument>>, Problem> {
    list_where(&state, &caller, None, &query).await
}

async fn list_where(
    state: &AppState,
    caller: &Caller,
    payment: Option<PaymentId>,
    query: &ReversalQuery,
) -> Result<Json<Page<ReversalDocument>>, Problem> {
    let wanted = filter("state", query.state.as_deref(), ReversalState::parse)?;
    let (merchant, case) = (query.merchant_id.as_deref(), query.case.as_deref());
    let money = open_money(state, caller, merchant, case, "reversals").await?;
    let scope = (
        &caller.actor,
        payment.map(|id| id.to_string()),
        &query.merchant_id,
        &query.state,
    );
    let cursor = query.cursor.as_deref();
    let request = state
        .page_key
        .request("reversals", &scope, query.limit, cursor)?;
    let before = request.after().map(|position| {
        let id = ReversalId::from_uuid(position.id);
        instant_of(position).map(|at| (at, id))
    });
    let before = before.transpose()?;
    if let Some(payment) = payment {
        payments::find_opened(state, money, payment).await?;
    }
    let filter = ReversalFilter {
        state: wanted,
        payment,
        outlet: money.outlet,
    };
    let mut tx = state.ledger.store.begin_read().await?;
    let rows = request.fetch_rows();
    let rows = reversals::list(&mut tx, money.reach, filter, before, rows).await?;
    let position = |row: &ReversalRow| Position {
        sort: to_rfc3339(row.recorded_at),
        id: row.id,
    };
    Ok(Json(request.page(rows, position, ReversalDocument::from)))
}

/// One reversal.
#[utoipa::path(
    get,
    path = "/v1/reversals/{id}",
    tag = "money",
    summary = "Read a reversal",
    description = "For its merchant. Staff name the merchant and a case.",
    operation_id = "read_reversal",
    params(("id" = String, Path, description = "The reversal."), CaseQuery),
    responses((status = 200, description = "The reversal.", body = ReversalDocument))
)]
pub async fn read(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Path(id): Path<ReversalId>,
    Query(query): Query<CaseQuery>,
) -> Result<Versioned<ReversalDocument>, Problem> {
    let money = query.open(&state, &caller, "reversals").await?;
    let mut tx = state.ledger.store.begin_read().await?;
    let row = found(reversals::find(&mut tx, money.reach, id).await?)?;
    Ok(Versioned(row.version, row.into()))
}
