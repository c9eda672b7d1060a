//! Counting a payment elsewhere, by two persons: one proposes, another decides.
//!
//! The payment is voided and stays on record; a new one takes its place for the same credit,
//! and says who decided so and for which case. The money stays where it is: only codes and
//! outlets of the credited account come into question.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::access::Act;
use super::attribute_by_hand::{Place, Target, credit, pay_by_hand, place};
use super::change::{
    Change, ChangeError, Deed, Thing, UniqueValue, check_version, check_won, close,
};
use super::standing::{Books, Pending, annul};
use crate::domain::disclosure::CaseNumber;
use crate::domain::explanation::{Decision, Explanation};
use crate::domain::ids::{
    AccountId, BankTransactionId, CodeId, MerchantId, MoveId, OutletId, PaymentId, UserId,
};
use crate::domain::refusal::Refusal;
use crate::store::audit::AuditEntry;
use crate::store::payment_moves::{self, MoveDecision, MoveRow, NewMove};
use crate::store::payments::{self, PaymentRow};
use crate::store::reach::Reach;
use crate::store::transactions::TransactionRow;
use crate::store::{Tx, codes, locks, reversals, transactions};

/// What the second person says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Count it there.
    Approve,
    /// Leave it where it is.
    Reject,
}

/// Proposes to count a payment within reach elsewhere within reach.
pub async fn propose(
    tx: &mut Tx,
    change: &Change<'_>,
    reach: Reach,
    (payment, target): (PaymentId, Target),
    case: &CaseNumber,
) -> Result<MoveRow, ChangeError> {
    let movable = movable(tx, reach, payment, target).await?;
    let proposal = NewMove {
        id: MoveId::from_uuid(change.uuid()),
        payment,
        outlet: movable.place.outlet,
        code: movable.place.code.map(|code| CodeId::from_uuid(code.id)),
        case: case.as_str().to_owned(),
        requested_by: change.actor,
        now: change.now,
    };
    if !payment_moves::insert(tx, &proposal).await? {
        return Err(ChangeError::Taken(UniqueValue::PaymentMove));
    }
    let deed = deed(
        "payment.move_propose",
        proposal.id,
        &movable.payment,
        &proposal.case,
    );
    change.record(tx, deed).await?;
    read(tx, reach, proposal.id).await
}

/// Decides a proposal within reach, as another person than the one who made it.
pub async fn decide(
    tx: &mut Tx,
    change: &Change<'_>,
    reach: Reach,
    (id, expected): (MoveId, Option<i64>),
    verdict: Verdict,
) -> Result<MoveRow, ChangeError> {
    read(tx, reach, id).await?;
    // Of two that decide at a time the second sees what the first decided.
    locks::payment_move(tx, id).await?;
    let proposal = read(tx, reach, id).await?;
    let event = match verdict {
        Verdict::Approve => "approve",
        Verdict::Reject => "reject",
    };
    let state = match proposal.state.as_str() {
        "proposed" => None,
        "approved" => Some("approved"),
        _ => Some("rejected"),
    };
    if let Some(state) = state {
        let thing = "payment move";
        return Err(ChangeError::Refused(Refusal::WrongState {
            thing,
            state,
            event,
        }));
    }
    check_version(expected, proposal.version)?;
    match verdict {
        Verdict::Approve => approve(tx, change, reach, &proposal).await?,
        Verdict::Reject => reject(tx, change, reach, &proposal).await?,
    }
    read(tx, Reach::Everything, id).await
}

/// A payment that can be moved, and where to.
struct Movable {
    payment: PaymentRow,
    credit: TransactionRow,
    before: Explanation,
    place: Place,
}

async fn movable(
    tx: &mut Tx,
    reach: Reach,
    id: PaymentId,
    target: Target,
) -> Result<Movable, ChangeError> {
    let found = payments::find(tx, reach, id).await?;
    let payment = found.ok_or(ChangeError::NotFound(Thing::Subject))?;
    // What went back went back from where it counts.
    let state = match payment.status.as_str() {
        "settled" => None,
        "voided" => Some("voided"),
        _ => Some("returned"),
    };
    if let Some(state) = state {
        return Err(ChangeError::Refused(Refusal::WrongState {
            thing: "payment",
            state,
            event: "move",
        }));
    }
    if payment.flags.split(' ').any(|flag| flag == "test") {
        return Err(Refusal::TestCode.into());
    }
    let transaction = BankTransactionId::from_uuid(payment.transaction_id);
    if reversals::gone_back(tx, transaction).await?.waiting_vnd > 0 {
        return Err(Refusal::ReturnWaits.into());
    }
    let told = ("payments", payment.explanation.as_str());
    let (credit, before) = credit(tx, transaction, told).await?;
    let account = AccountId::from_uuid(credit.account_id);
    let owner = MerchantId::from_uuid(credit.merchant_id);
    let place = place(tx, reach, target, (account, owner)).await?;
    let code = place.code.as_ref().map(|code| code.id);
    if place.outlet.uuid() == payment.outlet_id && code == payment.code_id {
        return Err(Refusal::SamePlace.into());
    }
    Ok(Movable {
        payment,
        credit,
        before,
        place,
    })
}

async fn approve(
    tx: &mut Tx,
    change: &Change<'_>,
    reach: Reach,
    proposal: &MoveRow,
) -> Result<(), ChangeError> {
    let by = UserId::from_uuid(proposal.requested_by);
    if by == change.actor {
        return Err(Refusal::SamePerson.into());
    }
    let id = MoveId::from_uuid(proposal.id);
    let old = PaymentId::from_uuid(proposal.payment_id);
    let target = match proposal.code_id {
        Some(code) => Target::Code(CodeId::from_uuid(code)),
        None => Target::Outlet(OutletId::from_uuid(proposal.outlet_id)),
    };
    hold_places(tx, reach, old, proposal.code_id).await?;
    let movable = movable(tx, reach, old, target).await?;
    let actor = change.actor.to_string();
    let act = Act {
        actor: &actor,
        now: change.now,
        entropy: change.entropy,
    };
    let mut pending = Pending::default();
    let mut books = Books {
        tx,
        pending: &mut pending,
        entropy: change.entropy,
        actor: &actor,
    };
    check_won(annul(&mut books, &movable.payment, change.now).await?)?;
    let decision = Decision {
        by: by.to_string(),
        approved_by: Some(actor.clone()),
        case: Some(proposal.case_number.clone()),
    };
    let place = &movable.place;
    let credit = &movable.credit;
    let new = pay_by_hand(&mut books, &act, credit, place, (movable.before, decision)).await?;
    tell(
        &mut books,
        &act,
        (id, &proposal.case_number),
        &movable.payment,
        (new, place),
    );
    let decided = MoveDecision {
        state: "approved",
        by: change.actor,
        at: change.now,
        new_payment: Some(new),
    };
    check_won(payment_moves::decide(tx, id, proposal.version, decided).await?)?;
    close(tx, &act, pending, "moved payment").await?;
    Ok(())
}

/// Holds the account and the codes that a payment leaves and comes to before any of their
/// payments is read: the writer of notices takes them in the same order, so neither waits for
/// the other, and no reversal comes between.
async fn hold_places(
    tx: &mut Tx,
    reach: Reach,
    payment: PaymentId,
    there: Option<Uuid>,
) -> Result<(), ChangeError> {
    let found = payments::find(tx, reach, payment).await?;
    let found = found.ok_or(ChangeError::NotFound(Thing::Subject))?;
    let (here, credit) = (
        found.code_id,
        BankTransactionId::from_uuid(found.transaction_id),
    );
    let credit = transactions::find(tx, Reach::Everything, credit).await?;
    let credit = credit.ok_or(ChangeError::NotFound(Thing::Subject))?;
    locks::account(tx, AccountId::from_uuid(credit.account_id)).await?;
    let held: BTreeSet<Uuid> = here.into_iter().chain(there).collect();
    for code in held {
        codes::lock(tx, CodeId::from_uuid(code)).await?;
    }
    Ok(())
}

/// Tells the place that the payment left and the one that it came to.
fn tell(
    books: &mut Books<'_>,
    act: &Act<'_>,
    (id, case): (MoveId, &str),
    old: &PaymentRow,
    (new, place): (PaymentId, &Place),
) {
    const KIND: &str = "payment.moved";
    let from = PaymentId::from_uuid(old.id).to_string();
    let detail = json!({
        "move_id": id.to_string(),
        "case": case,
        "payment_id": from,
        "new_payment_id": new.to_string(),
    });
    books.pending.entries.push(AuditEntry {
        at: act.now,
        actor: act.actor.to_owned(),
        action: "payment.move_approve",
        subject: id.to_string(),
        detail: detail.clone(),
    });
    let left = (
        MerchantId::from_uuid(old.merchant_id),
        OutletId::from_uuid(old.outlet_id),
    );
    let reached = (place.merchant, place.outlet);
    books.tell(act.now, (KIND, from, detail.clone()), left.0, Some(left.1));
    if reached != left {
        books.tell(
            act.now,
            (KIND, new.to_string(), detail),
            reached.0,
            Some(reached.1),
        );
    }
}

async fn reject(
    tx: &mut Tx,
    change: &Change<'_>,
    reach: Reach,
    proposal: &MoveRow,
) -> Result<(), ChangeError> {
    let id = MoveId::from_uuid(proposal.id);
    let payment = PaymentId::from_uuid(proposal.payment_id);
    let found = payments::find(tx, reach, payment).await?;
    let payment = found.ok_or(ChangeError::NotFound(Thing::Subject))?;
    let decided = MoveDecision {
        state: "rejected",
        by: change.actor,
        at: change.now,
        new_payment: None,
    };
    check_won(payment_moves::decide(tx, id, proposal.version, decided).await?)?;
    let deed = deed("payment.move_reject", id, &payment, &proposal.case_number);
    change.record(tx, deed).await?;
    Ok(())
}

fn deed(kind: &'static str, id: MoveId, payment: &PaymentRow, case: &str) -> Deed {
    let detail: Value = json!({
        "payment_id": PaymentId::from_uuid(payment.id).to_string(),
        "case": case,
    });
    Deed {
        kind,
        subject: id.to_string(),
        merchant: Some(MerchantId::from_uuid(payment.merchant_id)),
        outlet: Some(OutletId::from_uuid(payment.outlet_id)),
        detail,
    }
}

async fn read(tx: &mut Tx, reach: Reach, id: MoveId) -> Result<MoveRow, ChangeError> {
    let found = payment_moves::find(tx, reach, id).await?;
    found.ok_or(ChangeError::NotFound(Thing::Subject))
}
