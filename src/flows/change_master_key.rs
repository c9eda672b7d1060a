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
use super::receive_notice::secret_name;
use crate::domain::ids::SourceId;
use crate::entropy::Entropy;
use crate::store::audit::{self, AuditEntry};
use crate::store::{Store, StoreError, Tx, sealed_values};
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

impl KeyChange<'_> {
    /// Seals everything under the new key.
    pub async fn run(&self, store: &Store) -> Result<Resealed, KeyChangeError> {
        let mut tx = store.begin_write().await?;
        let mut done = Resealed::default();
        for (id, sealed) in sealed_values::secrets(&mut tx).await? {
            let name = secret_name(SourceId::from_uuid(id));
            let put =
                async |tx: &mut Tx, sealed: &[u8]| sealed_values::put_secret(tx, id, sealed).await;
            self.reseal(&mut tx, &name, &sealed, put, &mut done).await?;
        }
        for (id, sealed) in sealed_values::previous_secrets(&mut tx).await? {
            let name = secret_name(SourceId::from_uuid(id));
            let put = async |tx: &mut Tx, sealed: &[u8]| {
                sealed_values::put_previous_secret(tx, id, sealed).await
            };
            self.reseal(&mut tx, &name, &sealed, put, &mut done).await?;
        }
        for (id, sealed) in sealed_values::next_secrets(&mut tx).await? {
            let name = secret_name(SourceId::from_uuid(id));
            let put = async |tx: &mut Tx, sealed: &[u8]| {
                sealed_values::put_next_secret(tx, id, sealed).await
            };
            self.reseal(&mut tx, &name, &sealed, put, &mut done).await?;
        }
        for (day, sealed) in sealed_values::body_keys(&mut tx).await? {
            let name = body_key_name(day);
            let put = async |tx: &mut Tx, sealed: &[u8]| {
                sealed_values::put_body_key(tx, day, sealed).await
            };
            self.reseal(&mut tx, &name, &sealed, put, &mut done).await?;
        }
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

    async fn reseal(
        &self,
        tx: &mut Tx,
        name: &str,
        sealed: &[u8],
        put: impl AsyncFnOnce(&mut Tx, &[u8]) -> Result<(), StoreError>,
        done: &mut Resealed,
    ) -> Result<(), KeyChangeError> {
        let Ok(value) = self.old.open(name, sealed) else {
            if self.new.open(name, sealed).is_err() {
                return Err(KeyChangeError::Unreadable(name.to_owned()));
            }
            done.unchanged += 1;
            return Ok(());
        };
        let anew = self.new.seal(name, self.entropy.bytes(), &value);
        put(tx, &anew).await?;
        done.changed += 1;
        Ok(())
    }
}
