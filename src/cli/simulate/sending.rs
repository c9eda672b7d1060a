//! A bank at work: each notice with what goes wrong with it, until it is acknowledged.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use tokio::time::sleep;

use super::faults::Fault;
use super::listing::Listing;
use super::oracle::{Entry, OracleFile, Outcome};
use super::plan::Planned;
use super::proofs::Proofs;
use super::report::Report;
use super::wire::{Heard, Manner, Place, Silence, exchange};
use crate::cli::bank::{Credit, CreditState, Format, Proof, Sender, Signed, Told, token_in};
use crate::clock::Clock;

/// The pauses before the attempts, in tenths of a second: a usual vendor's minutes.
const PAUSES: [u64; 8] = [0, 1, 1, 2, 3, 5, 8, 13];
/// The longest that an answer can make the bank wait.
const WAIT_MAX_S: u64 = 5;
/// How old a stale time is: beyond every window.
const STALE: TimeDelta = TimeDelta::hours(25);
/// How many times larger the other amount of a changed notice is.
const OTHER_AMOUNT: i64 = 10;
/// What the bank is called.
const NAME: &str = "MBBank";

/// A bank, and all that it learns.
pub(super) struct Bank {
    pub(super) place: Place,
    pub(super) source: String,
    pub(super) format: &'static Format,
    pub(super) proofs: Proofs,
    /// One that nobody gave out, if it is asked for.
    pub(super) forged: Option<Proof>,
    pub(super) oracle: OracleFile,
    /// What the service can fetch from, if it is asked for.
    pub(super) listing: Option<Listing>,
    /// What sets this run's attempts apart from those of another.
    pub(super) run: String,
    pub(super) clock: Clock,
    pub(super) attempts: AtomicU64,
    pub(super) report: Mutex<Report>,
}

/// What has to become of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    /// It is to be acknowledged.
    Stored,
    /// It is to be refused.
    Refused,
}

/// One call: what it says and how it is made.
#[derive(Clone)]
struct Call<'a> {
    credits: Vec<Credit<'a>>,
    /// What the books have to say, where that is not what is sent; đồng.
    stands_vnd: Option<i64>,
    proof: &'a Proof,
    age: TimeDelta,
    manner: Manner,
    wish: Wish,
}

impl Bank {
    /// Sends one notice and all that goes wrong with it.
    pub(super) async fn deliver(&self, notice: &Planned) -> anyhow::Result<()> {
        self.count(|report| report.begin(notice));
        let plain = self.call(notice, CreditState::Booked);
        if let Some(listing) = &self.listing {
            listing.book(NAME, &plain.credits);
        }
        if notice.lost {
            return self.give_up(&plain);
        }
        self.stumble(notice, &plain).await?;
        if !self.until_stored(&plain).await? {
            return Ok(());
        }
        if notice.has(Fault::Duplicate) {
            let again = Call {
                manner: Manner::Plain,
                ..plain.clone()
            };
            let (one, other) = tokio::join!(self.until_stored(&again), self.until_stored(&again));
            one.and(other)?;
        }
        if notice.has(Fault::ChangedAmount) {
            let mut other = plain.clone();
            let credit = &mut other.credits[0];
            other.stands_vnd = Some(credit.amount_vnd);
            credit.amount_vnd *= OTHER_AMOUNT;
            // The rest of a batch would only be a repeat.
            other.credits.truncate(1);
            self.until_stored(&other).await?;
        }
        Ok(())
    }

    /// The notice as it is meant.
    fn call<'a>(&'a self, notice: &'a Planned, state: CreditState) -> Call<'a> {
        let rotated = notice.has(Fault::RotatedKey);
        let previous = self.proofs.previous.as_ref().filter(|_| rotated);
        Call {
            credits: notice.sales.iter().map(|it| it.credit(state)).collect(),
            stands_vnd: None,
            proof: previous.unwrap_or(&self.proofs.current),
            age: TimeDelta::zero(),
            manner: if notice.has(Fault::SlowRead) {
                Manner::SlowRead
            } else {
                Manner::Plain
            },
            wish: Wish::Stored,
        }
    }

    /// What goes wrong before the notice is sent well.
    async fn stumble(&self, notice: &Planned, plain: &Call<'_>) -> anyhow::Result<()> {
        if let Some(forged) = self.forged.as_ref().filter(|_| notice.has(Fault::WrongKey)) {
            let forged = Call {
                proof: forged,
                wish: Wish::Refused,
                ..plain.clone()
            };
            self.once(&forged).await?;
        }
        if notice.has(Fault::StaleTime) {
            let stale = Call {
                age: STALE,
                wish: Wish::Refused,
                ..plain.clone()
            };
            self.once(&stale).await?;
        }
        if notice.has(Fault::FailedThenBooked) {
            let failed = Call {
                credits: self.call(notice, CreditState::Failed).credits,
                ..plain.clone()
            };
            self.until_stored(&failed).await?;
        }
        if notice.has(Fault::Loss) {
            // The bank does not know that it got lost.
            self.note_unsent(plain, Outcome::Unknown)?;
            self.count(|report| report.unanswered += 1);
        }
        if notice.has(Fault::HangUp) {
            let unheard = Call {
                manner: Manner::HangUp,
                ..plain.clone()
            };
            self.once(&unheard).await?;
        }
        Ok(())
    }

    /// Sends a call and leaves it at that, whatever it comes to.
    async fn once(&self, call: &Call<'_>) -> anyhow::Result<()> {
        self.attempt(call).await.map(drop)
    }

    /// Sends a call until it is acknowledged or the bank gives up.
    async fn until_stored(&self, call: &Call<'_>) -> anyhow::Result<bool> {
        let mut wait = Duration::ZERO;
        let mut last = String::new();
        for pause in PAUSES {
            sleep(wait.max(Duration::from_millis(pause * 100))).await;
            let told = self.attempt(call).await?;
            match told {
                Ok((Told::Stored, _)) => return Ok(true),
                Ok((_, heard)) => {
                    let wait_s = heard.retry_after_s.unwrap_or(0).min(WAIT_MAX_S);
                    wait = Duration::from_secs(wait_s);
                    last = format!("HTTP {}", heard.status);
                }
                Err(why) => last = why,
            }
        }
        if self.listing.is_some() {
            self.give_up(call)?;
            return Ok(false);
        }
        let number = call.credits[0].number;
        self.count(|report| {
            report.surprise(format!(
                "notice {number} was never acknowledged; last: {last}"
            ));
        });
        Ok(false)
    }

    /// Sends a notice no more: what is listed has to be fetched, the rest is lost.
    fn give_up(&self, call: &Call<'_>) -> anyhow::Result<()> {
        self.count(|report| report.given_up += 1);
        self.note_unsent(
            call,
            match self.listing {
                Some(_) => Outcome::Listed,
                None => Outcome::Unknown,
            },
        )
    }

    /// Writes down a notice that is not on the wire.
    fn note_unsent(&self, call: &Call<'_>, outcome: Outcome) -> anyhow::Result<()> {
        let now = self.clock.now();
        let signed = self.sign(call, None, now);
        let (name, entries) = (self.next_attempt(), self.entries(call, &signed));
        self.oracle.note(&name, &entries, outcome, now)
    }

    /// Sends a call once, with a line in the oracle before and after.
    async fn attempt(&self, call: &Call<'_>) -> anyhow::Result<Result<(Told, Heard), String>> {
        let token = match self.log_in(call).await {
            Ok(token) => token,
            Err(told) => return Ok(told),
        };
        let sent_at = self.clock.now() - call.age;
        let signed = self.sign(call, token.as_deref(), sent_at);
        let (name, entries) = (self.next_attempt(), self.entries(call, &signed));
        self.oracle
            .note(&name, &entries, Outcome::Unknown, self.clock.now())?;
        let target = signed.target(&self.source);
        let answer = exchange(&self.place, &target, &signed, call.manner).await;
        let (told, outcome) = match answer {
            Ok(heard) => {
                let told = (self.format.told)(heard.status, &heard.body);
                self.judge(call, told, &heard);
                (Ok((told, heard)), outcome_of(call, told))
            }
            Err(Silence::NotSent(why)) => (Err(why), Outcome::Refused),
            Err(Silence::Unknown(why)) => {
                self.count(|report| {
                    report.sent += 1;
                    report.unanswered += 1;
                });
                (Err(why), Outcome::Unknown)
            }
        };
        self.oracle
            .note(&name, &entries, outcome, self.clock.now())?;
        Ok(told)
    }

    /// The token for a call, where its format needs one; else what the login was told.
    async fn log_in(
        &self,
        call: &Call<'_>,
    ) -> Result<Option<String>, Result<(Told, Heard), String>> {
        let Some(log_in) = self.format.log_in else {
            return Ok(None);
        };
        let signed = log_in(&self.sender(call, None));
        let target = signed.target(&self.source);
        match exchange(&self.place, &target, &signed, Manner::Plain).await {
            Ok(heard) => {
                if let Some(token) = token_in(&heard.body) {
                    if call.wish == Wish::Stored {
                        return Ok(Some(token.to_owned()));
                    }
                    self.judge(call, Told::Stored, &heard);
                    return Err(Ok((Told::Stored, heard)));
                }
                let told = Told::by_status(heard.status, &heard.body);
                self.judge(call, told, &heard);
                Err(Ok((told, heard)))
            }
            Err(Silence::NotSent(why) | Silence::Unknown(why)) => Err(Err(why)),
        }
    }

    /// Counts an answer, and wonders about one that should not have come.
    fn judge(&self, call: &Call<'_>, told: Told, heard: &Heard) {
        let number = call.credits[0].number;
        let status = heard.status;
        self.count(|report| {
            report.sent += 1;
            report.answered(heard.took);
            match (call.wish, told) {
                (Wish::Stored, Told::Stored) => report.acknowledged += 1,
                (Wish::Refused, Told::Refused) => report.refused_as_wanted += 1,
                (_, Told::Later) => report.told_to_wait += 1,
                (Wish::Stored, Told::Refused) => {
                    report.surprise(format!("notice {number} was refused with HTTP {status}"));
                }
                (Wish::Refused, Told::Stored) => report.surprise(format!(
                    "notice {number} was acknowledged though nobody could believe it"
                )),
                (_, Told::Unclear) => {
                    report.surprise(format!("notice {number} was answered HTTP {status}"));
                }
            }
        });
    }

    fn sender<'a>(&'a self, call: &Call<'a>, token: Option<&'a str>) -> Sender<'a> {
        Sender {
            bank: NAME,
            proof: call.proof,
            config: &self.proofs.config,
            token,
        }
    }

    fn sign(&self, call: &Call<'_>, token: Option<&str>, sent_at: DateTime<Utc>) -> Signed {
        (self.format.sign)(&self.sender(call, token), &call.credits, sent_at)
    }

    fn entries(&self, call: &Call<'_>, signed: &Signed) -> Vec<Entry> {
        let delivery = signed.delivery(&self.source);
        let body_sha256 = hex::encode(Sha256::digest(delivery.told()));
        let sender = self.sender(call, None);
        let entry = |credit: &Credit<'_>| Entry {
            dedupe_key: (self.format.identity)(&sender, credit),
            amount_vnd: call.stands_vnd.unwrap_or(credit.amount_vnd),
            sent_vnd: credit.amount_vnd,
            body_sha256: body_sha256.clone(),
        };
        call.credits.iter().map(entry).collect()
    }

    fn next_attempt(&self) -> String {
        let number = self.attempts.fetch_add(1, Ordering::Relaxed);
        format!("{}-{number}", self.run)
    }

    /// Changes the counts.
    pub(super) fn count(&self, change: impl FnOnce(&mut Report)) {
        change(&mut self.report.lock().expect("no counter panics"));
    }
}

/// What an answer proves about the books.
fn outcome_of(call: &Call<'_>, told: Told) -> Outcome {
    let failed = call
        .credits
        .iter()
        .any(|it| it.state == CreditState::Failed);
    match told {
        // A failed payment is known to us, but no money of it may be in the books.
        Told::Stored if failed => Outcome::Refused,
        Told::Stored => Outcome::Ok,
        Told::Refused | Told::Later => Outcome::Refused,
        Told::Unclear => Outcome::Unknown,
    }
}
