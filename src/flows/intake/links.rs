//! Links that come to life with a batch: a verified notice told of their account.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::record::Batch;
use crate::domain::account_link::LinkEvent;
use crate::domain::ids::{AccountId, SourceId};
use crate::store::StoreError;
use crate::store::account_links;
use crate::store::audit::AuditEntry;
use crate::store::events::NewEvent;

impl Batch<'_> {
    /// Makes the links live that waited for a notice about an account through a source. One
    /// whose consent has ended stays broken.
    pub(super) async fn enliven_links(&mut self) -> Result<(), StoreError> {
        for ((source, account), (at, speaker)) in std::mem::take(&mut self.heard_accounts) {
            self.enliven(source, account, at, speaker).await?;
        }
        Ok(())
    }

    async fn enliven(
        &mut self,
        source: SourceId,
        account: AccountId,
        at: DateTime<Utc>,
        speaker: String,
    ) -> Result<(), StoreError> {
        let Some(link) = account_links::waiting(&mut self.tx, account, source).await? else {
            return Ok(());
        };
        let from = link.state.status();
        let Ok(state) = link.state.transition(LinkEvent::Hear, at) else {
            return Ok(());
        };
        let moved = account_links::update_state(&mut self.tx, link.id, link.version, &state);
        // Whoever moved it at the same time had a reason; the next notice makes it live.
        if !moved.await? {
            return Ok(());
        }
        let detail = json!({"from": from.as_str()});
        let (kind, subject) = ("account_link.live", link.id.to_string());
        self.pending.entries.push(AuditEntry {
            at,
            actor: speaker,
            action: kind,
            subject: subject.clone(),
            detail: detail.clone(),
        });
        let event = NewEvent {
            id: self.event_id(at),
            at,
            kind,
            subject,
            merchant: Some(link.merchant),
            outlet: None,
            payload: detail,
        };
        self.pending.events.push(event);
        Ok(())
    }
}
