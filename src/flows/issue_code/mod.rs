//! Issuing, registering, changing and withdrawing payment codes.
//!
//! Every function works inside the caller's transaction and writes the change, its audit
//! entry and its event there; the caller commits, or drops the transaction after a refusal.
//! A code of ours points at an approved account of the outlet's own merchant and nowhere
//! else.

mod change;
mod error;
mod issue;
mod outlet_test;
mod place;
mod record;
mod register;

use chrono::{DateTime, Utc};

pub use change::{amend, cancel};
pub use error::IssueError;
pub use issue::{CodePurpose, NewCodeRequest, issue};
pub use outlet_test::{OutletTest, outlet_test};
pub use register::{AcquirerCode, register};

use crate::entropy::Entropy;
use crate::store::codes::CodeRow;
use crate::store::reach::Reach;

/// Who issues or changes codes, and with what at hand.
#[derive(Clone, Copy, Debug)]
pub struct Issuer<'a> {
    /// The name in the audit record.
    pub actor: &'a str,
    /// Whose outlets and codes may be touched.
    pub reach: Reach,
    /// Draws ids and references.
    pub entropy: &'a Entropy,
    /// The present.
    pub now: DateTime<Utc>,
}

/// A code and the text of its picture.
#[derive(Clone, Debug)]
pub struct IssuedCode {
    /// The code as stored.
    pub code: CodeRow,
    /// The text of its newest revision.
    pub payload: String,
}
