//! Deciding whether two tellings are the same money; rules in [`crate::domain::doubt`].

use serde_json::{Value, json};

use super::access::Act;
use super::alarm;
use super::change::{ChangeError, Deed, Thing, check_version, check_won, close, note};
use super::second_telling::{annul, become_transaction, count};
use super::standing::{Books, Pending};
use crate::domain::doubt::{DoubtDecision, DoubtKind, DoubtState};
use crate::domain::ids::{BankTransactionId, DoubtId, MerchantId};
use crate::domain::refusal::Refusal;
use crate::store::doubts::{self, Answer, DoubtRow};
use crate::store::reach::Reach;
use crate::store::{Tx, inconsistent, locks};

/// What the second person says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is other money.
    Approve,
    /// It is not settled by that.
    Reject,
}

/// Decides a doubt within reach that is open: at once that it is the same money, or with a
/// second person that it is other money. What was said before may be said again.
pub async fn decide(
    tx: &mut Tx,
    act: &Act<'_>,
    reach: Reach,
    (id, expected): (DoubtId, Option<i64>),
    decision: DoubtDecision,
) -> Result<DoubtRow, ChangeError> {
    let row = hold(tx, reach, id).await?;
    if row.decision.as_deref() == Some(decision.as_str()) {
        return Ok(row);
    }
    let state = state_of(&row)?;
    if state != DoubtState::Open {
        return Err(wrong_state(state, "decide"));
    }
    check_version(expected, row.version)?;
    match decision {
        DoubtDecision::SameMoney => settle(tx, act, &row, decision, act.actor).await?,
        DoubtDecision::OtherMoney => {
            if kind_of(&row)? == DoubtKind::Conflict && row.account_id.is_none() {
                return Err(Refusal::NoAccount.into());
            }
            let proposed = Answer {
                state: DoubtState::Proposed,
                decision: Some(decision),
                requested_by: Some(act.actor),
                decided_by: None,
                new_transaction: None,
                now: act.now,
            };
            let mut pending = Pending::default();
            answer(tx, act, &mut pending, &row, ("doubt.propose", proposed)).await?;
            close(tx, act, pending, "proposed decision").await?;
        }
    }
    read(tx, reach, id).await
}

/// Approves or rejects, as another person, that it is other money.
pub async fn second(
    tx: &mut Tx,
    act: &Act<'_>,
    reach: Reach,
    (id, expected): (DoubtId, Option<i64>),
    verdict: Verdict,
) -> Result<DoubtRow, ChangeError> {
    let row = hold(tx, reach, id).await?;
    let event = match verdict {
        Verdict::Approve => "approve",
        Verdict::Reject => "reject",
    };
    let state = state_of(&row)?;
    if state != DoubtState::Proposed {
        return Err(wrong_state(state, event));
    }
    check_version(expected, row.version)?;
    let missing = || inconsistent("doubts", "requested_by", id);
    let requested_by = row.requested_by.clone().ok_or_else(missing)?;
    match verdict {
        Verdict::Approve if requested_by == act.actor => return Err(Refusal::SamePerson.into()),
        Verdict::Approve => {
            settle(tx, act, &row, DoubtDecision::OtherMoney, &requested_by).await?;
        }
        Verdict::Reject => {
            let open = Answer {
                state: DoubtState::Open,
                decision: None,
                requested_by: None,
                decided_by: None,
                new_transaction: None,
                now: act.now,
            };
            let mut pending = Pending::default();
            answer(tx, act, &mut pending, &row, ("doubt.reject", open)).await?;
            close(tx, act, pending, "rejected decision").await?;
        }
    }
    read(tx, reach, id).await
}

/// Carries a decision out.
async fn settle(
    tx: &mut Tx,
    act: &Act<'_>,
    row: &DoubtRow,
    decision: DoubtDecision,
    requested_by: &str,
) -> Result<(), ChangeError> {
    let transaction = BankTransactionId::from_uuid(row.transaction_id);
    let kind = kind_of(row)?;
    let mut pending = Pending::default();
    let mut books = Books {
        tx,
        pending: &mut pending,
        entropy: act.entropy,
        actor: act.actor,
    };
    let mut new_transaction = None;
    match (kind, decision) {
        (DoubtKind::Double, DoubtDecision::SameMoney) => {
            annul(&mut books, act, transaction).await?;
        }
        (DoubtKind::Double, DoubtDecision::OtherMoney) => {
            count(&mut books, act, transaction).await?;
        }
        // The second telling never became anything.
        (DoubtKind::Conflict, DoubtDecision::SameMoney) => {}
        (DoubtKind::Conflict, DoubtDecision::OtherMoney) => {
            new_transaction = Some(become_transaction(&mut books, act, row).await?);
        }
    }
    let settled = Answer {
        state: DoubtState::Settled,
        decision: Some(decision),
        requested_by: Some(requested_by),
        decided_by: Some(act.actor),
        new_transaction,
        now: act.now,
    };
    answer(tx, act, &mut pending, row, ("doubt.settle", settled)).await?;
    close_alert(tx, act, &mut pending, (kind, transaction), decision).await?;
    Ok(close(tx, act, pending, "decided doubt").await?)
}

/// Writes an answer and leaves its traces: ids and words, nobody's amounts.
async fn answer(
    tx: &mut Tx,
    act: &Act<'_>,
    pending: &mut Pending,
    row: &DoubtRow,
    (kind, answer): (&'static str, Answer<'_>),
) -> Result<(), ChangeError> {
    let id = DoubtId::from_uuid(row.id);
    check_won(doubts::answer(tx, (id, row.version), answer).await?)?;
    let detail: Value = json!({
        "transaction_id": BankTransactionId::from_uuid(row.transaction_id).to_string(),
        "decision": answer.decision.map(DoubtDecision::as_str),
        "requested_by": answer.requested_by,
        "new_transaction_id": answer.new_transaction.map(|id| id.to_string()),
    });
    let deed = Deed {
        kind,
        subject: id.to_string(),
        merchant: Some(MerchantId::from_uuid(row.merchant_id)),
        outlet: None,
        detail,
    };
    note(pending, act, deed);
    Ok(())
}

/// Settles the alert that asked for the decision, unless another doubt stands behind it.
async fn close_alert(
    tx: &mut Tx,
    act: &Act<'_>,
    pending: &mut Pending,
    (kind, transaction): (DoubtKind, BankTransactionId),
    decision: DoubtDecision,
) -> Result<(), ChangeError> {
    if doubts::unsettled(tx, kind, transaction).await? > 0 {
        return Ok(());
    }
    let raised = match kind {
        DoubtKind::Double => "transaction.duplicate_suspected",
        DoubtKind::Conflict => "transaction.conflict",
    };
    let about = (raised, &*transaction.to_string());
    if let Some(deed) = alarm::settle(tx, act, about, decision.as_str()).await? {
        note(pending, act, deed);
    }
    Ok(())
}

fn kind_of(row: &DoubtRow) -> Result<DoubtKind, ChangeError> {
    let kind = DoubtKind::parse(&row.kind);
    Ok(kind.map_err(|_| inconsistent("doubts", "kind", row.id))?)
}

fn state_of(row: &DoubtRow) -> Result<DoubtState, ChangeError> {
    let state = DoubtState::parse(&row.state);
    Ok(state.map_err(|_| inconsistent("doubts", "state", row.id))?)
}

fn wrong_state(state: DoubtState, event: &'static str) -> ChangeError {
    ChangeError::Refused(Refusal::WrongState {
        thing: "doubt",
        state: state.as_str(),
        event,
    })
}

/// Finds a doubt and holds it: of two that decide at a time the second sees what the first
/// decided.
async fn hold(tx: &mut Tx, reach: Reach, id: DoubtId) -> Result<DoubtRow, ChangeError> {
    read(tx, reach, id).await?;
    locks::doubt(tx, id).await?;
    read(tx, reach, id).await
}

async fn read(tx: &mut Tx, reach: Reach, id: DoubtId) -> Result<DoubtRow, ChangeError> {
    let found = doubts::find(tx, reach, id).await?;
    found.ok_or(ChangeError::NotFound(Thing::Subject))
}
