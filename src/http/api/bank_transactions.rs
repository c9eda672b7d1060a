//! `/v1/bank-transactions`: what the banks said, and how we know.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::completeness::{CompletenessDocument, MoneyPage, listed_days};
use super::instant_of;
use super::money::{CaseQuery, open_money};
use super::registry::filter;
use crate::domain::day::to_rfc3339;
use crate::domain::ids::{AccountId, BankTransactionId, MerchantId, PaymentId, SuspenseId};
use crate::http::AppState;
use crate::http::auth::{MerchantOrStaff, found};
use crate::http::extract::{Json, Path, Query};
use crate::http::page::Position;
use crate::http::problem::Problem;
use crate::store::transactions::{self, EvidenceRow, TransactionRow};

/// How we know of a transaction.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Evidence)]
pub struct EvidenceDocument {
    /// The name of the source that told us; null when a statement did.
    source: Option<String>,
    /// `callback`, `pulled` or `statement`.
    kind: String,
    /// The provider's own number.
    provider_txn_id: String,
    recorded_at: String,
}

/// A movement on a merchant's account. Account, direction and amount never change; time,
/// reference and text are those of all that was told of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BankTransaction, example = json!({
    "id": "btx_01920000000070008000000000000001",
    "merchant_id": "mer_01920000000070008000000000000001",
    "account_id": "acc_01920000000070008000000000000001",
    "direction": "credit",
    "amount_vnd": 45_000,
    "content": "TH7K2M9XQ4 bun oc",
    "virtual_account": null,
    "bank_reference": "FT26075000000001",
    "order_reference": null,
    "occurred_at": "2026-11-23T09:01:12+07:00",
    "recorded_at": "2026-11-23T09:01:13.120000+07:00",
    "duplicate_of_id": null,
    "double_decision": null,
    "is_disputed": false,
    "payment_id": "pay_01920000000070008000000000000001",
    "suspense_id": null,
    "evidence": [{
        "source": "sepay",
        "kind": "callback",
        "provider_txn_id": "92704",
        "recorded_at": "2026-11-23T09:01:13.120000+07:00",
    }],
}))]
pub struct BankTransactionDocument {
    id: String,
    merchant_id: String,
    account_id: String,
    /// `credit` or `debit`, seen from the merchant's account.
    direction: String,
    amount_vnd: i64,
    /// The transfer text as the bank delivered it.
    content: String,
    virtual_account: Option<String>,
    /// The bank's own reference.
    bank_reference: Option<String>,
    /// The vendor's order field, where our reference may stand.
    order_reference: Option<String>,
    /// The bank's time.
    occurred_at: String,
    recorded_at: String,
    /// Another transaction that may be the same money; until a person decides, this one is in
    /// no sum.
    duplicate_of_id: Option<String>,
    /// What people decided about that: `same_money` or `other_money`.
    double_decision: Option<String>,
    /// Whether somebody says something else: a statement of its day that does not have it, or
    /// with another amount, or its number was told again with other facts and nobody has
    /// decided about that yet.
    is_disputed: bool,
    /// The payment that it became.
    payment_id: Option<String>,
    /// The item in which it waits for its trader.
    suspense_id: Option<String>,
    /// How we know; left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Vec<EvidenceDocument>>,
}

/// Which transactions are wanted.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BankTransactionQuery {
    /// Only those of this account.
    account_id: Option<String>,
    /// For staff: the merchant whose transactions are read.
    merchant_id: Option<String>,
    /// For staff: the number of the case they are read for; the merchant sees it.
    case: Option<String>,
    /// How many rows, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl BankTransactionDocument {
    fn new(row: TransactionRow, evidence: Option<Vec<EvidenceRow>>) -> Self {
        let transaction = |id| BankTransactionId::from_uuid(id).to_string();
        let told = |evidence: Vec<EvidenceRow>| evidence.into_iter().map(Into::into).collect();
        Self {
            id: transaction(row.id),
            merchant_id: MerchantId::from_uuid(row.merchant_id).to_string(),
            account_id: AccountId::from_uuid(row.account_id).to_string(),
            direction: row.direction,
            amount_vnd: row.amount_vnd,
            content: row.content,
            virtual_account: row.virtual_account,
            bank_reference: row.bank_reference,
            order_reference: row.order_reference,
            occurred_at: to_rfc3339(row.occurred_at),
            recorded_at: to_rfc3339(row.recorded_at),
            duplicate_of_id: row.duplicate_of_id.map(transaction),
            double_decision: row.double_decision,
            is_disputed: row.is_disputed,
            payment_id: row
                .payment_id
                .map(|id| PaymentId::from_uuid(id).to_string()),
            suspense_id: row
                .suspense_id
                .map(|id| SuspenseId::from_uuid(id).to_string()),
            evidence: evidence.map(told),
        }
    }
}

impl From<EvidenceRow> for EvidenceDocument {
    fn from(row: EvidenceRow) -> Self {
        Self {
            source: row.source,
            kind: row.kind,
            provider_txn_id: row.provider_txn_id,
            recorded_at: to_rfc3339(row.recorded_at),
        }
    }
}

/// The transactions that the caller may read, newest bank time first.
#[utoipa::path(
    get,
    path = "/v1/bank-transactions",
    tag = "money",
    summary = "List bank transactions",
    description = "For a merchant: its own. Staff name the merchant and a case; the merchant sees that they looked.",
    operation_id = "list_bank_transactions",
    params(BankTransactionQuery),
    responses((status = 200, description = "A page of transactions.", body = MoneyPage<BankTransactionDocument>))
)]
pub async fn list(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Query(query): Query<BankTransactionQuery>,
) -> Result<Json<MoneyPage<BankTransactionDocument>>, Problem> {
    let (merchant, case) = (query.merchant_id.as_deref(), query.case.as_deref());
    let money = open_money(&state, &caller, merchant, case, "bank_transactions").await?;
    let account = query.account_id.as_deref();
    let account = filter("account_id", account, str::parse::<AccountId>)?;
    let scope = (&caller.actor, &query.merchant_id, &query.account_id);
    let cursor = query.cursor.as_deref();
    let request = state
        .page_key
        .request("bank_transactions", &scope, query.limit, cursor)?;
    let before = request.after().map(|position| {
        let id = BankTransactionId::from_uuid(position.id);
        instant_of(position).map(|at| (at, id))
    });
    let before = before.transpose()?;
    let mut tx = state.ledger.store.begin_read().await?;
    let now = state.clock.now();
    let days = listed_days(None, None, now);
    let completeness = CompletenessDocument::read(&mut tx, money.reach, days, now).await?;
    let rows = request.fetch_rows();
    let rows = transactions::list(&mut tx, money.reach, account, before, rows).await?;
    let position = |row: &TransactionRow| Position {
        sort: to_rfc3339(row.occurred_at),
        id: row.id,
    };
    let show = |row| BankTransactionDocument::new(row, None);
    let page = request.page(rows, position, show);
    Ok(Json(MoneyPage::new(completeness, page)))
}

/// One transaction, and how we know of it.
#[utoipa::path(
    get,
    path = "/v1/bank-transactions/{id}",
    tag = "money",
    summary = "Read a bank transaction",
    description = "For its merchant. Staff name the merchant and a case.",
    operation_id = "read_bank_transaction",
    params(("id" = String, Path, description = "The transaction."), CaseQuery),
    responses((status = 200, description = "The transaction.", body = BankTransactionDocument))
)]
pub async fn read(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Path(id): Path<BankTransactionId>,
    Query(query): Query<CaseQuery>,
) -> Result<Json<BankTransactionDocument>, Problem> {
    let money = query.open(&state, &caller, "bank_transactions").await?;
    let mut tx = state.ledger.store.begin_read().await?;
    let row = found(transactions::find(&mut tx, money.reach, id).await?)?;
    let evidence = transactions::evidence_of(&mut tx, id).await?;
    Ok(Json(BankTransactionDocument::new(row, Some(evidence))))
}
