//! From a delivery's bytes to the answer its vendor expects.
//!
//! Nothing is written before the signature is proved: a forged call can never stand in the
//! way of the genuine one. What fails is counted and remembered up to a bound.

use std::collections::BTreeMap;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::intake::{Delivered, Intake, Ledger, Notice, Quarantine, Receipt, Told};
use crate::banks::{
    Adapter, Answer, Call, Credentials, Delivery, Outcome, Reading, Refusal, Remark, Secret,
    Unread, adapter_by_name,
};
use crate::domain::day::local_day;
use crate::domain::entry_rules::{CertificateFingerprint, EntryRefusal, EntryRules};
use crate::domain::ids::SourceId;
use crate::domain::source::SourceState;
use crate::store::sources::{self, DeliveryCounts, SourceRow};
use crate::store::{StoreError, callbacks, inconsistent};

/// What to tell the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reception {
    /// The vendor's form of an answer, and what became of the delivery.
    Answered(Answer, Fate),
    /// It came in a way that the vendor does not send; nothing was read.
    Unread(Unread),
}

/// What became of a delivery, for counters and logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate {
    /// `handshake`, `stored`, `repeated`, `quarantined`, `refused` or `unavailable`.
    pub verdict: &'static str,
    /// Why, where there is more to say; otherwise empty.
    pub reason: &'static str,
}

impl Fate {
    /// Not believed.
    pub const REFUSED: &'static str = "refused";
    /// Nobody listens at the address.
    pub const NO_SUCH_SOURCE: Self = Self {
        verdict: Self::REFUSED,
        reason: "no_such_source",
    };

    /// That of a delivery that is not read.
    pub const fn of_unread(unread: Unread) -> Self {
        Self {
            verdict: Self::REFUSED,
            reason: match unread {
                Unread::OtherMethod(_) => "wrong_method",
                Unread::OtherMedia(_) => "other_media_type",
            },
        }
    }

    const fn plain(verdict: &'static str) -> Self {
        let reason = "";
        Self { verdict, reason }
    }
}

/// Where a delivery arrived, and from whom.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// The name of the source.
    pub source: &'a str,
    /// What the vendor appended to the source's address.
    pub path_below: &'a str,
    /// Who is at the other end.
    pub caller: Caller,
}

/// Who is at the other end, as far as the connection tells.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// The address; none of a call made inside this process.
    pub address: Option<IpAddr>,
    /// The client certificate that a declared proxy names, if any, or why what it says cannot
    /// be read. It matters only to a source that asks for one.
    pub certificate: Result<Option<CertificateFingerprint>, Refusal>,
}

impl Caller {
    /// A caller inside this process.
    pub const INSIDE: Self = Self {
        address: None,
        certificate: Ok(None),
    };
}

/// A source that takes notices, found for one call.
pub struct OpenSource {
    id: SourceId,
    name: String,
    adapter: &'static dyn Adapter,
    credentials: Credentials,
    entry: EntryRules,
    caller: Caller,
}

/// Finds the source of an address; none where there is none, or it was switched off, or its
/// vendor calls elsewhere.
pub async fn find_source(
    ledger: &Ledger,
    arrival: Arrival<'_>,
    now: DateTime<Utc>,
) -> Result<Option<OpenSource>, StoreError> {
    let mut tx = ledger.store.begin_read().await?;
    let source = sources::find_by_name(&mut tx, arrival.source).await?;
    tx.commit().await?;
    let Some(source) = source else {
        return Ok(None);
    };
    if !matches!(source.state()?, SourceState::Active(_)) {
        return Ok(None);
    }
    let adapter = adapter_by_name(&source.adapter)
        .ok_or_else(|| inconsistent("sources", "adapter", source.id))?;
    if !adapter.paths().contains(&arrival.path_below) {
        return Ok(None);
    }
    Ok(Some(OpenSource {
        id: SourceId::from_uuid(source.id),
        adapter,
        credentials: credentials(ledger, &source, now)?,
        entry: source.entry()?,
        caller: arrival.caller,
        name: source.name,
    }))
}

/// Verifies a delivery and, when it is authentic, waits until it is durable. None where no
/// source takes notices at the address.
pub async fn receive(
    ledger: &Ledger,
    intake: &Intake,
    arrival: Arrival<'_>,
    delivery: Delivery,
    now: DateTime<Utc>,
) -> Result<Option<Reception>, StoreError> {
    match find_source(ledger, arrival, now).await? {
        Some(source) => source
            .receive(ledger, intake, delivery, now)
            .await
            .map(Some),
        None => Ok(None),
    }
}

impl OpenSource {
    /// The largest body that its format takes.
    pub fn body_max_bytes(&self) -> usize {
        self.adapter.body_max_bytes()
    }

    /// The same as [`receive`], for a source that was found.
    pub async fn receive(
        self,
        ledger: &Ledger,
        intake: &Intake,
        delivery: Delivery,
        now: DateTime<Utc>,
    ) -> Result<Reception, StoreError> {
        let (id, adapter) = (self.id, self.adapter);
        if let Some(unread) = adapter.unread(&delivery) {
            return Ok(Reception::Unread(unread));
        }
        let peer = self.caller.address.map(|it| it.to_string());
        let peer = peer.unwrap_or_default();
        let admitted = self.admit();
        let verdict = admitted.and_then(|()| adapter.verify(&delivery, &self.credentials, now));
        let verified = match verdict {
            Ok(verified) => verified,
            Err(refusal) => {
                let remembered = remember_refusal(ledger, id, &delivery, &peer, refusal, now).await;
                // A forgery is refused alike whether or not it can be written down just now.
                match remembered {
                    Err(fault) if !fault.is_unavailable() => return Err(fault),
                    Err(_) => tracing::warn!(peer, "a refused delivery could not be remembered"),
                    Ok(()) => {}
                }
                let call = Call {
                    delivery_id: None,
                    now,
                    remark: None,
                };
                let answer = adapter.acknowledge(&Outcome::Refused(refusal), call);
                let fate = Fate {
                    verdict: Fate::REFUSED,
                    reason: refusal.as_str(),
                };
                return Ok(Reception::Answered(answer, fate));
            }
        };
        if let Reading::Handshake(answer) = verified.reading() {
            let fate = Fate::plain("handshake");
            return Ok(Reception::Answered(answer.clone(), fate));
        }
        let delivered = Delivered {
            delivery,
            verified,
            peer,
        };
        let notice = Notice {
            source: id,
            source_name: self.name,
            told: Told::Delivered(delivered),
            received_at: now,
        };
        let (answer, fate) = submit(adapter, intake, notice).await;
        Ok(Reception::Answered(answer, fate))
    }

    /// Whether the caller may speak to this source at all.
    fn admit(&self) -> Result<(), Refusal> {
        let certificate = if self.entry.asks_for_certificate() {
            self.caller.certificate?
        } else {
            None
        };
        let admitted = self.entry.admit(self.caller.address, certificate);
        admitted.map_err(|refusal| match refusal {
            EntryRefusal::Address => Refusal::OtherAddress,
            EntryRefusal::Certificate => Refusal::OtherCertificate,
        })
    }
}

async fn submit(adapter: &dyn Adapter, intake: &Intake, notice: Notice) -> (Answer, Fate) {
    let (delivery_id, ignored) = match &notice.told {
        Told::Delivered(Delivered { verified, .. }) => {
            let ignored = match verified.reading() {
                Reading::Nothing(kind) => kind.remark(),
                _ => None,
            };
            (verified.delivery_id().map(str::to_owned), ignored)
        }
        Told::Pulled(_) => (None, None),
    };
    let now = notice.received_at;
    let receipt = intake.submit(notice).await;
    let remark = match &receipt {
        Ok(Receipt::Quarantined(why)) => Some(Remark::Quarantined(why.as_str())),
        Ok(Receipt::Conflict(_)) => Some(Remark::Conflict),
        Ok(Receipt::Stored(_) | Receipt::Repeated(_)) => ignored,
        Err(_) => None,
    };
    let (outcome, fate) = match receipt {
        Ok(Receipt::Stored(receipt)) => (Outcome::Stored { receipt }, Fate::plain("stored")),
        Ok(Receipt::Repeated(receipt) | Receipt::Conflict(receipt)) => {
            (Outcome::Repeated { receipt }, Fate::plain("repeated"))
        }
        Ok(Receipt::Quarantined(why)) => {
            let outcome = match why {
                // A source that speaks for a foreign account is heard once and alerted about;
                // a vendor told of it would only repeat it.
                Quarantine::Account(_) => Outcome::Stored { receipt: None },
                Quarantine::Unusable(why) => Outcome::Quarantined(why),
            };
            let fate = Fate {
                verdict: "quarantined",
                reason: why.as_str(),
            };
            (outcome, fate)
        }
        Err(_) => (Outcome::Unavailable, Fate::plain("unavailable")),
    };
    let call = Call {
        delivery_id: delivery_id.as_deref(),
        now,
        remark,
    };
    (adapter.acknowledge(&outcome, call), fate)
}

/// The name under which a source's secret is sealed.
pub fn secret_name(source: SourceId) -> String {
    format!("{source}:secret")
}

fn credentials(
    ledger: &Ledger,
    source: &SourceRow,
    now: DateTime<Utc>,
) -> Result<Credentials, StoreError> {
    let name = secret_name(SourceId::from_uuid(source.id));
    let open = |sealed: &[u8]| {
        let opened = ledger.master_key.open(&name, sealed).ok();
        let text = opened.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
        text.ok_or_else(|| inconsistent("sources", "secret_sealed", source.id))
            .map(|text| Secret::from_stored(&text))
    };
    let live = source
        .previous_secret_expires_at
        .is_some_and(|expires| now < expires);
    let previous = source
        .previous_secret_sealed
        .as_deref()
        .filter(|_| live)
        .map(open);
    let config: BTreeMap<String, String> = serde_json::from_str(&source.config)
        .map_err(|_| inconsistent("sources", "config", source.id))?;
    Ok(Credentials {
        current: open(&source.secret_sealed)?,
        previous: previous.transpose()?,
        ed25519_public_key: source.ed25519_public_key.clone(),
        config,
        tolerance_s: u32::try_from(source.tolerance_s)
            .map_err(|_| inconsistent("sources", "tolerance_s", source.id))?,
    })
}

async fn remember_refusal(
    ledger: &Ledger,
    source: SourceId,
    delivery: &Delivery,
    peer: &str,
    refusal: Refusal,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let told = delivery.told();
    let hash = Sha256::digest(told).to_vec();
    let bytes = i64::try_from(told.len()).unwrap_or(i64::MAX);
    let id = ledger.entropy.uuid(now);
    let mut tx = ledger.store.begin_write().await?;
    let body = (hash.as_slice(), bytes);
    callbacks::insert_refused(&mut tx, id, Some(source), now, peer, refusal.as_str(), body).await?;
    let counts = DeliveryCounts {
        refused: 1,
        ..DeliveryCounts::default()
    };
    sources::count_deliveries(&mut tx, source, local_day(now), &counts).await?;
    tx.commit().await?;
    Ok(())
}
