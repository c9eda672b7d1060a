//! What every change of the registry shares: who makes it, and the record of it.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::domain::ids::{EventId, MerchantId, OutletId, UserId};
use crate::domain::refusal::Refusal;
use crate::entropy::Entropy;
use crate::flows::access::Act;
use crate::flows::standing::Pending;
use crate::store::audit::{self, AuditEntry};
use crate::store::events::{self, NewEvent};
use crate::store::{StoreError, Tx, rollups};

/// The audit chain of what people do.
pub const PEOPLE_CHAIN: &str = "main";

/// Who changes something, when, and the chance at hand.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The person; two are needed where one must check the other.
    pub actor: UserId,
    /// The present.
    pub now: DateTime<Utc>,
    /// Draws ids.
    pub entropy: &'a Entropy,
}

/// Why a change is not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is nothing of this kind within the caller's reach.
    #[error("there is no such {0}")]
    NotFound(Thing),
    /// Another one has the same unique value.
    #[error("the {0} is in use")]
    Taken(UniqueValue),
    /// Someone else changed it since it was read.
    #[error("someone else changed it")]
    Stale,
    /// The rules do not allow the step.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a change looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// What is to be changed.
    Subject,
    /// The merchant that the new thing belongs to.
    Merchant,
    /// The zone that it lies in.
    Zone,
    /// The place of the census that it is, in the same zone.
    Establishment,
    /// The account whose place it takes, of the same merchant.
    ReplacedAccount,
    /// The code that a credit is to count for.
    Code,
    /// The outlet that a credit is to count for.
    Outlet,
    /// The account that it is about.
    Account,
    /// The source that it is about.
    Source,
}

/// What only one may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UniqueValue {
    /// The code of a zone.
    ZoneCode,
    /// The tax code of a merchant that has not left.
    TaxCode,
    /// The stall of an outlet that is not closed, in its zone.
    StallLabel,
    /// The account number at its bank.
    AccountNumber,
    /// The name of a source.
    SourceName,
    /// The position of a place in its zone.
    Position,
    /// The day of a confirmed change of a place.
    DayOfChange,
    /// The proposal about a payment that waits for its second person.
    PaymentMove,
    /// The open link of an account through a source.
    OpenLink,
}

impl std::fmt::Display for Thing {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Subject => "thing",
            Self::Merchant => "merchant",
            Self::Zone => "zone",
            Self::Establishment => "establishment in this zone",
            Self::ReplacedAccount => "account of this merchant",
            Self::Code => "code",
            Self::Outlet => "outlet",
            Self::Account => "account",
            Self::Source => "source",
        })
    }
}

impl std::fmt::Display for UniqueValue {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::ZoneCode => "zone code",
            Self::TaxCode => "tax code",
            Self::StallLabel => "stall label in this zone",
            Self::AccountNumber => "account number at this bank",
            Self::SourceName => "name of a source",
            Self::Position => "position in this zone",
            Self::DayOfChange => "day of a change of this place",
            Self::PaymentMove => "place of the one move of a payment that waits",
            Self::OpenLink => "link of this account through this source",
        })
    }
}

/// One change, as the audit and the readers of events are told. Both keep it for ever, so it
/// holds no personal data.
#[derive(Clone, Debug)]
pub(super) struct Deed {
    /// What was done, such as `merchant.approve`.
    pub kind: &'static str,
    /// The id of what was changed.
    pub subject: String,
    /// Whose it is.
    pub merchant: Option<MerchantId>,
    /// At which outlet.
    pub outlet: Option<OutletId>,
    /// What changed, as a JSON object.
    pub detail: Value,
}

impl Change<'_> {
    /// A fresh id.
    pub(super) fn uuid(&self) -> Uuid {
        self.entropy.uuid(self.now)
    }

    /// Records the change in its own transaction, last of all.
    pub(super) async fn record(&self, tx: &mut Tx, deed: Deed) -> Result<(), StoreError> {
        self.record_all(tx, vec![deed]).await
    }

    /// Records many changes of one transaction at once, in their order.
    pub(super) async fn record_all(&self, tx: &mut Tx, deeds: Vec<Deed>) -> Result<(), StoreError> {
        let act = Act {
            actor: &self.actor.to_string(),
            now: self.now,
            entropy: self.entropy,
        };
        record_all(tx, &act, deeds).await
    }
}

/// Records what someone did, a person or not, in the transaction of the change, last of all.
pub(super) async fn record(tx: &mut Tx, act: &Act<'_>, deed: Deed) -> Result<(), StoreError> {
    record_all(tx, act, vec![deed]).await
}

/// Records many deeds at once. It comes last: numbering an event makes other writers wait
/// until the commit.
async fn record_all(tx: &mut Tx, act: &Act<'_>, deeds: Vec<Deed>) -> Result<(), StoreError> {
    let entries: Vec<AuditEntry> = deeds.iter().map(|deed| deed.entry(act)).collect();
    audit::append(tx, PEOPLE_CHAIN, &entries).await?;
    let news: Vec<NewEvent> = deeds.into_iter().map(|deed| deed.event(act)).collect();
    events::append(tx, &news).await?;
    Ok(())
}

/// Adds a deed to what a transaction writes at its end.
pub(super) fn note(pending: &mut Pending, act: &Act<'_>, deed: Deed) {
    pending.entries.push(deed.entry(act));
    pending.events.push(deed.event(act));
}

impl Deed {
    fn entry(&self, act: &Act<'_>) -> AuditEntry {
        AuditEntry {
            at: act.now,
            actor: act.actor.to_owned(),
            action: self.kind,
            subject: self.subject.clone(),
            detail: self.detail.clone(),
        }
    }

    fn event(self, act: &Act<'_>) -> NewEvent {
        NewEvent {
            id: EventId::from_uuid(act.entropy.uuid(act.now)),
            at: act.now,
            kind: self.kind,
            subject: self.subject,
            merchant: self.merchant,
            outlet: self.outlet,
            payload: self.detail,
        }
    }
}

/// Writes what a decision about money left to write, last of all, as [`record_all`] does:
/// sums, audit, events.
pub(super) async fn close(
    tx: &mut Tx,
    act: &Act<'_>,
    pending: Pending,
    cause: &str,
) -> Result<(), StoreError> {
    rollups::apply(tx, &pending.movements, act.now, cause).await?;
    audit::append(tx, PEOPLE_CHAIN, &pending.entries).await?;
    events::append(tx, &pending.events).await?;
    Ok(())
}

/// Refuses a change that was decided on another version than the present one.
pub(super) fn check_version(expected: Option<i64>, present: i64) -> Result<(), ChangeError> {
    if expected.is_none_or(|expected| expected == present) {
        Ok(())
    } else {
        Err(ChangeError::Stale)
    }
}

/// Takes a write that found another version for the refusal it is.
pub(super) fn check_won(won: bool) -> Result<(), ChangeError> {
    if won { Ok(()) } else { Err(ChangeError::Stale) }
}
