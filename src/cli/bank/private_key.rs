//! Private keys of banks that share no secret: one algorithm each, read from PEM or made anew.

use std::fmt;

use anyhow::{Context, bail};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD as STANDARD, BASE64_URL_SAFE_NO_PAD as URL_SAFE};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};

use crate::banks::pem_base64;
use crate::domain::word::word_enum;
use crate::entropy::Entropy;

/// What a file of another form is made into one of ours with.
const REMEDY: &str = "`openssl pkcs8 -topk8 -nocrypt -in OLD -out NEW` makes one";

word_enum! {
    /// How a bank signs with its private key, by the name that it has in a source's setting.
    SigningAlgorithm is "signature algorithm" {
        /// RSASSA-PSS with SHA-256.
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
        /// Ed25519 as Standard Webhooks has it, for the key that a source has beside its secret.
        Ed25519V1a = "ed25519_v1a",
    }
}

/// What only the bank has. `Debug` shows none of it.
pub struct PrivateKey {
    algorithm: SigningAlgorithm,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    /// A key with a modulus of so many bytes that nobody has. Its signatures look to all others
    /// like numbers drawn by chance, and so they are drawn.
    UnknownRsa(usize),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl PrivateKey {
    /// Reads the PEM of an unencrypted PKCS#8 key.
    ///
    /// # Errors
    /// They name what is wrong, and nothing that stands in the text.
    pub fn parse(algorithm: SigningAlgorithm, text: &str) -> anyhow::Result<Self> {
        let Some(inside) = pem_base64(text, "PRIVATE KEY") else {
            bail!("it is no PEM of an unencrypted PKCS#8 key (“BEGIN PRIVATE KEY”); {REMEDY}");
        };
        let bytes = STANDARD.decode(inside).ok();
        let bytes = bytes.context("what stands between its first and last line is no base64")?;
        let pair = Pair::read(algorithm, &bytes);
        let pair = pair.with_context(|| format!("it is no key for {algorithm}"))?;
        Ok(Self { algorithm, pair })
    }

    /// How it signs.
    pub fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// A fresh key of the same kind, size and algorithm, which nobody knows.
    pub fn another(&self) -> Self {
        let random = SystemRandom::new();
        let made = "a key can be made";
        let pair = match &self.pair {
            Pair::Rsa(pair) => Pair::UnknownRsa(pair.public().modulus_len()),
            Pair::UnknownRsa(bytes) => Pair::UnknownRsa(*bytes),
            Pair::P256(_) => {
                let way = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let bytes = EcdsaKeyPair::generate_pkcs8(way, &random).expect(made);
                Pair::read(self.algorithm, bytes.as_ref()).expect(made)
            }
            Pair::Ed25519(_) => {
                let bytes = Ed25519KeyPair::generate_pkcs8(&random).expect(made);
                Pair::read(self.algorithm, bytes.as_ref()).expect(made)
            }
        };
        let algorithm = self.algorithm;
        Self { algorithm, pair }
    }

    /// The label and the signature of a message, as they stand in `webhook-signature`.
    pub(super) fn signature(&self, message: &[u8]) -> String {
        let alone = |label| {
            let signature = STANDARD.encode(self.pair.sign(self.algorithm, message));
            format!("{label},{signature}")
        };
        match self.algorithm {
            SigningAlgorithm::RsaPss => alone("rsa-pss-sha256"),
            SigningAlgorithm::RsaPkcs1 => alone("rsa-pkcs1-sha256"),
            SigningAlgorithm::Ed25519V1a => alone("v1a"),
            SigningAlgorithm::JwsRs256 => self.detached_jws("RS256", message),
            SigningAlgorithm::JwsPs256 => self.detached_jws("PS256", message),
            SigningAlgorithm::JwsEs256 => self.detached_jws("ES256", message),
            SigningAlgorithm::JwsEddsa => self.detached_jws("EdDSA", message),
        }
    }

    fn detached_jws(&self, name: &str, message: &[u8]) -> String {
        let header = URL_SAFE.encode(format!(r#"{{"alg":"{name}"}}"#));
        let signed = format!("{header}.{}", URL_SAFE.encode(message));
        let signature = self.pair.sign(self.algorithm, signed.as_bytes());
        format!("jws,{header}..{}", URL_SAFE.encode(signature))
    }
}

impl Pair {
    fn read(algorithm: SigningAlgorithm, bytes: &[u8]) -> anyhow::Result<Self> {
        let read = match algorithm {
            SigningAlgorithm::RsaPss
            | SigningAlgorithm::RsaPkcs1
            | SigningAlgorithm::JwsRs256
            | SigningAlgorithm::JwsPs256 => RsaKeyPair::from_pkcs8(bytes).map(Self::Rsa),
            SigningAlgorithm::JwsEs256 => {
                let way = &ECDSA_P256_SHA256_FIXED_SIGNING;
                EcdsaKeyPair::from_pkcs8(way, bytes, &SystemRandom::new()).map(Self::P256)
            }
            // OpenSSL leaves the public half out of the file.
            SigningAlgorithm::JwsEddsa | SigningAlgorithm::Ed25519V1a => {
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes).map(Self::Ed25519)
            }
        };
        read.map_err(|why| anyhow::anyhow!("{why}"))
    }

    fn sign(&self, algorithm: SigningAlgorithm, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let can = "a key that was read can sign";
        match self {
            Self::Rsa(pair) => {
                let pss = matches!(
                    algorithm,
                    SigningAlgorithm::RsaPss | SigningAlgorithm::JwsPs256
                );
                let padding: &dyn RsaEncoding = if pss {
                    &RSA_PSS_SHA256
                } else {
                    &RSA_PKCS1_SHA256
                };
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(padding, &random, message, &mut signature)
                    .expect(can);
                signature
            }
            Self::UnknownRsa(bytes) => {
                let mut signature = vec![0; *bytes];
                Entropy::System.fill(&mut signature);
                // A signature is less than the modulus, whose first bit is set.
                signature[0] &= 0x7F;
                signature
            }
            Self::P256(pair) => {
                let signature = pair.sign(&random, message).expect(can);
                signature.as_ref().to_vec()
            }
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PrivateKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::{DateTime, Utc};

    use super::*;
    use crate::banks::{Credentials, KeyAlgorithm, Refusal, Secret, adapter_by_name};
    use crate::cli::bank::{Credit, CreditState, Proof, Sender, format_of};

    const RSA: &str = include_str!("../../../tests/data/keys/rsa_2048.key.pem");
    const RSA_PUBLIC: &str = include_str!("../../../tests/data/keys/rsa_2048.pem");
    const P256: &str = include_str!("../../../tests/data/keys/p256.key.pem");
    const P256_PUBLIC: &str = include_str!("../../../tests/data/keys/p256.pem");
    const ED25519: &str = include_str!("../../../tests/data/keys/ed25519.key.pem");
    const ED25519_PUBLIC: &str = include_str!("../../../tests/data/keys/ed25519.pem");

    /// The private and the public half of a key for an algorithm.
    fn halves(algorithm: SigningAlgorithm) -> (&'static str, &'static str) {
        match algorithm {
            SigningAlgorithm::JwsEs256 => (P256, P256_PUBLIC),
            SigningAlgorithm::JwsEddsa | SigningAlgorithm::Ed25519V1a => (ED25519, ED25519_PUBLIC),
            _ => (RSA, RSA_PUBLIC),
        }
    }

    /// What a source knows of the bank.
    fn known(algorithm: SigningAlgorithm) -> Credentials {
        let public = halves(algorithm).1;
        if algorithm != SigningAlgorithm::Ed25519V1a {
            return Credentials::new(Secret::public_key(algorithm.as_str(), public));
        }
        let secret = adapter_by_name("camt054").unwrap().make_secret(&[7; 32]);
        let mut credentials = Credentials::new(secret.unwrap());
        let envelope = STANDARD.decode(pem_base64(public, "PUBLIC KEY").unwrap());
        let envelope = envelope.unwrap();
        let key = STANDARD.encode(&envelope[envelope.len() - 32..]);
        credentials.ed25519_public_key = Some(format!("whpk_{key}"));
        credentials
    }

    fn verdict(adapter: &str, key: PrivateKey, known: &Credentials) -> Option<Refusal> {
        let at: DateTime<Utc> = "2026-11-24T02:30:00Z".parse().unwrap();
        let credit = Credit {
            number: 7,
            account: "1030000000117",
            amount_vnd: 45_000,
            content: "TH7K2M9XQ4 bún ốc".to_owned(),
            order: "TH7K2M9XQ4",
            booked_at: at,
            state: CreditState::Booked,
        };
        let sender = Sender {
            bank: "MBBank",
            proof: &Proof::Private(Box::new(key)),
            config: &BTreeMap::new(),
            token: None,
        };
        let signed = (format_of(adapter).unwrap().sign)(&sender, &[credit], at);
        let adapter = adapter_by_name(adapter).unwrap();
        assert_eq!(adapter.check(known), Ok(()));
        adapter.verify(&signed.delivery("bank"), known, at).err()
    }

    #[test]
    fn every_algorithm_of_a_source_can_be_signed_with() {
        let known = KeyAlgorithm::ALL.iter().map(|it| it.as_str());
        let all: Vec<_> = known.chain(["ed25519_v1a"]).collect();
        let ours: Vec<_> = SigningAlgorithm::ALL.iter().map(|it| it.as_str()).collect();
        assert_eq!(ours, all);
    }

    #[test]
    fn a_key_is_believed_and_a_fresh_one_of_its_kind_is_not() {
        for algorithm in SigningAlgorithm::ALL {
            for adapter in ["standard_webhooks", "camt054"] {
                let key = PrivateKey::parse(*algorithm, halves(*algorithm).0).unwrap();
                let (known, fresh) = (known(*algorithm), key.another());
                assert_eq!(fresh.algorithm(), *algorithm);
                assert_eq!(verdict(adapter, key, &known), None, "{algorithm}");
                let refusal = verdict(adapter, fresh, &known);
                assert_eq!(refusal, Some(Refusal::SignatureMismatch), "{algorithm}");
            }
        }
    }

    #[test]
    fn what_is_no_key_is_refused_without_a_word_of_it() {
        let secret = RSA.lines().nth(1).unwrap();
        for (text, words) in [
            (String::new(), "BEGIN PRIVATE KEY"),
            (secret.to_owned(), "BEGIN PRIVATE KEY"),
            (RSA_PUBLIC.to_owned(), "BEGIN PRIVATE KEY"),
            (RSA.replace("PRIVATE", "RSA PRIVATE"), "openssl pkcs8"),
            (RSA.replace("PRIVATE", "ENCRYPTED PRIVATE"), "openssl pkcs8"),
            (RSA.replacen("MII", "M*I", 1), "no base64"),
            (RSA.replacen("MII", "MIJ", 1), "no key for rsa_pss_sha256"),
            (P256.to_owned(), "no key for rsa_pss_sha256"),
        ] {
            let fault = PrivateKey::parse(SigningAlgorithm::RsaPss, &text).unwrap_err();
            let said = format!("{fault:#}");
            assert!(said.contains(words), "{said}");
            assert!(!said.contains(&secret[3..]), "{said}");
        }
        let key = PrivateKey::parse(SigningAlgorithm::RsaPss, RSA).unwrap();
        assert_eq!(format!("{key:?}"), "PrivateKey(…)");
        let folded = RSA.replace('\n', "\r\n");
        assert!(PrivateKey::parse(SigningAlgorithm::JwsPs256, &folded).is_ok());
    }
}
