//! Where a code is to hang: an outlet and the merchant behind it.

use super::IssueError;
use crate::domain::ids::{MerchantId, OutletId};
use crate::domain::merchant::MerchantStatus;
use crate::domain::outlet::OutletStatus;
use crate::domain::refusal::Refusal;
use crate::store::merchants::{self, Merchant};
use crate::store::outlets::{self, Outlet};
use crate::store::reach::Reach;
use crate::store::{StoreError, Tx, inconsistent, locks};

/// An outlet and the merchant behind it, which is active.
pub(super) struct Place {
    pub(super) outlet: Outlet,
    pub(super) merchant: Merchant,
}

/// Finds an outlet within reach whose merchant is active. Neither closes before the end of
/// the transaction: closing withdraws the codes that are there, and none may come after.
pub(super) async fn find_place(
    tx: &mut Tx,
    reach: Reach,
    id: OutletId,
) -> Result<Place, IssueError> {
    let outlet = outlets::find(tx, reach, id).await?;
    let owner = outlet.ok_or(IssueError::UnknownOutlet)?.merchant;
    locks::merchant(tx, owner).await?;
    locks::outlet(tx, id).await?;
    let outlet = outlets::find(tx, reach, id).await?;
    let outlet = outlet.ok_or(IssueError::UnknownOutlet)?;
    let merchant = find_merchant(tx, outlet.merchant).await?;
    if merchant.state.status() == MerchantStatus::Active {
        Ok(Place { outlet, merchant })
    } else {
        Err(Refusal::MerchantNotActive.into())
    }
}

impl Place {
    pub(super) fn require_open(&self) -> Result<(), Refusal> {
        match self.outlet.state.status() {
            OutletStatus::Open => Ok(()),
            _ => Err(self.refuse("issue_code")),
        }
    }

    pub(super) fn require_not_closed(&self) -> Result<(), Refusal> {
        match self.outlet.state.status() {
            OutletStatus::Closed => Err(self.refuse("issue_test_code")),
            _ => Ok(()),
        }
    }

    fn refuse(&self, event: &'static str) -> Refusal {
        Refusal::WrongState {
            thing: "outlet",
            state: self.outlet.state.status().as_str(),
            event,
        }
    }
}

/// The row of a merchant that another row names.
pub(super) async fn find_merchant(tx: &mut Tx, id: MerchantId) -> Result<Merchant, StoreError> {
    let merchant = merchants::find(tx, Reach::Merchant(id), id).await?;
    merchant.ok_or_else(|| inconsistent("outlets", "merchant_id", id))
}
