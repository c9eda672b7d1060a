//! One transaction that records notices: the delivery, the bank facts in it, what they are
//! for, the sums, the events and the audit entries.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::alarm::Alarm;
use super::attribution::{self, Attributed};
use super::delivery::sent_bytes;
use super::outcome::{Outcome, Recorded};
use super::rhythm::RhythmCounts;
use super::{Ledger, Notice, Quarantine, Receipt};
use crate::banks::Reading;
use crate::domain::credit::{BankFact, Direction, FactOutcome};
use crate::domain::day::{local_day, to_rfc3339};
use crate::domain::ids::{AccountId, BankTransactionId, CallbackId, EventId, SourceId};
use crate::domain::matching;
use crate::store::audit::{self, AuditEntry};
use crate::store::callbacks::SentBytes;
use crate::store::events::{self, NewEvent};
use crate::store::rollups::{self, Movements};
use crate::store::sources::{self, BoundAccount, DeliveryCounts};
use crate::store::transactions::{self, NewEvidence, NewTransaction};
use crate::store::{StoreError, Tx, callbacks};
use crate::vault::Key;

/// An open transaction and what it will write at its end.
pub(super) struct Batch<'a> {
    pub(super) tx: Tx,
    pub(super) ledger: &'a Ledger,
    pub(super) movements: Movements,
    pub(super) events: Vec<NewEvent>,
    pub(super) entries: Vec<AuditEntry>,
    /// The source that speaks at this moment.
    pub(super) source_name: String,
    counts: BTreeMap<(SourceId, NaiveDate), DeliveryCounts>,
    pub(super) rhythm: RhythmCounts,
    /// The accounts that a source told of: when it last did, and as whom.
    pub(super) heard_accounts: BTreeMap<(SourceId, AccountId), (DateTime<Utc>, String)>,
    pub(super) secrets_used: BTreeMap<(SourceId, bool), DateTime<Utc>>,
    pub(super) body_keys: BTreeMap<NaiveDate, Key>,
    newest: DateTime<Utc>,
}

impl<'a> Batch<'a> {
    pub(super) async fn begin(ledger: &'a Ledger) -> Result<Self, StoreError> {
        Ok(Self {
            tx: ledger.store.begin_write().await?,
            ledger,
            movements: Movements::default(),
            events: Vec::new(),
            entries: Vec::new(),
            source_name: String::new(),
            counts: BTreeMap::new(),
            rhythm: RhythmCounts::default(),
            heard_accounts: BTreeMap::new(),
            secrets_used: BTreeMap::new(),
            body_keys: BTreeMap::new(),
            newest: DateTime::UNIX_EPOCH,
        })
    }

    /// Records one notice.
    pub(super) async fn record(&mut self, notice: &Notice) -> Result<Receipt, StoreError> {
        self.newest = self.newest.max(notice.received_at);
        self.source_name.clone_from(&notice.source_name);
        if let Reading::Handshake(_) = notice.verified.reading() {
            return Ok(Receipt::Stored(None));
        }
        let callback = CallbackId::from_uuid(self.ledger.entropy.uuid(notice.received_at));
        self.keep_delivery(notice, callback).await?;
        let outcome = match notice.verified.reading() {
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
        callbacks::set_verdict(&mut self.tx, callback, verdict, reason).await?;
        let counted_as = self.counted_as(notice, callback, verdict).await?;
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

    /// Writes what belongs to the whole batch, then makes it durable.
    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        let movements = &self.movements;
        rollups::apply(&mut self.tx, movements, self.newest, "late notice").await?;
        for ((source, day), counts) in &self.counts {
            sources::count_deliveries(&mut self.tx, *source, *day, counts).await?;
        }
        self.rhythm.write(&mut self.tx).await?;
        self.enliven_links().await?;
        for ((source, previous), at) in &self.secrets_used {
            sources::note_secret_use(&mut self.tx, *source, *previous, *at).await?;
        }
        audit::append(&mut self.tx, &self.ledger.chain, &self.entries).await?;
        if !self.events.is_empty() {
            events::append(&mut self.tx, &self.events).await?;
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
            recorded.push(self.record_fact(notice, callback, fact).await?);
        }
        Ok(Outcome::of(&recorded, facts, callback))
    }

    async fn record_fact(
        &mut self,
        notice: &Notice,
        callback: CallbackId,
        fact: &BankFact,
    ) -> Result<Recorded, StoreError> {
        let fact_hash = hash_of(fact);
        let known =
            transactions::find_evidence(&mut self.tx, notice.source, &fact.dedupe_key).await?;
        if let Some(known) = known {
            if known.fact_hash == fact_hash {
                return Ok(Recorded::Again(known.transaction));
            }
            return Ok(Recorded::Conflict(known.transaction, known.merchant));
        }
        let number = fact.account_number.as_deref();
        let bound = sources::bound_accounts(&mut self.tx, notice.source, number).await?;
        let accounts: Vec<_> = bound.iter().map(|bound| bound.account).collect();
        let account = match matching::credited_account(number, &accounts) {
            Ok(account) => bound.into_iter().find(|bound| bound.account == account),
            Err(why) => return Ok(Recorded::Unbound(why)),
        };
        let account = account.expect("the credited account is one of the bound ones");
        let heard = (notice.received_at, self.speaker());
        self.heard_accounts
            .insert((notice.source, account.account), heard);
        let (transaction, is_new) = self.place(notice, fact, account).await?;
        let evidence = NewEvidence {
            source: notice.source,
            key: fact.dedupe_key.clone(),
            transaction,
            kind: "callback",
            provider_txn_id: fact.provider_txn_id.clone(),
            fact_hash,
            callback: Some(callback),
            recorded_at: notice.received_at,
        };
        if !transactions::insert_evidence(&mut self.tx, &evidence).await? {
            return Err(StoreError::Conflict {
                table: "transaction_evidence",
            });
        }
        Ok(if is_new {
            Recorded::New(transaction)
        } else {
            Recorded::Again(transaction)
        })
    }

    /// Finds the transaction that another source told of, or stores a new one and attributes
    /// it.
    async fn place(
        &mut self,
        notice: &Notice,
        fact: &BankFact,
        account: BoundAccount,
    ) -> Result<(BankTransactionId, bool), StoreError> {
        let mut duplicate_of = None;
        if let Some(reference) = &fact.bank_reference {
            let (way, amount) = (fact.direction, fact.amount);
            let found = transactions::find_lookalike(
                &mut self.tx,
                notice.source,
                account.account,
                way,
                amount,
                reference,
            );
            match found.await? {
                Some(lookalike) if !lookalike.told_by_this_source => {
                    return Ok((lookalike.transaction, false));
                }
                // One source that tells the same bank reference under two numbers: it cannot
                // be decided here whether the money moved twice.
                Some(lookalike) => duplicate_of = Some(lookalike.transaction),
                None => {}
            }
        }
        let transaction = self.new_transaction(notice, fact, account, duplicate_of);
        transactions::insert(&mut self.tx, &transaction).await?;
        let (heard_at, bank_time) = (notice.received_at, fact.occurred_at);
        self.rhythm.note_delay(notice.source, heard_at, bank_time);
        if duplicate_of.is_some() {
            let about = Alarm {
                kind: "transaction.duplicate_suspected",
                subject: transaction.id.to_string(),
                merchant: Some(transaction.merchant),
                reason: "same_reference",
            };
            self.raise_alert(about, notice.received_at).await?;
        }
        let identity = fact.bank_reference.as_deref().unwrap_or(&fact.dedupe_key);
        if fact.direction == Direction::Credit && fact.outcome == FactOutcome::Paid {
            let Attributed { subject, detail } =
                attribution::attribute(self, &transaction, identity).await?;
            self.note(notice, "credit.attribute", subject, detail);
        }
        Ok((transaction.id, true))
    }

    fn new_transaction(
        &self,
        notice: &Notice,
        fact: &BankFact,
        account: BoundAccount,
        duplicate_of: Option<BankTransactionId>,
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
            order_reference: fact
                .merchant_reference
                .clone()
                .filter(|_| fact.order_field_is_searched),
            occurred_at: fact.occurred_at,
            local_day: local_day(fact.occurred_at),
            duplicate_of,
            recorded_at: notice.received_at,
        }
    }

    /// An event of this batch, with a fresh id.
    pub(super) fn event_id(&self, at: DateTime<Utc>) -> EventId {
        EventId::from_uuid(self.ledger.entropy.uuid(at))
    }

    /// The name of the source in the audit record.
    pub(super) fn speaker(&self) -> String {
        format!("source:{}", self.source_name)
    }

    fn note(
        &mut self,
        notice: &Notice,
        action: &'static str,
        subject: String,
        detail: serde_json::Value,
    ) {
        self.entries.push(AuditEntry {
            at: notice.received_at,
            actor: self.speaker(),
            action,
            subject,
            detail,
        });
    }

    /// What a delivery counts as. One that became a transaction is told by its evidence when
    /// it comes again; any other by its bytes, so that a vendor's retries make no new notice.
    async fn counted_as(
        &mut self,
        notice: &Notice,
        callback: CallbackId,
        verdict: &'static str,
    ) -> Result<&'static str, StoreError> {
        if matches!(verdict, "accepted" | "duplicate") {
            return Ok(verdict);
        }
        let sent = sent_bytes(&notice.delivery);
        let bytes = SentBytes {
            body_hash: &sent.body_hash,
            query: sent.query,
        };
        let source = notice.source;
        let again = callbacks::came_before(&mut self.tx, source, bytes, callback, verdict).await?;
        Ok(if again { "duplicate" } else { verdict })
    }

    fn count(&mut self, notice: &Notice, verdict: &str) {
        let place = (notice.source, local_day(notice.received_at));
        let counts = self.counts.entry(place).or_default();
        let count = match verdict {
            "accepted" => &mut counts.accepted,
            "duplicate" => &mut counts.repeated,
            "conflict" => &mut counts.conflict,
            "failed" => &mut counts.failed,
            "quarantined" => &mut counts.quarantined,
            _ => &mut counts.ignored,
        };
        *count += 1;
        if verdict != "duplicate" {
            self.rhythm.note_notice(notice.source, notice.received_at);
        }
    }
}

/// A hash over what must not change between two tellings of one transaction.
fn hash_of(fact: &BankFact) -> Vec<u8> {
    let told = json!([
        fact.direction.as_str(),
        fact.amount.get(),
        fact.account_number,
        fact.virtual_account,
        fact.bank_reference,
        to_rfc3339(fact.occurred_at),
    ]);
    Sha256::digest(told.to_string()).to_vec()
}
