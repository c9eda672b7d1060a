//! Digests and their comparison, in constant time.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use sha2::Sha256;

use super::delivery::{Credentials, Secret};
use super::setup::CredentialsFault;
use super::verdict::{Refusal, VerifiedWith};

/// The shortest shared secret that we believe, in bytes: 128 bits.
pub(super) const SHORTEST_SECRET_BYTES: usize = 16;

/// Whether `wanted` is the HMAC-SHA256 of the parts, one after the other.
pub(super) fn is_hmac_sha256(key: &[u8], parts: &[&[u8]], wanted: &[u8]) -> bool {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.verify_slice(wanted).is_ok()
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
    let current = usable_text(&credentials.current).ok_or(Refusal::UnusableSecret)?;
    if proves(current.as_bytes()) {
        return Ok(VerifiedWith::Current);
    }
    let previous = credentials.previous.as_ref().and_then(usable_text);
    if previous.is_some_and(|secret| proves(secret.as_bytes())) {
        return Ok(VerifiedWith::Previous);
    }
    Err(Refusal::SignatureMismatch)
}

/// A text secret of at least [`SHORTEST_SECRET_BYTES`].
pub(super) fn usable_text(secret: &Secret) -> Option<&str> {
    match secret {
        Secret::Text(text) => {
            Some(text.expose_secret()).filter(|text| text.len() >= SHORTEST_SECRET_BYTES)
        }
        Secret::Login { .. } => None,
    }
}

/// Refuses a secret that [`proven_by`] would not believe.
pub(super) fn require_plain_secret(credentials: &Credentials) -> Result<(), CredentialsFault> {
    match usable_text(&credentials.current) {
        Some(_) => Ok(()),
        None => Err(CredentialsFault::SecretForm("16 characters or more")),
    }
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
