//! Sources: asked for by one person, let in by another; their secrets changed the same way.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret;
use serde_json::json;

use super::change::{Change, ChangeError, Deed, Thing, UniqueValue, check_version, check_won};
use super::pull_settings::{self, KnownPull};
use super::receive_notice::secret_name;
use crate::banks::{
    Adapter, Credentials, CredentialsFault, SECRET_BYTES, Secret, adapter_by_name, fingerprint,
};
use crate::domain::day::to_rfc3339;
use crate::domain::entry_rules::EntryRules;
use crate::domain::ids::{AccountId, SourceId, UserId};
use crate::domain::refusal::Refusal;
use crate::domain::source::{SourceEvent, SourceName, SourceState, check_second_person};
use crate::domain::source_health::Health;
use crate::store::reach::Reach;
use crate::store::source_states::{self, accounts_of};
use crate::store::sources::{self, NewSource, SourceRow};
use crate::store::{StoreError, Tx, account_links, accounts, inconsistent, source_health};
use crate::vault::Key;

/// How long the secret before a new one stays good at most.
pub const OVERLAP_MAX: TimeDelta = TimeDelta::days(30);

/// A source to ask for.
#[derive(Clone)]
pub struct SourceRequest {
    /// The last part of its address.
    pub name: SourceName,
    /// The format it speaks.
    pub adapter: &'static dyn Adapter,
    /// The secret that the vendor made; made here when absent.
    pub secret: Option<Secret>,
    /// A sender's public key.
    pub ed25519_public_key: Option<String>,
    /// Terminal or partner numbers.
    pub config: BTreeMap<String, String>,
    /// How old or early a signed time may be, seconds.
    pub tolerance_s: u32,
    /// The accounts it may speak for.
    pub accounts: Vec<AccountId>,
    /// Who may speak to it.
    pub entry: EntryRules,
}

/// A source as it stands, with the secret when it was made here just now.
#[derive(Clone, Debug)]
pub struct KnownSource {
    /// The source.
    pub source: SourceRow,
    /// The accounts it may speak for.
    pub accounts: Vec<AccountId>,
    /// How it is heard now.
    pub health: Health,
    /// How its history is fetched, if it is.
    pub pull: Option<KnownPull>,
    /// A secret made here, to be shown this once.
    pub made_secret: Option<Secret>,
}

/// Why a source is not registered or changed.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Its secret, key or settings do not fit its format.
    #[error(transparent)]
    Credentials(#[from] CredentialsFault),
    /// The account at this place of the list does not exist.
    #[error("there is no account at place {0} of the list")]
    UnknownAccount(usize),
    /// Its format names no account, so it speaks for one only.
    #[error("a source of this format is bound to one account only")]
    OneAccountOnly,
    /// The rules of changes do not allow it.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

impl From<StoreError> for SourceError {
    fn from(error: StoreError) -> Self {
        Self::Change(error.into())
    }
}

impl From<Refusal> for SourceError {
    fn from(refusal: Refusal) -> Self {
        Self::Change(refusal.into())
    }
}

/// Asks for a source.
pub async fn request(
    tx: &mut Tx,
    change: &Change<'_>,
    master_key: &Key,
    new: SourceRequest,
) -> Result<KnownSource, SourceError> {
    let (secret, made_secret) = choose_secret(change, new.adapter, new.secret.clone())?;
    let credentials = Credentials {
        ed25519_public_key: new.ed25519_public_key.clone(),
        config: new.config.clone(),
        tolerance_s: new.tolerance_s,
        ..Credentials::new(secret.clone())
    };
    new.adapter.check(&credentials)?;
    if !new.adapter.names_account() && new.accounts.len() > 1 {
        return Err(SourceError::OneAccountOnly);
    }
    let id = SourceId::from_uuid(change.uuid());
    let source = NewSource {
        id,
        requested_by: change.actor,
        name: new.name.as_str().to_owned(),
        adapter: new.adapter.name().to_owned(),
        tolerance_s: new.tolerance_s.into(),
        config: json!(new.config).to_string(),
        secret_sealed: seal(change, master_key, id, &secret),
        ed25519_public_key: new.ed25519_public_key,
        entry: new.entry,
        now: change.now,
    };
    if !sources::insert(tx, &source).await? {
        return Err(ChangeError::Taken(UniqueValue::SourceName).into());
    }
    for (place, account) in new.accounts.iter().enumerate() {
        let found = accounts::find(tx, Reach::Everything, *account).await?;
        found.ok_or(SourceError::UnknownAccount(place))?;
        sources::bind_account(tx, id, *account, change.now).await?;
    }
    let detail = json!({
        "name": source.name,
        "adapter": source.adapter,
        "accounts": new.accounts.len(),
        "public_key": told_key(&secret),
        "entry_rules": source.entry.to_string(),
    });
    change
        .record(tx, deed("source.request", id, detail))
        .await?;
    known(tx, id, made_secret, change.now).await
}

/// Takes a source one step further. `expected` is the version that the caller has seen, if it
/// says so.
pub async fn step(
    tx: &mut Tx,
    change: &Change<'_>,
    (id, expected): (SourceId, Option<i64>),
    event: SourceEvent,
) -> Result<KnownSource, SourceError> {
    let before = find(tx, (id, expected)).await?;
    let from = before.state()?;
    let to = from.transition(event, change.actor)?;
    check_won(source_states::update_state(tx, id, before.version, to).await?)?;
    let kind = match event {
        SourceEvent::Approve => "source.approve",
        SourceEvent::Discard => "source.discard",
        SourceEvent::Disable => "source.disable",
        SourceEvent::Enable => "source.enable",
    };
    let detail = json!({"from": from.status().as_str(), "to": to.status().as_str()});
    change.record(tx, deed(kind, id, detail)).await?;
    known(tx, id, None, change.now).await
}

/// Lets a source speak for one more account; one whose trader was asked for a link only with
/// the trader's consent.
pub async fn bind(
    tx: &mut Tx,
    change: &Change<'_>,
    id: SourceId,
    account: AccountId,
) -> Result<KnownSource, SourceError> {
    let source = find(tx, (id, None)).await?;
    let found = accounts::find(tx, Reach::Everything, account).await?;
    found.ok_or(SourceError::UnknownAccount(0))?;
    let mut bound = accounts_of(tx, id).await?.into_iter();
    if !adapter_of(&source)?.names_account() && bound.any(|bound| bound != account) {
        return Err(SourceError::OneAccountOnly);
    }
    let link = account_links::newest(tx, account, id).await?;
    if link.is_some_and(|link| link.state.consent().is_none()) {
        return Err(Refusal::NoConsent.into());
    }
    sources::bind_account(tx, id, account, change.now).await?;
    changed_accounts(tx, change, id, "source.bind", account).await
}

/// Takes an account from a source: its notices about it are kept and make no payment.
pub async fn unbind(
    tx: &mut Tx,
    change: &Change<'_>,
    id: SourceId,
    account: AccountId,
) -> Result<KnownSource, SourceError> {
    find(tx, (id, None)).await?;
    if !source_states::unbind_account(tx, id, account, change.now).await? {
        return Err(ChangeError::NotFound(Thing::Subject).into());
    }
    changed_accounts(tx, change, id, "source.unbind", account).await
}

async fn changed_accounts(
    tx: &mut Tx,
    change: &Change<'_>,
    id: SourceId,
    kind: &'static str,
    account: AccountId,
) -> Result<KnownSource, SourceError> {
    source_states::touch(tx, id).await?;
    let detail = json!({"account_id": account.to_string()});
    change.record(tx, deed(kind, id, detail)).await?;
    known(tx, id, None, change.now).await
}

/// Asks for a new secret, the vendor's or one made here. The present one stays in use until
/// another person approves.
pub async fn propose_secret(
    tx: &mut Tx,
    change: &Change<'_>,
    master_key: &Key,
    which: (SourceId, Option<i64>),
    secret: Option<Secret>,
) -> Result<KnownSource, SourceError> {
    let before = find(tx, which).await?;
    let (id, _) = which;
    let adapter = adapter_of(&before)?;
    if matches!(before.state()?, SourceState::Discarded { .. }) {
        return Err(wrong_state(&before, "rotate").into());
    }
    let (secret, made_secret) = choose_secret(change, adapter, secret)?;
    let credentials = Credentials {
        ed25519_public_key: before.ed25519_public_key.clone(),
        config: serde_json::from_str(&before.config)
            .map_err(|_| inconsistent("sources", "config", before.id))?,
        ..Credentials::new(secret.clone())
    };
    adapter.check(&credentials)?;
    let sealed = seal(change, master_key, id, &secret);
    let won =
        source_states::propose_secret(tx, id, before.version, &sealed, change.actor, change.now);
    check_won(won.await?)?;
    let detail = json!({"public_key": told_key(&secret)});
    let deed = deed("source.propose_secret", id, detail);
    change.record(tx, deed).await?;
    known(tx, id, made_secret, change.now).await
}

/// Puts the waiting secret in use. For `overlap` the one before proves notices too, so that
/// the vendor can change over without losing one.
pub async fn adopt_secret(
    tx: &mut Tx,
    change: &Change<'_>,
    which: (SourceId, Option<i64>),
    overlap: TimeDelta,
) -> Result<KnownSource, SourceError> {
    let before = find(tx, which).await?;
    let (id, _) = which;
    let Some(requested_by) = before.next_secret_requested_by else {
        return Err(wrong_state(&before, "approve_secret").into());
    };
    check_second_person(UserId::from_uuid(requested_by), change.actor)?;
    let until: DateTime<Utc> = change.now + overlap;
    let adopted = source_states::adopt_secret(tx, id, before.version, until, change.now);
    check_won(adopted.await?)?;
    let detail = json!({"previous_until": to_rfc3339(until)});
    change
        .record(tx, deed("source.adopt_secret", id, detail))
        .await?;
    known(tx, id, None, change.now).await
}

/// A source as it stands at `now`.
pub async fn read(
    tx: &mut Tx,
    id: SourceId,
    now: DateTime<Utc>,
) -> Result<KnownSource, SourceError> {
    known(tx, id, None, now).await
}

/// Sources as they stand at `now`, in the order of their creation, after the given one.
pub async fn list(
    tx: &mut Tx,
    after: Option<SourceId>,
    limit: u32,
    now: DateTime<Utc>,
) -> Result<Vec<KnownSource>, StoreError> {
    let rows = sources::list(tx, after, limit).await?;
    let heard = source_health::known_now(tx, None, now).await?.into_iter();
    let health: HashMap<_, _> = heard.map(|it| (it.id, it.health_at(now))).collect();
    let mut known = Vec::new();
    for source in rows {
        let id = SourceId::from_uuid(source.id);
        known.push(KnownSource {
            accounts: accounts_of(tx, id).await?,
            health: *health.get(&id).ok_or_else(|| unheard_of(id))?,
            pull: pull_settings::read(tx, id).await?,
            source,
            made_secret: None,
        });
    }
    Ok(known)
}

pub(super) async fn known(
    tx: &mut Tx,
    id: SourceId,
    made_secret: Option<Secret>,
    now: DateTime<Utc>,
) -> Result<KnownSource, SourceError> {
    let source = find(tx, (id, None)).await?;
    let heard = source_health::known_now(tx, Some(id), now).await?;
    Ok(KnownSource {
        source,
        accounts: accounts_of(tx, id).await?,
        health: heard.first().ok_or_else(|| unheard_of(id))?.health_at(now),
        pull: pull_settings::read(tx, id).await?,
        made_secret,
    })
}

/// A source that was there a moment ago cannot have gone: none is ever removed.
fn unheard_of(id: SourceId) -> StoreError {
    inconsistent("sources", "id", id)
}

pub(super) async fn find(
    tx: &mut Tx,
    (id, expected): (SourceId, Option<i64>),
) -> Result<SourceRow, SourceError> {
    let found = sources::find(tx, id).await?;
    let source = found.ok_or(ChangeError::NotFound(Thing::Subject))?;
    check_version(expected, source.version)?;
    Ok(source)
}

/// The vendor's secret, or a fresh one together with the copy that is shown once.
fn choose_secret(
    change: &Change<'_>,
    adapter: &dyn Adapter,
    given: Option<Secret>,
) -> Result<(Secret, Option<Secret>), CredentialsFault> {
    if let Some(given) = given {
        return Ok((given, None));
    }
    let random: [u8; SECRET_BYTES] = change.entropy.bytes();
    let made = adapter.make_secret(&random);
    let made = made.ok_or(CredentialsFault::SecretFromVendor)?;
    Ok((made.clone(), Some(made)))
}

fn adapter_of(source: &SourceRow) -> Result<&'static dyn Adapter, StoreError> {
    adapter_by_name(&source.adapter).ok_or_else(|| inconsistent("sources", "adapter", source.id))
}

fn seal(change: &Change<'_>, master_key: &Key, id: SourceId, secret: &Secret) -> Vec<u8> {
    let (nonce, stored) = (change.entropy.bytes(), secret.to_stored());
    master_key.seal(&secret_name(id), nonce, stored.expose_secret().as_bytes())
}

/// What the second person compares with the bank before a public key is put in use; nothing
/// of a secret.
fn told_key(secret: &Secret) -> Option<serde_json::Value> {
    match secret {
        Secret::PublicKey { algorithm, key } => {
            Some(json!({"algorithm": algorithm, "sha256": fingerprint(key)}))
        }
        Secret::Text(_) | Secret::Login { .. } => None,
    }
}

fn wrong_state(source: &SourceRow, event: &'static str) -> Refusal {
    let state = if source.state == "discarded" {
        "discarded"
    } else {
        "without a waiting secret"
    };
    Refusal::WrongState {
        thing: "source",
        state,
        event,
    }
}

pub(super) fn deed(kind: &'static str, id: SourceId, detail: serde_json::Value) -> Deed {
    Deed {
        kind,
        subject: id.to_string(),
        merchant: None,
        outlet: None,
        detail,
    }
}
