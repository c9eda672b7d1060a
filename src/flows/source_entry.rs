//! From where and with which certificate a source may be spoken to: asked for by one person,
//! put in force by another. Whoever loosens the rules opens a door, and whoever tightens them
//! shuts a bank out.

use serde_json::json;

use super::change::{Change, check_won};
use super::register_source::{KnownSource, SourceError, deed, find, known};
use crate::domain::entry_rules::EntryRules;
use crate::domain::ids::{SourceId, UserId};
use crate::domain::refusal::Refusal;
use crate::domain::source::{SourceState, check_second_person};
use crate::store::{Tx, source_entry};

/// Asks for other rules. The present ones stay in force until another person approves.
pub async fn propose(
    tx: &mut Tx,
    change: &Change<'_>,
    which: (SourceId, Option<i64>),
    rules: &EntryRules,
) -> Result<KnownSource, SourceError> {
    let before = find(tx, which).await?;
    let (id, _) = which;
    if matches!(before.state()?, SourceState::Discarded { .. }) {
        return Err(wrong_state("discarded", "propose_entry_rules").into());
    }
    let (version, by) = (before.version, change.actor);
    let proposed = source_entry::propose(tx, id, version, rules, by, change.now).await?;
    check_won(proposed)?;
    let detail = json!({"rules": rules.to_string()});
    let deed = deed("source.propose_entry", id, detail);
    change.record(tx, deed).await?;
    known(tx, id, None, change.now).await
}

/// Puts the waiting rules in force.
pub async fn adopt(
    tx: &mut Tx,
    change: &Change<'_>,
    which: (SourceId, Option<i64>),
) -> Result<KnownSource, SourceError> {
    let before = find(tx, which).await?;
    let (id, _) = which;
    let waiting = before.next_entry_requested_by;
    let Some((requested_by, rules)) = waiting.zip(before.next_entry()?) else {
        return Err(wrong_state("without waiting entry rules", "approve_entry_rules").into());
    };
    check_second_person(UserId::from_uuid(requested_by), change.actor)?;
    check_won(source_entry::adopt(tx, id, before.version).await?)?;
    let detail = json!({"from": before.entry()?.to_string(), "to": rules.to_string()});
    let deed = deed("source.adopt_entry", id, detail);
    change.record(tx, deed).await?;
    known(tx, id, None, change.now).await
}

fn wrong_state(state: &'static str, event: &'static str) -> Refusal {
    Refusal::WrongState {
        thing: "source",
        state,
        event,
    }
}
