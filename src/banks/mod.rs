//! Banks' signed notices: verification and normalisation.
//!
//! One file for each format, behind the one trait [`Adapter`]. An adapter is pure: headers,
//! raw bytes, secrets and the time in; [`Verified`] facts or a named [`Refusal`] out. Nothing
//! outside this module can build a [`Verified`], and only that type reaches the store.
//!
//! A new format is one new file and one line in [`ADAPTERS`].

mod delivery;
mod fields;
mod javascript;
pub mod json;
mod payos;
mod sepay_hmac;
mod setup;
mod signature;
mod standard_webhooks;
mod verdict;

use chrono::{DateTime, Utc};
use json::{Json, JsonError};

pub use delivery::{Credentials, Delivery, Secret};
pub use setup::CredentialsFault;
pub use verdict::{
    Answer, NoticeKind, Outcome, Reading, Refusal, Unusable, Verified, VerifiedWith,
};

/// How one vendor's notices are verified, read and answered. Every step is required.
pub trait Adapter: Send + Sync {
    /// The stable name that a source is configured with, such as `sepay_hmac`.
    fn name(&self) -> &'static str;

    /// Proves over the raw bytes that the vendor sent this, then reads it.
    ///
    /// A refusal means that nothing may be written. What is authentic but cannot be used is
    /// no refusal but [`Reading::Unusable`]: it is kept and shown to people.
    fn verify(
        &self,
        delivery: &Delivery,
        credentials: &Credentials,
        now: DateTime<Utc>,
    ) -> Result<Verified, Refusal>;

    /// The answer that this vendor expects.
    fn acknowledge(&self, outcome: &Outcome) -> Answer;

    /// Whether notices can be judged with these credentials.
    fn check(&self, credentials: &Credentials) -> Result<(), CredentialsFault>;

    /// A secret of this format made from random bytes; none where the vendor makes it.
    fn make_secret(&self, random: &[u8; SECRET_BYTES]) -> Option<String>;
}

/// Random bytes of a secret that is made here.
pub const SECRET_BYTES: usize = 32;

/// Every adapter there is.
pub static ADAPTERS: &[&dyn Adapter] = &[
    &standard_webhooks::StandardWebhooks,
    &sepay_hmac::SepayHmac,
    &payos::Payos,
];

/// Finds the adapter that a source is configured with.
pub fn adapter_by_name(name: &str) -> Option<&'static dyn Adapter> {
    ADAPTERS
        .iter()
        .copied()
        .find(|adapter| adapter.name() == name)
}

/// Refuses every method but POST.
fn require_post(delivery: &Delivery) -> Result<(), Refusal> {
    if delivery.method == "POST" {
        Ok(())
    } else {
        Err(Refusal::WrongMethod)
    }
}

/// Refuses a signed time too far from `now`, either way. Whole seconds, as in the formats.
fn require_fresh(
    sent_at_unix_s: i64,
    credentials: &Credentials,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let distance = now.timestamp().abs_diff(sent_at_unix_s);
    if distance <= u64::from(credentials.tolerance_s) {
        Ok(())
    } else {
        Err(Refusal::StaleTimestamp)
    }
}

/// Reads a header's Unix time: plain digits without a leading zero.
fn unix_seconds(header: &str) -> Result<i64, Refusal> {
    let digits = header.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || header.len() > 12 || header.starts_with('0') {
        return Err(Refusal::MalformedHeader);
    }
    header.parse().map_err(|_| Refusal::MalformedHeader)
}

/// Reads a body whose raw bytes were proven. What two readers could understand differently
/// is refused although it is signed; what is no JSON at all is the vendor's mistake.
fn proven_json(body: &[u8]) -> Result<Result<Json, Unusable>, Refusal> {
    match json::read(body) {
        Ok(value) => Ok(Ok(value)),
        Err(JsonError::Ambiguous) => Err(Refusal::AmbiguousBody),
        Err(JsonError::Syntax) => Ok(Err(Unusable::MalformedBody)),
    }
}

/// A reading of an authentic body: what cannot be used is quarantined.
fn reading_of(facts: Result<Reading, Unusable>) -> Reading {
    facts.unwrap_or_else(Reading::Unusable)
}
