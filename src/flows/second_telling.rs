//! What becomes of money that was told twice once people have decided: it is annulled, it
//! counts, or it becomes a transaction of its own.

use super::access::Act;
use super::attribution::suspend;
use super::change::{ChangeError, check_won};
use super::returned_money::{self, Heard, Unsettled};
use super::standing::{self, Books, hold_code, weigh};
use crate::domain::credit::Direction;
use crate::domain::day::local_day;
use crate::domain::doubt::DoubtDecision;
use crate::domain::explanation::{Explanation, SuspenseReason};
use crate::domain::ids::{
    AccountId, BankTransactionId, CallbackId, MerchantId, PaymentId, SourceId, SuspenseId,
};
use crate::domain::linking::Teller;
use crate::domain::money::Vnd;
use crate::store::codes::CodeRow;
use crate::store::doubts::{self, DoubtRow};
use crate::store::linking::Places;
use crate::store::payments::PaymentRow;
use crate::store::reach::Reach;
use crate::store::suspense::{self, NewSettlement};
use crate::store::transactions::{self, NewEvidence, NewTransaction, TransactionRow};
use crate::store::{StoreError, inconsistent, payments};

/// The second transaction is the first one told twice: what was made of it is undone.
pub(super) async fn annul(
    books: &mut Books<'_>,
    act: &Act<'_>,
    transaction: BankTransactionId,
) -> Result<(), ChangeError> {
    let row = held(books, act, transaction).await?.0;
    let decision = DoubtDecision::SameMoney;
    check_won(doubts::decide_double(books.tx, transaction, decision).await?)?;
    if let Some((payment, _)) = doubtful_payment(books, transaction).await? {
        check_won(standing::annul(books, &payment, act.now).await?)?;
    }
    let Some(item) = row.suspense_id else {
        return Ok(());
    };
    let item = SuspenseId::from_uuid(item);
    let found = suspense::find(books.tx, Reach::Everything, item).await?;
    if let Some(found) = found.filter(|found| found.state == "open") {
        let settled = NewSettlement {
            outcome: "same_money",
            by: act.actor,
            note: None,
            at: act.now,
        };
        check_won(suspense::settle(books.tx, item, found.version, settled).await?)?;
    }
    Ok(())
}

/// The second transaction is other money: what was made of it counts.
pub(super) async fn count(
    books: &mut Books<'_>,
    act: &Act<'_>,
    transaction: BankTransactionId,
) -> Result<(), ChangeError> {
    let (row, mut work) = held(books, act, transaction).await?;
    let decision = DoubtDecision::OtherMoney;
    check_won(doubts::decide_double(books.tx, transaction, decision).await?)?;
    if let Some((payment, code)) = doubtful_payment(books, transaction).await? {
        let which = (PaymentId::from_uuid(payment.id), payment.version);
        let identity = transactions::identity(books.tx, transaction).await?;
        check_won(payments::count(books.tx, which, &identity).await?)?;
        weigh(books, (which.0, act.now), code.as_ref()).await?;
    }
    if row.direction == Direction::Debit.as_str() {
        work.relate(books, transaction).await?;
    }
    work.pair_again(row.amount_vnd);
    Ok(work.settle(books).await?)
}

/// A second transaction, with its account held.
async fn held(
    books: &mut Books<'_>,
    act: &Act<'_>,
    id: BankTransactionId,
) -> Result<(TransactionRow, Unsettled), ChangeError> {
    let found = transactions::find(books.tx, Reach::Everything, id).await?;
    let row = found.ok_or_else(|| inconsistent("doubts", "transaction_id", id))?;
    let account = AccountId::from_uuid(row.account_id);
    let work = Unsettled::begin(books, account, act.now).await?;
    Ok((row, work))
}

/// The payment that a second transaction became and that does not count, with its code held.
async fn doubtful_payment(
    books: &mut Books<'_>,
    transaction: BankTransactionId,
) -> Result<Option<(PaymentRow, Option<CodeRow>)>, StoreError> {
    let found = payments::of_transaction(books.tx, transaction).await?;
    let Some(found) = found.filter(|found| found.standing == "duplicate_suspected") else {
        return Ok(None);
    };
    let Some(code) = hold_code(books, &found).await? else {
        return Ok(Some((found, None)));
    };
    let found = payments::of_transaction(books.tx, transaction).await?;
    Ok(found.map(|found| (found, Some(code))))
}

/// What was told the second time under one number becomes a transaction of its own. A credit
/// waits for its trader: two persons say that it is money, the trader what it was for.
pub(super) async fn become_transaction(
    books: &mut Books<'_>,
    act: &Act<'_>,
    doubt: &DoubtRow,
) -> Result<BankTransactionId, ChangeError> {
    let id = BankTransactionId::from_uuid(books.entropy.uuid(act.now));
    let told = second_telling(doubt, act, id)?;
    transactions::insert(books.tx, &told).await?;
    let source = doubt.source_id.map(SourceId::from_uuid);
    let source = source.ok_or_else(|| inconsistent("doubts", "source_id", doubt.id))?;
    let evidence = evidence(doubt, act, source, &told)?;
    if !transactions::insert_evidence(books.tx, &evidence).await? {
        return Err(StoreError::Conflict {
            table: "transaction_evidence",
        }
        .into());
    }
    let reverses = evidence.reverses.is_some();
    if told.direction == Direction::Credit && !reverses {
        let told_twice = Explanation::suspense(SuspenseReason::ToldTwice, Vec::new(), Vec::new());
        suspend(books, &(&told).into(), &told_twice).await?;
    }
    let heard = Heard {
        account: told.account,
        transaction: id,
        is_movement: reverses || told.direction == Direction::Debit,
        now: act.now,
    };
    returned_money::follow(books, heard).await?;
    Ok(id)
}

fn second_telling(
    doubt: &DoubtRow,
    act: &Act<'_>,
    id: BankTransactionId,
) -> Result<NewTransaction, StoreError> {
    let bad = |column| inconsistent("doubts", column, doubt.id);
    let occurred_at = doubt.occurred_at.ok_or_else(|| bad("occurred_at"))?;
    let amount = doubt.amount_vnd.and_then(|amount| Vnd::new(amount).ok());
    Ok(NewTransaction {
        id,
        account: AccountId::from_uuid(doubt.account_id.ok_or_else(|| bad("account_id"))?),
        merchant: MerchantId::from_uuid(doubt.merchant_id),
        direction: if doubt.direction.as_deref() == Some(Direction::Debit.as_str()) {
            Direction::Debit
        } else {
            Direction::Credit
        },
        amount: amount.ok_or_else(|| bad("amount_vnd"))?,
        virtual_account: doubt.virtual_account.clone(),
        content: doubt.content.clone().unwrap_or_default(),
        bank_reference: doubt.bank_reference.clone(),
        order_reference: doubt.order_reference.clone(),
        occurred_at,
        local_day: local_day(occurred_at),
        duplicate_of: None,
        // People have decided what it is: only its reference may link other tellings to it.
        text_link: None,
        places: Places::default(),
        recorded_at: act.now,
    })
}

/// The people's decision is what the new transaction is known by: a key of its own, made of
/// the number and the facts.
fn evidence(
    doubt: &DoubtRow,
    act: &Act<'_>,
    source: SourceId,
    told: &NewTransaction,
) -> Result<NewEvidence, StoreError> {
    let bad = |column| inconsistent("doubts", column, doubt.id);
    let key = doubt.transaction_key.as_ref();
    let key = key.ok_or_else(|| bad("transaction_key"))?;
    let fact_hash = doubt.fact_hash.clone().ok_or_else(|| bad("fact_hash"))?;
    let number = doubt.provider_txn_id.clone();
    Ok(NewEvidence {
        teller: Teller::source(source),
        source: Some(source),
        key: format!("{key} {}", hex::encode(&fact_hash)),
        transaction: told.id,
        account: told.account,
        kind: "decision",
        provider_txn_id: number.ok_or_else(|| bad("provider_txn_id"))?,
        reverses: doubt.reverses.clone(),
        fact_hash,
        bank_reference: told.bank_reference.clone(),
        virtual_account: told.virtual_account.clone(),
        text_link: None,
        occurred_at: told.occurred_at,
        // The trader says what it was for, whatever the texts name.
        naming: None,
        callback: doubt.callback_id.map(CallbackId::from_uuid),
        recorded_at: act.now,
    })
}
