//! What a credit is for: matching, and the standing of all payments of a code.

use serde_json::Value;

use super::record::Batch;
use crate::store::StoreError;
use crate::store::transactions::NewTransaction;

/// What was decided, for the audit.
pub(super) struct Attributed {
    /// The payment or suspense item.
    pub(super) subject: String,
    /// Why.
    pub(super) detail: Value,
}

pub(super) async fn attribute(
    _batch: &mut Batch<'_>,
    _credit: &NewTransaction,
) -> Result<Attributed, StoreError> {
    unreachable!()
}
