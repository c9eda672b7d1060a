//! `Idempotency-Key` on creating requests.
//!
//! ```ignore
//! let mut work = match Creation::begin(&state, &caller, "users.create", key, &body).await? {
//!     Begun::Replay(response) => return Ok(response),
//!     Begun::First(work) => work,
//! };
//! let user = create_user(work.tx(), ..).await?;
//! work.created(&UserDocument::from(user)).await
//! ```
//!
//! The key is taken, the effect made and the answer kept in one transaction: a request that
//! fails leaves its key free. The same key and body again gives the same status and body with
//! `Idempotent-Replayed: true`; another body 422; while the first one runs 409. Keys are the
//! caller's own and are remembered for 72 hours.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::AppState;
use super::auth::Caller;
use super::code::Code;
use super::language::Text;
use super::problem::{FieldError, Problem};
use crate::flows::idempotency::{Begun as Found, KeptAnswer, KeyedRequest};
use crate::store::Tx;
use crate::store::idempotency::KeyName;

/// The longest key, in characters.
const KEY_MAX: usize = 255;
/// Carries the key.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Marks an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The key of a request, if it has one: 1 to 255 visible ASCII characters.
#[derive(Clone, Debug)]
pub struct IdempotencyKey(Option<String>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(Self(None)),
            (Some(value), None) if is_key(value.as_bytes()) => {
                let key = String::from_utf8_lossy(value.as_bytes()).into_owned();
                Ok(Self(Some(key)))
            }
            _ => {
                let message = Text::new(
                    format!("Một khoá, từ 1 đến {KEY_MAX} ký tự ASCII nhìn thấy được."),
                    format!("One key of 1 to {KEY_MAX} visible ASCII characters."),
                );
                let error = FieldError::header("Idempotency-Key", "wrong_form", message);
                Err(Problem::new(Code::InvalidHeader).errors(vec![error]))
            }
        }
    }
}

fn is_key(bytes: &[u8]) -> bool {
    (1..=KEY_MAX).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
}

/// The keys whose first requests run in this process right now.
#[derive(Clone, Debug, Default)]
pub struct RunningKeys(Arc<Mutex<HashSet<KeyName>>>);

/// Holds a key as running until it is dropped.
#[derive(Debug)]
struct RunningKey {
    keys: RunningKeys,
    name: KeyName,
}

impl RunningKeys {
    /// Marks a key as running, unless it is.
    fn start(&self, name: &KeyName) -> Option<RunningKey> {
        let mut names = self.0.lock().expect("no holder of the keys panics");
        names.insert(name.clone()).then(|| RunningKey {
            keys: self.clone(),
            name: name.clone(),
        })
    }
}

impl Drop for RunningKey {
    fn drop(&mut self) {
        let mut names = self.keys.0.lock().expect("no holder of the keys panics");
        names.remove(&self.name);
    }
}

/// A creating request at work: its transaction, and its key if it has one. Dropped without
/// an answer, it leaves no trace.
#[derive(Debug)]
pub struct Creation {
    state: AppState,
    tx: Tx,
    key: Option<(KeyedRequest, RunningKey)>,
}

/// What a creating request finds.
#[derive(Debug)]
pub enum Begun {
    /// It is to be carried out.
    First(Box<Creation>),
    /// It was carried out before and is answered as then.
    Replay(Response),
}

impl Creation {
    /// Opens the transaction and takes the key. `request` is all that the effect depends on:
    /// the body, with the ids of the path where there are any.
    pub async fn begin(
        state: &AppState,
        caller: &Caller,
        operation: &str,
        IdempotencyKey(key): IdempotencyKey,
        request: &impl Serialize,
    ) -> Result<Begun, Problem> {
        let Some(key) = key else {
            return Ok(Begun::First(Box::new(Self {
                state: state.clone(),
                tx: state.ledger.store.begin_write().await?,
                key: None,
            })));
        };
        let request = serde_json::to_vec(request).expect("a request is plain data");
        let hash = Sha256::digest(request).into();
        let token = caller.principal.token;
        let keyed = KeyedRequest::new(token, operation, key, hash, caller.seal());
        let running = state.running_keys.start(keyed.name());
        let running = running.ok_or(Code::IdempotencyKeyInUse)?;
        let mut tx = state.ledger.store.begin_write().await?;
        match keyed.begin(&mut tx, state.clock.now()).await? {
            Found::First => Ok(Begun::First(Box::new(Self {
                state: state.clone(),
                tx,
                key: Some((keyed, running)),
            }))),
            Found::Replay(answer) => {
                let mut response = respond(answer)?;
                let headers = response.headers_mut();
                headers.insert(REPLAYED, HeaderValue::from_static("true"));
                Ok(Begun::Replay(response))
            }
            Found::OtherRequest => Err(Code::IdempotencyKeyReused.into()),
            Found::Running => Err(Code::IdempotencyKeyInUse.into()),
        }
    }

    /// The transaction of the effect.
    pub const fn tx(&mut self) -> &mut Tx {
        &mut self.tx
    }

    /// Keeps the answer, makes everything durable and answers 201.
    pub async fn created(self: Box<Self>, body: &impl Serialize) -> Result<Response, Problem> {
        self.answer(StatusCode::CREATED, body).await
    }

    /// Keeps the answer, makes everything durable and answers.
    pub async fn answer(
        self: Box<Self>,
        status: StatusCode,
        body: &impl Serialize,
    ) -> Result<Response, Problem> {
        let Self { state, mut tx, key } = *self;
        let answer = KeptAnswer {
            status: status.as_u16(),
            body: serde_json::to_vec(body).map_err(|fault| Problem::internal(&fault))?,
        };
        if let Some((keyed, _)) = &key {
            keyed.finish(&mut tx, &state.entropy, &answer).await?;
        }
        tx.commit().await?;
        respond(answer)
    }
}

fn respond(answer: KeptAnswer) -> Result<Response, Problem> {
    let status = StatusCode::from_u16(answer.status).map_err(|fault| Problem::internal(&fault))?;
    let json = [(header::CONTENT_TYPE, "application/json")];
    Ok((status, json, answer.body).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_runs_once_at_a_time() {
        let keys = RunningKeys::default();
        let name = |key: &str| KeyName {
            principal: "tok_1".to_owned(),
            operation: "users.create".to_owned(),
            key: key.to_owned(),
        };
        let first = keys.start(&name("a"));
        assert!(first.is_some());
        assert!(keys.start(&name("a")).is_none());
        assert!(keys.start(&name("b")).is_some());
        drop(first);
        assert!(keys.start(&name("a")).is_some());
    }

    #[test]
    fn a_key_is_visible_ascii_of_bounded_length() {
        let longest = "k".repeat(KEY_MAX);
        for (key, wanted) in [
            ("k", true),
            ("8e03978e-40d5-43e8-bc93-6894a57f9324", true),
            (&longest, true),
            ("", false),
            ("a b", false),
            ("khoá", false),
            ("a\tb", false),
            (&format!("{longest}k"), false),
        ] {
            assert_eq!(is_key(key.as_bytes()), wanted, "{key}");
        }
    }
}
