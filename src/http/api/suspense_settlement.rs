//! `/v1/suspense/{id}/suggestions` and `/v1/suspense/{id}/settle`: what a credit was for.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::money::CaseQuery;
use super::registry::Expected;
use super::suspense::SuspenseDocument;
use super::wording::Worded;
use crate::domain::access::Scope;
use crate::domain::ids::{CodeId, OutletId, SuspenseId};
use crate::domain::suggestion::{SuggestedWhy, Suggestion};
use crate::domain::text::Reason;
use crate::flows::attribute_by_hand::Target;
use crate::flows::settle_suspense::{self, Settlement, Trader};
use crate::flows::suggest;
use crate::http::AppState;
use crate::http::auth::{Caller, MerchantOrStaff, found};
use crate::http::code::Code;
use crate::http::extract::{Json, Path, Query};
use crate::http::idempotency::{Begun, Creation, IdempotencyKey};
use crate::http::language::Text;
use crate::http::problem::{FieldError, Problem, at};
use crate::store::suspense;

/// Something that a credit may have been for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Suggestion)]
pub struct SuggestionDocument {
    /// The code; null when only the outlet is likely.
    code_id: Option<String>,
    /// The code's reference.
    reference: Option<String>,
    outlet_id: String,
    /// Why, the strongest ground first.
    reasons: Vec<Worded>,
}

/// What a credit may have been for, the likeliest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SuggestionList, example = json!({
    "data": [{
        "code_id": "pcd_01920000000070008000000000000001",
        "reference": "TH7K2M9XQ4",
        "outlet_id": "out_01920000000070008000000000000001",
        "reasons": [{
            "code": "one_missing",
            "vi": "Nội dung có mã này nhưng thiếu một ký tự.",
            "en": "The text holds this reference with one character missing.",
        }],
    }],
}))]
pub struct SuggestionListDocument {
    data: Vec<SuggestionDocument>,
}

/// What a trader says about a credit: one of the three.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code_id": "pcd_01920000000070008000000000000001"}))]
pub struct SuspenseSettlement {
    /// It was for this code.
    code_id: Option<String>,
    /// It was a sale at this outlet, by no code that is known.
    outlet_id: Option<String>,
    /// `true`: private money, change, or anything else that is no sale.
    not_a_sale: Option<bool>,
    /// Words that stay with the item, 1 to 500 characters.
    note: Option<String>,
}

impl From<Suggestion> for SuggestionDocument {
    fn from(suggestion: Suggestion) -> Self {
        let worded = |why: SuggestedWhy| Worded::new(why.as_str(), why.vi(), why.en());
        Self {
            code_id: suggestion.code.map(|code| code.to_string()),
            reference: suggestion.reference,
            outlet_id: suggestion.outlet.to_string(),
            reasons: suggestion.reasons.into_iter().map(worded).collect(),
        }
    }
}

impl SuspenseSettlement {
    fn read(&self) -> Result<Settlement, Problem> {
        let (code, outlet) = (self.code_id.as_deref(), self.outlet_id.as_deref());
        let target = match self.not_a_sale {
            Some(true) if code.is_none() && outlet.is_none() => None,
            Some(true) => return Err(one_of_them()),
            None | Some(false) => Some(target(code, outlet)?),
        };
        let note = self.note.as_deref().map(Reason::parse).transpose();
        let note = note.map_err(at("/note"))?;
        Ok(Settlement { target, note })
    }
}

/// Reads a code or an outlet, of which exactly one is given.
pub(super) fn target(code: Option<&str>, outlet: Option<&str>) -> Result<Target, Problem> {
    match (code, outlet) {
        (Some(code), None) => {
            let code = code.parse::<CodeId>().map_err(at("/code_id"))?;
            Ok(Target::Code(code))
        }
        (None, Some(outlet)) => {
            let outlet = outlet.parse::<OutletId>().map_err(at("/outlet_id"))?;
            Ok(Target::Outlet(outlet))
        }
        (None, None) | (Some(_), Some(_)) => Err(one_of_them()),
    }
}

fn one_of_them() -> Problem {
    let text = Text::new(
        "Ghi đúng một điều: mã (code_id), điểm bán (outlet_id), hoặc không phải tiền bán hàng \
         (not_a_sale).",
        "Say exactly one thing: code_id, outlet_id, or, where it can be said, not_a_sale.",
    );
    FieldError::new("", "one_of_them", text).into()
}

/// Ranks what a credit may have been for.
#[utoipa::path(
    get,
    path = "/v1/suspense/{id}/suggestions",
    tag = "money",
    summary = "Suggest what a credit was for",
    description = "For its merchant; staff name the merchant and a case. Best first: codes that the text names or misses by one slip, open codes for one sale of exactly this amount issued within the 12 hours before, outlets of the account. A suggestion attributes nothing.",
    operation_id = "suggest_for_suspense",
    params(("id" = String, Path, description = "The item."), CaseQuery),
    responses((status = 200, description = "The suggestions.", body = SuggestionListDocument))
)]
pub async fn suggestions(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Path(id): Path<SuspenseId>,
    Query(query): Query<CaseQuery>,
) -> Result<Json<SuggestionListDocument>, Problem> {
    let money = query.open(&state, &caller, "suspense").await?;
    let mut tx = state.ledger.store.begin_read().await?;
    let item = found(suspense::find(&mut tx, money.reach, id).await?)?;
    let ranked = suggest::suggestions(&mut tx, &item).await?;
    let data = ranked.into_iter().map(SuggestionDocument::from).collect();
    Ok(Json(SuggestionListDocument { data }))
}

/// Says what a credit was for.
#[utoipa::path(
    post,
    path = "/v1/suspense/{id}/settle",
    tag = "money",
    summary = "Settle a credit without a code",
    description = "For its merchant, and for a till where the sale was its outlet's; never for staff. The credit becomes a payment flagged `manual`, or the item is closed without one. The code or outlet must be the trader's own and the money in the code's account. An item is settled once.",
    operation_id = "settle_suspense",
    params(("id" = String, Path, description = "The item."), Expected,
        ("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same body, the first answer comes back.")),
    request_body = SuspenseSettlement,
    responses((status = 200, description = "The item afterwards.", body = SuspenseDocument))
)]
pub async fn settle(
    caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<SuspenseId>,
    expected: Expected,
    key: IdempotencyKey,
    Json(body): Json<SuspenseSettlement>,
) -> Result<Response, Problem> {
    let trader = trader(&caller)?;
    let settlement = body.read()?;
    // Whether private money came is the trader's to say, not one till's.
    if trader.till.is_some() && settlement.target.is_none() {
        return Err(Code::Forbidden.into());
    }
    let request = (id.to_string(), &body);
    let mut work = match Creation::begin(&state, &caller, "suspense.settle", key, &request).await? {
        Begun::Replay(response) => return Ok(response),
        Begun::First(work) => work,
    };
    let (act, which) = (caller.act(&state), (id, expected.version));
    let item = settle_suspense::settle(work.tx(), &act, trader, which, &settlement).await?;
    let document = SuspenseDocument::new(item)?;
    work.answer(StatusCode::OK, &document).await
}

/// The trader or the till that calls; people who work with the system never settle.
pub(super) fn trader(caller: &Caller) -> Result<Trader, Problem> {
    match caller.principal.scope {
        Scope::Merchant(merchant) => Ok(Trader {
            merchant,
            till: None,
        }),
        Scope::Outlet { merchant, outlet } => Ok(Trader {
            merchant,
            till: Some(outlet),
        }),
        Scope::All | Scope::Zones(_) => Err(Code::Forbidden.into()),
    }
}
