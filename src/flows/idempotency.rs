//! Creating requests that may be sent again: the first answer is kept with its effect.
//!
//! The kept answer is sealed under a key that only the caller's own token gives: an answer
//! that shows a secret once lies nowhere in the clear.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::access::TokenSecret;
use crate::domain::ids::TokenId;
use crate::entropy::Entropy;
use crate::store::idempotency::{self, KeyName, Reservation};
use crate::store::{StoreError, Tx};
use crate::vault::Key;

/// How long a key is remembered.
const KEPT: TimeDelta = TimeDelta::hours(72);
/// What the sealing key is for.
const PURPOSE: &str = "phocho answer to an idempotency key";

/// Seals the answers to one caller. `Debug` shows nothing.
#[derive(Clone, Debug)]
pub struct AnswerSeal(Key);

impl AnswerSeal {
    /// The seal of whoever shows this token.
    pub fn new(secret: &TokenSecret) -> Self {
        Self(Key::new(*secret.bytes()).derive(PURPOSE))
    }
}

/// A request with a key.
#[derive(Clone, Debug)]
pub struct KeyedRequest {
    name: KeyName,
    request_hash: [u8; 32],
    seal: AnswerSeal,
}

/// What a request with a key finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It is the first: the effect and [`KeyedRequest::finish`] belong into this transaction.
    First,
    /// It was answered before.
    Replay(KeptAnswer),
    /// The key was used for another request.
    OtherRequest,
    /// The first one has not ended.
    Running,
}

/// An answer that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl KeyedRequest {
    /// A request to `operation` by a token. `request_hash` covers all that the effect depends
    /// on: the address and the body.
    pub fn new(
        token: TokenId,
        operation: &str,
        key: String,
        request_hash: [u8; 32],
        seal: AnswerSeal,
    ) -> Self {
        let name = KeyName {
            principal: token.to_string(),
            operation: operation.to_owned(),
            key,
        };
        Self {
            name,
            request_hash,
            seal,
        }
    }

    /// What the key stands for: no two requests with equal names run at once.
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// Takes the key in the transaction of the effect, or finds what it was used for.
    pub async fn begin(&self, tx: &mut Tx, now: DateTime<Utc>) -> Result<Begun, StoreError> {
        let expires_at = now + KEPT;
        let found =
            idempotency::reserve(tx, &self.name, &self.request_hash, now, expires_at).await?;
        Ok(match found {
            Reservation::Taken => Begun::First,
            Reservation::Known { request_hash, .. } if request_hash != self.request_hash => {
                Begun::OtherRequest
            }
            Reservation::Known { answer: None, .. } => Begun::Running,
            Reservation::Known {
                answer: Some((status, sealed)),
                ..
            } => Begun::Replay(self.open(status, &sealed)?),
        })
    }

    /// Keeps the answer, in the transaction of the effect.
    pub async fn finish(
        &self,
        tx: &mut Tx,
        entropy: &Entropy,
        answer: &KeptAnswer,
    ) -> Result<(), StoreError> {
        let AnswerSeal(key) = &self.seal;
        let sealed = key.seal(&self.place(), entropy.bytes(), &answer.body);
        idempotency::finish(tx, &self.name, answer.status.into(), &sealed).await
    }

    fn open(&self, status: i64, sealed: &[u8]) -> Result<KeptAnswer, StoreError> {
        let inconsistent = |column| StoreError::Inconsistent {
            table: "idempotency_keys",
            column,
            row: self.place(),
        };
        let AnswerSeal(key) = &self.seal;
        let body = key
            .open(&self.place(), sealed)
            .map_err(|_| inconsistent("response_body"))?;
        Ok(KeptAnswer {
            status: u16::try_from(status).map_err(|_| inconsistent("response_status"))?,
            body: body.to_vec(),
        })
    }

    /// The row's name, authenticated with the sealed answer.
    fn place(&self) -> String {
        let KeyName {
            principal,
            operation,
            key,
        } = &self.name;
        format!("{principal} {operation} {key}")
    }
}
