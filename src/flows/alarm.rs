//! What a person must look at: raising alerts and settling them. Each leaves an entry in the
//! audit record and an event.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::access::Act;
use super::change::{Deed, note};
use super::standing::Books;
use crate::domain::ids::{AlertId, MerchantId};
use crate::store::alerts::{self, AlertRow, NewAlert};
use crate::store::{StoreError, Tx};

/// Who raises and settles what comes and goes by itself.
pub(super) const PROGRAM: &str = "phocho";

/// What a person must look at, and why.
pub(super) struct Alarm {
    pub(super) kind: &'static str,
    pub(super) subject: String,
    pub(super) merchant: Option<MerchantId>,
    pub(super) reason: &'static str,
}

/// The same with all that a person should know of it.
pub(super) struct Warning<'a> {
    pub(super) kind: &'static str,
    pub(super) subject: &'a str,
    pub(super) merchant: Option<MerchantId>,
    /// A JSON object; it stays with the alert.
    pub(super) detail: Value,
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
        let warning = Warning {
            kind,
            subject: &subject,
            merchant,
            detail: json!({"source": source, "reason": reason}),
        };
        let act = Act {
            actor: self.actor,
            now,
            entropy: self.entropy,
        };
        let deed = raise(self.tx, &act, warning).await?;
        note(self.pending, &act, deed);
        Ok(())
    }

    /// Settles the alert of a kind about a subject, if one is open: its cause went by itself.
    pub(super) async fn settle_alert(
        &mut self,
        (kind, subject): (&'static str, &str),
        words: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let act = Act {
            actor: PROGRAM,
            now,
            entropy: self.entropy,
        };
        if let Some(deed) = settle(self.tx, &act, (kind, subject), words).await? {
            note(self.pending, &act, deed);
        }
        Ok(())
    }
}

/// Raises an alert; what the caller records of that.
pub(super) async fn raise(
    tx: &mut Tx,
    act: &Act<'_>,
    warning: Warning<'_>,
) -> Result<Deed, StoreError> {
    let Warning {
        kind,
        subject,
        merchant,
        detail,
    } = warning;
    tracing::warn!(kind, subject, %detail, "alert");
    let id = AlertId::from_uuid(act.entropy.uuid(act.now));
    let alert = NewAlert {
        id,
        kind,
        subject,
        merchant,
        detail: &detail.to_string(),
        now: act.now,
    };
    alerts::raise(tx, &alert).await?;
    Ok(Deed {
        kind: "alert.raise",
        subject: id.to_string(),
        merchant,
        outlet: None,
        detail: json!({"kind": kind, "about": subject}),
    })
}

/// Settles the alert of a kind about a subject, if one is open, with some words about it; what
/// the caller records of that.
pub(super) async fn settle(
    tx: &mut Tx,
    act: &Act<'_>,
    (kind, subject): (&str, &str),
    words: &str,
) -> Result<Option<Deed>, StoreError> {
    let newest = alerts::newest(tx, kind, subject).await?;
    let Some(open) = newest.filter(|alert| alert.settled_at.is_none()) else {
        return Ok(None);
    };
    settle_this(tx, act, &open, words).await
}

/// The same for an alert that was read. `None` says that someone else was first; then nothing
/// is left to settle.
pub(super) async fn settle_this(
    tx: &mut Tx,
    act: &Act<'_>,
    alert: &AlertRow,
    words: &str,
) -> Result<Option<Deed>, StoreError> {
    let id = AlertId::from_uuid(alert.id);
    let won = alerts::settle(tx, id, act.actor, words, act.now).await?;
    Ok(won.then(|| Deed {
        kind: "alert.settle",
        subject: id.to_string(),
        merchant: alert.merchant_id.map(MerchantId::from_uuid),
        outlet: None,
        // The words stay with the alert: people write names into them.
        detail: json!({
            "kind": alert.kind,
            "about": alert.subject,
            "from": "open",
            "to": "settled",
        }),
    }))
}
