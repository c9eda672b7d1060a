//! The proof of our own contract with banks: Standard Webhooks 1.0.0, and public keys beside it.
//!
//! The signed text is the delivery's id, its Unix time and the raw body with dots between.
//! The time is plain digits and a body that counts begins with `{` or `<`, so the text has one
//! reading although an id may hold a dot. Any one good signature is enough; labels that we
//! do not know are passed over, so that a sender can add a scheme.
//!
//! What a source is configured with says how it is proved: a shared secret (`v1`), or a
//! public key with its one algorithm ([`public_key`](super::public_key)). Nothing in a
//! notice chooses among algorithms.

use base64::Engine;
use base64::prelude::BASE64_STANDARD as STANDARD;
use chrono::{DateTime, Utc};

use super::claim::{Claim, Form, SHA256_BYTES, Variant, body_texts};
use super::public_key::PublicKey;
use super::setup::require_no_settings;
use super::signature::{hmac_sha256, is_ed25519, is_hmac_sha256, strict_base64, usable_text};
use super::verdict::{Refusal, VerifiedWith};
use super::{
    Credentials, CredentialsFault, Delivery, HeaderForm, HeaderValue, SECRET_BYTES, Secret,
    require_fresh, require_post, unix_seconds,
};
use crate::domain::trial::{Slip, Tells};

/// A header with more signatures than this is an attempt to keep us busy.
const MOST_SIGNATURES: usize = 16;
/// What stands in front of a shared secret.
const SECRET_PREFIX: &str = "whsec_";
/// What a shared secret looks like, for people.
const SECRET_FORM: &str = "whsec_ and base64 of 24 to 64 bytes";

/// A delivery whose signature was found good.
pub(super) struct Proven<'a> {
    /// What the sender calls it.
    pub(super) id: &'a str,
    /// Which key proved it.
    pub(super) with: VerifiedWith,
}

/// Proves id, time and body of a fresh delivery.
pub(super) fn prove<'a>(
    delivery: &'a Delivery,
    credentials: &Credentials,
    now: DateTime<Utc>,
) -> Result<Proven<'a>, Refusal> {
    require_post(delivery)?;
    let id = delivery.required_header("webhook-id")?;
    let timestamp = delivery.required_header("webhook-timestamp")?;
    let signatures = delivery.required_header("webhook-signature")?;
    let sent_at = unix_seconds(timestamp)?;
    let message = signed_text(id, timestamp, &delivery.body);
    let with = prove_any(signatures, &message, credentials)?;
    require_fresh(sent_at, credentials, now)?;
    Ok(Proven { id, with })
}

fn signed_text(id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat()
}

/// Finds the first signature that fits, and what it was made with.
fn prove_any(
    signatures: &str,
    message: &[u8],
    credentials: &Credentials,
) -> Result<VerifiedWith, Refusal> {
    let labelled: Vec<_> = signatures
        .split(' ')
        .filter_map(|signature| signature.split_once(','))
        .collect();
    if labelled.len() > MOST_SIGNATURES {
        return Err(Refusal::MalformedHeader);
    }
    let current = Key::of(&credentials.current).ok_or(Refusal::UnusableSecret)?;
    let previous = credentials.previous.as_ref().and_then(Key::of);
    for (label, signature) in labelled {
        if current.proves(label, signature, message) {
            return Ok(VerifiedWith::Current);
        }
        if (previous.as_ref()).is_some_and(|key| key.proves(label, signature, message)) {
            return Ok(VerifiedWith::Previous);
        }
        if label == "v1a" && is_of_public_key(signature, message, credentials) {
            return Ok(VerifiedWith::PublicKey);
        }
    }
    Err(Refusal::SignatureMismatch)
}

/// What a source is proved with.
enum Key {
    Shared(Vec<u8>),
    Public(PublicKey),
}

impl Key {
    fn of(secret: &Secret) -> Option<Self> {
        match secret {
            Secret::PublicKey { algorithm, key } => {
                PublicKey::parse(algorithm, key).ok().map(Self::Public)
            }
            Secret::Text(_) | Secret::Login { .. } => {
                shared_key(usable_text(secret)?).map(Self::Shared)
            }
        }
    }

    fn proves(&self, label: &str, signature: &str, message: &[u8]) -> bool {
        match self {
            Self::Shared(key) => {
                let signature = strict_base64(signature).filter(|_| label == "v1");
                signature.is_some_and(|it| is_hmac_sha256(key, &[message], &it))
            }
            Self::Public(key) => label == key.label() && key.proves(signature, message),
        }
    }
}

/// The key inside a secret: base64 of 24 to 64 bytes behind `whsec_`.
fn shared_key(secret: &str) -> Option<Vec<u8>> {
    let key = strict_base64(secret.strip_prefix(SECRET_PREFIX)?)?;
    (24..=64).contains(&key.len()).then_some(key)
}

/// Whether it is the signature of the source's `whpk_` key, which it may have beside a secret.
fn is_of_public_key(signature: &str, message: &[u8], credentials: &Credentials) -> bool {
    let key = credentials.ed25519_public_key.as_deref();
    let (key, signature) = (key.and_then(ed25519_key), strict_base64(signature));
    (key.zip(signature)).is_some_and(|(key, signature)| is_ed25519(&key, message, &signature))
}

/// The bytes of such a key: base64 behind `whpk_`.
fn ed25519_key(text: &str) -> Option<Vec<u8>> {
    strict_base64(text.strip_prefix("whpk_")?)
}

/// Refuses what could prove nothing.
pub(super) fn check(credentials: &Credentials) -> Result<(), CredentialsFault> {
    match &credentials.current {
        Secret::PublicKey { algorithm, key } => {
            PublicKey::parse(algorithm, key)?;
        }
        secret => {
            let key = usable_text(secret).and_then(shared_key);
            key.ok_or(CredentialsFault::SecretForm(SECRET_FORM))?;
        }
    }
    let key = credentials.ed25519_public_key.as_deref();
    if key.is_some_and(|key| ed25519_key(key).is_none_or(|key| key.len() != 32)) {
        return Err(CredentialsFault::PublicKeyForm);
    }
    require_no_settings(credentials)
}

/// A shared secret made here.
pub(super) fn make_secret(random: &[u8; SECRET_BYTES]) -> Secret {
    let key = STANDARD.encode(random);
    Secret::text(format!("{SECRET_PREFIX}{key}"))
}

/// What stands in `webhook-signature` of a notice: for the page that shows senders an example.
/// `None` for a secret that does not have the format's form.
pub fn standard_signature(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> Option<String> {
    let key = shared_key(secret)?;
    let signature = hmac_sha256(&key, &[&signed_text(id, timestamp, body)]);
    Some(format!("v1,{}", STANDARD.encode(signature)))
}

/// What a trial can show of the contract.
pub(super) const TELLS: Tells = Tells {
    signed_time: true,
    ..Tells::MOST
};

/// The headers of a notice.
pub(super) const HEADERS: [HeaderForm; 3] = [
    HeaderForm {
        name: "webhook-id",
        value: HeaderValue::Text,
    },
    HeaderForm {
        name: "webhook-timestamp",
        value: HeaderValue::UnixSeconds,
    },
    HeaderForm {
        name: "webhook-signature",
        value: HeaderValue::Text,
    },
];

/// What is signed before the body of a notice.
pub(super) fn signed_before(delivery: &Delivery) -> String {
    let header = |name| delivery.header(name).ok().flatten().unwrap_or_default();
    format!("{}.{}.", header("webhook-id"), header("webhook-timestamp"))
}

/// The signatures that a refused delivery shows, with what each could have been made of.
pub(super) fn claims(delivery: &Delivery, credentials: &Credentials) -> Vec<Claim> {
    let header = |name| delivery.header(name).ok().flatten().unwrap_or_default();
    let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
    let texts = claimed_texts(id, timestamp, &delivery.body);
    let keys = claimed_keys(credentials);
    let signatures = header("webhook-signature").split(' ').take(MOST_SIGNATURES);
    let claim = |signature: &str| {
        let (label, shown) = match signature.split_once(',') {
            Some((_, shown)) => (None, shown),
            None => match signature.strip_prefix("v1=") {
                Some(shown) => (Some(Slip::EqualsForComma), shown),
                None => (Some(Slip::WithoutLabel), signature),
            },
        };
        Claim {
            shown: shown.to_owned(),
            label,
            form: Form::Base64,
            digest_bytes: SHA256_BYTES,
            texts: texts.clone(),
            keys: keys.clone(),
        }
    };
    signatures.map(claim).collect()
}

/// What could have been signed of a notice.
fn claimed_texts(id: &str, timestamp: &str, body: &[u8]) -> Vec<Variant> {
    let signed = format!("{id}.{timestamp}.");
    let mut texts = body_texts(signed.as_bytes(), body);
    let behind = |before: &str| [before.as_bytes(), body].concat();
    texts.extend([
        (Some(Slip::WithoutTime), behind(&format!("{id}."))),
        (Some(Slip::WithoutId), behind(&format!("{timestamp}."))),
        (Some(Slip::WithoutDot), behind(&format!("{id}{timestamp}"))),
        (Some(Slip::BodyAlone), body.to_vec()),
    ]);
    texts
}

/// What could have been the key.
fn claimed_keys(credentials: &Credentials) -> Vec<Variant> {
    let Some(text) = usable_text(&credentials.current) else {
        return Vec::new();
    };
    let bare = text.strip_prefix(SECRET_PREFIX).unwrap_or(text);
    let as_text = |text: &str| (Some(Slip::SecretAsText), text.as_bytes().to_vec());
    let right = shared_key(text).map(|key| (None, key));
    let wrong = [as_text(text), as_text(bare)];
    right.into_iter().chain(wrong).collect()
}
