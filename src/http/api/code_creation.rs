//! `POST /v1/payment-codes` and `/v1/payment-codes/register`: new codes of ours, and those of
//! acquirers.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::code_amounts::{AmountFields, missing, refuse};
use super::payment_codes::{PaymentCodeDocument, is_at_till, issuer};
use crate::domain::access::Scope;
use crate::domain::code::{AmountRule, AmountRuleName, CodeKindName};
use crate::flows::issue_code::{self, AcquirerCode, CodePurpose, IssueError, NewCodeRequest};
use crate::http::AppState;
use crate::http::auth::{Caller, MerchantOrStaff};
use crate::http::code::Code;
use crate::http::extract::Json;
use crate::http::idempotency::{Begun, Creation, IdempotencyKey};
use crate::http::problem::{Problem, at};

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

/// An acquirer's code to register.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "outlet_id": "out_01920000000070008000000000000001",
    "payload": "00020101021138560010A0000007270126000697043601121234567890…",
}))]
pub struct PaymentCodeRegistration {
    /// Where it hangs.
    outlet_id: String,
    /// The text of its picture, as a scanner reads it.
    payload: String,
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

    const fn amounts(&self) -> AmountFields {
        AmountFields {
            amount: self.amount_vnd,
            floor: self.floor_vnd,
            ceiling: self.ceiling_vnd,
        }
    }

    fn static_rule(&self) -> Result<AmountRule, Problem> {
        refuse(self.for_test, "/for_test", &self.kind)?;
        refuse(self.expires_at.is_some(), "/expires_at", &self.kind)?;
        let rule = self.amount_rule.as_deref().unwrap_or("open");
        let rule = AmountRuleName::parse(rule).map_err(at("/amount_rule"))?;
        self.amounts().rule(rule)
    }

    fn dynamic(&self) -> Result<CodePurpose, Problem> {
        refuse(self.amount_rule.is_some(), "/amount_rule", &self.kind)?;
        refuse(self.floor_vnd.is_some(), "/floor_vnd", &self.kind)?;
        refuse(self.ceiling_vnd.is_some(), "/ceiling_vnd", &self.kind)?;
        if self.for_test {
            refuse(self.amount_vnd.is_some(), "/amount_vnd", &self.kind)?;
            refuse(self.expires_at.is_some(), "/expires_at", &self.kind)?;
            return Ok(CodePurpose::Test);
        }
        Ok(CodePurpose::Dynamic {
            amount: self.amounts().amount()?,
            expires_at: self.expires_at.ok_or_else(|| missing("/expires_at"))?,
        })
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

/// Registers an acquirer's code.
#[utoipa::path(
    post,
    path = "/v1/payment-codes/register",
    tag = "codes",
    summary = "Register an acquirer's payment code",
    description = "For a merchant and for staff, at an open outlet. The text is read and checked, kept as it is and drawn like our own; a code for transfers to an account is refused, because we issue those. One text is in use once.",
    operation_id = "register_payment_code",
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same body, the first answer comes back.")),
    request_body = PaymentCodeRegistration,
    responses((status = 201, description = "Registered.", body = PaymentCodeDocument))
)]
pub async fn register(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Json(body): Json<PaymentCodeRegistration>,
) -> Result<Response, Problem> {
    let outlet = body.outlet_id.parse().map_err(at("/outlet_id"))?;
    let mut work = match Creation::begin(&state, &caller, "codes.register", key, &body).await? {
        Begun::Replay(response) => return Ok(response),
        Begun::First(work) => work,
    };
    let issuer = issuer(&caller, &state);
    let request = AcquirerCode {
        outlet,
        payload: &body.payload,
    };
    let code = issue_code::register(work.tx(), &issuer, request).await?;
    work.created(&PaymentCodeDocument::new(code, issuer.now)?)
        .await
}
