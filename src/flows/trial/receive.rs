//! A delivery to a trial: judged like a real one, explained, and answered in the vendor's form.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::super::intake::{Ledger, hash_of};
use super::KnownTrial;
use crate::banks::{
    Answer, Call, Credentials, Delivery, Diagnosis, Outcome, Reading, Refusal, Remark, Unread,
    Verified, advice_on_nothing, advice_on_reading, diagnose, remarks_on_delivery,
};
use crate::domain::credit::{BankFact, Direction, FactOutcome};
use crate::domain::day::to_microseconds;
use crate::domain::explanation::{AccountRefusal, Explanation};
use crate::domain::ids::{BankTransactionId, TrialId};
use crate::domain::matching::decide;
use crate::domain::trial::{
    Advice, Before, Came, Check, Findings, FirstTelling, MOST_MOVEMENTS, Movement, Verdict,
    advice_on_conflict, remarks_on_movement, shown_by, told_text,
};
use crate::store::trials::deliveries::{self, KnownMovement, TrialDelivery};
use crate::store::{StoreError, Tx, trials};

/// Where a delivery arrived.
#[derive(Clone, Copy, Debug)]
pub struct TrialArrival<'a> {
    /// The trial.
    pub trial: TrialId,
    /// What the caller appended to its address.
    pub path_below: &'a str,
}

/// What to tell the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrialReception {
    /// The vendor's form of an answer.
    Answered(Answer),
    /// No trial takes notices at this address.
    NoSuchTrial,
    /// It came in a way that the format is not sent; nothing was read.
    Unread(Unread),
}

/// What a delivery came to, and what its vendor is told.
struct Judged {
    findings: Findings,
    answer: Answer,
    same_text: bool,
}

/// Judges a delivery, keeps what is known of it and gives the answer of its format.
pub async fn receive(
    ledger: &Ledger,
    arrival: TrialArrival<'_>,
    delivery: &Delivery,
    now: DateTime<Utc>,
) -> Result<TrialReception, StoreError> {
    let now = to_microseconds(now);
    let mut tx = ledger.store.begin_read().await?;
    let row = trials::find(&mut tx, arrival.trial, now).await?;
    tx.commit().await?;
    let Some(trial) = row.map(KnownTrial::read).transpose()? else {
        return Ok(TrialReception::NoSuchTrial);
    };
    if !trial.adapter.paths().contains(&arrival.path_below) {
        return Ok(TrialReception::NoSuchTrial);
    }
    if let Some(unread) = trial.adapter.unread(delivery) {
        return Ok(TrialReception::Unread(unread));
    }
    let credentials = trial.credentials(ledger)?;
    let verdict = trial.adapter.verify(delivery, &credentials, now);
    let mut tx = ledger.store.begin_write().await?;
    let Some(number) = deliveries::next_number(&mut tx, arrival.trial, now).await? else {
        return Ok(TrialReception::NoSuchTrial);
    };
    let mut round = Round {
        ledger,
        trial: &trial,
        tx: &mut tx,
        number,
        delivery_id: None,
        now,
    };
    let judged = match verdict {
        Err(refusal) => round.refuse(delivery, &credentials, refusal),
        Ok(verified) => round.take(delivery, &verified).await?,
    };
    round.keep(arrival, delivery, &judged).await?;
    tx.commit().await?;
    Ok(TrialReception::Answered(judged.answer))
}

/// One delivery inside its transaction.
struct Round<'a> {
    ledger: &'a Ledger,
    trial: &'a KnownTrial,
    tx: &'a mut Tx,
    number: i64,
    /// The vendor's own number of the call.
    delivery_id: Option<String>,
    now: DateTime<Utc>,
}

impl Round<'_> {
    fn refuse(&self, delivery: &Delivery, credentials: &Credentials, refusal: Refusal) -> Judged {
        let adapter = self.trial.adapter;
        let Diagnosis {
            refused_as,
            advice,
            slips,
        } = diagnose(adapter, delivery, credentials, refusal, self.now);
        let findings = Findings {
            refused_as: Some(refused_as),
            advice: Some(advice),
            slips,
            ..Findings::new(Verdict::Refused, refusal.as_str())
        };
        self.answered(findings, &Outcome::Refused(refusal), None)
    }

    async fn take(
        &mut self,
        delivery: &Delivery,
        verified: &Verified,
    ) -> Result<Judged, StoreError> {
        self.delivery_id = verified.delivery_id().map(str::to_owned);
        let stored = Outcome::Stored { receipt: None };
        Ok(match verified.reading() {
            Reading::Handshake(answer) => Judged {
                findings: Findings::new(Verdict::LoggedIn, ""),
                answer: answer.clone(),
                same_text: false,
            },
            Reading::Nothing(kind) => {
                let findings = Findings {
                    advice: Some(advice_on_nothing(self.trial.adapter, delivery, *kind)),
                    ..Findings::new(Verdict::Ignored, kind.as_str())
                };
                self.answered(findings, &stored, kind.remark())
            }
            Reading::Unusable(why) => {
                let findings = Findings {
                    advice: Some(advice_on_reading(self.trial.adapter, delivery, *why)),
                    ..Findings::new(Verdict::Quarantined, why.as_str())
                };
                let remark = Remark::Quarantined(why.as_str());
                self.answered(findings, &Outcome::Quarantined(*why), Some(remark))
            }
            Reading::Transactions(facts) => {
                let mut judged = self.take_facts(facts).await?;
                let remarks = remarks_on_delivery(self.trial.adapter, delivery);
                judged.findings.remarks.extend(remarks);
                judged
            }
        })
    }

    fn answered(&self, findings: Findings, outcome: &Outcome, remark: Option<Remark>) -> Judged {
        let call = Call {
            delivery_id: self.delivery_id.as_deref(),
            now: self.now,
            remark,
        };
        Judged {
            findings,
            answer: self.trial.adapter.acknowledge(outcome, call),
            same_text: false,
        }
    }

    async fn take_facts(&mut self, facts: &[BankFact]) -> Result<Judged, StoreError> {
        let (mut movements, mut came_as, mut receipt) = (Vec::new(), Vec::new(), None);
        let (mut same_text, mut differing, mut remarks) = (false, None, Vec::new());
        for fact in facts {
            let explanation = self.explain(fact);
            let (came, known) = self
                .place(fact, explanation.as_ref(), &mut same_text)
                .await?;
            receipt = receipt.or(known);
            came_as.push(came);
            if movements.len() < MOST_MOVEMENTS {
                let mut movement = Movement::of(fact, came, explanation);
                let first = self.first_telling(&movement).await?;
                match &mut movement.takes_back {
                    _ if came == Came::OtherFacts => {
                        let advice = advice_on_conflict(first.as_ref(), &movement);
                        differing = differing.or(Some(advice));
                    }
                    Some(named) => named.known = first.is_some(),
                    None => {}
                }
                if came == Came::New {
                    remarks.extend(remarks_on_movement(fact, first.as_ref(), self.now));
                }
                movements.push(movement);
            }
        }
        let any = |wanted| came_as.contains(&wanted);
        let receipt = receipt.map(|id| id.to_string());
        let mut remark = None;
        let (verdict, reason, outcome) = if any(Came::OtherAccount) {
            let why = AccountRefusal::NotBound.as_str();
            let outcome = Outcome::Stored { receipt: None };
            remark = Some(Remark::Quarantined(why));
            (Verdict::Quarantined, why, outcome)
        } else if any(Came::OtherFacts) {
            let outcome = Outcome::Repeated { receipt };
            remark = Some(Remark::Conflict);
            (Verdict::Conflict, Came::OtherFacts.as_str(), outcome)
        } else if any(Came::New) {
            (Verdict::Accepted, "", Outcome::Stored { receipt })
        } else if any(Came::Again) {
            (Verdict::Repeated, "", Outcome::Repeated { receipt })
        } else if facts.iter().any(|fact| fact.outcome == FactOutcome::Failed) {
            (
                Verdict::Failed,
                Came::NotBooked.as_str(),
                Outcome::Stored { receipt },
            )
        } else {
            (
                Verdict::Ignored,
                "not_a_credit",
                Outcome::Stored { receipt },
            )
        };
        let advice = any(Came::OtherAccount).then(|| self.other_account());
        let advice = advice.or(differing);
        let findings = Findings {
            advice,
            remarks,
            movements,
            movements_told: facts.len(),
            ..Findings::new(verdict, reason)
        };
        let mut judged = self.answered(findings, &outcome, remark);
        judged.same_text = same_text;
        Ok(judged)
    }

    /// The first telling of a movement that contradicts it, or of one that it takes back.
    async fn first_telling(
        &mut self,
        movement: &Movement,
    ) -> Result<Option<FirstTelling>, StoreError> {
        let name = match (movement.came, &movement.takes_back) {
            (Came::OtherFacts, _) => &movement.provider_txn_id,
            (_, Some(named)) => &named.number,
            _ => return Ok(None),
        };
        let known = deliveries::list(self.tx, self.trial.id()).await?;
        let mut tellings = known.into_iter().flat_map(|delivery| {
            let told = delivery.findings.movements.into_iter();
            let new = told.filter(|movement| movement.came == Came::New);
            new.map(move |movement| FirstTelling {
                number: delivery.number,
                movement,
            })
        });
        Ok(tellings.find(|telling| telling.is_named(name)))
    }

    /// Which reference a credit names; nothing else is ever attributed.
    fn explain(&self, fact: &BankFact) -> Option<Explanation> {
        let credit = fact.direction == Direction::Credit && fact.outcome == FactOutcome::Paid;
        let issued = [self.trial.row.reference.clone()].into();
        credit.then(|| decide(fact.texts(), &issued))
    }

    /// Finds out how a movement came and remembers a new one; `same_text` becomes true when
    /// another credit had its text before.
    async fn place(
        &mut self,
        fact: &BankFact,
        explanation: Option<&Explanation>,
        same_text: &mut bool,
    ) -> Result<(Came, Option<BankTransactionId>), StoreError> {
        if !fact.is_booked() {
            return Ok((Came::NotBooked, None));
        }
        let trial = self.trial.id();
        let (key_hash, fact_hash) = (sha256(&fact.dedupe_key), hash_of(fact));
        if let Some(known) = deliveries::find_movement(self.tx, trial, &key_hash).await? {
            let came = if known.fact_hash == fact_hash {
                Came::Again
            } else {
                Came::OtherFacts
            };
            return Ok((came, Some(BankTransactionId::from_uuid(known.receipt))));
        }
        let named = fact.account_number.as_deref();
        if named.is_some_and(|named| named != self.trial.row.account_number) {
            return Ok((Came::OtherAccount, None));
        }
        let text = explanation.and_then(|why| told_text(fact, why));
        let text_hash = text.map(sha256).unwrap_or_default();
        if text.is_some() && deliveries::knows_text(self.tx, trial, &text_hash).await? {
            *same_text = true;
        }
        let movement = KnownMovement {
            fact_hash,
            text_hash,
            receipt: self.ledger.entropy.uuid(self.now),
        };
        deliveries::insert_movement(self.tx, trial, self.number, &key_hash, &movement).await?;
        let receipt = BankTransactionId::from_uuid(movement.receipt);
        Ok((Came::New, Some(receipt)))
    }

    fn other_account(&self) -> Advice {
        let (number, why) = (&self.trial.row.account_number, AccountRefusal::NotBound);
        Advice {
            vi: format!("{} Nguồn thử này chỉ báo cho tài khoản {number}.", why.vi()),
            en: format!(
                "{} This trial speaks for the account {number} only.",
                why.en()
            ),
        }
    }

    async fn keep(
        &mut self,
        arrival: TrialArrival<'_>,
        delivery: &Delivery,
        judged: &Judged,
    ) -> Result<(), StoreError> {
        let (trial, told) = (self.trial.id(), delivery.told());
        let kept = TrialDelivery {
            number: self.number,
            received_at: self.now,
            method: delivery.method.clone(),
            path_below: arrival.path_below.to_owned(),
            told_hash: Sha256::digest(told).to_vec(),
            told_bytes: i64::try_from(told.len()).unwrap_or(i64::MAX),
            findings: judged.findings.clone(),
            answer_status: judged.answer.status.into(),
            answer_body: shown_answer(judged),
        };
        deliveries::insert(self.tx, trial, &kept).await?;
        let passed = deliveries::passed(self.tx, trial).await?;
        let before = Before {
            accepted: passed.iter().any(|(check, ..)| *check == Check::Accepted),
            same_text: judged.same_text,
        };
        for check in shown_by(&judged.findings, before) {
            deliveries::pass(self.tx, trial, check, self.number, self.now).await?;
        }
        Ok(())
    }
}

/// The answer as it is kept: a token that was given is not.
fn shown_answer(judged: &Judged) -> String {
    match judged.findings.verdict {
        Verdict::LoggedIn => String::new(),
        _ => judged.answer.body.clone(),
    }
}

fn sha256(text: &str) -> Vec<u8> {
    Sha256::digest(text).to_vec()
}
