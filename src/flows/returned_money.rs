//! What went back: tying banks' words and debits to what they take back, confirming traders'
//! records, and weighing the payments again.
//!
//! Everything is decided anew from the stored facts each time one of them comes, so a word
//! that arrives before what it takes back ends where it would have ended otherwise.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::json;

use super::returned_payment::restate;
use super::standing::Books;
use crate::domain::ids::{AccountId, BankTransactionId, MerchantId, ReversalId};
use crate::domain::reversal::{MatchedBy, Movement, Record, ReversalOrigin, ReversalState, pair};
use crate::store::audit::AuditEntry;
use crate::store::reversal_links::{self, MovementRow};
use crate::store::reversals::{self, NewReversal, ReversalRow, Stand};
use crate::store::{StoreError, inconsistent, locks};

/// Debits of one amount that are looked at for the waiting records of an account.
const MOST_DEBITS: u32 = 1_000;

/// A booked fact of which somebody told just now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    /// The account.
    pub(super) account: AccountId,
    /// The transaction that it is.
    pub(super) transaction: BankTransactionId,
    /// Whether money may have gone back by it: it went out, or takes another one back.
    pub(super) is_movement: bool,
    /// The present.
    pub(super) now: DateTime<Utc>,
}

/// What has to be decided again on an account.
#[derive(Debug)]
pub(super) struct Unsettled {
    account: AccountId,
    now: DateTime<Utc>,
    /// Amounts whose records and movements may pair otherwise now.
    amounts: BTreeSet<i64>,
    /// Transactions of which another sum may have gone back now.
    credits: BTreeSet<BankTransactionId>,
}

/// Follows up a fact: a movement by which money went back, or what an earlier one named.
pub(super) async fn follow(books: &mut Books<'_>, heard: Heard) -> Result<(), StoreError> {
    let naming = reversal_links::movements_naming(books.tx, heard.transaction).await?;
    let mut movements: BTreeSet<_> = naming.into_iter().collect();
    movements.remove(&heard.transaction);
    if heard.is_movement {
        movements.insert(heard.transaction);
    }
    if movements.is_empty() {
        return Ok(());
    }
    let mut work = Unsettled::begin(books, heard.account, heard.now).await?;
    for movement in movements {
        work.relate(books, movement).await?;
    }
    work.settle(books).await
}

impl Unsettled {
    /// Holds the account: what went back on it is decided one after another.
    pub(super) async fn begin(
        books: &mut Books<'_>,
        account: AccountId,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        locks::account(books.tx, account).await?;
        Ok(Self {
            account,
            now,
            amounts: BTreeSet::new(),
            credits: BTreeSet::new(),
        })
    }

    /// Marks an amount as to be paired again.
    pub(super) fn pair_again(&mut self, amount_vnd: i64) {
        self.amounts.insert(amount_vnd);
    }

    /// Finds out what a movement takes back.
    pub(super) async fn relate(
        &mut self,
        books: &mut Books<'_>,
        id: BankTransactionId,
    ) -> Result<(), StoreError> {
        let movement = reversal_links::movement(books.tx, id).await?;
        let movement = movement.ok_or(StoreError::Conflict {
            table: "bank_transactions",
        })?;
        self.amounts.insert(movement.amount_vnd);
        let word = reversals::of_movement(books.tx, id).await?;
        let chosen = word.as_ref().and_then(|word| word.chosen_id);
        let target = match chosen {
            Some(chosen) => Some(BankTransactionId::from_uuid(chosen)),
            None => reversal_links::taken_back_by(books.tx, id).await?,
        };
        let before = word.as_ref().and_then(|word| word.taken_back_id);
        let before = before.map(BankTransactionId::from_uuid);
        match (word, target) {
            (None, None) if !movement.names => return Ok(()),
            (None, target) => self.note_word(books, &movement, target).await?,
            (Some(word), Some(target)) if before != Some(target) => {
                let which = (ReversalId::from_uuid(word.id), word.version);
                won(reversals::set_taken_back(books.tx, which, target).await?)?;
            }
            (Some(_), _) => {}
        }
        for end in before.into_iter().chain(target) {
            self.credits.insert(end);
            // A movement that bounced confirms nothing any more.
            let taken = reversal_links::movement(books.tx, end).await?;
            self.amounts.extend(taken.map(|taken| taken.amount_vnd));
        }
        Ok(())
    }

    /// Stores what a bank said.
    async fn note_word(
        &self,
        books: &mut Books<'_>,
        movement: &MovementRow,
        taken_back: Option<BankTransactionId>,
    ) -> Result<(), StoreError> {
        let word = NewReversal {
            id: ReversalId::from_uuid(books.entropy.uuid(self.now)),
            merchant: MerchantId::from_uuid(movement.merchant_id),
            account: self.account,
            origin: ReversalOrigin::Bank,
            amount_vnd: movement.amount_vnd,
            taken_back,
            movement: Some(BankTransactionId::from_uuid(movement.id)),
            nature: None,
            note: None,
            recorded_by: books.actor.to_owned(),
            now: self.now,
        };
        reversals::insert(books.tx, &word).await?;
        let detail = json!({"movement_id": BankTransactionId::from_uuid(movement.id).to_string()});
        self.note(books, ("reversal.heard", word.id), word.merchant, detail);
        Ok(())
    }

    /// Pairs records and movements again and weighs what they touch.
    pub(super) async fn settle(mut self, books: &mut Books<'_>) -> Result<(), StoreError> {
        for amount_vnd in std::mem::take(&mut self.amounts) {
            self.settle_amount(books, amount_vnd).await?;
        }
        for credit in std::mem::take(&mut self.credits) {
            restate(books, credit, self.now).await?;
        }
        Ok(())
    }

    async fn settle_amount(
        &mut self,
        books: &mut Books<'_>,
        amount_vnd: i64,
    ) -> Result<(), StoreError> {
        let rows = reversals::of_amount(books.tx, self.account, amount_vnd).await?;
        let records = records(books, &rows).await?;
        let mut movements = BTreeMap::new();
        for word in rows.iter().filter(|row| is_word(row)) {
            let id = word.movement_id.map(BankTransactionId::from_uuid);
            let id = id.ok_or_else(|| inconsistent("reversals", "movement_id", word.id))?;
            let movement = reversal_links::movement(books.tx, id).await?;
            let movement = movement.ok_or_else(|| inconsistent("reversals", "movement_id", id))?;
            movements.insert(id, (movement, word.taken_back_id));
        }
        if let Some(span) = span(&records) {
            let pool = (self.account, amount_vnd);
            for debit in reversal_links::debits(books.tx, pool, span, MOST_DEBITS).await? {
                let id = BankTransactionId::from_uuid(debit.id);
                movements.entry(id).or_insert((debit, None));
            }
        }
        for id in records.iter().filter_map(|record| record.chosen) {
            let chosen = reversal_links::movement(books.tx, id).await?;
            let chosen = chosen.ok_or_else(|| inconsistent("reversals", "chosen_id", id))?;
            movements.entry(id).or_insert((chosen, None));
        }
        let is_named = |(_, (movement, target)): &(_, &(MovementRow, Option<_>))| {
            // A word that names nothing known is no debit that anything may be read into.
            !movement.doubtful && !movement.undone && (!movement.names || target.is_some())
        };
        let usable: Vec<_> = movements.iter().filter(is_named).map(usable).collect();
        let pairs = pair(&records, &usable);
        let covered: BTreeSet<_> = pairs.values().map(|(movement, _)| *movement).collect();
        let mut changes = Vec::new();
        for row in &rows {
            let stand = if is_word(row) {
                let id = row.movement_id.map(BankTransactionId::from_uuid);
                let movement = id.and_then(|id| movements.get(&id));
                stand_of_word(row, movement.map(|(movement, _)| movement), &covered)
            } else {
                stand_of_record(pairs.get(&ReversalId::from_uuid(row.id)))
            };
            if stand_as_stored(row) != (stand.state.as_str(), stand.movement, stand.matched_by) {
                changes.push((row, stand));
            }
        }
        // A movement is given up before another reversal takes it.
        changes.sort_by_key(|(_, stand)| stand.state == ReversalState::Confirmed);
        for (row, stand) in changes {
            self.change(books, row, stand).await?;
        }
        Ok(())
    }

    async fn change(
        &mut self,
        books: &mut Books<'_>,
        row: &ReversalRow,
        stand: Stand,
    ) -> Result<(), StoreError> {
        let id = ReversalId::from_uuid(row.id);
        won(reversals::set_stand(books.tx, (id, row.version), stand, self.now).await?)?;
        let taken_back = row.taken_back_id.map(BankTransactionId::from_uuid);
        self.credits.extend(taken_back);
        let kind = match stand.state {
            ReversalState::Confirmed => "reversal.confirmed",
            ReversalState::Covered => "reversal.covered",
            ReversalState::Undone => "reversal.undone",
            ReversalState::Waiting | ReversalState::Cancelled => "reversal.waiting",
        };
        let detail = json!({
            "movement_id": stand.movement.map(|id| id.to_string()),
            "matched_by": stand.matched_by.map(MatchedBy::as_str),
        });
        let merchant = MerchantId::from_uuid(row.merchant_id);
        self.note(books, (kind, id), merchant, detail);
        Ok(())
    }

    /// Leaves the traces of a reversal.
    fn note(
        &self,
        books: &mut Books<'_>,
        (kind, id): (&'static str, ReversalId),
        merchant: MerchantId,
        detail: serde_json::Value,
    ) {
        books.pending.entries.push(AuditEntry {
            at: self.now,
            actor: books.actor.to_owned(),
            action: kind,
            subject: id.to_string(),
            detail: detail.clone(),
        });
        books.tell(self.now, (kind, id.to_string(), detail), merchant, None);
    }
}

fn is_word(row: &ReversalRow) -> bool {
    row.origin == ReversalOrigin::Bank.as_str()
}

/// The traders' records among reversals.
async fn records(books: &mut Books<'_>, rows: &[ReversalRow]) -> Result<Vec<Record>, StoreError> {
    let mut records = Vec::new();
    for row in rows.iter().filter(|row| !is_word(row)) {
        let missing = || inconsistent("reversals", "taken_back_id", row.id);
        let credit = BankTransactionId::from_uuid(row.taken_back_id.ok_or_else(missing)?);
        let received = reversal_links::movement(books.tx, credit).await?;
        records.push(Record {
            id: ReversalId::from_uuid(row.id),
            credit,
            received_at: received.ok_or_else(missing)?.occurred_at,
            recorded_at: row.recorded_at,
            chosen: row.chosen_id.map(BankTransactionId::from_uuid),
        });
    }
    Ok(records)
}

/// From when to when the debits of these records may lie.
fn span(records: &[Record]) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let windows = || records.iter().map(crate::domain::reversal::window);
    let first = windows().map(|(first, _)| first).min()?;
    let last = windows().map(|(_, last)| last).max()?;
    Some((first, last))
}

fn usable(
    (id, (movement, target)): (&BankTransactionId, &(MovementRow, Option<uuid::Uuid>)),
) -> Movement {
    Movement {
        id: *id,
        occurred_at: movement.occurred_at,
        takes_back: target.map(BankTransactionId::from_uuid),
    }
}

fn stand_of_word(
    row: &ReversalRow,
    movement: Option<&MovementRow>,
    covered: &BTreeSet<BankTransactionId>,
) -> Stand {
    let id = row.movement_id.map(BankTransactionId::from_uuid);
    let state = match movement {
        Some(movement) if movement.undone => ReversalState::Undone,
        Some(movement) if movement.doubtful => ReversalState::Waiting,
        _ if row.taken_back_id.is_none() => ReversalState::Waiting,
        _ if id.is_some_and(|id| covered.contains(&id)) => ReversalState::Covered,
        _ => ReversalState::Confirmed,
    };
    let how = if row.chosen_id.is_some() {
        MatchedBy::Person
    } else {
        MatchedBy::Reference
    };
    Stand {
        state,
        movement: id,
        matched_by: row.taken_back_id.map(|_| how),
    }
}

fn stand_of_record(pair: Option<&(BankTransactionId, MatchedBy)>) -> Stand {
    Stand {
        state: if pair.is_some() {
            ReversalState::Confirmed
        } else {
            ReversalState::Waiting
        },
        movement: pair.map(|(movement, _)| *movement),
        matched_by: pair.map(|(_, how)| *how),
    }
}

fn stand_as_stored(row: &ReversalRow) -> (&str, Option<BankTransactionId>, Option<MatchedBy>) {
    (
        &row.state,
        row.movement_id.map(BankTransactionId::from_uuid),
        row.matched_by.as_deref().and_then(MatchedBy::parse),
    )
}

/// A reversal that changed since it was read is decided again with the whole transaction.
fn won(won: bool) -> Result<(), StoreError> {
    if won {
        Ok(())
    } else {
        Err(StoreError::Conflict { table: "reversals" })
    }
}
