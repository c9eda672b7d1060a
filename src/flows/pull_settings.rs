//! From where and with which token the history of a source is fetched. What is fetched is
//! believed, so it takes two persons, like a source's secret.

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::change::{Change, ChangeError, Deed, Thing, check_version, check_won};
use crate::banks::{Adapter, adapter_by_name};
use crate::domain::base_url::BaseUrl;
use crate::domain::ids::{SourceId, UserId};
use crate::domain::refusal::Refusal;
use crate::domain::source::{SourceState, check_second_person};
use crate::store::pulls::{self, PullRow, PulledAccount};
use crate::store::sources::{self, SourceRow};
use crate::store::{StoreError, Tx, locks};
use crate::vault::Key;

/// How the history of a source is fetched, and how far it is read.
#[derive(Clone, Debug)]
pub struct KnownPull {
    /// The setting.
    pub pull: PullRow,
    /// Its accounts.
    pub accounts: Vec<PulledAccount>,
}

/// Why a setting is not changed.
#[derive(Debug, thiserror::Error)]
pub enum PullSettingError {
    /// The vendor of this format offers no history.
    #[error("the vendor of this format offers no history")]
    NoHistory,
    /// The rules of changes do not allow it.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

impl From<StoreError> for PullSettingError {
    fn from(error: StoreError) -> Self {
        Self::Change(error.into())
    }
}

impl From<Refusal> for PullSettingError {
    fn from(refusal: Refusal) -> Self {
        Self::Change(refusal.into())
    }
}

/// The name under which a source's token is sealed.
pub fn token_name(source: SourceId) -> String {
    format!("{source}:pull_token")
}

/// Asks for an address and a token. Those in use stay so until another person approves.
pub async fn propose(
    tx: &mut Tx,
    change: &Change<'_>,
    master_key: &Key,
    id: SourceId,
    (base, token): (&BaseUrl, &SecretString),
) -> Result<KnownPull, PullSettingError> {
    let source = find_source(tx, id).await?;
    let adapter = adapter_by_name(&source.adapter);
    if adapter.and_then(Adapter::history).is_none() {
        return Err(PullSettingError::NoHistory);
    }
    if matches!(source.state()?, SourceState::Discarded { .. }) {
        return Err(wrong_state("discarded", "set_pull").into());
    }
    locks::source(tx, id).await?;
    let nonce = change.entropy.bytes();
    let sealed = master_key.seal(&token_name(id), nonce, token.expose_secret().as_bytes());
    let base = base.to_string();
    pulls::propose(tx, id, (&base, &sealed), change.actor, change.now).await?;
    let detail = json!({"base_url": base});
    change
        .record(tx, deed("source.propose_pull", id, detail))
        .await?;
    known(tx, id).await
}

/// Puts the waiting address and token in use. `expected` is the version of the setting that
/// the caller has seen, if it says so.
pub async fn adopt(
    tx: &mut Tx,
    change: &Change<'_>,
    (id, expected): (SourceId, Option<i64>),
) -> Result<KnownPull, PullSettingError> {
    find_source(tx, id).await?;
    let before = pulls::find(tx, id).await?;
    let before = before.ok_or(ChangeError::NotFound(Thing::Subject))?;
    check_version(expected, before.version)?;
    let Some(requested_by) = before.next_requested_by else {
        return Err(wrong_state("without a waiting pull setting", "approve_pull").into());
    };
    check_second_person(UserId::from_uuid(requested_by), change.actor)?;
    let adopted = pulls::adopt(tx, id, before.version, change.actor, change.now);
    check_won(adopted.await?)?;
    let detail = json!({"base_url": before.next_base_url});
    change
        .record(tx, deed("source.adopt_pull", id, detail))
        .await?;
    known(tx, id).await
}

/// Stops fetching and forgets the address and the token, in use or waiting.
pub async fn forget(
    tx: &mut Tx,
    change: &Change<'_>,
    id: SourceId,
) -> Result<(), PullSettingError> {
    find_source(tx, id).await?;
    if !pulls::forget(tx, id).await? {
        return Err(ChangeError::NotFound(Thing::Subject).into());
    }
    let deed = deed("source.forget_pull", id, json!({}));
    Ok(change.record(tx, deed).await?)
}

/// Asks for a pull at once.
pub async fn demand(
    tx: &mut Tx,
    change: &Change<'_>,
    id: SourceId,
) -> Result<KnownPull, PullSettingError> {
    let source = find_source(tx, id).await?;
    let state = source.state()?;
    if !matches!(state, SourceState::Active(_)) {
        return Err(wrong_state(state.status().as_str(), "pull").into());
    }
    if !pulls::demand(tx, id, change.now).await? {
        return Err(wrong_state("without a pull setting in use", "pull").into());
    }
    change
        .record(tx, deed("source.demand_pull", id, json!({})))
        .await?;
    known(tx, id).await
}

/// How the history of a source is fetched, if it is.
pub async fn read(tx: &mut Tx, id: SourceId) -> Result<Option<KnownPull>, StoreError> {
    let Some(pull) = pulls::find(tx, id).await? else {
        return Ok(None);
    };
    let accounts = pulls::accounts(tx, id).await?;
    Ok(Some(KnownPull { pull, accounts }))
}

async fn known(tx: &mut Tx, id: SourceId) -> Result<KnownPull, PullSettingError> {
    let known = read(tx, id).await?;
    Ok(known.ok_or(ChangeError::NotFound(Thing::Subject))?)
}

async fn find_source(tx: &mut Tx, id: SourceId) -> Result<SourceRow, PullSettingError> {
    let found = sources::find(tx, id).await?;
    Ok(found.ok_or(ChangeError::NotFound(Thing::Subject))?)
}

fn wrong_state(state: &'static str, event: &'static str) -> Refusal {
    Refusal::WrongState {
        thing: "source",
        state,
        event,
    }
}

fn deed(kind: &'static str, id: SourceId, detail: serde_json::Value) -> Deed {
    Deed {
        kind,
        subject: id.to_string(),
        merchant: None,
        outlet: None,
        detail,
    }
}
