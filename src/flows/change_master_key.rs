//! Changing the master key: everything that rests sealed under it is sealed anew, all or
//! nothing.
//!
//! The change is one transaction. Interrupted before its commit it has not happened, and the
//! old key is the good one; after it the new one is. Whoever runs it again finds everything
//! under the new key and changes nothing. A process that still has the old key in memory
//! would answer every notice as unavailable until it is started again, so the command that
//! calls this makes sure that none runs.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::intake::body_key_name;
use super::linking::hash_key_name;
use super::pull_settings::token_name;
use super::receive_notice::secret_name;
use super::trial::trial_secret_name;
use crate::domain::ids::{SourceId, TrialId};
use crate::entropy::Entropy;
use crate::store::audit::{self, AuditEntry};
use crate::store::{Store, StoreError, sealed_values};
use crate::vault::Key;

/// The audit chain of what the program does by itself.
const CHAIN: &str = "housekeeping";

/// From which key to which.
pub struct KeyChange<'a> {
    /// The key until now.
    pub old: &'a Key,
    /// The key from now on.
    pub new: &'a Key,
    /// Draws the nonces.
    pub entropy: &'a Entropy,
    /// The present.
    pub now: DateTime<Utc>,
}

/// What a change came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Values that were sealed anew.
    pub changed: u64,
    /// Values that were under the new key already.
    pub unchanged: u64,
}

/// Why the key is not changed.
#[derive(Debug, thiserror::Error)]
pub enum KeyChangeError {
    /// A value opens under neither key; nothing was changed.
    #[error("the value {0} opens under neither key; nothing was changed")]
    Unreadable(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Seals the values of one column anew; each rests under a name that follows from its key.
macro_rules! reseal_column {
    ($change:expr, $tx:ident, $done:ident, $read:ident, $put:ident, $name:expr) => {
        for (key, sealed) in sealed_values::$read(&mut $tx).await? {
            match $change.anew(&$name(key.clone()), &sealed)? {
                Some(anew) => {
                    sealed_values::$put(&mut $tx, key, &anew).await?;
                    $done.changed += 1;
                }
                None => $done.unchanged += 1,
            }
        }
    };
}

impl KeyChange<'_> {
    /// Seals everything under the new key.
    pub async fn run(&self, store: &Store) -> Result<Resealed, KeyChangeError> {
        let mut tx = store.begin_write().await?;
        let mut done = Resealed::default();
        let of_source = |id| secret_name(SourceId::from_uuid(id));
        let of_token = |id| token_name(SourceId::from_uuid(id));
        let of_trial = |id| trial_secret_name(TrialId::from_uuid(id));
        let of_hash = |name: String| hash_key_name(&name);
        reseal_column!(self, tx, done, secrets, put_secret, of_source);
        reseal_column!(
            self,
            tx,
            done,
            previous_secrets,
            put_previous_secret,
            of_source
        );
        reseal_column!(self, tx, done, next_secrets, put_next_secret, of_source);
        reseal_column!(self, tx, done, body_keys, put_body_key, body_key_name);
        reseal_column!(self, tx, done, hash_keys, put_hash_key, of_hash);
        reseal_column!(self, tx, done, pull_tokens, put_pull_token, of_token);
        reseal_column!(
            self,
            tx,
            done,
            next_pull_tokens,
            put_next_pull_token,
            of_token
        );
        reseal_column!(self, tx, done, trial_secrets, put_trial_secret, of_trial);
        if done.changed > 0 {
            let entry = AuditEntry {
                at: self.now,
                actor: "phocho".to_owned(),
                action: "master_key.change",
                subject: "master_key".to_owned(),
                detail: json!({"values": done.changed}),
            };
            audit::append(&mut tx, CHAIN, &[entry]).await?;
        }
        tx.commit().await?;
        Ok(done)
    }

    /// The value under the new key; `None` when it is there already.
    fn anew(&self, name: &str, sealed: &[u8]) -> Result<Option<Vec<u8>>, KeyChangeError> {
        let Ok(value) = self.old.open(name, sealed) else {
            if self.new.open(name, sealed).is_err() {
                return Err(KeyChangeError::Unreadable(name.to_owned()));
            }
            return Ok(None);
        };
        Ok(Some(self.new.seal(name, self.entropy.bytes(), &value)))
    }
}
