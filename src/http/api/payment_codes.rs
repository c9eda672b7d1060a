//! `/v1/payment-codes`: what the customer scans.

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::registry::{Versioned, by_id, filter};
use crate::domain::access::{Role, Scope};
use crate::domain::code::{CodeKindName, CodePhase, CodeTermsError};
use crate::domain::day::to_rfc3339;
use crate::domain::ids::{AccountId, CodeId, MerchantId, OutletId};
use crate::flows::issue_code::{self, IssueError, IssuedCode, Issuer};
use crate::http::AppState;
use crate::http::auth::{Caller, MerchantOrStaff, found};
use crate::http::code::Code;
use crate::http::extract::{Json, Path, Query};
use crate::http::language::Text;
use crate::http::page::Page;
use crate::http::problem::{FieldError, Problem, at};
use crate::store::codes::{self, CodeFilter, CodeRow, ShownCode};
use crate::store::{StoreError, Tx, inconsistent};

/// What the customer scans.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentCode, example = json!({
    "id": "pcd_01920000000070008000000000000001",
    "merchant_id": "mer_01920000000070008000000000000001",
    "outlet_id": "out_01920000000070008000000000000001",
    "account_id": "acc_01920000000070008000000000000001",
    "kind": "dynamic",
    "scheme": "transfer",
    "reference": "THABCDEFGH",
    "amount_rule": "fixed",
    "amount_vnd": 50_000,
    "floor_vnd": null,
    "ceiling_vnd": null,
    "expires_at": "2026-11-23T09:15:00+07:00",
    "state": "active",
    "for_test": false,
    "revision": 1,
    "payload": "0002010102123857…",
    "created_at": "2026-11-23T09:00:00+07:00",
}))]
pub struct PaymentCodeDocument {
    id: String,
    merchant_id: String,
    outlet_id: String,
    /// The account it names; null for an acquirer's code.
    account_id: Option<String>,
    /// `static` or `dynamic`.
    kind: String,
    /// `transfer` or `merchant_pay`.
    scheme: String,
    /// What stands in the text of the transfer; null for an acquirer's code.
    reference: Option<String>,
    /// `fixed`, `open` or `suggested`.
    amount_rule: String,
    amount_vnd: Option<i64>,
    floor_vnd: Option<i64>,
    ceiling_vnd: Option<i64>,
    expires_at: Option<String>,
    /// `active`, `expired`, `completed`, `cancelled`, `superseded` or `revoked`, now.
    state: &'static str,
    for_test: bool,
    /// Raised by every amendment, from 1.
    revision: i64,
    /// The text of the picture.
    payload: String,
    created_at: String,
}

/// Which codes are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PaymentCodeQuery {
    /// Only those that hang at this outlet.
    outlet_id: Option<String>,
    /// `static` or `dynamic`.
    kind: Option<String>,
    /// What it is now: `active`, `expired`, `completed`, `cancelled`, `superseded` or `revoked`.
    state: Option<String>,
    /// How many rows, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl PaymentCodeDocument {
    /// The code as it stands at `now`.
    pub(super) fn new(
        IssuedCode { code, payload }: IssuedCode,
        now: DateTime<Utc>,
    ) -> Result<Self, Problem> {
        let state = code.state()?.phase_at(&code.terms()?, now).as_str();
        Ok(Self {
            id: CodeId::from_uuid(code.id).to_string(),
            merchant_id: MerchantId::from_uuid(code.merchant_id).to_string(),
            outlet_id: OutletId::from_uuid(code.outlet_id).to_string(),
            account_id: code
                .account_id
                .map(|id| AccountId::from_uuid(id).to_string()),
            kind: code.kind,
            scheme: code.scheme,
            reference: code.reference,
            amount_rule: code.amount_rule,
            amount_vnd: code.amount_vnd,
            floor_vnd: code.floor_vnd,
            ceiling_vnd: code.ceiling_vnd,
            expires_at: code.expires_at.map(to_rfc3339),
            state,
            for_test: code.for_test,
            revision: code.revision,
            payload,
            created_at: to_rfc3339(code.created_at),
        })
    }
}

impl From<IssueError> for Problem {
    fn from(error: IssueError) -> Self {
        let text = Text::new(error.vietnamese(), error.to_string());
        let field = |pointer, code| Self::from(FieldError::new(pointer, code, text.clone()));
        match error {
            IssueError::UnknownCode => Self::not_found(),
            IssueError::UnknownOutlet => field("/outlet_id", "unknown_outlet"),
            IssueError::NoAccount => {
                let error = FieldError::new("", "no_account", text.clone());
                Self::new(Code::WrongState).detail(text).errors(vec![error])
            }
            IssueError::Refused(refusal) => refusal.into(),
            IssueError::Terms(CodeTermsError::Expiry) => field("/expires_at", "out_of_range"),
            IssueError::Terms(fault) => at("/amount_vnd")(fault),
            IssueError::Payload(fault) => field("/payload", fault.reason.as_str()),
            IssueError::NotAnAcquirers => field("/payload", "not_an_acquirers"),
            IssueError::AlreadyRegistered => {
                let error = FieldError::new("/payload", "taken", text);
                Self::new(Code::AlreadyExists).errors(vec![error])
            }
            IssueError::OtherCurrency => field("/payload", "other_currency"),
            IssueError::UnreadableAmount => field("/payload", "wrong_form"),
            IssueError::OtherRevision { .. } => Code::PreconditionFailed.into(),
            IssueError::NoReference => Code::Unavailable.into(),
            IssueError::Store(fault) => fault.into(),
        }
    }
}

/// A code within reach; a till reaches those of its own outlet, and whoever looks after the
/// street none of a single sale.
pub(super) async fn find(tx: &mut Tx, caller: &Caller, id: CodeId) -> Result<CodeRow, Problem> {
    let code = codes::find(tx, caller.reach(), id).await?;
    let outlet = |code: &CodeRow| OutletId::from_uuid(code.outlet_id);
    let at_till = |code: &CodeRow| is_at_till(caller, outlet(code));
    found(code.filter(|code| at_till(code) && (sees_sales(caller) || !code.is_of_one_sale())))
}

/// Whether the caller sees codes of single sales: their amounts are takings, which only the
/// trader knows. Test codes are no sales.
const fn sees_sales(caller: &Caller) -> bool {
    matches!(caller.principal.role, Role::Merchant | Role::Device)
}

/// Whether the caller is no till, or the till of this outlet.
pub(super) fn is_at_till(caller: &Caller, wanted: OutletId) -> bool {
    till(caller).is_none_or(|outlet| outlet == wanted)
}

/// The outlet of a till, if the caller is one.
pub(super) const fn till(caller: &Caller) -> Option<OutletId> {
    match caller.principal.scope {
        Scope::Outlet { outlet, .. } => Some(outlet),
        Scope::All | Scope::Zones(_) | Scope::Merchant(_) => None,
    }
}

/// The text of a revision.
pub(super) async fn payload(
    tx: &mut Tx,
    code: &CodeRow,
    revision: i64,
) -> Result<Option<String>, StoreError> {
    codes::payload(tx, CodeId::from_uuid(code.id), revision).await
}

/// Who issues or changes codes in this caller's name.
pub(super) fn issuer<'a>(caller: &'a Caller, state: &'a AppState) -> Issuer<'a> {
    Issuer {
        actor: &caller.actor,
        reach: caller.reach(),
        entropy: &state.entropy,
        now: state.clock.now(),
    }
}

/// One code.
#[utoipa::path(
    get,
    path = "/v1/payment-codes/{id}",
    tag = "codes",
    summary = "Read a payment code",
    description = "For its merchant, for the till of its outlet and for staff, within their zones. Staff are not shown codes of single sales, which would tell a trader's takings: to them there is none.",
    operation_id = "read_payment_code",
    params(("id" = String, Path, description = "The code.")),
    responses((status = 200, description = "The code.", body = PaymentCodeDocument))
)]
pub async fn read(
    caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<CodeId>,
) -> Result<Versioned<PaymentCodeDocument>, Problem> {
    let mut tx = state.ledger.store.begin_read().await?;
    let code = find(&mut tx, &caller, id).await?;
    let text = payload(&mut tx, &code, code.revision).await?;
    let payload = text.ok_or_else(|| inconsistent("payment_codes", "revision", code.id))?;
    let version = code.version;
    let shown = IssuedCode { code, payload };
    let document = PaymentCodeDocument::new(shown, state.clock.now())?;
    Ok(Versioned(version, document))
}

/// The codes within the caller's reach.
#[utoipa::path(
    get,
    path = "/v1/payment-codes",
    tag = "codes",
    summary = "List the payment codes",
    description = "For staff, within their zones and without codes of single sales, which would tell a trader's takings; a merchant sees its own and a till those of its outlet. Newest first.",
    operation_id = "list_payment_codes",
    params(PaymentCodeQuery),
    responses((status = 200, description = "A page of codes.", body = Page<PaymentCodeDocument>))
)]
pub async fn list(
    caller: Caller,
    State(state): State<AppState>,
    Query(query): Query<PaymentCodeQuery>,
) -> Result<Json<Page<PaymentCodeDocument>>, Problem> {
    let (outlet, kind) = (query.outlet_id.as_deref(), query.kind.as_deref());
    let wanted = CodeFilter {
        till: till(&caller),
        outlet: filter("outlet_id", outlet, str::parse::<OutletId>)?,
        sales: sees_sales(&caller),
        kind: filter("kind", kind, CodeKindName::parse)?,
        phase: filter("state", query.state.as_deref(), CodePhase::parse)?,
        now: state.clock.now(),
    };
    let scope = (&caller.actor, outlet, kind, &query.state);
    let cursor = query.cursor.as_deref();
    let request = state
        .page_key
        .request("payment_codes", &scope, query.limit, cursor)?;
    let before = request.after().map(|it| CodeId::from_uuid(it.id));
    let mut tx = state.ledger.store.begin_read().await?;
    let reach = caller.reach();
    let rows = codes::list(&mut tx, reach, &wanted, before, request.fetch_rows()).await?;
    let position = |row: &ShownCode| by_id(row.code.id);
    let page = request.page(rows, position, |ShownCode { code, payload }| {
        PaymentCodeDocument::new(IssuedCode { code, payload }, wanted.now)
    });
    Ok(Json(Page {
        data: page.data.into_iter().collect::<Result<_, _>>()?,
        next_cursor: page.next_cursor,
        has_more: page.has_more,
    }))
}

/// Withdraws a code.
#[utoipa::path(
    post,
    path = "/v1/payment-codes/{id}/cancel",
    tag = "codes",
    summary = "Withdraw a payment code",
    description = "For its merchant, and for staff but for codes of single sales. Money that still comes is recorded.",
    operation_id = "cancel_payment_code",
    params(("id" = String, Path, description = "The code.")),
    responses((status = 200, description = "The code afterwards.", body = PaymentCodeDocument))
)]
pub async fn cancel(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Path(id): Path<CodeId>,
) -> Result<Versioned<PaymentCodeDocument>, Problem> {
    let issuer = issuer(&caller, &state);
    let mut tx = state.ledger.store.begin_write().await?;
    find(&mut tx, &caller, id).await?;
    let cancelled = issue_code::cancel(&mut tx, &issuer, id).await?;
    tx.commit().await?;
    let version = cancelled.code.version;
    let document = PaymentCodeDocument::new(cancelled, issuer.now)?;
    Ok(Versioned(version, document))
}
