//! Keeping a delivery byte for byte, sealed under the key of its day.
//!
//! What a vendor tells in a query is as private as what stands in a body, and is sealed in
//! its place.

use chrono::NaiveDate;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::record::Batch;
use super::{Delivered, Notice};
use crate::banks::{Delivery, VerifiedWith};
use crate::domain::day::local_day;
use crate::domain::ids::{CallbackId, SourceId};
use crate::store::callbacks::SentBytes;
use crate::store::{StoreError, callbacks};
use crate::vault::Key;

/// Headers that are kept with a delivery: those that carry proofs and types, no addresses.
/// `Authorization`, `Secure-Token` and `X-Api-Key` are no proofs but the secret itself, or as
/// good as it: they are never stored.
const KEPT_HEADERS: [&str; 7] = [
    "content-type",
    "x-sepay-signature",
    "x-sepay-timestamp",
    "x-casso-signature",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
];

/// What tells one delivery from another, as stored.
pub(super) struct Sent<'a> {
    /// SHA-256 of what the vendor tells.
    pub(super) body_hash: Vec<u8>,
    /// The query beside a body; empty when it is itself what the vendor tells.
    pub(super) query: &'a str,
}

pub(super) fn sent_bytes(delivery: &Delivery) -> Sent<'_> {
    Sent {
        body_hash: Sha256::digest(delivery.told()).to_vec(),
        query: delivery.query_beside(),
    }
}

impl Batch<'_> {
    pub(super) async fn keep_delivery(
        &mut self,
        notice: &Notice,
        delivered: &Delivered,
        id: CallbackId,
    ) -> Result<(), StoreError> {
        let day = local_day(notice.received_at);
        let nonce = self.ledger.entropy.bytes();
        let key = self.body_key(day).await?;
        let body_sealed = key.seal(&id.to_string(), nonce, delivered.delivery.told());
        let sent = sent_bytes(&delivered.delivery);
        let kept = delivered
            .delivery
            .headers()
            .iter()
            .filter(|(name, _)| KEPT_HEADERS.contains(&name.as_str()));
        let headers: Vec<_> = kept
            .map(|(name, value)| json!([name, String::from_utf8_lossy(value)]))
            .collect();
        let with = delivered.verified.verified_with();
        let previous = with == VerifiedWith::Previous;
        self.secrets_used
            .insert((notice.source, previous), notice.received_at);
        let callback = callbacks::NewCallback {
            id,
            source: notice.source,
            received_at: notice.received_at,
            method: delivered.delivery.method.clone(),
            path: delivered.delivery.path.clone(),
            query: sent.query.to_owned(),
            headers: json!(headers).to_string(),
            body_sealed,
            body_key_day: day,
            body_hash: sent.body_hash,
            peer: delivered.peer.clone(),
            verdict: "accepted",
            reason: String::new(),
            verified_with: with.as_str(),
        };
        callbacks::insert(&mut self.tx, &callback).await
    }

    /// The key of a day, created with the day's first delivery.
    async fn body_key(&mut self, day: NaiveDate) -> Result<Key, StoreError> {
        if let Some(key) = self.body_keys.get(&day) {
            return Ok(key.clone());
        }
        let (entropy, name) = (&self.ledger.entropy, body_key_name(day));
        let fresh = Key::new(entropy.bytes());
        let sealed = self
            .ledger
            .master_key
            .seal(&name, entropy.bytes(), fresh.reveal());
        let stored = callbacks::body_key(&mut self.tx, day, &sealed).await?;
        let opened = stored.and_then(|sealed| self.ledger.master_key.open(&name, &sealed).ok());
        let bytes = opened.and_then(|opened| opened.as_slice().try_into().ok());
        let bytes = bytes.ok_or_else(|| StoreError::Inconsistent {
            table: "body_keys",
            column: "key_sealed",
            row: day.to_string(),
        })?;
        Ok(self.body_keys.entry(day).or_insert(Key::new(bytes)).clone())
    }

    /// What a delivery counts as. One that became a transaction is told by its evidence when
    /// it comes again; any other by its bytes, so that a vendor's retries make no new notice.
    pub(super) async fn counted_as(
        &mut self,
        source: SourceId,
        delivery: &Delivery,
        callback: CallbackId,
        verdict: &'static str,
    ) -> Result<&'static str, StoreError> {
        if matches!(verdict, "accepted" | "duplicate") {
            return Ok(verdict);
        }
        let sent = sent_bytes(delivery);
        let bytes = SentBytes {
            body_hash: &sent.body_hash,
            query: sent.query,
        };
        let again = callbacks::came_before(&mut self.tx, source, bytes, callback, verdict).await?;
        Ok(if again { "duplicate" } else { verdict })
    }

    pub(super) fn count(&mut self, notice: &Notice, verdict: &str) {
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

/// The name under which the key of a day's raw bodies is sealed.
pub fn body_key_name(day: NaiveDate) -> String {
    format!("body_key:{day}")
}
