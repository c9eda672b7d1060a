//! The way of a bank's notice into the books.
//!
//! ```text
//! verified notice ─▶ bounded queue ─▶ one writer: many notices a commit ─▶ durable ─▶ answer
//! ```
//!
//! [`Intake::submit`] returns only after the commit. A notice that waits while another commit
//! runs shares the next one; a lone notice never waits for company. When a batch fails, its
//! notices are tried one by one, so that a poisoned one fails alone.

mod again;
mod believe;
mod delivery;
mod doubt;
mod facts;
mod links;
mod outcome;
mod placing;
mod record;
mod rhythm;
mod writer;

pub use self::believe::believe_statement;
pub use delivery::body_key_name;
pub(in crate::flows) use facts::hash_of;
pub(in crate::flows) use writer::{ATTEMPTS, lost_a_race};

use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot};

use crate::banks::{Delivery, HistoryRow, Unusable, Verified};
use crate::domain::explanation::AccountRefusal;
use crate::domain::ids::SourceId;
use crate::entropy::Entropy;
use crate::store::Store;
use crate::vault::Key;

/// How many notices may wait; beyond it the vendor is asked to come again.
pub const QUEUE_LENGTH: usize = 4096;
/// How many notices one commit carries at most.
pub const BATCH_MAX_NOTICES: usize = 256;

/// What a source tells, on its way to the books.
#[derive(Debug)]
pub struct Notice {
    /// Who tells it.
    pub source: SourceId,
    /// Its name, for the audit.
    pub source_name: String,
    /// How it came here.
    pub told: Told,
    /// When it came.
    pub received_at: DateTime<Utc>,
}

/// How something came here, with what proves it.
#[derive(Debug)]
pub enum Told {
    /// The source called.
    Delivered(Delivered),
    /// It was fetched from the source's own list.
    Pulled(HistoryRow),
}

/// An authentic delivery.
#[derive(Debug)]
pub struct Delivered {
    /// The bytes as they came.
    pub delivery: Delivery,
    /// The proof and the reading.
    pub verified: Verified,
    /// The sender's address.
    pub peer: String,
}

/// What became of a notice, durably.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// Recorded for the first time; our id of the first transaction, if there is one.
    Stored(Option<String>),
    /// Recorded before: nothing changed.
    Repeated(Option<String>),
    /// Recorded before with other facts: the first telling stands, and people see the other.
    Conflict(Option<String>),
    /// Authentic but unusable; kept for people to look at.
    Quarantined(Quarantine),
}

/// Why an authentic notice became no transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quarantine {
    /// Its facts cannot be read.
    Unusable(Unusable),
    /// It speaks for an account that its source may not speak for, or for no single one.
    Account(AccountRefusal),
}

impl Quarantine {
    /// A stable word for records and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unusable(why) => why.as_str(),
            Self::Account(why) => why.as_str(),
        }
    }
}

/// Nothing was stored: the vendor has to send the notice again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotStored {
    /// Too many notices wait.
    #[error("too many notices wait")]
    QueueFull,
    /// The database could not take it, or the service stops.
    #[error("the database could not take the notice")]
    Failed,
}

/// The entrance to the one writer. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Intake {
    queue: mpsc::Sender<Waiting>,
}

/// A notice and the caller that waits for it.
#[derive(Debug)]
struct Waiting {
    notice: Notice,
    /// When it was handed in.
    since: Instant,
    reply: oneshot::Sender<Result<Receipt, NotStored>>,
}

/// What the writer works with.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// The database.
    pub store: Store,
    /// Draws ids and nonces.
    pub entropy: Entropy,
    /// Seals the keys under which bodies rest.
    pub master_key: Arc<Key>,
    /// The name of this writer's audit chain.
    pub chain: String,
}

impl Intake {
    /// Starts the writer. It ends, after its last commit, when every clone is dropped.
    pub fn start(ledger: Ledger) -> (Self, tokio::task::JoinHandle<()>) {
        let (queue, notices) = mpsc::channel(QUEUE_LENGTH);
        let writer = tokio::spawn(writer::run(ledger, notices));
        (Self { queue }, writer)
    }

    /// Hands a notice in and waits until it is durable.
    pub async fn submit(&self, notice: Notice) -> Result<Receipt, NotStored> {
        let (reply, answer) = oneshot::channel();
        let waiting = Waiting {
            notice,
            since: Instant::now(),
            reply,
        };
        self.queue
            .try_send(waiting)
            .map_err(|refused| match refused {
                mpsc::error::TrySendError::Full(_) => NotStored::QueueFull,
                mpsc::error::TrySendError::Closed(_) => NotStored::Failed,
            })?;
        answer.await.unwrap_or(Err(NotStored::Failed))
    }
}
