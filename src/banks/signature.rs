//! Digests and their comparison, in constant time.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;

use super::delivery::{Credentials, Delivery, Secret};
use super::setup::{CredentialsFault, require_only_a_secret};
use super::verdict::{Refusal, VerifiedWith};

/// The shortest shared secret that we believe, in bytes: 128 bits.
pub(super) const SHORTEST_SECRET_BYTES: usize = 16;

/// Whether `wanted` is the HMAC-SHA256 of the parts, one after the other.
pub(super) fn is_hmac_sha256(key: &[u8], parts: &[&[u8]], wanted: &[u8]) -> bool {
    is_mac::<Hmac<Sha256>>(key, parts, wanted)
}

/// The same with HMAC-SHA512.
pub(super) fn is_hmac_sha512(key: &[u8], parts: &[&[u8]], wanted: &[u8]) -> bool {
    is_mac::<Hmac<Sha512>>(key, parts, wanted)
}

fn is_mac<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]], wanted: &[u8]) -> bool {
    fed::<M>(key, parts).verify_slice(wanted).is_ok()
}

fn fed<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> M {
    let mut mac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac
}

/// The HMAC-SHA256 of the parts, for keys and tokens that are made here.
pub(super) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mac = fed::<Hmac<Sha256>>(key, parts);
    mac.finalize().into_bytes().to_vec()
}

/// Whether two texts are the same, in a time that tells neither where they differ nor how
/// long the secret one is.
pub(super) fn is_same(secret: &[u8], shown: &[u8]) -> bool {
    let (secret, shown) = (Sha256::digest(secret), Sha256::digest(shown));
    bool::from(secret.as_slice().ct_eq(shown.as_slice()))
}

/// Whether `signature` is the key owner's Ed25519 signature of `message`. The strict rule
/// refuses keys and signatures that fit many messages.
pub(super) fn is_ed25519(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = key.try_into().ok().map(VerifyingKey::from_bytes);
    let (Some(Ok(key)), Ok(signature)) = (key, Signature::from_slice(signature)) else {
        return false;
    };
    key.verify_strict(message, &signature).is_ok()
}

/// Reads lower-case hexadecimal: no other case, no spaces, no odd digit.
pub(super) fn lower_hex(text: &str) -> Option<Vec<u8>> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    hex::decode(text).ok()
}

/// Reads standard base64 with its padding; no other alphabet, no spaces, no spare bits.
pub(super) fn strict_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Finds which of the source's text secrets fulfils `proves`.
///
/// # Errors
/// A secret in use that is no text or is too short proves nothing; a previous one like that
/// is passed over.
pub(super) fn proven_by(
    credentials: &Credentials,
    proves: impl Fn(&[u8]) -> bool,
) -> Result<VerifiedWith, Refusal> {
    proven_among(credentials, usable_text, |secret| proves(secret.as_bytes()))
}

/// The same for secrets of any form: `usable` gives what of a secret can prove something.
pub(super) fn proven_among<'a, Usable>(
    credentials: &'a Credentials,
    usable: impl Fn(&'a Secret) -> Option<Usable>,
    proves: impl Fn(Usable) -> bool,
) -> Result<VerifiedWith, Refusal> {
    let current = usable(&credentials.current).ok_or(Refusal::UnusableSecret)?;
    if proves(current) {
        return Ok(VerifiedWith::Current);
    }
    let previous = credentials.previous.as_ref().and_then(usable);
    if previous.is_some_and(proves) {
        return Ok(VerifiedWith::Previous);
    }
    Err(Refusal::SignatureMismatch)
}

/// Finds which of the source's text secrets the sender shows as it is. `scheme` is what has
/// to stand before it, with its space.
///
/// # Errors
/// Everything that is no such token is the same to the caller, absent ones too.
pub(super) fn shown_token(
    delivery: &Delivery,
    header: &str,
    scheme: &str,
    credentials: &Credentials,
) -> Result<VerifiedWith, Refusal> {
    let shown = delivery.header(header)?.unwrap_or_default();
    let shown = shown.strip_prefix(scheme).ok_or(Refusal::BadToken)?;
    proven_by(credentials, |secret| is_same(secret, shown.as_bytes()))
        .map_err(|refusal| refusal.instead_of_mismatch(Refusal::BadToken))
}

/// A text secret of at least [`SHORTEST_SECRET_BYTES`].
pub(super) fn usable_text(secret: &Secret) -> Option<&str> {
    match secret {
        Secret::Text(text) => {
            Some(text.expose_secret()).filter(|text| text.len() >= SHORTEST_SECRET_BYTES)
        }
        Secret::Login { .. } | Secret::PublicKey { .. } => None,
    }
}

/// Refuses a secret that [`proven_by`] would not believe.
pub(super) fn require_plain_secret(credentials: &Credentials) -> Result<(), CredentialsFault> {
    match usable_text(&credentials.current) {
        Some(_) => Ok(()),
        None => Err(CredentialsFault::SecretForm("16 characters or more")),
    }
}

/// The same for formats that have neither a public key nor settings.
pub(super) fn require_lone_secret(credentials: &Credentials) -> Result<(), CredentialsFault> {
    require_plain_secret(credentials)?;
    require_only_a_secret(credentials)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_digest_text_is_read() {
        assert_eq!(lower_hex("00ff"), Some(vec![0, 255]));
        for text in ["00FF", "0", "00 ff", " 00ff", "0x00", "gg"] {
            assert_eq!(lower_hex(text), None, "{text}");
        }
        assert_eq!(strict_base64("+/8="), Some(vec![0xfb, 0xff]));
        for text in ["-_8=", "+/8", "+/9=", "+/8=\n", " +/8=", "+/8=="] {
            assert_eq!(strict_base64(text), None, "{text}");
        }
    }

    #[test]
    fn a_digest_of_another_length_is_no_digest() {
        // RFC 4231, test case 2.
        let digest = lower_hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let digest = digest.unwrap();
        let parts: [&[u8]; 2] = [b"what do ya want ", b"for nothing?"];
        assert!(is_hmac_sha256(b"Jefe", &parts, &digest));
        assert!(!is_hmac_sha256(b"Jefe", &parts, &digest[..31]));
        assert!(!is_hmac_sha256(b"Jefe", &parts, &[]));
        assert!(!is_hmac_sha256(b"jefe", &parts, &digest));
    }

    #[test]
    fn a_short_secret_proves_nothing() {
        let short = Credentials::new(Secret::text("fifteen-letters"));
        assert_eq!(proven_by(&short, |_| true), Err(Refusal::UnusableSecret));
        let mut rotated = Credentials::new(Secret::text("sixteen--letters"));
        rotated.previous = Some(Secret::text(""));
        let by_previous = |secret: &[u8]| secret != b"sixteen--letters";
        assert_eq!(
            proven_by(&rotated, by_previous),
            Err(Refusal::SignatureMismatch)
        );
        rotated.previous = Some(Secret::text("sixteen++letters"));
        assert_eq!(proven_by(&rotated, by_previous), Ok(VerifiedWith::Previous));
    }
}
