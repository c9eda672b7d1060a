//! From a delivery's bytes to the answer its vendor expects.
//!
//! Nothing is written before the signature is proved: a forged call can never stand in the
//! way of the genuine one. What fails is counted and remembered up to a bound.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::intake::{Intake, Ledger, Notice, Quarantine, Receipt};
use crate::banks::{
    Adapter, Answer, Credentials, Delivery, Outcome, Reading, Refusal, Secret, adapter_by_name,
};
use crate::domain::day::local_day;
use crate::domain::ids::SourceId;
use crate::domain::source::SourceState;
use crate::store::sources::{self, DeliveryCounts, SourceRow};
use crate::store::{StoreError, callbacks, inconsistent};

/// What to tell the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reception {
    /// The vendor's form of an answer, and what became of the delivery.
    Answered(Answer, Fate),
    /// The body is declared as something that this vendor's format is not written in.
    OtherMedia,
    /// No source has this address, or it was switched off, or its vendor calls elsewhere.
    NoSuchSource,
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
    /// Declared as something that the format is not written in.
    pub const OTHER_MEDIA: Self = Self {
        verdict: Self::REFUSED,
        reason: "other_media_type",
    };

    const fn plain(verdict: &'static str) -> Self {
        let reason = "";
        Self { verdict, reason }
    }
}

/// Where a delivery arrived.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// The name of the source.
    pub source: &'a str,
    /// What the vendor appended to the source's address.
    pub path_below: &'a str,
    /// The sender's address.
    pub peer: &'a str,
}

/// Verifies a delivery and, when it is authentic, waits until it is durable.
pub async fn receive(
    ledger: &Ledger,
    intake: &Intake,
    arrival: Arrival<'_>,
    delivery: Delivery,
    now: DateTime<Utc>,
) -> Result<Reception, StoreError> {
    let mut tx = ledger.store.begin_read().await?;
    let source = sources::find_by_name(&mut tx, arrival.source).await?;
    tx.commit().await?;
    let Some(source) = source else {
        return Ok(Reception::NoSuchSource);
    };
    if !matches!(source.state()?, SourceState::Active(_)) {
        return Ok(Reception::NoSuchSource);
    }
    let adapter = adapter_by_name(&source.adapter)
        .ok_or_else(|| inconsistent("sources", "adapter", source.id))?;
    if !adapter.paths().contains(&arrival.path_below) {
        return Ok(Reception::NoSuchSource);
    }
    if !delivery.is_declared_as(adapter.media()) {
        return Ok(Reception::OtherMedia);
    }
    let credentials = credentials(ledger, &source, now)?;
    let peer = arrival.peer;
    let id = SourceId::from_uuid(source.id);
    match adapter.verify(&delivery, &credentials, now) {
        Err(refusal) => {
            let remembered = remember_refusal(ledger, id, &delivery, peer, refusal, now).await;
            // A forgery is refused alike whether or not it can be written down just now.
            match remembered {
                Err(fault) if !fault.is_unavailable() => return Err(fault),
                Err(_) => tracing::warn!(peer, "a refused delivery could not be remembered"),
                Ok(()) => {}
            }
            let answer = adapter.acknowledge(&Outcome::Refused(refusal));
            let fate = Fate {
                verdict: Fate::REFUSED,
                reason: refusal.as_str(),
            };
            Ok(Reception::Answered(answer, fate))
        }
        Ok(verified) => {
            if let Reading::Handshake(answer) = verified.reading() {
                let fate = Fate::plain("handshake");
                return Ok(Reception::Answered(answer.clone(), fate));
            }
            let source_name = source.name;
            let notice = Notice {
                source: id,
                source_name,
                delivery,
                verified,
                received_at: now,
                peer: peer.to_owned(),
            };
            let (answer, fate) = submit(adapter, intake, notice).await;
            Ok(Reception::Answered(answer, fate))
        }
    }
}

async fn submit(adapter: &dyn Adapter, intake: &Intake, notice: Notice) -> (Answer, Fate) {
    let (outcome, fate) = match intake.submit(notice).await {
        Ok(Receipt::Stored(receipt)) => (Outcome::Stored { receipt }, Fate::plain("stored")),
        Ok(Receipt::Repeated(receipt)) => (Outcome::Repeated { receipt }, Fate::plain("repeated")),
        Ok(Receipt::Quarantined(why)) => {
            let outcome = match why {
                // A source that speaks for a foreign account is heard once and alerted about;
                // telling it would only make it repeat.
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
    (adapter.acknowledge(&outcome), fate)
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
