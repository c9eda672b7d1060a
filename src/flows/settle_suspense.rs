//! Settling a credit in suspense: its trader says, once, what it was for.
//!
//! The money is in the trader's own account already, so one person is enough; a till speaks
//! for its own outlet only, and nobody else may.

use serde_json::{Value, json};

use super::access::Act;
use super::attribute_by_hand::{Target, credit, pay_by_hand, place};
use super::change::{ChangeError, Thing, check_version, check_won, close};
use super::standing::{Books, Pending};
use crate::domain::explanation::Decision;
use crate::domain::ids::{AccountId, BankTransactionId, EventId, MerchantId, OutletId, SuspenseId};
use crate::domain::refusal::Refusal;
use crate::domain::text::Reason;
use crate::store::Tx;
use crate::store::audit::AuditEntry;
use crate::store::events::NewEvent;
use crate::store::reach::Reach;
use crate::store::suspense::{self, NewSettlement, SuspenseRow};

/// What a trader says about a credit.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// What it was for; nothing when it was no sale.
    pub target: Option<Target>,
    /// Words that stay with the item.
    pub note: Option<Reason>,
}

/// The trader who speaks, or the till.
#[derive(Clone, Copy, Debug)]
pub struct Trader {
    /// Whose items.
    pub merchant: MerchantId,
    /// The only outlet that a till speaks for.
    pub till: Option<OutletId>,
}

/// Settles an item, once. `expected` is the version that the caller has seen, if it says so.
pub async fn settle(
    tx: &mut Tx,
    act: &Act<'_>,
    trader: Trader,
    (id, expected): (SuspenseId, Option<i64>),
    settlement: &Settlement,
) -> Result<SuspenseRow, ChangeError> {
    let reach = Reach::Merchant(trader.merchant);
    let found = suspense::find(tx, reach, id).await?;
    let item = found.ok_or(ChangeError::NotFound(Thing::Subject))?;
    if item.state != "open" {
        return Err(ChangeError::Refused(Refusal::WrongState {
            thing: "suspense item",
            state: "settled",
            event: "settle",
        }));
    }
    check_version(expected, item.version)?;
    let mut pending = Pending::default();
    let outcome = match settlement.target {
        Some(_) => "paid",
        None => "not_a_sale",
    };
    let settled = NewSettlement {
        outcome,
        by: act.actor,
        note: settlement.note.as_ref().map(Reason::as_str),
        at: act.now,
    };
    check_won(suspense::settle(tx, id, item.version, settled).await?)?;
    let mut outlet = None;
    let mut detail = json!({"outcome": outcome});
    if let Some(target) = settlement.target {
        let account = AccountId::from_uuid(item.account_id);
        let place = place(tx, reach, target, (account, trader.merchant)).await?;
        if trader.till.is_some_and(|till| till != place.outlet) {
            return Err(ChangeError::NotFound(thing(target)));
        }
        outlet = Some(place.outlet);
        let transaction = BankTransactionId::from_uuid(item.transaction_id);
        let told = ("suspense_items", item.explanation.as_str());
        let (credit, before) = credit(tx, transaction, told).await?;
        let decision = Decision {
            by: act.actor.to_owned(),
            approved_by: None,
            case: None,
        };
        let mut books = Books {
            tx,
            pending: &mut pending,
            entropy: act.entropy,
            actor: act.actor,
        };
        let made = pay_by_hand(&mut books, act, &credit, &place, (before, decision)).await?;
        detail["payment_id"] = made.to_string().into();
    }
    note(&mut pending, act, (id, trader.merchant, outlet), &detail);
    close(tx, act, pending, "settled suspense").await?;
    let after = suspense::find(tx, reach, id).await?;
    after.ok_or(ChangeError::NotFound(Thing::Subject))
}

/// What a caller asked for that lies beyond a till.
const fn thing(target: Target) -> Thing {
    match target {
        Target::Code(_) => Thing::Code,
        Target::Outlet(_) => Thing::Outlet,
    }
}

/// Leaves the traces of a settled item.
fn note(
    pending: &mut Pending,
    act: &Act<'_>,
    (id, merchant, outlet): (SuspenseId, MerchantId, Option<OutletId>),
    detail: &Value,
) {
    const KIND: &str = "suspense.settled";
    pending.entries.push(AuditEntry {
        at: act.now,
        actor: act.actor.to_owned(),
        action: "suspense.settle",
        subject: id.to_string(),
        detail: detail.clone(),
    });
    let mut payload = detail.clone();
    payload["suspense_id"] = id.to_string().into();
    pending.events.push(NewEvent {
        id: EventId::from_uuid(act.entropy.uuid(act.now)),
        at: act.now,
        kind: KIND,
        subject: id.to_string(),
        merchant: Some(merchant),
        outlet,
        payload,
    });
}
