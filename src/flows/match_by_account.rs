//! Switching matching by account: credits without a reference then count for the one outlet
//! of a business account.

use serde_json::json;

use super::access::Act;
use super::change::{ChangeError, Deed, Thing, check_version, check_won, record};
use crate::domain::ids::OutletId;
use crate::domain::outlet::OutletStatus;
use crate::domain::refusal::Refusal;
use crate::store::outlets::{self, Outlet};
use crate::store::reach::Reach;
use crate::store::{Tx, match_switches};

/// Switches it on or off at an outlet, from now on: a late notice is judged by what was so at
/// the bank's time. Switching to what is so already changes nothing. `expected` is the version
/// that the caller has seen, if it says so.
pub async fn switch(
    tx: &mut Tx,
    act: &Act<'_>,
    reach: Reach,
    (id, expected): (OutletId, Option<i64>),
    is_on: bool,
) -> Result<Outlet, ChangeError> {
    let found = outlets::find(tx, reach, id).await?;
    let before = found.ok_or(ChangeError::NotFound(Thing::Subject))?;
    check_version(expected, before.version)?;
    if before.state.status() == OutletStatus::Closed {
        return Err(ChangeError::Refused(Refusal::WrongState {
            thing: "outlet",
            state: OutletStatus::Closed.as_str(),
            event: "match_by_account",
        }));
    }
    if before.match_by_account == is_on {
        return Ok(before);
    }
    check_won(match_switches::switch(tx, id, before.version, act.now, is_on).await?)?;
    let deed = Deed {
        kind: "outlet.match_by_account",
        subject: id.to_string(),
        merchant: Some(before.merchant),
        outlet: Some(id),
        detail: json!({"match_by_account": is_on}),
    };
    record(tx, act, deed).await?;
    Ok(Outlet {
        match_by_account: is_on,
        version: before.version + 1,
        ..before
    })
}
