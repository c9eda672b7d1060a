//! What a notice or a statement leaves for a person to look at.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::standing::Books;
use crate::domain::ids::{AlertId, MerchantId};
use crate::store::StoreError;
use crate::store::alerts::{self, NewAlert};

/// What a person must look at, and why.
pub(super) struct Alarm {
    pub(super) kind: &'static str,
    pub(super) subject: String,
    pub(super) merchant: Option<MerchantId>,
    pub(super) reason: &'static str,
}

impl Books<'_> {
    /// Raises an alert, unless one of its kind about its subject is open already: a person
    /// who looks at it once looks at all of it.
    pub(super) async fn raise_alert(
        &mut self,
        about: Alarm,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Alarm {
            kind,
            subject,
            merchant,
            reason,
        } = about;
        if alerts::is_open(self.tx, kind, &subject).await? {
            return Ok(());
        }
        let source = self.actor.strip_prefix("source:").unwrap_or(self.actor);
        let detail = json!({"source": source, "reason": reason}).to_string();
        tracing::warn!(kind, subject, source, reason, "alert");
        let alert = NewAlert {
            id: AlertId::from_uuid(self.entropy.uuid(now)),
            kind,
            subject: &subject,
            merchant,
            detail: &detail,
            now,
        };
        alerts::raise(self.tx, &alert).await
    }
}
