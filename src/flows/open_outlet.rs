//! Planning an outlet, opening it after its test payment, pausing and closing it.

use serde_json::{Value, json};

use super::change::{Change, ChangeError, Deed, Thing, UniqueValue, check_version, check_won};
use crate::domain::establishment::Trade;
use crate::domain::ids::{EstablishmentId, MerchantId, OutletId, ZoneId};
use crate::domain::merchant::MerchantStatus;
use crate::domain::money::Vnd;
use crate::domain::outlet::{OutletEvent, OutletState};
use crate::domain::refusal::Refusal;
use crate::domain::text::TradeName;
use crate::store::outlets::{self, Outlet};
use crate::store::reach::Reach;
use crate::store::{Tx, code_states, establishments, locks, merchants, zones};

/// An outlet to plan.
#[derive(Clone, Debug)]
pub struct NewOutlet {
    /// Whose it is.
    pub merchant: MerchantId,
    /// Where it lies.
    pub zone: ZoneId,
    /// The place of the census that it is, when that is known.
    pub establishment: Option<EstablishmentId>,
    /// The stall or house number.
    pub stall_label: TradeName,
    /// What is sold.
    pub trade: Trade,
    /// Whether credits without a reference count for it when its account serves no other.
    pub match_by_account: bool,
    /// Below this, an unarmed credit is announced as a small sum.
    pub floor: Vnd,
}

/// What a person can do to an outlet; the test payment comes from the bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutletStep {
    /// Begin to trade.
    Open,
    /// Stop for the time being.
    Pause,
    /// Go on.
    Resume,
    /// End it.
    Close,
}

/// Plans an outlet of a merchant that may still come to trade.
pub async fn plan(
    tx: &mut Tx,
    change: &Change<'_>,
    reach: Reach,
    new: NewOutlet,
) -> Result<Outlet, ChangeError> {
    let found = merchants::find(tx, reach, new.merchant).await?;
    found.ok_or(ChangeError::NotFound(Thing::Merchant))?;
    // A merchant that leaves closes the outlets that are there, and none may come after.
    locks::merchant(tx, new.merchant).await?;
    let merchant = merchants::find(tx, reach, new.merchant).await?;
    let merchant = merchant.ok_or(ChangeError::NotFound(Thing::Merchant))?;
    if matches!(
        merchant.state.status(),
        MerchantStatus::Rejected | MerchantStatus::Suspended | MerchantStatus::Closed
    ) {
        return Err(Refusal::MerchantNotActive.into());
    }
    if !zones::is_within(tx, reach, new.zone).await? {
        return Err(ChangeError::NotFound(Thing::Zone));
    }
    if let Some(establishment) = new.establishment {
        let place = establishments::find(tx, Reach::Everything, establishment).await?;
        place
            .filter(|place| place.zone == new.zone)
            .ok_or(ChangeError::NotFound(Thing::Establishment))?;
    }
    let (outlet, deed) = write_down(tx, change, new).await?;
    change.record(tx, deed).await?;
    Ok(outlet)
}

/// Writes down an outlet whose merchant, zone and place were looked at; its deed is recorded
/// by whoever has more of them.
pub(super) async fn write_down(
    tx: &mut Tx,
    change: &Change<'_>,
    new: NewOutlet,
) -> Result<(Outlet, Deed), ChangeError> {
    let outlet = Outlet {
        id: OutletId::from_uuid(change.uuid()),
        merchant: new.merchant,
        zone: new.zone,
        establishment: new.establishment,
        stall_label: new.stall_label,
        trade: new.trade,
        state: OutletState::Planned,
        match_by_account: new.match_by_account,
        floor: new.floor,
        created_at: change.now,
        version: 1,
    };
    if !outlets::insert(tx, &outlet).await? {
        return Err(ChangeError::Taken(UniqueValue::StallLabel));
    }
    let detail = json!({
        "zone_id": outlet.zone.to_string(),
        "match_by_account": outlet.match_by_account,
    });
    let deed = deed("outlet.plan", &outlet, detail);
    Ok((outlet, deed))
}

/// Takes an outlet one step further; closing withdraws its codes. `expected` is the version
/// that the caller has seen, if it says so.
pub async fn step(
    tx: &mut Tx,
    change: &Change<'_>,
    reach: Reach,
    (id, expected): (OutletId, Option<i64>),
    step: OutletStep,
) -> Result<Outlet, ChangeError> {
    let found = outlets::find(tx, reach, id).await?;
    let before = found.ok_or(ChangeError::NotFound(Thing::Subject))?;
    check_version(expected, before.version)?;
    let found = merchants::find(tx, Reach::Everything, before.merchant).await?;
    let merchant = found.ok_or(ChangeError::NotFound(Thing::Merchant))?;
    let merchant = merchant.state.status();
    let (kind, event) = match step {
        OutletStep::Open => ("outlet.open", OutletEvent::Open { merchant }),
        OutletStep::Pause => ("outlet.pause", OutletEvent::Pause),
        OutletStep::Resume => ("outlet.resume", OutletEvent::Resume { merchant }),
        OutletStep::Close => ("outlet.close", OutletEvent::Close),
    };
    let (after, mut detail) = advance(tx, change, before, event).await?;
    if step == OutletStep::Close {
        // Nothing may go on asking for money where nobody trades; what comes all the same is
        // recorded and flagged.
        let cancelled = code_states::cancel_of_outlet(tx, id, change.now).await?;
        detail["codes_cancelled"] = json!(cancelled);
    }
    change.record(tx, deed(kind, &after, detail)).await?;
    Ok(after)
}

/// Closes every outlet of a merchant that leaves, so that others may have its stalls. What
/// becomes of the codes is a matter of the merchant's own step; the deeds are recorded by
/// whoever has more of them.
pub(super) async fn close_all(
    tx: &mut Tx,
    change: &Change<'_>,
    merchant: MerchantId,
) -> Result<Vec<Deed>, ChangeError> {
    let mut deeds = Vec::new();
    for before in outlets::not_closed(tx, Reach::Merchant(merchant)).await? {
        let (after, detail) = advance(tx, change, before, OutletEvent::Close).await?;
        deeds.push(deed("outlet.close", &after, detail));
    }
    Ok(deeds)
}

/// Moves an outlet and tells from where to where.
async fn advance(
    tx: &mut Tx,
    change: &Change<'_>,
    before: Outlet,
    event: OutletEvent,
) -> Result<(Outlet, Value), ChangeError> {
    let state = before.state.transition(event, change.now)?;
    check_won(outlets::update_state(tx, before.id, before.version, state).await?)?;
    let (from, to) = (before.state.status(), state.status());
    let detail = json!({"from": from.as_str(), "to": to.as_str()});
    let after = Outlet {
        state,
        version: before.version + 1,
        ..before
    };
    Ok((after, detail))
}

fn deed(kind: &'static str, outlet: &Outlet, detail: Value) -> Deed {
    Deed {
        kind,
        subject: outlet.id.to_string(),
        merchant: Some(outlet.merchant),
        outlet: Some(outlet.id),
        detail,
    }
}
