//! What a source tells again under a number that it told before.

use chrono::{DateTime, Utc};

use super::Notice;
use super::facts::linking_reference;
use super::outcome::Recorded;
use super::record::Batch;
use crate::domain::credit::BankFact;
use crate::domain::linking::Teller;
use crate::domain::matching;
use crate::domain::naming::Naming;
use crate::flows::alarm::Alarm;
use crate::flows::attribution;
use crate::flows::retelling::{Retold, retell};
use crate::store::transactions::{KnownEvidence, tellings};
use crate::store::{StoreError, alerts, inconsistent};

impl Batch<'_> {
    /// Records what its source has told before: nothing, unless it is in other words now, such
    /// as those of a list that is fetched, or with a reference that was left out.
    pub(super) async fn record_again(
        &mut self,
        notice: &Notice,
        fact: &BankFact,
        known: KnownEvidence,
    ) -> Result<Recorded, StoreError> {
        let transaction = known.transaction;
        let told = (Teller::source(notice.source), fact.dedupe_key.as_str());
        let bad = |_| inconsistent("transaction_evidence", "naming", transaction);
        let before = Naming::parse(known.naming.as_deref()).map_err(bad)?;
        let names_more = !before.knows(&matching::candidates(fact.texts()));
        if names_more {
            let read = attribution::read(&mut self.tx, fact.texts()).await?;
            let naming = before.join(read.naming).to_stored();
            tellings::read_again(&mut self.tx, told, naming.as_deref()).await?;
        }
        let reference = linking_reference(fact).filter(|_| known.bank_reference.is_none());
        let is_named = match reference {
            Some(reference) => tellings::name_again(&mut self.tx, told, reference).await?,
            None => false,
        };
        if reference.is_some() && !is_named {
            self.dispute_reference(&known, notice.received_at).await?;
        }
        if !names_more && !is_named {
            return Ok(Recorded::Again(transaction));
        }
        let speaker = self.speaker();
        let retold = Retold {
            account: known.account,
            transaction,
            words: None,
            now: notice.received_at,
        };
        retell(&mut self.books(&speaker), retold).await?;
        Ok(Recorded::Again(transaction))
    }

    /// Shows people, once, a transaction that its teller names later with a reference that
    /// another one has, or while another teller names it with another: it may be money that
    /// counts twice. Both count until a person has looked.
    async fn dispute_reference(
        &mut self,
        known: &KnownEvidence,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (kind, subject) = (
            "transaction.reference_disputed",
            known.transaction.to_string(),
        );
        if alerts::newest(&mut self.tx, kind, &subject)
            .await?
            .is_some()
        {
            return Ok(());
        }
        let about = Alarm {
            kind,
            subject,
            merchant: Some(known.merchant),
            reason: "reference_elsewhere",
        };
        self.raise_alert(about, now).await
    }
}
