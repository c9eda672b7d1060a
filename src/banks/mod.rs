//! Banks' signed notices: verification and normalisation.
//!
//! One file for each format, behind the one trait [`Adapter`]. An adapter is pure: headers,
//! raw bytes, secrets and the time in; [`Verified`] facts or a named [`Refusal`] out. Nothing
//! outside this module can build a [`Verified`], and only that type reaches the store.
//!
//! A new format is one new file and one line in [`ADAPTERS`].

mod delivery;
mod verdict;

use chrono::{DateTime, Utc};

pub use delivery::{Credentials, Delivery, Secret};
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
}

/// Every adapter there is.
pub static ADAPTERS: &[&dyn Adapter] = &[];

/// Finds the adapter that a source is configured with.
pub fn adapter_by_name(name: &str) -> Option<&'static dyn Adapter> {
    ADAPTERS
        .iter()
        .copied()
        .find(|adapter| adapter.name() == name)
}
