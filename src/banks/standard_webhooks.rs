//! Our own contract for banks: Standard Webhooks 1.0.0 signatures around one small body.
//!
//! The signed text is the delivery's id, its Unix time and the raw body with dots between.
//! The time is plain digits and a body that counts begins with `{`, so the text has one
//! reading although an id may hold a dot. Any one good signature is enough; labels that we
//! do not know are passed over, so that a sender can add a scheme.

use base64::Engine;
use base64::prelude::BASE64_STANDARD as STANDARD;
use chrono::{DateTime, Utc};

use super::claim::{Claim, Form, SHA256_BYTES, Variant, body_texts};
use super::fields::{AmountForm, Fields, dedupe_key};
use super::json::Json;
use super::setup::require_no_settings;
use super::signature::{
    hmac_sha256, is_ed25519, is_hmac_sha256, proven_by, strict_base64, usable_text,
};
use super::verdict::{
    Answer, NoticeKind, Outcome, Reading, Refusal, Unusable, Verified, VerifiedWith,
};
use super::{
    Adapter, Credentials, CredentialsFault, Delivery, SECRET_BYTES, Secret, proven_json,
    reading_of, require_fresh, require_post, unix_seconds,
};
use crate::domain::credit::{BankFact, Direction, FactOutcome};
use crate::domain::trial::{Slip, Tells};

/// A header with more signatures than this is an attempt to keep us busy.
const MOST_SIGNATURES: usize = 16;
/// What stands in front of a shared secret.
const SECRET_PREFIX: &str = "whsec_";
/// What a shared secret looks like, for people.
const SECRET_FORM: &str = "whsec_ and base64 of 24 to 64 bytes";

/// A bank that follows our contract.
pub struct StandardWebhooks;

impl Adapter for StandardWebhooks {
    fn name(&self) -> &'static str {
        "standard_webhooks"
    }

    fn names_account(&self) -> bool {
        true
    }

    fn verify(
        &self,
        delivery: &Delivery,
        credentials: &Credentials,
        now: DateTime<Utc>,
    ) -> Result<Verified, Refusal> {
        require_post(delivery)?;
        let id = delivery.required_header("webhook-id")?;
        let timestamp = delivery.required_header("webhook-timestamp")?;
        let signatures = delivery.required_header("webhook-signature")?;
        let sent_at = unix_seconds(timestamp)?;
        let dot: &[u8] = b".";
        let parts = [
            id.as_bytes(),
            dot,
            timestamp.as_bytes(),
            dot,
            &delivery.body,
        ];
        let verified_with = prove(signatures, &parts, credentials)?;
        require_fresh(sent_at, credentials, now)?;
        let body = proven_json(&delivery.body)?;
        let reading = reading_of(body.and_then(|body| read_event(&body)));
        Ok(Verified::new(reading, verified_with).named(id))
    }

    fn acknowledge(&self, outcome: &Outcome) -> Answer {
        Answer::usual(outcome)
    }

    fn check(&self, credentials: &Credentials) -> Result<(), CredentialsFault> {
        let secret = usable_text(&credentials.current);
        if secret
            .and_then(|text| shared_key(text.as_bytes()))
            .is_none()
        {
            return Err(CredentialsFault::SecretForm(SECRET_FORM));
        }
        let key = credentials.ed25519_public_key.as_deref();
        if key.is_some_and(|key| public_key(key).is_none_or(|key| key.len() != 32)) {
            return Err(CredentialsFault::PublicKeyForm);
        }
        require_no_settings(credentials)
    }

    fn make_secret(&self, random: &[u8; SECRET_BYTES]) -> Option<Secret> {
        let key = STANDARD.encode(random);
        Some(Secret::text(format!("{SECRET_PREFIX}{key}")))
    }

    fn tells(&self) -> Tells {
        Tells {
            signed_time: true,
            ..Tells::MOST
        }
    }

    fn claims(&self, delivery: &Delivery, credentials: &Credentials) -> Vec<Claim> {
        let header = |name| delivery.header(name).ok().flatten().unwrap_or_default();
        let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
        let texts = claimed_texts(id, timestamp, &delivery.body);
        let keys = claimed_keys(credentials);
        let signatures = header("webhook-signature").split(' ').take(MOST_SIGNATURES);
        let claim = |signature: &str| {
            let labelled = signature.split_once(',');
            Claim {
                shown: labelled.map_or(signature, |(_, shown)| shown).to_owned(),
                label: labelled.is_none().then_some(Slip::WithoutLabel),
                form: Form::Base64,
                digest_bytes: SHA256_BYTES,
                texts: texts.clone(),
                keys: keys.clone(),
            }
        };
        signatures.map(claim).collect()
    }
}

/// Finds the first signature that fits, and what it was made with.
fn prove(
    signatures: &str,
    parts: &[&[u8]],
    credentials: &Credentials,
) -> Result<VerifiedWith, Refusal> {
    let labelled: Vec<_> = signatures
        .split(' ')
        .filter_map(|signature| signature.split_once(','))
        .collect();
    if labelled.len() > MOST_SIGNATURES {
        return Err(Refusal::MalformedHeader);
    }
    let mut refusal = Refusal::SignatureMismatch;
    for (label, signature) in labelled {
        let Some(signature) = strict_base64(signature) else {
            continue;
        };
        let verdict = match label {
            "v1" => prove_shared(&signature, parts, credentials),
            "v1a" => prove_public(&signature, parts, credentials),
            _ => continue,
        };
        match verdict {
            Ok(verified_with) => return Ok(verified_with),
            Err(reason) => refusal = reason,
        }
    }
    Err(refusal)
}

fn prove_shared(
    signature: &[u8],
    parts: &[&[u8]],
    credentials: &Credentials,
) -> Result<VerifiedWith, Refusal> {
    proven_by(credentials, |secret| {
        shared_key(secret).is_some_and(|key| is_hmac_sha256(&key, parts, signature))
    })
}

/// The key inside a secret: base64 of 24 to 64 bytes behind `whsec_`.
fn shared_key(secret: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(secret).ok()?;
    let key = strict_base64(text.strip_prefix(SECRET_PREFIX)?)?;
    (24..=64).contains(&key.len()).then_some(key)
}

/// What stands in `webhook-signature` of a notice: for the page that shows senders an example.
/// `None` for a secret that does not have the format's form.
pub fn standard_signature(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> Option<String> {
    let key = shared_key(secret.as_bytes())?;
    let dot: &[u8] = b".";
    let parts = [id.as_bytes(), dot, timestamp.as_bytes(), dot, body];
    let signature = STANDARD.encode(hmac_sha256(&key, &parts));
    Some(format!("v1,{signature}"))
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
    let right = shared_key(text.as_bytes()).map(|key| (None, key));
    let wrong = [as_text(text), as_text(bare)];
    right.into_iter().chain(wrong).collect()
}

/// The bytes of a public key: base64 behind `whpk_`.
fn public_key(text: &str) -> Option<Vec<u8>> {
    strict_base64(text.strip_prefix("whpk_")?)
}

fn prove_public(
    signature: &[u8],
    parts: &[&[u8]],
    credentials: &Credentials,
) -> Result<VerifiedWith, Refusal> {
    let key = credentials.ed25519_public_key.as_deref();
    let proven = key
        .and_then(public_key)
        .is_some_and(|key| is_ed25519(&key, &parts.concat(), signature));
    if proven {
        Ok(VerifiedWith::PublicKey)
    } else {
        Err(Refusal::SignatureMismatch)
    }
}

/// Reads the event around a movement.
fn read_event(body: &Json) -> Result<Reading, Unusable> {
    let event = body.as_object().ok_or(Unusable::MalformedBody)?;
    let (wanted, outcome) = match Fields::of(event).required_text("type")? {
        "bank.transaction.credited" => (Some(Direction::Credit), FactOutcome::Paid),
        "bank.transaction.debited" => (Some(Direction::Debit), FactOutcome::Ignored),
        "bank.transaction.reversed" => (None, FactOutcome::Ignored),
        "ping" => return Ok(Reading::Nothing(NoticeKind::Ping)),
        _ => return Ok(Reading::Nothing(NoticeKind::OtherEvent)),
    };
    let data = event.get("data").ok_or(Unusable::MissingField("data"))?;
    let data = data.as_object().ok_or(Unusable::BadField("data"))?;
    let fact = read_movement(Fields::of(data), outcome)?;
    if wanted.is_some_and(|wanted| wanted != fact.direction) {
        return Err(Unusable::Contradiction);
    }
    Ok(Reading::Transactions(vec![fact]))
}

fn read_movement(data: Fields<'_>, outcome: FactOutcome) -> Result<BankFact, Unusable> {
    let direction = match data.required_text("direction")? {
        "credit" => Direction::Credit,
        "debit" => Direction::Debit,
        _ => return Err(Unusable::BadField("direction")),
    };
    if data.required_text("currency")? != BankFact::CURRENCY {
        return Err(Unusable::OtherCurrency);
    }
    let account = data.required_name("account_number")?;
    let id = data.required_name("transaction_id")?;
    Ok(BankFact {
        provider: "standard",
        dedupe_key: dedupe_key("standard", &[&account, &id]),
        provider_txn_id: id,
        direction,
        amount: data.amount("amount", AmountForm::Integer)?,
        account_number: Some(account),
        virtual_account: data.name("virtual_account")?,
        content: Some(data.free_text("content")?.to_owned()),
        bank_reference: data.name("bank_reference")?,
        merchant_reference: None,
        order_field_is_searched: false,
        provider_payment_code: None,
        reverses: data.name("reverses_transaction_id")?,
        occurred_at: data.rfc3339("booked_at")?,
        outcome,
    })
}
