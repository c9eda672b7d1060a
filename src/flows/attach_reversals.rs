//! Attaching banks' words that wait to what they name, hour by hour.
//!
//! A word and what it takes back may be recorded by two instances at the same moment, neither
//! of which sees the other's. What was missed so is found here, and a word that names nothing
//! known for a day is shown to a person.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::access::Act;
use super::alarm::{self, Warning};
use super::change::{close, record};
use super::returned_money::Unsettled;
use super::standing::{Books, Pending};
use crate::domain::ids::{AccountId, BankTransactionId, MerchantId, ReversalId};
use crate::entropy::Entropy;
use crate::store::reversals::{self, ReversalRow};
use crate::store::{Store, StoreError, Tx, alerts, inconsistent};

/// How long a word waits before a person is told.
const PATIENCE: TimeDelta = TimeDelta::days(1);
/// Words that one query reads.
const PAGE: u32 = 200;
/// What a person is told of a word that names nothing known.
pub const UNMATCHED: &str = "reversal.unmatched";

/// Looks at all words that wait; how many of them found what they name. Safe while notices
/// come and other instances do the same.
pub async fn attach_waiting(
    store: &Store,
    now: DateTime<Utc>,
    entropy: &Entropy,
) -> Result<usize, StoreError> {
    let mut after = (DateTime::UNIX_EPOCH, ReversalId::from_uuid(Uuid::nil()));
    let mut attached = 0;
    loop {
        let mut tx = store.begin_read().await?;
        let page = reversals::waiting_words(&mut tx, after, PAGE).await?;
        tx.rollback().await?;
        let Some(last) = page.last() else {
            return Ok(attached);
        };
        after = (last.recorded_at, ReversalId::from_uuid(last.id));
        for word in &page {
            let mut tx = store.begin_write().await?;
            let act = Act {
                actor: "phocho",
                now,
                entropy,
            };
            attached += usize::from(attach(&mut tx, &act, word).await?);
            tx.commit().await?;
        }
    }
}

async fn attach(tx: &mut Tx, act: &Act<'_>, word: &ReversalRow) -> Result<bool, StoreError> {
    let missing = || inconsistent("reversals", "movement_id", word.id);
    let movement = BankTransactionId::from_uuid(word.movement_id.ok_or_else(missing)?);
    let account = AccountId::from_uuid(word.account_id);
    let mut pending = Pending::default();
    let mut books = Books {
        tx,
        pending: &mut pending,
        entropy: act.entropy,
        actor: act.actor,
    };
    let mut unsettled = Unsettled::begin(&mut books, account, act.now).await?;
    unsettled.relate(&mut books, movement).await?;
    unsettled.settle(&mut books).await?;
    let found = reversals::of_movement(books.tx, movement).await?;
    let is_attached = found.is_some_and(|word| word.taken_back_id.is_some());
    if is_attached {
        close(tx, act, pending, "late reversal").await?;
    } else if word.recorded_at + PATIENCE <= act.now {
        warn(tx, act, word).await?;
    }
    Ok(is_attached)
}

async fn warn(tx: &mut Tx, act: &Act<'_>, word: &ReversalRow) -> Result<(), StoreError> {
    let subject = ReversalId::from_uuid(word.id).to_string();
    if alerts::newest(tx, UNMATCHED, &subject).await?.is_some() {
        return Ok(());
    }
    let warning = Warning {
        kind: UNMATCHED,
        subject: &subject,
        merchant: Some(MerchantId::from_uuid(word.merchant_id)),
        detail: json!({"reason": "names_nothing_known"}),
    };
    let deed = alarm::raise(tx, act, warning).await?;
    record(tx, act, deed).await
}
