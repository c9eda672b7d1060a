//! The transaction that a fact is about: one that somebody told of before, or a new one.

use super::Notice;
use super::facts::{linking_reference, linking_text};
use super::record::Batch;
use crate::domain::credit::{BankFact, Direction, FactOutcome};
use crate::domain::day::local_day;
use crate::domain::ids::{BankTransactionId, StatementId};
use crate::domain::linking::{Placement, Teller};
use crate::flows::attribution::{Read, attribute};
use crate::flows::linking::{Linker, Placed};
use crate::flows::reconcile::{Late, hold_against_statements};
use crate::store::StoreError;
use crate::store::linking::{self, Places, Telling};
use crate::store::sources::BoundAccount;
use crate::store::statements::late::Movement;
use crate::store::transactions::{self, NewTransaction};

/// Where a fact was settled.
pub(super) struct Settled {
    /// Its transaction.
    pub(super) transaction: BankTransactionId,
    /// The hash by which it is found by its day and text.
    pub(super) text_link: Vec<u8>,
    /// The transactions that were there before and have another telling now.
    pub(super) retold: Vec<BankTransactionId>,
    /// The transaction that is new.
    pub(super) entered: Option<NewTransaction>,
}

impl Batch<'_> {
    /// Gives the transaction of a fact that its source has not told before, a new one where
    /// nobody has.
    pub(super) async fn settle(
        &mut self,
        notice: &Notice,
        (fact, read): (&BankFact, Read),
        account: BoundAccount,
    ) -> Result<Settled, StoreError> {
        let teller = Teller::source(notice.source);
        let Placed {
            placement,
            text_link,
            places,
        } = self.place(teller, fact, account).await?;
        let new = || self.new_transaction(notice, fact, account, (&text_link, places));
        let mut entered = None;
        let (transaction, retold) = match placement {
            Placement::At(transaction) => (transaction, vec![transaction]),
            Placement::New { duplicate_of } => {
                let new = NewTransaction {
                    duplicate_of,
                    ..new()
                };
                self.enter(teller, (fact, read), &new).await?;
                let id = new.id;
                entered = Some(new);
                (id, Vec::new())
            }
            Placement::Instead {
                at,
                earlier: Some(earlier),
            } => {
                linking::move_telling(&mut self.tx, teller, at, earlier).await?;
                (at, vec![at, earlier])
            }
            Placement::Instead { at, earlier: None } => {
                // The earlier telling said the same, but for the reference.
                let new = NewTransaction {
                    bank_reference: None,
                    places: Places {
                        by_reference: None,
                        ..places
                    },
                    ..new()
                };
                self.enter(teller, (fact, read), &new).await?;
                let earlier = new.id;
                entered = Some(new);
                linking::move_telling(&mut self.tx, teller, at, earlier).await?;
                (at, vec![at, earlier])
            }
        };
        Ok(Settled {
            transaction,
            text_link,
            retold,
            entered,
        })
    }

    /// Finds the transaction that somebody told of before.
    async fn place(
        &mut self,
        teller: Teller,
        fact: &BankFact,
        account: BoundAccount,
    ) -> Result<Placed, StoreError> {
        if self.linker.is_none() {
            let (entropy, master_key) = (&self.ledger.entropy, &self.ledger.master_key);
            self.linker = Some(Linker::open(&mut self.tx, entropy, master_key).await?);
        }
        let linker = self.linker.as_ref().expect("it was opened just now");
        let telling = Telling {
            teller,
            account: account.account,
            direction: fact.direction,
            amount: fact.amount,
            local_day: local_day(fact.occurred_at),
            text: &linking_text(fact),
            reference: linking_reference(fact),
        };
        linker.place(&mut self.tx, &telling).await
    }

    /// Stores a new transaction and attributes it.
    async fn enter(
        &mut self,
        teller: Teller,
        (fact, read): (&BankFact, Read),
        transaction: &NewTransaction,
    ) -> Result<(), StoreError> {
        transactions::insert(&mut self.tx, transaction).await?;
        if transaction.duplicate_of.is_some() {
            self.suspect_double(transaction).await?;
        }
        self.compare_amounts(transaction, teller).await?;
        if fact.direction == Direction::Credit && fact.outcome == FactOutcome::Paid {
            let speaker = self.speaker();
            attribute(&mut self.books(&speaker), &transaction.into(), read).await?;
        }
        Ok(())
    }

    /// Holds a new transaction against the statements that came before it.
    pub(super) async fn hold_against_statements(
        &mut self,
        new: &NewTransaction,
        told_by: Option<StatementId>,
    ) -> Result<(), StoreError> {
        let late = Late {
            transaction: new.id,
            account: new.account,
            merchant: new.merchant,
            movement: Movement {
                direction: new.direction,
                amount: new.amount,
                day: new.local_day,
                bank_reference: new.bank_reference.as_deref(),
            },
            is_suspected: new.duplicate_of.is_some(),
            told_by,
            now: new.recorded_at,
        };
        let linker = self
            .linker
            .clone()
            .expect("the transaction was placed by it");
        let speaker = self.speaker();
        hold_against_statements(&mut self.books(&speaker), &linker, late).await
    }

    fn new_transaction(
        &self,
        notice: &Notice,
        fact: &BankFact,
        account: BoundAccount,
        (text_link, places): (&[u8], Places),
    ) -> NewTransaction {
        NewTransaction {
            id: BankTransactionId::from_uuid(self.ledger.entropy.uuid(notice.received_at)),
            account: account.account,
            merchant: account.merchant,
            direction: fact.direction,
            amount: fact.amount,
            virtual_account: fact.virtual_account.clone(),
            content: fact.content.clone().unwrap_or_default(),
            bank_reference: fact.bank_reference.clone(),
            order_reference: fact.searched_order_field().map(str::to_owned),
            occurred_at: fact.occurred_at,
            local_day: local_day(fact.occurred_at),
            duplicate_of: None,
            text_link: Some(text_link.to_owned()),
            places,
            recorded_at: notice.received_at,
        }
    }
}
