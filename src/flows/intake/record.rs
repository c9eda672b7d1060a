//! One transaction that records notices: the delivery, the bank facts in it, what they are
//! for, the sums, the events and the audit entries.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::json;

use super::facts::{agrees, hash_of, linking_reference};
use super::outcome::{Outcome, Recorded};
use super::placing::Settled;
use super::rhythm::RhythmCounts;
use super::{Delivered, Ledger, Notice, Quarantine, Receipt, Told};
use crate::banks::{HistoryRow, Reading};
use crate::domain::credit::{BankFact, Direction};
use crate::domain::day::local_day;
use crate::domain::delay::DelayClass;
use crate::domain::explanation::AccountRefusal;
use crate::domain::ids::{AccountId, BankTransactionId, CallbackId, EventId, SourceId};
use crate::domain::linking::Teller;
use crate::domain::matching;
use crate::flows::alarm::Alarm;
use crate::flows::attribution;
use crate::flows::linking::Linker;
use crate::flows::retelling::{Retold, retell};
use crate::flows::returned_money::{self, Heard};
use crate::flows::standing::{Books, Pending};
use crate::store::audit::{self, AuditEntry};
use crate::store::delays::{self, DelayPlace};
use crate::store::events;
use crate::store::rollups;
use crate::store::sources::{self, BoundAccount, DeliveryCounts};
use crate::store::transactions::{self, NewEvidence};
use crate::store::{StoreError, Tx, callbacks};
use crate::vault::Key;

/// An open transaction and what it will write at its end.
pub(super) struct Batch<'a> {
    pub(super) tx: Tx,
    pub(super) ledger: &'a Ledger,
    pub(super) pending: Pending,
    /// The source that speaks at this moment.
    pub(super) source_name: String,
    pub(super) counts: BTreeMap<(SourceId, NaiveDate), DeliveryCounts>,
    pub(super) rhythm: RhythmCounts,
    /// The accounts that a source told of: when it last did, and as whom.
    pub(super) heard_accounts: BTreeMap<(SourceId, AccountId), (DateTime<Utc>, String)>,
    pub(super) secrets_used: BTreeMap<(SourceId, bool), DateTime<Utc>>,
    pub(super) body_keys: BTreeMap<NaiveDate, Key>,
    pub(super) linker: Option<Linker>,
    delays: BTreeMap<DelayPlace, i64>,
    /// Why sums of closed days move.
    pub(super) cause: &'static str,
    pub(super) newest: DateTime<Utc>,
    /// When what is being recorded will be in the books, but for the commit.
    written_at: Option<DateTime<Utc>>,
}

impl<'a> Batch<'a> {
    pub(super) async fn begin(ledger: &'a Ledger) -> Result<Self, StoreError> {
        Ok(Self {
            tx: ledger.store.begin_write().await?,
            ledger,
            pending: Pending::default(),
            source_name: String::new(),
            counts: BTreeMap::new(),
            rhythm: RhythmCounts::default(),
            heard_accounts: BTreeMap::new(),
            secrets_used: BTreeMap::new(),
            body_keys: BTreeMap::new(),
            linker: None,
            delays: BTreeMap::new(),
            cause: "late notice",
            newest: DateTime::UNIX_EPOCH,
            written_at: None,
        })
    }

    /// Records what a source tells, which has waited for `waited` since it came.
    pub(super) async fn record(
        &mut self,
        notice: &Notice,
        waited: Duration,
    ) -> Result<Receipt, StoreError> {
        self.newest = self.newest.max(notice.received_at);
        self.source_name.clone_from(&notice.source_name);
        let waited = TimeDelta::from_std(waited).unwrap_or(TimeDelta::MAX);
        self.written_at = notice.received_at.checked_add_signed(waited);
        match &notice.told {
            Told::Delivered(delivered) => self.record_delivery(notice, delivered).await,
            Told::Pulled(row) => self.record_row(notice, row).await,
        }
    }

    async fn record_delivery(
        &mut self,
        notice: &Notice,
        delivered: &Delivered,
    ) -> Result<Receipt, StoreError> {
        if let Reading::Handshake(_) = delivered.verified.reading() {
            return Ok(Receipt::Stored(None));
        }
        let callback = CallbackId::from_uuid(self.ledger.entropy.uuid(notice.received_at));
        self.keep_delivery(notice, delivered, callback).await?;
        let outcome = match delivered.verified.reading() {
            Reading::Transactions(facts) => self.record_facts(notice, callback, facts).await?,
            Reading::Nothing(kind) => Outcome::stored(None, "ignored", kind.as_str()),
            Reading::Unusable(why) => Outcome::quarantined(Quarantine::Unusable(*why), callback),
            Reading::Handshake(_) => Outcome::stored(None, "ignored", "handshake"),
        };
        let Outcome {
            receipt,
            verdict,
            reason,
            alarms,
        } = outcome;
        let delivery = &delivered.delivery;
        let counted_as = self
            .counted_as(notice.source, delivery, callback, verdict)
            .await?;
        callbacks::set_verdict(&mut self.tx, callback, counted_as, reason).await?;
        self.count(notice, counted_as);
        // What is told again was shown to a person the first time.
        if counted_as == verdict {
            for about in alarms {
                self.raise_alert(about, notice.received_at).await?;
            }
        }
        let detail = json!({"verdict": verdict, "reason": reason});
        self.note(notice, "callback.record", callback.to_string(), detail);
        Ok(receipt)
    }

    /// Records a fetched row. It is no delivery: it counts for nothing but its transaction, so
    /// that a source is judged by what it tells by itself.
    async fn record_row(
        &mut self,
        notice: &Notice,
        row: &HistoryRow,
    ) -> Result<Receipt, StoreError> {
        let recorded = self.record_fact(notice, None, row.fact()).await?;
        let told = |id: BankTransactionId| Some(id.to_string());
        Ok(match recorded {
            Recorded::New(id) => {
                let detail = json!({"provider_txn_id": row.number()});
                self.note(notice, "transaction.pull", id.to_string(), detail);
                Receipt::Stored(told(id))
            }
            Recorded::Again(id) => Receipt::Repeated(told(id)),
            Recorded::Conflict(id, _) => {
                if let Some(about) = recorded.conflict() {
                    self.raise_alert(about, notice.received_at).await?;
                }
                Receipt::Conflict(told(id))
            }
            Recorded::Unbound(why) => Receipt::Quarantined(Quarantine::Account(why)),
        })
    }

    /// Writes what belongs to the whole batch, then makes it durable.
    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        let movements = &self.pending.movements;
        rollups::apply(&mut self.tx, movements, self.newest, self.cause).await?;
        for ((source, day), counts) in &self.counts {
            sources::count_deliveries(&mut self.tx, *source, *day, counts).await?;
        }
        for (place, count) in &self.delays {
            delays::add(&mut self.tx, place, *count).await?;
        }
        self.rhythm.write(&mut self.tx).await?;
        self.enliven_links().await?;
        for ((source, previous), at) in &self.secrets_used {
            sources::note_secret_use(&mut self.tx, *source, *previous, *at).await?;
        }
        audit::append(&mut self.tx, &self.ledger.chain, &self.pending.entries).await?;
        if !self.pending.events.is_empty() {
            events::append(&mut self.tx, &self.pending.events).await?;
        }
        self.tx.commit().await
    }

    async fn record_facts(
        &mut self,
        notice: &Notice,
        callback: CallbackId,
        facts: &[BankFact],
    ) -> Result<Outcome, StoreError> {
        let mut recorded = Vec::new();
        for fact in facts.iter().filter(|fact| fact.is_booked()) {
            recorded.push(self.record_fact(notice, Some(callback), fact).await?);
        }
        Ok(Outcome::of(&recorded, facts, callback))
    }

    async fn record_fact(
        &mut self,
        notice: &Notice,
        callback: Option<CallbackId>,
        fact: &BankFact,
    ) -> Result<Recorded, StoreError> {
        let kind = match notice.told {
            Told::Delivered(_) => "callback",
            Told::Pulled(_) => "pulled",
        };
        let teller = Teller::source(notice.source);
        let known = transactions::find_evidence(&mut self.tx, teller, &fact.dedupe_key).await?;
        if let Some(known) = known {
            if agrees(&known, fact, kind) {
                return self.record_again(notice, fact, known).await;
            }
            let told = (fact, hash_of(fact));
            return self.doubt(notice, callback, told, known).await;
        }
        let account = match self.account_of(notice, fact).await? {
            Ok(account) => account,
            Err(why) => return Ok(Recorded::Unbound(why)),
        };
        let heard = (notice.received_at, self.speaker());
        self.heard_accounts
            .insert((notice.source, account.account), heard);
        let read = attribution::read(&mut self.tx, fact.texts()).await?;
        let naming = read.naming.to_stored();
        let settled = self.settle(notice, (fact, read), account).await?;
        let evidence = NewEvidence {
            teller,
            source: Some(notice.source),
            key: fact.dedupe_key.clone(),
            transaction: settled.transaction,
            account: account.account,
            kind,
            provider_txn_id: fact.provider_txn_id.clone(),
            reverses: fact.takes_back().map(str::to_owned),
            fact_hash: hash_of(fact),
            bank_reference: linking_reference(fact).map(str::to_owned),
            virtual_account: fact.virtual_account.clone(),
            text_link: Some(settled.text_link.clone()),
            occurred_at: fact.occurred_at,
            naming,
            callback,
            recorded_at: notice.received_at,
        };
        if !transactions::insert_evidence(&mut self.tx, &evidence).await? {
            return Err(StoreError::Conflict {
                table: "transaction_evidence",
            });
        }
        self.count_delay(notice, kind, fact);
        self.follow(notice, fact, account.account, &settled).await?;
        Ok(if settled.entered.is_some() {
            Recorded::New(settled.transaction)
        } else {
            Recorded::Again(settled.transaction)
        })
    }

    /// Draws a telling into what was told before, and what it takes back or is taken back by.
    async fn follow(
        &mut self,
        notice: &Notice,
        fact: &BankFact,
        account: AccountId,
        settled: &Settled,
    ) -> Result<(), StoreError> {
        let speaker = self.speaker();
        for transaction in settled.retold.iter().copied() {
            let is_told = transaction == settled.transaction;
            let retold = Retold {
                account,
                transaction,
                words: is_told.then(|| (fact.occurred_at, fact.texts())),
                now: notice.received_at,
            };
            retell(&mut self.books(&speaker), retold).await?;
        }
        let heard = Heard {
            account,
            transaction: settled.transaction,
            is_movement: fact.direction == Direction::Debit || fact.takes_back().is_some(),
            now: notice.received_at,
        };
        returned_money::follow(&mut self.books(&speaker), heard).await?;
        if let Some(entered) = &settled.entered {
            self.hold_against_statements(entered, None).await?;
        }
        Ok(())
    }

    /// The one account that a source may speak for with this fact, or why there is none.
    pub(super) async fn account_of(
        &mut self,
        notice: &Notice,
        fact: &BankFact,
    ) -> Result<Result<BoundAccount, AccountRefusal>, StoreError> {
        let number = fact.account_number.as_deref();
        let bound = sources::bound_accounts(&mut self.tx, notice.source, number).await?;
        let accounts: Vec<_> = bound.iter().map(|bound| bound.account).collect();
        Ok(
            matching::credited_account(number, &accounts).map(|account| {
                let mut bound = bound.into_iter();
                let account = bound.find(|bound| bound.account == account);
                account.expect("the credited account is one of the bound ones")
            }),
        )
    }

    /// An event of this batch, with a fresh id.
    pub(super) fn event_id(&self, at: DateTime<Utc>) -> EventId {
        EventId::from_uuid(self.ledger.entropy.uuid(at))
    }

    /// The books as the writer holds them; `speaker` is the name of the source.
    pub(super) fn books<'b>(&'b mut self, speaker: &'b str) -> Books<'b> {
        Books {
            tx: &mut self.tx,
            pending: &mut self.pending,
            entropy: &self.ledger.entropy,
            actor: speaker,
        }
    }

    /// Raises an alert in the name of the source.
    pub(super) async fn raise_alert(
        &mut self,
        about: Alarm,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let speaker = self.speaker();
        self.books(&speaker).raise_alert(about, now).await
    }

    /// The name of the source in the audit record.
    pub(super) fn speaker(&self) -> String {
        format!("source:{}", self.source_name)
    }

    pub(super) fn note(
        &mut self,
        notice: &Notice,
        action: &'static str,
        subject: String,
        detail: serde_json::Value,
    ) {
        self.pending.entries.push(AuditEntry {
            at: notice.received_at,
            actor: self.speaker(),
            action,
            subject,
            detail,
        });
    }

    /// Counts how long after the bank's time a transaction is written that its source tells
    /// for the first time.
    fn count_delay(&mut self, notice: &Notice, kind: &'static str, fact: &BankFact) {
        let written_at = self.written_at.unwrap_or(notice.received_at);
        let class = DelayClass::of(written_at - fact.occurred_at);
        let place = DelayPlace {
            source: notice.source,
            day: local_day(notice.received_at),
            kind,
            class,
        };
        *self.delays.entry(place).or_default() += 1;
    }
}
