//! Fetching what a source's notices may have missed, from the vendor's own list.
//!
//! A source that offers history is read at start, every five minutes and when somebody asks,
//! account by account, from the number that was reached the last time. What is found goes the
//! way of every notice: the bounded queue, the one writer, the same keys. So a row that was
//! told before changes nothing, and a notice that comes after its row neither.
//!
//! One instance pulls a source at a time: it holds the source for a limited time, and again
//! with each page. How far was read moves only after what was read is durable.

mod asking;
mod outcome;
mod walk;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;
use uuid::Uuid;

use super::intake::{Intake, Ledger, NotStored};
use super::pull_settings::token_name;
use crate::banks::{Adapter, History, HistoryFault, adapter_by_name};
use crate::clock::Clock;
use crate::domain::base_url::BaseUrl;
use crate::domain::ids::SourceId;
use crate::outbound::{Outbound, OutboundError};
use crate::store::sources::{self, SourceRow};
use crate::store::{StoreError, inconsistent, pulls};

pub use outcome::{FAILING_AFTER, PULL_FAILING, PULL_UNREADABLE};

/// From the beginning of one pull of a source to the next one.
pub const PULL_EVERY: TimeDelta = TimeDelta::minutes(5);

/// For how long an instance may pull without a sign of life. Longer than one page takes with
/// all its attempts; two that pull at once would only do the work twice.
const HELD_FOR: TimeDelta = TimeDelta::minutes(2);

/// How the vendor is spared, and for how long something is tried.
#[derive(Clone, Debug)]
pub struct Pace {
    /// From one request to the next one.
    pub between: Duration,
    /// Before each further attempt at a request that failed.
    pub pauses: Vec<Duration>,
    /// The longest wait that a vendor may ask for; a longer one ends the pull.
    pub longest_wait: Duration,
    /// Rows that are asked for at once.
    pub page_rows: u32,
    /// Pages that one pull of an account takes at most.
    pub pages_max: usize,
}

impl Default for Pace {
    /// SePay takes three requests a second.
    fn default() -> Self {
        Self {
            between: Duration::from_millis(400),
            pauses: [1, 3, 9].map(Duration::from_secs).to_vec(),
            longest_wait: Duration::from_secs(30),
            page_rows: 1000,
            pages_max: 200,
        }
    }
}

/// Pulls sources. Clones share the pace.
#[derive(Clone, Debug)]
pub struct Puller {
    ledger: Ledger,
    intake: Intake,
    outbound: Outbound,
    clock: Clock,
    pace: Pace,
    next_request: Arc<Mutex<Option<Instant>>>,
    /// Tells this instance from the others.
    holder: Uuid,
    stopped: watch::Sender<bool>,
}

/// What a pull came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulled {
    /// Rows that were new to the books.
    pub new: u64,
    /// Rows that cannot be read, on the page with most of them: pages overlap, and such a row
    /// has no name.
    pub unreadable: u64,
    /// Rows of other accounts than the one that was asked for.
    pub foreign: u64,
}

/// Why a pull did not fetch everything.
#[derive(Debug, thiserror::Error)]
pub enum PullFault {
    /// There is no answer.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// The vendor does not know the token.
    #[error("the vendor does not take the token")]
    TokenRefused,
    /// The vendor answers with another status than 200, also after some attempts.
    #[error("the vendor answers {0}")]
    Status(u16),
    /// The answer is no page of a history.
    #[error(transparent)]
    History(#[from] HistoryFault),
    /// There are more pages than one pull takes; the next one goes on.
    #[error("there are more pages than one pull takes")]
    TooMuch,
    /// Another instance pulls, or the setting was taken away.
    #[error("this instance may no longer pull the source")]
    NotHeld,
    /// The service stops.
    #[error("the service stops")]
    Stopped,
    /// What was fetched could not be stored.
    #[error(transparent)]
    NotStored(#[from] NotStored),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PullFault {
    /// A stable word for records and answers.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Outbound(why) => why.as_str(),
            Self::TokenRefused => "token_refused",
            Self::Status(429) => "too_many_requests",
            Self::Status(300..400) => "redirected",
            Self::Status(500..600) => "server_error",
            Self::Status(_) => "unexpected_status",
            Self::History(HistoryFault::Malformed) => "malformed_answer",
            Self::History(HistoryFault::Refused) => "vendor_error",
            Self::TooMuch => "too_many_pages",
            Self::NotHeld => "not_held",
            Self::Stopped => "stopped",
            Self::NotStored(_) | Self::Store(_) => "not_stored",
        }
    }

    /// Whether it would be the same for every other account of the source.
    const fn ends_everything(&self) -> bool {
        !matches!(self, Self::History(_) | Self::TooMuch)
    }
}

/// A source that is pulled at this moment.
struct Job {
    source: SourceId,
    name: String,
    history: &'static History,
    base: BaseUrl,
    token: SecretString,
}

impl Puller {
    /// A puller of this instance.
    pub fn new(
        ledger: Ledger,
        intake: Intake,
        outbound: Outbound,
        clock: Clock,
        pace: Pace,
    ) -> Self {
        let holder = ledger.entropy.uuid(clock.now());
        Self {
            ledger,
            intake,
            outbound,
            clock,
            pace,
            next_request: Arc::default(),
            holder,
            stopped: watch::Sender::new(false),
        }
    }

    /// Asks no more. What was asked is broken off; what was fetched is still handed in.
    pub fn stop(&self) {
        self.stopped.send_replace(true);
    }

    /// Pulls every source whose time has come, side by side; all of them if `all`, as at the
    /// start. Gives what became of each that this instance could pull.
    pub async fn run(&self, all: bool) -> Result<BTreeMap<SourceId, Pulled>, StoreError> {
        let now = self.clock.now();
        let before = if all { now } else { now - PULL_EVERY };
        let mut tx = self.ledger.store.begin_read().await?;
        let due = pulls::due(&mut tx, before, now).await?;
        tx.commit().await?;
        let mut running = tokio::task::JoinSet::new();
        for source in due {
            let puller = self.clone();
            running.spawn(async move { (source, puller.pull(source).await) });
        }
        let mut done = BTreeMap::new();
        while let Some(ended) = running.join_next().await {
            match ended {
                Ok((source, Ok(Some(pulled)))) => {
                    done.insert(source, pulled);
                }
                Ok((_, Ok(None))) => {}
                Ok((source, Err(fault))) => {
                    let fault = fault.chain();
                    tracing::warn!(%source, fault, "a source could not be pulled");
                }
                Err(fault) => tracing::error!(%fault, "a pull broke off"),
            }
        }
        Ok(done)
    }

    /// Pulls one source. `None` when another instance does, or nothing is in use to pull with.
    async fn pull(&self, source: SourceId) -> Result<Option<Pulled>, StoreError> {
        let began_at = self.clock.now();
        if !self.hold(source).await? {
            return Ok(None);
        }
        let mut pulled = Pulled::default();
        let fault = self.fetch_all(source, &mut pulled).await.err();
        if let Some(PullFault::Stopped) = fault {
            self.release(source).await?;
        } else {
            self.finish(source, began_at, &pulled, fault.as_ref())
                .await?;
        }
        Ok(Some(pulled))
    }

    async fn fetch_all(&self, source: SourceId, pulled: &mut Pulled) -> Result<(), PullFault> {
        let Some(job) = self.job(source).await? else {
            return Err(PullFault::NotHeld);
        };
        let mut tx = self.ledger.store.begin_read().await?;
        let accounts = pulls::accounts(&mut tx, source).await?;
        tx.commit().await?;
        let mut first = Ok(());
        for account in accounts {
            match self.walk(&job, &account, pulled).await {
                Ok(()) => {}
                Err(fault) if fault.ends_everything() => return Err(fault),
                Err(fault) => first = first.and(Err(fault)),
            }
        }
        first
    }

    /// Holds the source for a while.
    async fn hold(&self, source: SourceId) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let mut tx = self.ledger.store.begin_write().await?;
        let held = pulls::hold(&mut tx, source, self.holder, now, now + HELD_FOR).await?;
        tx.commit().await?;
        Ok(held)
    }

    /// Leaves the source to the next start.
    async fn release(&self, source: SourceId) -> Result<(), StoreError> {
        let mut tx = self.ledger.store.begin_write().await?;
        pulls::release(&mut tx, source, self.holder).await?;
        tx.commit().await
    }

    async fn job(&self, source: SourceId) -> Result<Option<Job>, PullFault> {
        let mut tx = self.ledger.store.begin_read().await?;
        let row = sources::find(&mut tx, source).await?;
        let setting = pulls::find(&mut tx, source).await?;
        tx.commit().await?;
        let (Some(row), Some(setting)) = (row, setting) else {
            return Ok(None);
        };
        let (Some(base), Some(sealed)) = (setting.base_url, setting.token_sealed) else {
            return Ok(None);
        };
        let history = history_of(&row)?;
        let bad = |column| inconsistent("source_pulls", column, source);
        // What was allowed when it was entered may be refused since.
        let base = BaseUrl::parse(&base, self.outbound.private());
        let base = base.map_err(|_| OutboundError::PrivateAddress)?;
        let opened = self.ledger.master_key.open(&token_name(source), &sealed);
        let opened = opened.map_err(|_| bad("token_sealed"))?;
        let token = String::from_utf8(opened.to_vec()).map_err(|_| bad("token_sealed"))?;
        Ok(Some(Job {
            source,
            name: row.name,
            history,
            base,
            token: SecretString::from(token),
        }))
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }
}

fn history_of(source: &SourceRow) -> Result<&'static History, StoreError> {
    let adapter = adapter_by_name(&source.adapter);
    let history = adapter.and_then(Adapter::history);
    history.ok_or_else(|| inconsistent("sources", "adapter", source.id))
}
