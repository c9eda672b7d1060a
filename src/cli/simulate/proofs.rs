//! What the bank signs with: a secret that it shares, or a private key of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use super::super::callback::read_credentials;
use crate::banks::{Credentials, Secret, adapter_by_name};
use crate::cli::bank::{Format, PrivateKey, Proof, SigningAlgorithm, TakenProofs};
use crate::entropy::Entropy;

/// Where it is read from.
#[derive(Args, Clone, Debug)]
pub(super) struct ProofOptions {
    /// For a source that shares a secret: a file with the secret alone, or the JSON that
    /// `callback verify --secrets` reads.
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "private_key",
        conflicts_with = "private_key"
    )]
    secret_file: Option<PathBuf>,
    /// For a source that knows the bank by its public key, in place of --secret-file: the file
    /// of the private key, as PEM in PKCS#8 (“BEGIN PRIVATE KEY”). It is read and never shown.
    #[arg(long, value_name = "FILE", requires = "algorithm")]
    private_key: Option<PathBuf>,
    /// How the private key signs, as the source is set: rsa_pss_sha256, rsa_pkcs1_sha256,
    /// jws_rs256, jws_ps256, jws_es256 or jws_eddsa; ed25519_v1a is the Ed25519 key (whpk_…)
    /// that a source may have beside its secret.
    #[arg(long, value_name = "NAME", requires = "private_key", value_parser = SigningAlgorithm::parse)]
    algorithm: Option<SigningAlgorithm>,
    /// The private key that the bank signed with before the last change of keys, for the fault
    /// rotated_key.
    #[arg(long, value_name = "FILE", requires = "private_key")]
    previous_private_key: Option<PathBuf>,
}

/// What the bank signs with, and what it could sign with by mistake.
#[derive(Debug)]
pub(super) struct Proofs {
    /// What is in use.
    pub(super) current: Proof,
    /// What was in use before, while it is still good.
    pub(super) previous: Option<Proof>,
    /// The settings of the source that a notice has to name.
    pub(super) config: BTreeMap<String, String>,
}

impl ProofOptions {
    /// Reads everything, as it has to be for the format.
    pub(super) fn read(&self, format: &Format) -> anyhow::Result<Proofs> {
        match (&self.secret_file, &self.private_key, self.algorithm) {
            (Some(path), ..) => {
                secrets(format, path).with_context(|| format!("reading {}", path.display()))
            }
            (None, Some(path), Some(algorithm)) => self.private_keys(format, path, algorithm),
            (None, ..) => bail!("neither --secret-file nor --private-key with --algorithm"),
        }
    }

    fn private_keys(
        &self,
        format: &Format,
        path: &Path,
        algorithm: SigningAlgorithm,
    ) -> anyhow::Result<Proofs> {
        if format.proofs == TakenProofs::Shared {
            let adapter = format.adapter;
            bail!("{adapter} shares a secret with its sender: give it with --secret-file");
        }
        let previous = self.previous_private_key.as_deref();
        if previous.is_some() && algorithm == SigningAlgorithm::Ed25519V1a {
            bail!("a source knows one key for {algorithm}: there is none before it");
        }
        Ok(Proofs {
            current: private_key(path, algorithm)?,
            previous: previous
                .map(|path| private_key(path, algorithm))
                .transpose()?,
            config: BTreeMap::new(),
        })
    }
}

impl Proofs {
    /// A proof of the same form that nobody gave out: a fresh secret, or a fresh key of the same
    /// kind under the same algorithm.
    pub(super) fn forged(&self) -> Proof {
        let random = || hex::encode(Entropy::System.bytes::<32>());
        match &self.current {
            Proof::Private(key) => Proof::Private(Box::new(key.another())),
            Proof::Shared(Secret::Login { username, .. }) => {
                Proof::Shared(Secret::login(username.clone(), random()))
            }
            Proof::Shared(Secret::Text(_) | Secret::PublicKey { .. }) => {
                Proof::Shared(Secret::text(random()))
            }
        }
    }
}

fn private_key(path: &Path, algorithm: SigningAlgorithm) -> anyhow::Result<Proof> {
    let reading = || format!("reading {}", path.display());
    let text = fs::read_to_string(path).with_context(reading)?;
    let key = PrivateKey::parse(algorithm, &text).with_context(reading)?;
    Ok(Proof::Private(Box::new(key)))
}

/// What the source shares with its bank.
fn secrets(format: &Format, path: &Path) -> anyhow::Result<Proofs> {
    let text = fs::read_to_string(path)?;
    let credentials = if text.trim_start().starts_with('{') {
        read_credentials(path)?
    } else {
        Credentials::new(Secret::text(text.trim()))
    };
    let adapter = adapter_by_name(format.adapter).context("every signer has an adapter")?;
    adapter.check(&credentials)?;
    for secret in [Some(&credentials.current), credentials.previous.as_ref()] {
        if let Some(Secret::PublicKey { .. }) = secret {
            bail!(
                "nobody can sign with a public key: give the bank's private one with --private-key"
            );
        }
    }
    Ok(Proofs {
        current: Proof::Shared(credentials.current),
        previous: credentials.previous.map(Proof::Shared),
        config: credentials.config,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::bank::format_of;

    const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/keys");

    fn options(algorithm: SigningAlgorithm, key: &str, previous: Option<&str>) -> ProofOptions {
        let path = |name: &str| PathBuf::from(format!("{KEYS}/{name}.pem"));
        ProofOptions {
            secret_file: None,
            private_key: Some(path(key)),
            algorithm: Some(algorithm),
            previous_private_key: previous.map(path),
        }
    }

    #[test]
    fn a_public_key_signs_nothing() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let key = include_str!("../../../tests/data/keys/rsa_2048.pem");
        let public = serde_json::json!({"algorithm": "jws_rs256", "public_key": key});
        let shared = "whsec_c2l4dGVlbi0tbGV0dGVycy1hbmQtbW9yZQ==";
        let format = format_of("standard_webhooks").unwrap();
        for (secrets, good) in [
            (serde_json::json!({"secret": shared}), true),
            (serde_json::json!({"secret": public}), false),
            (
                serde_json::json!({"secret": shared, "previous_secret": public}),
                false,
            ),
        ] {
            fs::write(file.path(), secrets.to_string()).unwrap();
            let read = self::secrets(format, file.path());
            assert_eq!(read.is_ok(), good, "{secrets}");
            let said = read.map_or_else(|fault| fault.to_string(), |_| String::new());
            assert_eq!(said.contains("--private-key"), !good, "{said}");
        }
    }

    #[test]
    fn a_private_key_is_taken_where_the_format_and_the_algorithm_have_a_place_for_it() {
        use SigningAlgorithm::{Ed25519V1a, JwsPs256, RsaPss};
        let (rsa, other, ed25519) = ("rsa_2048.key", "rsa_2048_other.key", "ed25519.key");
        for (adapter, options, fault) in [
            ("camt054", options(RsaPss, rsa, Some(other)), None),
            ("standard_webhooks", options(JwsPs256, rsa, None), None),
            (
                "standard_webhooks",
                options(Ed25519V1a, ed25519, None),
                None,
            ),
            (
                "standard_webhooks",
                options(Ed25519V1a, ed25519, Some(ed25519)),
                Some("there is none before it"),
            ),
            (
                "sepay_hmac",
                options(RsaPss, rsa, None),
                Some("--secret-file"),
            ),
            (
                "camt054",
                options(RsaPss, ed25519, None),
                Some("no key for rsa_pss_sha256"),
            ),
            (
                "camt054",
                options(RsaPss, rsa, Some("rsa_2048")),
                Some("rsa_2048.pem"),
            ),
            (
                "camt054",
                options(RsaPss, "absent", None),
                Some("absent.pem"),
            ),
        ] {
            let read = options.read(format_of(adapter).unwrap());
            let said = read.err().map(|fault| format!("{fault:#}"));
            match fault {
                Some(words) => assert!(said.as_ref().unwrap().contains(words), "{said:?}"),
                None => assert_eq!(said, None, "{adapter}"),
            }
        }
    }
}
