//! Secrets at rest: sealed with XChaCha20-Poly1305 under one master key.
//!
//! The master key comes from a file that is kept apart from the database. The name of the
//! row that a sealed value belongs to is authenticated with it, so that a value copied into
//! another row does not open.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use secrecy::zeroize::Zeroizing;
use sha2::Sha256;

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;
/// Bytes of the nonce in front of a sealed value.
pub const NONCE_BYTES: usize = 24;

/// A key that seals and opens. `Debug` shows nothing.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; KEY_BYTES]>);

/// A sealed value that does not open under this key and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value does not open: wrong master key, or the value was altered")]
pub struct OpenError;

impl Key {
    /// Takes 32 bytes.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes: for a key file, or to be sealed under another key.
    pub fn reveal(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Seals a value for the row `name`. The nonce is random and never used twice.
    pub fn seal(&self, name: &str, nonce: [u8; NONCE_BYTES], value: &[u8]) -> Vec<u8> {
        let payload = Payload {
            msg: value,
            aad: name.as_bytes(),
        };
        let cipher = XChaCha20Poly1305::new((&*self.0).into());
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload);
        let mut out = nonce.to_vec();
        out.extend(sealed.expect("a value in memory is far below the cipher's limit"));
        out
    }

    /// Opens what was sealed for the row `name`.
    pub fn open(&self, name: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(OpenError)?;
        let payload = Payload {
            msg: sealed,
            aad: name.as_bytes(),
        };
        let cipher = XChaCha20Poly1305::new((&*self.0).into());
        let opened = cipher.decrypt(&XNonce::from(*nonce), payload);
        opened.map(Zeroizing::new).map_err(|_| OpenError)
    }

    /// A key for one purpose, which says nothing about this one.
    pub fn derive(&self, purpose: &str) -> Self {
        Self::new(self.fingerprint(purpose))
    }

    /// A hash by which equal texts are known, and which nobody without the key can make.
    pub fn fingerprint(&self, text: &str) -> [u8; KEY_BYTES] {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&*self.0)
            .expect("HMAC takes a key of any length");
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_only_under_its_key_and_name() {
        let key = Key::new([7; KEY_BYTES]);
        let sealed = key.seal("source:a", [1; NONCE_BYTES], b"secret");
        assert_eq!(key.open("source:a", &sealed).unwrap().as_slice(), b"secret");
        assert_eq!(key.open("source:b", &sealed), Err(OpenError));
        assert_eq!(
            Key::new([8; KEY_BYTES]).open("source:a", &sealed),
            Err(OpenError)
        );
        assert_eq!(
            key.derive("bodies").open("source:a", &sealed),
            Err(OpenError)
        );
        for place in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[place] ^= 1;
            assert_eq!(
                key.open("source:a", &altered),
                Err(OpenError),
                "byte {place}"
            );
        }
        assert_eq!(key.open("source:a", &sealed[..20]), Err(OpenError));
        assert!(!format!("{key:?}").contains('7'));
    }
}
