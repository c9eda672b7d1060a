//! Tellings of which only a person can say whether they are the same money.

use super::Notice;
use super::outcome::Recorded;
use super::record::Batch;
use crate::domain::credit::BankFact;
use crate::domain::doubt::{DoubtDecision, DoubtKind};
use crate::domain::ids::{BankTransactionId, CallbackId, DoubtId};
use crate::domain::linking::Teller;
use crate::flows::alarm::Alarm;
use crate::store::StoreError;
use crate::store::doubts::{self, NewDoubt, ToldAgain};
use crate::store::transactions::{self, KnownEvidence, NewTransaction};

impl Batch<'_> {
    /// Takes down a number that is told again with other facts. Once people have decided about
    /// these facts, they are no news any more.
    pub(super) async fn doubt(
        &mut self,
        notice: &Notice,
        callback: Option<CallbackId>,
        (fact, fact_hash): (&BankFact, Vec<u8>),
        known: KnownEvidence,
    ) -> Result<Recorded, StoreError> {
        let key = &fact.dedupe_key;
        let before = doubts::of_facts(&mut self.tx, notice.source, key, &fact_hash).await?;
        if let Some(before) = before {
            let same = DoubtDecision::SameMoney.as_str();
            let is_same = before.state == "settled" && before.decision.as_deref() == Some(same);
            return Ok(match before.new_transaction_id {
                Some(other) => Recorded::Again(BankTransactionId::from_uuid(other)),
                None if is_same => Recorded::Again(known.transaction),
                None => Recorded::Conflict(known.transaction, known.merchant),
            });
        }
        // The account that the second telling names, if it is the same merchant's.
        let named = self.account_of(notice, fact).await?.ok();
        let own = named.filter(|bound| bound.merchant == known.merchant);
        let account = own.map(|bound| bound.account);
        let doubt = NewDoubt {
            id: self.doubt_id(notice.received_at),
            kind: DoubtKind::Conflict,
            merchant: known.merchant,
            account,
            transaction: known.transaction,
            told: Some(ToldAgain {
                source: notice.source,
                key: key.clone(),
                fact_hash,
                provider_txn_id: fact.provider_txn_id.clone(),
                callback,
                direction: fact.direction.as_str(),
                amount_vnd: fact.amount.get(),
                virtual_account: fact.virtual_account.clone(),
                content: fact.content.clone().unwrap_or_default(),
                bank_reference: fact.bank_reference.clone(),
                order_reference: fact.searched_order_field().map(str::to_owned),
                reverses: fact.takes_back().map(str::to_owned),
                occurred_at: fact.occurred_at,
            }),
            now: notice.received_at,
        };
        doubts::insert(&mut self.tx, &doubt).await?;
        Ok(Recorded::Conflict(known.transaction, known.merchant))
    }

    /// Shows people a transaction that may be another one told twice.
    pub(super) async fn suspect_double(
        &mut self,
        transaction: &NewTransaction,
    ) -> Result<(), StoreError> {
        let about = Alarm {
            kind: "transaction.duplicate_suspected",
            subject: transaction.id.to_string(),
            merchant: Some(transaction.merchant),
            reason: "same_reference",
        };
        self.raise_alert(about, transaction.recorded_at).await?;
        self.doubt_double(transaction).await
    }

    /// Shows people one bank reference that different tellers tell with different amounts. Both
    /// count: a bank may move several amounts under one reference.
    pub(super) async fn compare_amounts(
        &mut self,
        new: &NewTransaction,
        teller: Teller,
    ) -> Result<(), StoreError> {
        let differs = new.bank_reference.is_some()
            && transactions::is_told_with_another_amount(&mut self.tx, new, teller).await?;
        if !differs {
            return Ok(());
        }
        let about = Alarm {
            kind: "transaction.amount_differs",
            subject: new.id.to_string(),
            merchant: Some(new.merchant),
            reason: "same_reference",
        };
        self.raise_alert(about, new.recorded_at).await
    }

    /// Takes down a transaction that may be another one told twice.
    async fn doubt_double(&mut self, transaction: &NewTransaction) -> Result<(), StoreError> {
        let doubt = NewDoubt {
            id: self.doubt_id(transaction.recorded_at),
            kind: DoubtKind::Double,
            merchant: transaction.merchant,
            account: Some(transaction.account),
            transaction: transaction.id,
            told: None,
            now: transaction.recorded_at,
        };
        doubts::insert(&mut self.tx, &doubt).await
    }

    fn doubt_id(&self, at: chrono::DateTime<chrono::Utc>) -> DoubtId {
        DoubtId::from_uuid(self.ledger.entropy.uuid(at))
    }
}
