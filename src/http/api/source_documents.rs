//! A source as the API writes it, and the secret that is shared with its vendor.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::registry::Versioned;
use super::source_entry::EntryRulesDocument;
use super::source_pulls::PullDocument;
use crate::banks::Secret;
use crate::domain::day::to_rfc3339;
use crate::domain::ids::{SourceId, UserId};
use crate::domain::source_health::Health;
use crate::flows::register_source::KnownSource;
use crate::http::problem::Problem;

/// A vendor account at a bank or aggregator.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Source, example = json!({
    "id": "src_01920000000070008000000000000001",
    "name": "sepay",
    "callback_path": "/v1/callbacks/sepay",
    "adapter": "sepay_hmac",
    "state": "active",
    "ed25519_public_key": null,
    "config": {},
    "tolerance_s": 300,
    "account_ids": ["acc_01920000000070008000000000000001"],
    "health": {
        "state": "live",
        "last_heard_at": "2026-11-24T10:30:00+07:00",
        "expected_notices": 1,
        "usual_gap_s": null,
    },
    "pull": null,
    "requested_by": "usr_01920000000070008000000000000001",
    "approved_by": "usr_01920000000070008000000000000002",
    "secret_created_at": "2026-11-23T09:00:00+07:00",
    "secret_last_used_at": "2026-11-24T10:30:00+07:00",
    "previous_secret_expires_at": null,
    "previous_secret_last_used_at": null,
    "next_secret_requested_by": null,
    "next_secret_created_at": null,
    "entry_rules": {"addresses": ["203.0.113.0/24"], "certificates_sha256": []},
    "next_entry_rules": null,
    "next_entry_requested_by": null,
    "next_entry_created_at": null,
    "created_at": "2026-11-23T09:00:00+07:00",
    "version": 2,
}))]
pub struct SourceDocument {
    id: String,
    name: String,
    /// Where its notices are posted.
    callback_path: String,
    adapter: String,
    /// `pending`, `active`, `disabled` or `discarded`.
    state: &'static str,
    ed25519_public_key: Option<String>,
    config: BTreeMap<String, String>,
    tolerance_s: i64,
    /// The accounts it may speak for.
    account_ids: Vec<String>,
    health: HealthDocument,
    /// How its history is fetched; null when it is not.
    pull: Option<PullDocument>,
    requested_by: String,
    approved_by: Option<String>,
    secret_created_at: String,
    /// When a notice was last proved with the secret in use.
    secret_last_used_at: Option<String>,
    /// Until when the secret before it is good.
    previous_secret_expires_at: Option<String>,
    /// When a notice was last proved with the secret before.
    previous_secret_last_used_at: Option<String>,
    /// Who asked for the secret that waits for a second person.
    next_secret_requested_by: Option<String>,
    next_secret_created_at: Option<String>,
    /// Who may speak to it.
    entry_rules: EntryRulesDocument,
    /// The rules that wait for a second person.
    next_entry_rules: Option<EntryRulesDocument>,
    /// Who asked for them.
    next_entry_requested_by: Option<String>,
    next_entry_created_at: Option<String>,
    created_at: String,
    version: i64,
}

/// How a source is heard, judged by its own rhythm before it was last heard: the hours of the
/// week once it is known for four weeks, days before that.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SourceHealth)]
pub struct HealthDocument {
    /// `live`, `late` (silent for longer than usual), `silent` (for longer than chance
    /// explains, or never heard) or `closed` (not let in, or switched off).
    state: &'static str,
    /// Its last authentic delivery of any kind.
    last_heard_at: Option<String>,
    /// How many notices the same hours of the weeks before brought on average: `late` from
    /// three on, `silent` from eight on; null for one that is judged by days.
    expected_notices: Option<i64>,
    /// How long it is silent as a rule, in seconds; null for one that is judged by the hours
    /// of the week or was never heard.
    usual_gap_s: Option<i64>,
}

/// A source, with its secret when that was made here just now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IssuedSource, example = json!({
    "source": {
        "id": "src_01920000000070008000000000000001",
        "name": "sepay",
        "callback_path": "/v1/callbacks/sepay",
        "adapter": "sepay_hmac",
        "state": "pending",
    },
    "secret": "6f1d…",
}))]
pub struct IssuedSourceDocument {
    source: SourceDocument,
    /// For the vendor's page; null when the vendor made it. Nobody can show it again.
    secret: Option<SecretDocument>,
}

impl SourceDocument {
    /// The source as it stands.
    pub(super) fn new(known: KnownSource) -> Result<Self, Problem> {
        let KnownSource {
            source,
            accounts,
            health,
            pull,
            ..
        } = known;
        let (state, entry, next) = (source.state()?, source.entry()?, source.next_entry()?);
        let person = |id: Uuid| UserId::from_uuid(id).to_string();
        Ok(Self {
            id: SourceId::from_uuid(source.id).to_string(),
            callback_path: format!("/v1/callbacks/{}", source.name),
            name: source.name,
            adapter: source.adapter,
            state: state.status().as_str(),
            ed25519_public_key: source.ed25519_public_key,
            config: serde_json::from_str(&source.config).unwrap_or_default(),
            tolerance_s: source.tolerance_s,
            account_ids: accounts.iter().map(ToString::to_string).collect(),
            health: health.into(),
            pull: pull.map(PullDocument::from),
            requested_by: state.requested_by().to_string(),
            approved_by: state.approved_by().map(|it| it.to_string()),
            secret_created_at: to_rfc3339(source.secret_created_at),
            secret_last_used_at: source.secret_last_used_at.map(to_rfc3339),
            previous_secret_expires_at: source.previous_secret_expires_at.map(to_rfc3339),
            previous_secret_last_used_at: source.previous_secret_last_used_at.map(to_rfc3339),
            next_secret_requested_by: source.next_secret_requested_by.map(person),
            next_secret_created_at: source.next_secret_created_at.map(to_rfc3339),
            entry_rules: EntryRulesDocument::new(&entry),
            next_entry_rules: next.as_ref().map(EntryRulesDocument::new),
            next_entry_requested_by: source.next_entry_requested_by.map(person),
            next_entry_created_at: source.next_entry_created_at.map(to_rfc3339),
            created_at: to_rfc3339(source.created_at),
            version: source.version,
        })
    }
}

impl IssuedSourceDocument {
    /// The source, and the secret that was made here.
    pub(super) fn new(mut known: KnownSource) -> Result<Self, Problem> {
        let secret = known.made_secret.take().map(SecretDocument::from);
        let source = SourceDocument::new(known)?;
        Ok(Self { source, secret })
    }
}

impl From<Health> for HealthDocument {
    fn from(health: Health) -> Self {
        Self {
            state: health.state.as_str(),
            last_heard_at: health.last_heard_at.map(to_rfc3339),
            expected_notices: health.expected,
            usual_gap_s: health.usual_gap.map(|gap| gap.num_seconds()),
        }
    }
}

/// What proves a vendor: a secret text, the login of `vietqr_vn`, whose vendor logs in here,
/// or the public key of a bank that shares no secret.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = SourceSecret, example = json!("6f1d…"))]
pub enum SecretDocument {
    /// A key or a token.
    Text(String),
    /// A name and a password.
    Login(LoginDocument),
    /// A public key.
    Key(KeyDocument),
}

/// The name and password with which a vendor logs in.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SourceLogin, example = json!({"username": "vietqr-1f2e3d4c", "password": "6f1d…"}))]
pub struct LoginDocument {
    /// Without a colon.
    username: String,
    /// 12 bytes or more.
    password: String,
}

/// A bank's public key, for formats of our own contract, and the one way it is used.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SourceKey, example = json!({
    "algorithm": "rsa_pss_sha256",
    "public_key": "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A…\n-----END PUBLIC KEY-----",
}))]
pub struct KeyDocument {
    /// `rsa_pss_sha256`, `rsa_pkcs1_sha256`, `jws_rs256`, `jws_ps256`, `jws_es256` or
    /// `jws_eddsa`: a notice cannot choose another.
    algorithm: String,
    /// PEM. An RSA key has 2048 bits or more.
    public_key: String,
}

impl From<SecretDocument> for Secret {
    fn from(document: SecretDocument) -> Self {
        match document {
            // As it will be read from the store, so that what is checked is what is used.
            SecretDocument::Text(text) => Self::from_stored(&text),
            SecretDocument::Login(login) => Self::login(login.username, login.password),
            SecretDocument::Key(key) => Self::public_key(key.algorithm, key.public_key),
        }
    }
}

impl From<Secret> for SecretDocument {
    fn from(secret: Secret) -> Self {
        match secret {
            Secret::Text(text) => Self::Text(text.expose_secret().to_owned()),
            Secret::Login { username, password } => Self::Login(LoginDocument {
                username,
                password: password.expose_secret().to_owned(),
            }),
            Secret::PublicKey { algorithm, key } => Self::Key(KeyDocument {
                algorithm,
                public_key: key,
            }),
        }
    }
}

impl std::fmt::Debug for SecretDocument {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SecretDocument(…)")
    }
}

/// A source with its version.
pub(super) fn shown(known: KnownSource) -> Result<Versioned<SourceDocument>, Problem> {
    let version = known.source.version;
    Ok(Versioned(version, SourceDocument::new(known)?))
}
