//! `/v1/payments`: credits attributed to an outlet, what each is worth, and why.

use axum::extract::State;
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::completeness::{CompletenessDocument, MoneyPage, listed_days};
use super::instant_of;
use super::money::{CaseQuery, OpenedMoney, open_money};
use super::registry::{Versioned, filter};
use crate::domain::day::{start_of_day, to_rfc3339};
use crate::domain::ids::{BankTransactionId, CodeId, MerchantId, OutletId, PaymentId};
use crate::http::AppState;
use crate::http::auth::{Caller, found};
use crate::http::extract::{Json, Path, Query};
use crate::http::page::Position;
use crate::http::problem::Problem;
use crate::store::payments::{self, PaymentFilter, PaymentRow};

/// A credit attributed to one outlet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payment, example = json!({
    "id": "pay_01920000000070008000000000000001",
    "transaction_id": "btx_01920000000070008000000000000001",
    "merchant_id": "mer_01920000000070008000000000000001",
    "outlet_id": "out_01920000000070008000000000000001",
    "code_id": "pcd_01920000000070008000000000000001",
    "status": "settled",
    "flags": ["cash_out_part", "overpaid"],
    "expected_vnd": 50_000,
    "received_vnd": 60_000,
    "sale_vnd": 50_000,
    "returned_vnd": 0,
    "counted_as": "verified",
    "attributed_by": "reference",
    "occurred_at": "2026-11-23T09:01:12+07:00",
    "local_day": "2026-11-23",
    "recorded_at": "2026-11-23T09:01:13.120000+07:00",
    "version": 2,
}))]
pub struct PaymentDocument {
    id: String,
    transaction_id: String,
    merchant_id: String,
    outlet_id: String,
    /// The code that the transfer named; null when it named none.
    code_id: Option<String>,
    /// `settled`, `partially_returned`, `returned` or `voided`.
    status: String,
    /// What must be known about it: `underpaid`, `overpaid`, `split`, `additional`, `late`,
    /// `retired_code`, `duplicate_suspected`, `by_account`, `manual`, `cash_out_part`, `test`.
    flags: Vec<String>,
    /// What the code expects; null for an open amount.
    expected_vnd: Option<i64>,
    received_vnd: i64,
    /// The part that is a sale.
    sale_vnd: i64,
    returned_vnd: i64,
    /// Which sums it is in: `verified`, `by_account` or `none`.
    counted_as: String,
    /// `reference`, `account` or `person`.
    attributed_by: String,
    /// The bank's time.
    occurred_at: String,
    /// The local day of the bank's time.
    local_day: NaiveDate,
    recorded_at: String,
    /// Raised whenever another credit of its code changes what it is worth.
    version: i64,
}

/// Which payments are wanted.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PaymentQuery {
    /// Only those at this outlet.
    outlet_id: Option<String>,
    /// Only those of this code.
    code_id: Option<String>,
    /// Only those of this local day or later.
    from: Option<NaiveDate>,
    /// Only those of this local day or earlier.
    to: Option<NaiveDate>,
    /// For staff: the merchant whose payments are read.
    merchant_id: Option<String>,
    /// For staff: the number of the case they are read for; the merchant sees it.
    case: Option<String>,
    /// How many rows, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl From<PaymentRow> for PaymentDocument {
    fn from(row: PaymentRow) -> Self {
        let flags = row.flags.split(' ').filter(|flag| !flag.is_empty());
        Self {
            id: PaymentId::from_uuid(row.id).to_string(),
            transaction_id: BankTransactionId::from_uuid(row.transaction_id).to_string(),
            merchant_id: MerchantId::from_uuid(row.merchant_id).to_string(),
            outlet_id: OutletId::from_uuid(row.outlet_id).to_string(),
            code_id: row.code_id.map(|id| CodeId::from_uuid(id).to_string()),
            flags: flags.map(str::to_owned).collect(),
            status: row.status,
            expected_vnd: row.expected_vnd,
            received_vnd: row.received_vnd,
            sale_vnd: row.sale_vnd,
            returned_vnd: row.returned_vnd,
            counted_as: row.counted_as,
            attributed_by: row.attributed_by,
            occurred_at: to_rfc3339(row.occurred_at),
            local_day: row.local_day,
            recorded_at: to_rfc3339(row.recorded_at),
            version: row.version,
        }
    }
}

impl PaymentQuery {
    fn filter(&self, till: Option<OutletId>) -> Result<PaymentFilter, Problem> {
        let outlet = self.outlet_id.as_deref();
        let outlet = filter("outlet_id", outlet, str::parse::<OutletId>)?;
        if till.is_some() && outlet.is_some() && till != outlet {
            return Err(Problem::not_found());
        }
        let code = self.code_id.as_deref();
        Ok(PaymentFilter {
            outlet: till.or(outlet),
            code: filter("code_id", code, str::parse::<CodeId>)?,
            from: self.from.map(start_of_day),
            until: self.to.map(|day| start_of_day(day + Days::new(1))),
        })
    }
}

/// The payments that the caller may read, newest bank time first.
#[utoipa::path(
    get,
    path = "/v1/payments",
    tag = "money",
    summary = "List payments",
    description = "For a merchant and its tills. Staff name the merchant and a case; the merchant sees that they looked.",
    operation_id = "list_payments",
    params(PaymentQuery),
    responses((status = 200, description = "A page of payments.", body = MoneyPage<PaymentDocument>))
)]
pub async fn list(
    caller: Caller,
    State(state): State<AppState>,
    Query(query): Query<PaymentQuery>,
) -> Result<Json<MoneyPage<PaymentDocument>>, Problem> {
    let (merchant, case) = (query.merchant_id.as_deref(), query.case.as_deref());
    let money = open_money(&state, &caller, merchant, case, "payments").await?;
    let wanted = query.filter(money.outlet)?;
    let scope = (
        &caller.actor,
        &query.merchant_id,
        &query.outlet_id,
        &query.code_id,
        query.from,
        query.to,
    );
    let cursor = query.cursor.as_deref();
    let request = state
        .page_key
        .request("payments", &scope, query.limit, cursor)?;
    let before = request.after().map(|position| {
        let id = PaymentId::from_uuid(position.id);
        instant_of(position).map(|at| (at, id))
    });
    let before = before.transpose()?;
    let mut tx = state.ledger.store.begin_read().await?;
    let now = state.clock.now();
    let days = listed_days(query.from, query.to, now);
    let completeness = CompletenessDocument::read(&mut tx, money.reach, days, now).await?;
    let rows = request.fetch_rows();
    let rows = payments::list(&mut tx, money.reach, wanted, before, rows).await?;
    let position = |row: &PaymentRow| Position {
        sort: to_rfc3339(row.occurred_at),
        id: row.id,
    };
    let page = request.page(rows, position, PaymentDocument::from);
    Ok(Json(MoneyPage::new(completeness, page)))
}

/// One payment.
#[utoipa::path(
    get,
    path = "/v1/payments/{id}",
    tag = "money",
    summary = "Read a payment",
    description = "For its merchant and the till of its outlet. Staff name the merchant and a case.",
    operation_id = "read_payment",
    params(("id" = String, Path, description = "The payment."), CaseQuery),
    responses((status = 200, description = "The payment.", body = PaymentDocument))
)]
pub async fn read(
    caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<PaymentId>,
    Query(query): Query<CaseQuery>,
) -> Result<Versioned<PaymentDocument>, Problem> {
    let row = find(&state, &caller, id, &query).await?;
    Ok(Versioned(row.version, row.into()))
}

/// A payment that the caller may read.
pub(super) async fn find(
    state: &AppState,
    caller: &Caller,
    id: PaymentId,
    query: &CaseQuery,
) -> Result<PaymentRow, Problem> {
    let money = query.open(state, caller, "payment").await?;
    find_opened(state, money, id).await
}

/// A payment among money that was opened to the caller.
pub(super) async fn find_opened(
    state: &AppState,
    money: OpenedMoney,
    id: PaymentId,
) -> Result<PaymentRow, Problem> {
    let mut tx = state.ledger.store.begin_read().await?;
    let row = payments::find(&mut tx, money.reach, id).await?;
    found(row.filter(|row| money.has_outlet(OutletId::from_uuid(row.outlet_id))))
}
