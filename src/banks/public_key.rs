//! Public keys that banks sign with when they would rather share no secret.
//!
//! A key is configured together with its one algorithm. A notice cannot choose another: a
//! signature under a label of another algorithm, or a JWS whose header names one, is no
//! signature. RSA keys are of 2048 bits at least, and a PSS salt is as long as its digest.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as STANDARD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    UnparsedPublicKey, VerificationAlgorithm,
};
use sha2::{Digest, Sha256};

use super::setup::CredentialsFault;
use super::signature::{is_ed25519, strict_base64};
use super::{der, jws};
use crate::domain::word::word_enum;

/// The longest text of a key that is read: an RSA key of 8192 bits is below 1 500 characters.
const TEXT_MAX: usize = 4096;
/// The sizes of an RSA modulus that are taken, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// RSA with an exponent below this has been broken in practice; ring takes up to 33 bits.
const LEAST_EXPONENT: u64 = 1 << 16;

word_enum! {
    /// How a public key is used: one way for each key.
    KeyAlgorithm is "signature algorithm" {
        /// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes.
        RsaPss = "rsa_pss_sha256",
        /// RSASSA-PKCS1-v1_5 with SHA-256.
        RsaPkcs1 = "rsa_pkcs1_sha256",
        /// A detached JWS with `RS256`.
        JwsRs256 = "jws_rs256",
        /// A detached JWS with `PS256`.
        JwsPs256 = "jws_ps256",
        /// A detached JWS with `ES256`.
        JwsEs256 = "jws_es256",
        /// A detached JWS with `EdDSA` and an Ed25519 key.
        JwsEddsa = "jws_eddsa",
    }
}

/// What a key is, whatever it is used for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    Ed25519,
}

impl KeyAlgorithm {
    /// What stands before a signature of this kind.
    pub const fn label(self) -> &'static str {
        match self {
            Self::RsaPss => "rsa-pss-sha256",
            Self::RsaPkcs1 => "rsa-pkcs1-sha256",
            Self::JwsRs256 | Self::JwsPs256 | Self::JwsEs256 | Self::JwsEddsa => "jws",
        }
    }

    /// What the header of a JWS has to name; none where the signature stands alone.
    const fn jws_name(self) -> Option<&'static str> {
        match self {
            Self::RsaPss | Self::RsaPkcs1 => None,
            Self::JwsRs256 => Some("RS256"),
            Self::JwsPs256 => Some("PS256"),
            Self::JwsEs256 => Some("ES256"),
            Self::JwsEddsa => Some("EdDSA"),
        }
    }

    const fn kind(self) -> Kind {
        match self {
            Self::RsaPss | Self::RsaPkcs1 | Self::JwsRs256 | Self::JwsPs256 => Kind::Rsa,
            Self::JwsEs256 => Kind::P256,
            Self::JwsEddsa => Kind::Ed25519,
        }
    }

    /// The algorithm where ring has it; Ed25519 is verified more strictly than ring does.
    fn verification(self) -> Option<&'static dyn VerificationAlgorithm> {
        match self {
            Self::RsaPss | Self::JwsPs256 => Some(&RSA_PSS_2048_8192_SHA256),
            Self::RsaPkcs1 | Self::JwsRs256 => Some(&RSA_PKCS1_2048_8192_SHA256),
            Self::JwsEs256 => Some(&ECDSA_P256_SHA256_FIXED),
            Self::JwsEddsa => None,
        }
    }
}

/// A bank's public key.
pub(super) struct PublicKey {
    algorithm: KeyAlgorithm,
    /// The key inside its envelope, as its kind writes it.
    bytes: Vec<u8>,
}

impl PublicKey {
    /// Reads a key: PEM of a `SubjectPublicKeyInfo`, and nothing around it.
    pub(super) fn parse(algorithm: &str, text: &str) -> Result<Self, CredentialsFault> {
        let algorithm =
            KeyAlgorithm::parse(algorithm).map_err(|_| CredentialsFault::UnknownAlgorithm)?;
        let envelope = unwrap_pem(text).ok_or(CredentialsFault::KeyForm)?;
        let (identifier, bytes) =
            der::subject_public_key(&envelope).ok_or(CredentialsFault::KeyForm)?;
        let (wanted, fits) = match algorithm.kind() {
            Kind::Rsa => (der::RSA, true),
            Kind::P256 => (der::P256, bytes.len() == 65 && bytes[0] == 4),
            Kind::Ed25519 => (der::ED25519, bytes.len() == 32),
        };
        if identifier != wanted || !fits {
            return Err(CredentialsFault::KeyForm);
        }
        if algorithm.kind() == Kind::Rsa {
            require_strong(bytes)?;
        }
        let bytes = bytes.to_vec();
        Ok(Self { algorithm, bytes })
    }

    /// The label of its signatures.
    pub(super) fn label(&self) -> &'static str {
        self.algorithm.label()
    }

    /// Whether `text` is its owner's signature of `message`, written as the algorithm has it.
    pub(super) fn proves(&self, text: &str, message: &[u8]) -> bool {
        match self.algorithm.jws_name() {
            Some(name) => jws::detached(text, name, message)
                .is_some_and(|(signed, signature)| self.verifies(&signed, &signature)),
            None => strict_base64(text).is_some_and(|it| self.verifies(message, &it)),
        }
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self.algorithm.verification() {
            Some(verification) => UnparsedPublicKey::new(verification, &self.bytes)
                .verify(message, signature)
                .is_ok(),
            None => is_ed25519(&self.bytes, message, signature),
        }
    }
}

/// Refuses an RSA key that is too short, or whose exponent is.
fn require_strong(key: &[u8]) -> Result<(), CredentialsFault> {
    let (modulus, exponent) = der::rsa_public_key(key).ok_or(CredentialsFault::KeyForm)?;
    let leading_zeros = modulus.first().map_or(8, |byte| byte.leading_zeros()) as usize;
    let bits = (modulus.len() * 8).saturating_sub(leading_zeros);
    let exponent = exponent.iter().try_fold(0_u64, |value, byte| {
        value.checked_mul(256).map(|value| value + u64::from(*byte))
    });
    let strong = RSA_BITS.contains(&bits)
        && exponent.is_some_and(|value| value > LEAST_EXPONENT && value % 2 == 1);
    strong.then_some(()).ok_or(CredentialsFault::WeakKey)
}

fn unwrap_pem(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    if text.len() > TEXT_MAX {
        return None;
    }
    STANDARD.decode(pem_base64(text, "PUBLIC KEY")?).ok()
}

/// The base64 between the lines of a PEM with one label (RFC 7468), its own lines joined.
pub fn pem_base64(text: &str, label: &str) -> Option<String> {
    let inner = text
        .trim()
        .strip_prefix(&*format!("-----BEGIN {label}-----"))?
        .strip_suffix(&*format!("-----END {label}-----"))?;
    let lines: Vec<_> = inner.split(['\r', '\n']).map(str::trim).collect();
    Some(lines.concat())
}

/// A key as people compare it: the SHA-256 of its envelope, in lower hex. None of a text that
/// is no key.
pub fn fingerprint(text: &str) -> Option<String> {
    unwrap_pem(text).map(|envelope| hex::encode(Sha256::digest(envelope)))
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PublicKey")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RSA: &str = include_str!("../../tests/data/keys/rsa_2048.pem");
    const WEAK: &str = include_str!("../../tests/data/keys/rsa_1024.pem");
    const SMALL_EXPONENT: &str = include_str!("../../tests/data/keys/rsa_exponent_3.pem");
    const P256: &str = include_str!("../../tests/data/keys/p256.pem");
    const ED25519: &str = include_str!("../../tests/data/keys/ed25519.pem");

    #[test]
    fn a_key_fits_its_one_algorithm() {
        for (algorithm, good) in [
            ("rsa_pss_sha256", RSA),
            ("rsa_pkcs1_sha256", RSA),
            ("jws_rs256", RSA),
            ("jws_ps256", RSA),
            ("jws_es256", P256),
            ("jws_eddsa", ED25519),
        ] {
            for key in [RSA, P256, ED25519] {
                let fault = PublicKey::parse(algorithm, key).err();
                let wanted = (key != good).then_some(CredentialsFault::KeyForm);
                assert_eq!(fault, wanted, "{algorithm}");
            }
        }
        for algorithm in ["", "none", "RS256", "hmac_sha256", "jws_hs256", "JWS_RS256"] {
            let fault = PublicKey::parse(algorithm, RSA).err();
            assert_eq!(fault, Some(CredentialsFault::UnknownAlgorithm));
        }
    }

    #[test]
    fn a_weak_key_is_refused() {
        for key in [WEAK, SMALL_EXPONENT] {
            for algorithm in ["rsa_pss_sha256", "jws_rs256"] {
                let fault = PublicKey::parse(algorithm, key).err();
                assert_eq!(fault, Some(CredentialsFault::WeakKey), "{algorithm}");
            }
        }
    }

    #[test]
    fn only_the_pem_of_a_public_key_is_read() {
        let spaced = RSA.replace('\n', "\r\n");
        for good in [RSA.to_owned(), format!("\n{RSA}\n"), spaced] {
            assert!(PublicKey::parse("rsa_pss_sha256", &good).is_ok());
        }
        let base64 = RSA.lines().filter(|line| !line.starts_with('-'));
        let base64: String = base64.collect();
        for bad in [
            String::new(),
            base64,
            RSA.replace("PUBLIC KEY", "RSA PUBLIC KEY"),
            RSA.replace("PUBLIC KEY", "CERTIFICATE"),
            RSA.replace("PUBLIC KEY", "PRIVATE KEY"),
            RSA.replacen("MII", "MIJ", 1),
            RSA.replacen("MII", "M*I", 1),
            format!("{RSA}{RSA}"),
            format!("subject=/CN=bank\n{RSA}"),
            "-".repeat(TEXT_MAX + 1),
        ] {
            let fault = PublicKey::parse("rsa_pss_sha256", &bad).err();
            assert_eq!(fault, Some(CredentialsFault::KeyForm), "{bad}");
        }
    }

    #[test]
    fn a_fingerprint_is_of_the_key_and_not_of_its_lines() {
        let folded = RSA.replace('\n', "\r\n");
        assert_eq!(fingerprint(RSA), fingerprint(&folded));
        assert_ne!(fingerprint(RSA), fingerprint(P256));
        assert_eq!(fingerprint(RSA).unwrap().len(), 64);
        assert_eq!(fingerprint("a secret"), None);
    }
}
