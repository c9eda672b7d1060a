//! What a notice or a statement leaves for a person to look at.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::standing::Books;
use crate::domain::ids::{AlertId, MerchantId};
use crate::store::StoreError;
use crate::store::alerts::{self, NewAlert};
use crate::store::audit::AuditEntry;

/// Who settles what went by itself.
const PROGRAM: &str = "phocho";

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

    /// Settles the alert of a kind about a subject, if one is open: its cause went by itself.
    pub(super) async fn settle_alert(
        &mut self,
        (kind, subject): (&'static str, String),
        note: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let newest = alerts::newest(self.tx, kind, &subject).await?;
        let Some(open) = newest.filter(|alert| alert.settled_at.is_none()) else {
            return Ok(());
        };
        let id = AlertId::from_uuid(open.id);
        // A person may have been first; then nothing is left to settle.
        if alerts::settle(self.tx, id, PROGRAM, note, now).await? {
            self.pending.entries.push(AuditEntry {
                at: now,
                actor: PROGRAM.to_owned(),
                action: "alert.settle",
                subject: id.to_string(),
                detail: json!({"kind": kind, "about": subject}),
            });
        }
        Ok(())
    }
}
