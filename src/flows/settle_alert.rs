//! Settling an alert: a person looked at it and says what came of it.

use serde_json::json;

use super::change::{Change, ChangeError, Deed, Thing};
use crate::domain::ids::{AlertId, MerchantId};
use crate::domain::refusal::Refusal;
use crate::domain::text::Reason;
use crate::store::Tx;
use crate::store::alerts::{self, AlertRow};
use crate::store::reach::Reach;

/// Settles an alert, once. The note stays with the alert and is in no record that is kept for
/// ever: people write names into notes.
pub async fn settle(
    tx: &mut Tx,
    change: &Change<'_>,
    reach: Reach,
    id: AlertId,
    note: &Reason,
) -> Result<AlertRow, ChangeError> {
    let found = alerts::find(tx, reach, id).await?;
    let before = found.ok_or(ChangeError::NotFound(Thing::Subject))?;
    let actor = change.actor.to_string();
    if !alerts::settle(tx, id, &actor, note.as_str(), change.now).await? {
        return Err(ChangeError::Refused(Refusal::WrongState {
            thing: "alert",
            state: "settled",
            event: "settle",
        }));
    }
    let deed = Deed {
        kind: "alert.settle",
        subject: id.to_string(),
        merchant: before.merchant_id.map(MerchantId::from_uuid),
        outlet: None,
        detail: json!({"kind": before.kind, "about": before.subject}),
    };
    change.record(tx, deed).await?;
    Ok(AlertRow {
        settled_at: Some(change.now),
        settled_by: Some(actor),
        settled_note: Some(note.as_str().to_owned()),
        ..before
    })
}
