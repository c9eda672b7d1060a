//! Trials of a bank's engineer: made by anybody, bounded in number, gone after a day.
//!
//! A trial speaks for an invented account and knows one reference that nobody was issued. It
//! is judged by the code that judges real notices, and writes to its own tables only: no audit
//! entry and no event, because nothing of it is kept.

mod receive;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::intake::Ledger;
use crate::banks::{Adapter, Credentials, CredentialsFault, Secret, adapter_by_name};
use crate::domain::access::TrialSecret;
use crate::domain::day::to_microseconds;
use crate::domain::ids::TrialId;
use crate::domain::trial::{Check, Standing, standing};
use crate::store::trials::deliveries::{self, TrialDelivery};
use crate::store::trials::{self, Trial};
use crate::store::{StoreError, inconsistent};
use secrecy::ExposeSecret;

pub use receive::{TrialArrival, TrialReception, receive};

/// How long a trial lives, in hours.
pub const TRIAL_HOURS: i64 = 24;
/// How many trials there are at once.
pub const TRIALS_MAX: i64 = 500;
/// After how many minutes a trial to which nothing came makes way for another one.
const UNUSED_MINUTES: i64 = 60;
/// The most settings of a format that are invented.
const SETTINGS_MAX: usize = 8;
/// Digits of an invented account number behind its first two.
const ACCOUNT_DIGITS: usize = 11;
/// Digits of an invented setting.
const SETTING_DIGITS: usize = 8;

/// A trial to make.
pub struct TrialWish {
    /// The format that is tried.
    pub adapter: &'static dyn Adapter,
    /// The sender's key, where the format takes one.
    pub ed25519_public_key: Option<String>,
}

/// A trial that was made just now, with what is shown once.
pub struct OpenedTrial {
    /// The trial.
    pub trial: KnownTrial,
    /// What signs its notices.
    pub secret: Secret,
    /// What reads it.
    pub token: TrialSecret,
}

/// A trial, and the format that it tries.
pub struct KnownTrial {
    /// As stored.
    pub row: Trial,
    /// Its format.
    pub adapter: &'static dyn Adapter,
    /// What else the format needs, invented.
    pub config: BTreeMap<String, String>,
}

/// A trial with what came to it, and what that showed.
pub struct TrialRecord {
    /// The trial.
    pub trial: KnownTrial,
    /// The deliveries that are kept, the newest first.
    pub deliveries: Vec<TrialDelivery>,
    /// How many deliveries came to what.
    pub counts: Vec<(String, i64)>,
    passed: Vec<(Check, i64, DateTime<Utc>)>,
}

/// Why no trial is made.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// There are too many.
    #[error("there are too many trials")]
    TooMany,
    /// The format does not take the key.
    #[error(transparent)]
    Credentials(#[from] CredentialsFault),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl KnownTrial {
    fn read(row: Trial) -> Result<Self, StoreError> {
        let adapter = adapter_by_name(&row.adapter)
            .ok_or_else(|| inconsistent("trials", "adapter", row.id))?;
        let config = serde_json::from_str(&row.config)
            .map_err(|_| inconsistent("trials", "config", row.id))?;
        Ok(Self {
            row,
            adapter,
            config,
        })
    }

    /// Its id.
    pub fn id(&self) -> TrialId {
        TrialId::from_uuid(self.row.id)
    }

    /// What the vendor appends to the trial's address; nothing where it calls the address
    /// itself.
    pub fn paths_below(&self) -> &'static [&'static str] {
        match self.adapter.paths() {
            [""] => &[],
            paths => paths,
        }
    }

    fn credentials(&self, ledger: &Ledger) -> Result<Credentials, StoreError> {
        let sealed = &self.row.secret_sealed;
        let opened = ledger
            .master_key
            .open(&trial_secret_name(self.id()), sealed)
            .ok();
        let text = opened.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
        let text = text.ok_or_else(|| inconsistent("trials", "secret_sealed", self.row.id))?;
        let mut credentials = Credentials::new(Secret::from_stored(&text));
        credentials
            .ed25519_public_key
            .clone_from(&self.row.ed25519_public_key);
        credentials.config.clone_from(&self.config);
        Ok(credentials)
    }
}

impl TrialRecord {
    /// How each check stands, in the order in which they are best tried.
    pub fn standings(&self) -> Vec<(Check, Standing)> {
        let tells = self.trial.adapter.tells();
        let stand = |check: Check| {
            let mut passed = self.passed.iter();
            let passed = passed.find(|(name, _, _)| *name == check);
            let passed = passed.map(|(_, number, at)| (*number, *at));
            let recent = self.deliveries.iter();
            let recent = recent.map(|it| (it.number, &it.findings));
            (check, standing(check, tells, passed, recent))
        };
        Check::ALL.into_iter().map(stand).collect()
    }

    /// When the last check was shown that the format can show; `None` while one is missing.
    pub fn passed_at(&self) -> Option<DateTime<Utc>> {
        let standings = self.standings();
        let complete = standings.iter().all(|(_, standing)| standing.is_complete());
        let shown = standings.iter().filter_map(|(_, standing)| match standing {
            Standing::Passed { at, .. } => Some(*at),
            _ => None,
        });
        shown.max().filter(|_| complete)
    }
}

/// Makes a trial.
pub async fn open(
    ledger: &Ledger,
    wish: TrialWish,
    now: DateTime<Utc>,
) -> Result<OpenedTrial, TrialError> {
    let now = to_microseconds(now);
    let TrialWish { adapter, .. } = wish;
    let credentials = invent(ledger, wish)?;
    let id = TrialId::from_uuid(ledger.entropy.uuid(now));
    let token = TrialSecret::new(ledger.entropy.bytes());
    let secret = credentials.current.clone();
    let stored = secret.to_stored();
    let row = Trial {
        id: id.uuid(),
        token_hash: token.hash().to_vec(),
        adapter: adapter.name().to_owned(),
        secret_sealed: ledger.master_key.seal(
            &trial_secret_name(id),
            ledger.entropy.bytes(),
            stored.expose_secret().as_bytes(),
        ),
        ed25519_public_key: credentials.ed25519_public_key,
        config: serde_json::to_string(&credentials.config)
            .map_err(|_| inconsistent("trials", "config", id))?,
        account_number: format!("99{}", digits::<ACCOUNT_DIGITS>(ledger)),
        reference: ledger.entropy.txn_ref().to_string(),
        created_at: now,
        expires_at: now + TimeDelta::hours(TRIAL_HOURS),
        deliveries: 0,
    };
    let mut tx = ledger.store.begin_write().await?;
    if trials::count(&mut tx).await? >= TRIALS_MAX {
        let ended = trials::ended(&mut tx, now, 1).await?;
        let unused_since = now - TimeDelta::minutes(UNUSED_MINUTES);
        let way = match ended.first() {
            Some(trial) => Some(*trial),
            None => trials::oldest_unused(&mut tx, unused_since).await?,
        };
        trials::remove(&mut tx, way.ok_or(TrialError::TooMany)?).await?;
    }
    trials::insert(&mut tx, &row).await?;
    tx.commit().await?;
    let trial = KnownTrial::read(row)?;
    Ok(OpenedTrial {
        trial,
        secret,
        token,
    })
}

/// A trial with all that came to it, for whoever shows its token. One that ended, is unknown
/// or belongs to another token is none.
pub async fn read(
    ledger: &Ledger,
    id: TrialId,
    token: &TrialSecret,
    now: DateTime<Utc>,
) -> Result<Option<TrialRecord>, StoreError> {
    let mut tx = ledger.store.begin_read().await?;
    let row = trials::find(&mut tx, id, now).await?;
    let Some(row) = row.filter(|row| row.token_hash == token.hash()) else {
        return Ok(None);
    };
    let deliveries = deliveries::list(&mut tx, id).await?;
    let counts = deliveries::counts(&mut tx, id).await?;
    let passed = deliveries::passed(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Some(TrialRecord {
        trial: KnownTrial::read(row)?,
        deliveries,
        counts,
        passed,
    }))
}

/// A secret and settings that the format takes.
fn invent(ledger: &Ledger, wish: TrialWish) -> Result<Credentials, CredentialsFault> {
    let random = ledger.entropy.bytes();
    let secret = wish.adapter.make_secret(&random);
    let secret = secret.unwrap_or_else(|| Secret::text(hex::encode(random)));
    let mut credentials = Credentials::new(secret);
    credentials.ed25519_public_key = wish.ed25519_public_key;
    for _ in 0..SETTINGS_MAX {
        let Err(CredentialsFault::MissingSetting(name)) = wish.adapter.check(&credentials) else {
            break;
        };
        let value = digits::<SETTING_DIGITS>(ledger);
        credentials.config.insert(name.to_owned(), value);
    }
    wish.adapter.check(&credentials)?;
    Ok(credentials)
}

/// Random digits, the first one no zero.
fn digits<const N: usize>(ledger: &Ledger) -> String {
    let random: [u8; N] = ledger.entropy.bytes();
    let digit = |(place, byte): (usize, &u8)| match place {
        0 => char::from(b'1' + byte % 9),
        _ => char::from(b'0' + byte % 10),
    };
    random.iter().enumerate().map(digit).collect()
}

/// The name under which a trial's secret is sealed.
pub fn trial_secret_name(trial: TrialId) -> String {
    format!("{trial}:secret")
}
