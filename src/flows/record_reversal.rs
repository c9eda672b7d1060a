//! A trader records money given back, withdraws such a record, or says by hand what belongs
//! together. Nothing here moves money, and no figure follows before the bank's own word.

use serde_json::{Value, json};

use super::access::Act;
use super::change::{ChangeError, Thing, check_version, check_won, close};
use super::returned_money::Unsettled;
use super::settle_suspense::Trader;
use super::standing::{Books, Pending};
use crate::domain::ids::{
    AccountId, BankTransactionId, MerchantId, OutletId, PaymentId, ReversalId,
};
use crate::domain::money::Vnd;
use crate::domain::refusal::Refusal;
use crate::domain::reversal::{Nature, ReversalOrigin, ReversalState};
use crate::domain::text::Reason;
use crate::store::audit::AuditEntry;
use crate::store::payments::{self, PaymentRow};
use crate::store::reach::Reach;
use crate::store::reversal_links::{self, MovementRow};
use crate::store::reversals::{self, NewReversal, ReversalRow, Stand};
use crate::store::{Tx, inconsistent, transactions};

/// What a trader gives back.
#[derive(Clone, Debug)]
pub struct GivenBack {
    /// How much, above zero.
    pub amount: Vnd,
    /// Why.
    pub nature: Nature,
    /// Words that stay with the record.
    pub note: Option<Reason>,
}

/// Records that money of a payment is given back. It waits for the debit.
pub async fn record(
    tx: &mut Tx,
    act: &Act<'_>,
    trader: Trader,
    payment: PaymentId,
    given: &GivenBack,
) -> Result<ReversalRow, ChangeError> {
    let credit = credit_of(&payment_of(tx, trader, payment).await?);
    let found = transactions::find(tx, Reach::Merchant(trader.merchant), credit).await?;
    let found = found.ok_or_else(|| inconsistent("payments", "transaction_id", payment))?;
    let account = AccountId::from_uuid(found.account_id);
    let mut pending = Pending::default();
    let mut books = books(tx, &mut pending, act);
    let mut work = Unsettled::begin(&mut books, account, act.now).await?;
    // Read again: the account is held now.
    let row = payment_of(books.tx, trader, payment).await?;
    require_money(&row)?;
    let back = reversals::gone_back(books.tx, credit).await?;
    let left = row.received_vnd - back.confirmed_vnd - back.waiting_vnd;
    let left =
        Vnd::new(left.max(0)).map_err(|_| inconsistent("payments", "received_vnd", row.id))?;
    if given.amount > left {
        return Err(Refusal::ReturnTooMuch { left }.into());
    }
    let record = NewReversal {
        id: ReversalId::from_uuid(act.entropy.uuid(act.now)),
        merchant: trader.merchant,
        account,
        origin: ReversalOrigin::Merchant,
        amount_vnd: given.amount.get(),
        taken_back: Some(credit),
        movement: None,
        nature: Some(given.nature),
        note: given.note.as_ref().map(|note| note.as_str().to_owned()),
        recorded_by: act.actor.to_owned(),
        now: act.now,
    };
    reversals::insert(books.tx, &record).await?;
    let detail = json!({"payment_id": payment.to_string(), "amount_vnd": record.amount_vnd});
    let outlet = Some(OutletId::from_uuid(row.outlet_id));
    note(
        &mut books,
        act,
        ("reversal.record", record.id),
        (trader.merchant, outlet),
        detail,
    );
    work.pair_again(record.amount_vnd);
    work.settle(&mut books).await?;
    close(tx, act, pending, "recorded reversal").await?;
    read(tx, trader.merchant, record.id).await
}

/// Withdraws a record whose money did not go back. `expected` is the version that the caller
/// has seen, if it says so.
pub async fn cancel(
    tx: &mut Tx,
    act: &Act<'_>,
    trader: Trader,
    (id, expected): (ReversalId, Option<i64>),
) -> Result<ReversalRow, ChangeError> {
    let row = hold(tx, act, trader, (id, expected), "cancel").await?;
    if row.origin != ReversalOrigin::Merchant.as_str() {
        return Err(wrong_state("bank", "cancel"));
    }
    let stand = Stand {
        state: ReversalState::Cancelled,
        movement: None,
        matched_by: None,
    };
    check_won(reversals::set_stand(tx, (id, row.version), stand, act.now).await?)?;
    let mut pending = Pending::default();
    let mut books = books(tx, &mut pending, act);
    let whose = (trader.merchant, trader.till);
    note(&mut books, act, ("reversal.cancel", id), whose, json!({}));
    close(tx, act, pending, "cancelled reversal").await?;
    read(tx, trader.merchant, id).await
}

/// Matches a reversal that waits by hand: a record to its debit, or a bank's word to the
/// credit that it takes back.
pub async fn choose(
    tx: &mut Tx,
    act: &Act<'_>,
    trader: Trader,
    (id, expected): (ReversalId, Option<i64>),
    transaction: BankTransactionId,
) -> Result<ReversalRow, ChangeError> {
    let row = hold(tx, act, trader, (id, expected), "match").await?;
    let among = candidates(tx, &row).await?;
    if !among.iter().any(|one| one.id == transaction.uuid()) {
        return Err(Refusal::NoCandidate.into());
    }
    check_won(reversals::choose(tx, (id, row.version), transaction).await?)?;
    let mut pending = Pending::default();
    let mut books = books(tx, &mut pending, act);
    let detail = json!({"transaction_id": transaction.to_string()});
    note(
        &mut books,
        act,
        ("reversal.match", id),
        (trader.merchant, trader.till),
        detail,
    );
    let account = AccountId::from_uuid(row.account_id);
    let mut work = Unsettled::begin(&mut books, account, act.now).await?;
    if let Some(movement) = row.movement_id {
        let movement = BankTransactionId::from_uuid(movement);
        work.relate(&mut books, movement).await?;
    } else {
        work.pair_again(row.amount_vnd);
    }
    work.settle(&mut books).await?;
    close(tx, act, pending, "matched reversal").await?;
    read(tx, trader.merchant, id).await
}

/// What a reversal that waits may belong to: of a record the debits of its amount, of a bank's
/// word the credits before it that are large enough.
pub async fn candidates(tx: &mut Tx, row: &ReversalRow) -> Result<Vec<MovementRow>, ChangeError> {
    if row.state != ReversalState::Waiting.as_str() {
        return Ok(Vec::new());
    }
    let account = AccountId::from_uuid(row.account_id);
    let pool = (account, row.amount_vnd);
    let missing = || inconsistent("reversals", "movement_id", row.id);
    let mut found = if let Some(movement) = row.movement_id {
        let movement = BankTransactionId::from_uuid(movement);
        let movement = reversal_links::movement(tx, movement).await?;
        let until = movement.ok_or_else(missing)?.occurred_at;
        reversal_links::credits_before(tx, pool, until).await?
    } else {
        let credit = BankTransactionId::from_uuid(row.taken_back_id.ok_or_else(missing)?);
        let credit = reversal_links::movement(tx, credit).await?;
        let since = credit.ok_or_else(missing)?.occurred_at;
        reversal_links::free_debits_since(tx, pool, since).await?
    };
    found.retain(|one| !one.doubtful && !one.undone);
    Ok(found)
}

/// Finds a reversal that waits, with its account held.
async fn hold(
    tx: &mut Tx,
    act: &Act<'_>,
    trader: Trader,
    (id, expected): (ReversalId, Option<i64>),
    event: &'static str,
) -> Result<ReversalRow, ChangeError> {
    let row = read(tx, trader.merchant, id).await?;
    if let Some(till) = trader.till {
        let payment = row.payment_id.map(PaymentId::from_uuid);
        let payment = payment.ok_or(ChangeError::NotFound(Thing::Subject))?;
        let found = payments::find(tx, Reach::Merchant(trader.merchant), payment).await?;
        if found.is_none_or(|found| found.outlet_id != till.uuid()) {
            return Err(ChangeError::NotFound(Thing::Subject));
        }
    }
    let mut pending = Pending::default();
    let account = AccountId::from_uuid(row.account_id);
    Unsettled::begin(&mut books(tx, &mut pending, act), account, act.now).await?;
    let row = read(tx, trader.merchant, id).await?;
    check_version(expected, row.version)?;
    match ReversalState::parse(&row.state) {
        Ok(ReversalState::Waiting) => Ok(row),
        Ok(state) => Err(wrong_state(state.as_str(), event)),
        Err(_) => Err(inconsistent("reversals", "state", id).into()),
    }
}

fn books<'a>(tx: &'a mut Tx, pending: &'a mut Pending, act: &'a Act<'_>) -> Books<'a> {
    Books {
        tx,
        pending,
        entropy: act.entropy,
        actor: act.actor,
    }
}

fn wrong_state(state: &'static str, event: &'static str) -> ChangeError {
    ChangeError::Refused(Refusal::WrongState {
        thing: "reversal",
        state,
        event,
    })
}

/// A payment of the trader, and of the till if one speaks.
async fn payment_of(tx: &mut Tx, trader: Trader, id: PaymentId) -> Result<PaymentRow, ChangeError> {
    let found = payments::find(tx, Reach::Merchant(trader.merchant), id).await?;
    let found = found.filter(|row| trader.till.is_none_or(|till| till.uuid() == row.outlet_id));
    found.ok_or(ChangeError::NotFound(Thing::Subject))
}

fn credit_of(payment: &PaymentRow) -> BankTransactionId {
    BankTransactionId::from_uuid(payment.transaction_id)
}

/// Refuses to give back what may be no money of its own.
fn require_money(payment: &PaymentRow) -> Result<(), ChangeError> {
    let state = match payment.standing.as_str() {
        "counts" => return Ok(()),
        "voided" => "voided",
        _ => "duplicate_suspected",
    };
    Err(ChangeError::Refused(Refusal::WrongState {
        thing: "payment",
        state,
        event: "give back",
    }))
}

/// Leaves the traces of what a trader did. Amounts of a trader are the trader's: the audit is
/// told ids only.
fn note(
    books: &mut Books<'_>,
    act: &Act<'_>,
    (kind, id): (&'static str, ReversalId),
    (merchant, outlet): (MerchantId, Option<OutletId>),
    detail: Value,
) {
    books.pending.entries.push(AuditEntry {
        at: act.now,
        actor: act.actor.to_owned(),
        action: kind,
        subject: id.to_string(),
        detail: detail.clone(),
    });
    books.tell(act.now, (kind, id.to_string(), detail), merchant, outlet);
}

async fn read(
    tx: &mut Tx,
    merchant: MerchantId,
    id: ReversalId,
) -> Result<ReversalRow, ChangeError> {
    let found = reversals::find(tx, Reach::Merchant(merchant), id).await?;
    found.ok_or(ChangeError::NotFound(Thing::Subject))
}
