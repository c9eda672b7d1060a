//! What the operations on money share: whose money a caller may read.
//!
//! A merchant reads its own and a till its outlet's. Staff name the merchant and the case they
//! read it for, which the merchant then sees among its events.

use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::registry::{change, filter};
use crate::domain::access::Scope;
use crate::domain::disclosure::CaseNumber;
use crate::domain::ids::{MerchantId, OutletId};
use crate::flows::disclose::disclose;
use crate::http::AppState;
use crate::http::auth::Caller;
use crate::http::code::Code;
use crate::http::language::Text;
use crate::http::problem::{FieldError, Problem};
use crate::store::reach::Reach;

/// For staff: whose money is read, and for which case.
#[derive(Debug, Default, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CaseQuery {
    /// For staff: the merchant whose money is read.
    merchant_id: Option<String>,
    /// For staff: the number of the case it is read for; the merchant sees it.
    case: Option<String>,
}

/// Whose money may be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpenedMoney {
    /// Whose rows.
    pub(super) reach: Reach,
    /// Only this outlet's: the caller is its till.
    pub(super) outlet: Option<OutletId>,
}

impl OpenedMoney {
    /// Whether money at this outlet may be read.
    pub(super) fn has_outlet(&self, outlet: OutletId) -> bool {
        self.outlet.is_none_or(|till| till == outlet)
    }
}

impl CaseQuery {
    /// Finds whose money the caller may read with this query.
    pub(super) async fn open(
        &self,
        state: &AppState,
        caller: &Caller,
        what: &'static str,
    ) -> Result<OpenedMoney, Problem> {
        let (merchant, case) = (self.merchant_id.as_deref(), self.case.as_deref());
        open_money(state, caller, merchant, case, what).await
    }
}

/// Finds whose money the caller may read, and records the reading when it is not the caller's
/// own.
pub(super) async fn open_money(
    state: &AppState,
    caller: &Caller,
    merchant_id: Option<&str>,
    case: Option<&str>,
    what: &'static str,
) -> Result<OpenedMoney, Problem> {
    let outlet = match caller.principal.scope {
        Scope::Outlet { outlet, .. } => Some(outlet),
        Scope::Merchant(_) | Scope::All | Scope::Zones(_) => None,
    };
    let merchant = filter("merchant_id", merchant_id, str::parse::<MerchantId>)?;
    if let Some(own) = caller.principal.scope.merchant() {
        // A merchant that names another one learns nothing about it.
        return match merchant {
            Some(wanted) if wanted != own => Err(Problem::not_found()),
            _ => Ok(OpenedMoney {
                reach: Reach::Merchant(own),
                outlet,
            }),
        };
    }
    let case = filter("case", case, CaseNumber::parse)?;
    let (Some(merchant), Some(case)) = (merchant, &case) else {
        return Err(case_required(merchant.is_some()));
    };
    let mut tx = state.ledger.store.begin_write().await?;
    let change = change(caller, state)?;
    let which = (merchant, case);
    let reach = disclose(&mut tx, &change, caller.reach(), which, what).await?;
    tx.commit().await?;
    Ok(OpenedMoney { reach, outlet })
}

fn case_required(merchant_named: bool) -> Problem {
    let text = Text::new(
        "Tiền của hộ là của hộ: cán bộ ghi merchant_id và số hồ sơ (case); hộ sẽ thấy lần xem này.",
        "A trader's money is the trader's: staff name merchant_id and a case; the trader sees it.",
    );
    let name = if merchant_named {
        "case"
    } else {
        "merchant_id"
    };
    let error = FieldError::query(name, "required", text.clone());
    Problem::new(Code::Forbidden)
        .detail(text)
        .errors(vec![error])
}
