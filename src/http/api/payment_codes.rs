//! `/v1/payment-codes`: what the customer scans.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::registry::Versioned;
use crate::domain::access::Scope;
use crate::domain::code::{
    AmountLimits, AmountRule, AmountRuleName, CodeAmount, CodeKindName, CodeTermsError,
};
use crate::domain::day::to_rfc3339;
use crate::domain::ids::{AccountId, CodeId, MerchantId, OutletId};
use crate::domain::money::Vnd;
use crate::flows::issue_code::{self, CodePurpose, IssueError, IssuedCode, Issuer, NewCodeRequest};
use crate::http::AppState;
use crate::http::auth::{Caller, MerchantOrStaff, found};
use crate::http::code::Code;
use crate::http::extract::{Json, Path};
use crate::http::idempotency::{Begun, Creation, IdempotencyKey};
use crate::http::language::Text;
use crate::http::problem::{FieldError, Problem, at};
use crate::store::codes::{self, CodeRow};
use crate::store::{StoreError, Tx, inconsistent};

/// A code to issue.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "outlet_id": "out_01920000000070008000000000000001",
    "kind": "dynamic",
    "amount_vnd": 50_000,
    "expires_at": "2026-11-23T09:15:00+07:00",
}))]
pub struct PaymentCodeCreation {
    /// Where it hangs.
    outlet_id: String,
    /// `static` for any number of payments, `dynamic` for one sale.
    kind: String,
    /// The account to pay into; the merchant's newest effective one if absent.
    account_id: Option<String>,
    /// Of a static code: `fixed`, `open` (if absent) or `suggested`.
    amount_rule: Option<String>,
    /// The fixed or suggested amount, đồng; required for a dynamic code.
    amount_vnd: Option<i64>,
    /// Of an open amount: the least, đồng.
    floor_vnd: Option<i64>,
    /// Of an open amount: the most, đồng.
    ceiling_vnd: Option<i64>,
    /// Of a dynamic code: from when on it counts as expired; within 90 days.
    expires_at: Option<DateTime<Utc>>,
    /// A dynamic code for the 1 000 đồng that prove an outlet; it needs nothing else.
    #[serde(default)]
    for_test: bool,
}

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

impl PaymentCodeDocument {
    fn new(IssuedCode { code, payload }: IssuedCode, now: DateTime<Utc>) -> Result<Self, Problem> {
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

impl PaymentCodeCreation {
    fn read(&self) -> Result<NewCodeRequest, Problem> {
        let kind = CodeKindName::parse(&self.kind).map_err(at("/kind"))?;
        let account = self.account_id.as_deref().map(str::parse).transpose();
        Ok(NewCodeRequest {
            outlet: self.outlet_id.parse().map_err(at("/outlet_id"))?,
            account: account.map_err(at("/account_id"))?,
            purpose: match kind {
                CodeKindName::Static => CodePurpose::Static(self.static_rule()?),
                CodeKindName::Dynamic => self.dynamic()?,
            },
        })
    }

    fn static_rule(&self) -> Result<AmountRule, Problem> {
        self.refuse(self.for_test, "/for_test")?;
        self.refuse(self.expires_at.is_some(), "/expires_at")?;
        let rule = self.amount_rule.as_deref().unwrap_or("open");
        let rule = AmountRuleName::parse(rule).map_err(at("/amount_rule"))?;
        let limits = || -> Result<AmountLimits, Problem> {
            let floor = read_amount(self.floor_vnd, "/floor_vnd")?;
            let ceiling = read_amount(self.ceiling_vnd, "/ceiling_vnd")?;
            AmountLimits::new(floor, ceiling).map_err(at("/floor_vnd"))
        };
        if rule == AmountRuleName::Open {
            self.refuse(self.amount_vnd.is_some(), "/amount_vnd")?;
            return Ok(AmountRule::Open(limits()?));
        }
        self.refuse(self.floor_vnd.is_some(), "/floor_vnd")?;
        self.refuse(self.ceiling_vnd.is_some(), "/ceiling_vnd")?;
        let amount = read_amount(self.amount_vnd, "/amount_vnd")?;
        let amount = amount.ok_or_else(|| missing("/amount_vnd"))?;
        Ok(match rule {
            AmountRuleName::Suggested => AmountRule::Suggested(amount),
            AmountRuleName::Fixed | AmountRuleName::Open => AmountRule::Fixed(amount),
        })
    }

    fn dynamic(&self) -> Result<CodePurpose, Problem> {
        self.refuse(self.amount_rule.is_some(), "/amount_rule")?;
        self.refuse(self.floor_vnd.is_some(), "/floor_vnd")?;
        self.refuse(self.ceiling_vnd.is_some(), "/ceiling_vnd")?;
        if self.for_test {
            self.refuse(self.amount_vnd.is_some(), "/amount_vnd")?;
            self.refuse(self.expires_at.is_some(), "/expires_at")?;
            return Ok(CodePurpose::Test);
        }
        let amount = read_amount(self.amount_vnd, "/amount_vnd")?;
        Ok(CodePurpose::Dynamic {
            amount: amount.ok_or_else(|| missing("/amount_vnd"))?,
            expires_at: self.expires_at.ok_or_else(|| missing("/expires_at"))?,
        })
    }

    /// Refuses a field that a code of this kind does not have.
    fn refuse(&self, given: bool, pointer: &'static str) -> Result<(), Problem> {
        if !given {
            return Ok(());
        }
        let text = Text::new(
            format!("Mã loại {} không có trường này.", self.kind),
            format!("A {} code does not have this field.", self.kind),
        );
        Err(FieldError::new(pointer, "not_of_this_kind", text).into())
    }
}

fn read_amount(amount: Option<i64>, pointer: &'static str) -> Result<Option<CodeAmount>, Problem> {
    let Some(amount) = amount else {
        return Ok(None);
    };
    let amount = Vnd::new(amount).map_err(at(pointer))?;
    Ok(Some(CodeAmount::new(amount).map_err(at(pointer))?))
}

fn missing(pointer: &'static str) -> Problem {
    let text = Text::new("Cần ghi trường này.", "This field is required.");
    FieldError::new(pointer, "required", text).into()
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
            IssueError::OtherCurrency => field("/payload", "other_currency"),
            IssueError::UnreadableAmount => field("/payload", "wrong_form"),
            IssueError::OtherRevision { .. } => Code::PreconditionFailed.into(),
            IssueError::NoReference => Code::Unavailable.into(),
            IssueError::Store(fault) => fault.into(),
        }
    }
}

/// A code within reach; a till reaches those of its own outlet.
pub(super) async fn find(tx: &mut Tx, caller: &Caller, id: CodeId) -> Result<CodeRow, Problem> {
    let code = codes::find(tx, caller.reach(), id).await?;
    let outlet = |code: &CodeRow| OutletId::from_uuid(code.outlet_id);
    found(code.filter(|code| is_at_till(caller, outlet(code))))
}

/// Whether the caller is no till, or the till of this outlet.
fn is_at_till(caller: &Caller, wanted: OutletId) -> bool {
    match caller.principal.scope {
        Scope::Outlet { outlet, .. } => outlet == wanted,
        Scope::All | Scope::Zones(_) | Scope::Merchant(_) => true,
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

fn issuer<'a>(caller: &'a Caller, state: &'a AppState) -> Issuer<'a> {
    Issuer {
        actor: &caller.actor,
        reach: caller.reach(),
        entropy: &state.entropy,
        now: state.clock.now(),
    }
}

/// Issues a code on the merchant's own approved account.
#[utoipa::path(
    post,
    path = "/v1/payment-codes",
    tag = "codes",
    summary = "Issue a payment code",
    description = "For a merchant, its tills and staff. The outlet is open; a test code needs no open outlet. A till issues dynamic codes of its own outlet.",
    operation_id = "create_payment_code",
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same body, the first answer comes back.")),
    request_body = PaymentCodeCreation,
    responses((status = 201, description = "Issued.", body = PaymentCodeDocument))
)]
pub async fn create(
    caller: Caller,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Json(body): Json<PaymentCodeCreation>,
) -> Result<Response, Problem> {
    let request = body.read()?;
    let by_till = matches!(caller.principal.scope, Scope::Outlet { .. });
    if by_till && !matches!(request.purpose, CodePurpose::Dynamic { .. }) {
        return Err(Code::Forbidden.into());
    }
    if !is_at_till(&caller, request.outlet) {
        return Err(IssueError::UnknownOutlet.into());
    }
    let mut work = match Creation::begin(&state, &caller, "codes.create", key, &body).await? {
        Begun::Replay(response) => return Ok(response),
        Begun::First(work) => work,
    };
    let issuer = issuer(&caller, &state);
    let code = issue_code::issue(work.tx(), &issuer, &request).await?;
    work.created(&PaymentCodeDocument::new(code, issuer.now)?)
        .await
}

/// One code.
#[utoipa::path(
    get,
    path = "/v1/payment-codes/{id}",
    tag = "codes",
    summary = "Read a payment code",
    description = "For staff, within their zones, for its merchant and for the till of its outlet.",
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

/// Withdraws a code.
#[utoipa::path(
    post,
    path = "/v1/payment-codes/{id}/cancel",
    tag = "codes",
    summary = "Withdraw a payment code",
    description = "For its merchant and for staff. Money that still comes is recorded.",
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
    let cancelled = issue_code::cancel(&mut tx, &issuer, id).await?;
    tx.commit().await?;
    let version = cancelled.code.version;
    let document = PaymentCodeDocument::new(cancelled, issuer.now)?;
    Ok(Versioned(version, document))
}
