//! Settling an alert: a person looked at it and says what came of it.

use super::access::Act;
use super::alarm::settle_this;
use super::change::{Change, ChangeError, Thing, record};
use crate::domain::ids::AlertId;
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
    let act = Act {
        actor: &actor,
        now: change.now,
        entropy: change.entropy,
    };
    let Some(deed) = settle_this(tx, &act, &before, note.as_str()).await? else {
        return Err(ChangeError::Refused(Refusal::WrongState {
            thing: "alert",
            state: "settled",
            event: "settle",
        }));
    };
    record(tx, &act, deed).await?;
    Ok(AlertRow {
        settled_at: Some(change.now),
        settled_by: Some(actor),
        settled_note: Some(note.as_str().to_owned()),
        ..before
    })
}
