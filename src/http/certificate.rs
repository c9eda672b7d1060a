//! The client certificate that a trusted proxy was shown.
//!
//! TLS ends at the proxy, so only it can say which certificate its client holds the key of. It
//! says so in one header, which it has to overwrite whatever its client sent; from a peer that
//! is no trusted proxy the header means nothing.

use axum::http::HeaderMap;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::peer::{Peer, TrustedProxies};
use crate::banks::Refusal;
use crate::domain::entry_rules::CertificateFingerprint;

/// The longest value that is read: a chain does not fit, one certificate does.
const VALUE_MAX: usize = 16 * 1024;

/// The header that names the certificate, if there is one.
#[derive(Clone, Debug, Default)]
pub struct CertificateHeader(Option<String>);

impl CertificateHeader {
    /// Certificates are named in this header, given in lower case; in none without one.
    pub const fn new(name: Option<String>) -> Self {
        Self(name)
    }

    /// The certificate that the proxy at the other end was shown. None when it says nothing,
    /// or when the peer is no proxy of ours.
    ///
    /// # Errors
    /// A header that is there twice, of which the client may have sent one; a value that is
    /// neither a fingerprint nor a certificate.
    pub fn shown(
        &self,
        peer: Option<Peer>,
        trusted: &TrustedProxies,
        headers: &HeaderMap,
    ) -> Result<Option<CertificateFingerprint>, Refusal> {
        let is_ours = peer.is_some_and(|Peer(peer)| trusted.contains(peer));
        let Some(name) = self.0.as_ref().filter(|_| is_ours) else {
            return Ok(None);
        };
        let mut values = headers.get_all(name).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Refusal::RepeatedHeader);
        }
        let value = value.to_str().map_err(|_| Refusal::MalformedHeader)?;
        match value.trim() {
            "" => Ok(None),
            text => read(text).map(Some).ok_or(Refusal::MalformedHeader),
        }
    }
}

/// Reads a fingerprint, or makes one of a certificate.
fn read(text: &str) -> Option<CertificateFingerprint> {
    if text.len() > VALUE_MAX {
        return None;
    }
    text.parse().ok().or_else(|| {
        let certificate = of_pem(&unescaped(text)?)?;
        Some(CertificateFingerprint::new(
            Sha256::digest(certificate).into(),
        ))
    })
}

/// The bytes of the one certificate in a PEM text.
fn of_pem(text: &str) -> Option<Vec<u8>> {
    let inner = text
        .trim()
        .strip_prefix("-----BEGIN CERTIFICATE-----")?
        .strip_suffix("-----END CERTIFICATE-----")?;
    let base64: String = inner.split_ascii_whitespace().collect();
    BASE64_STANDARD.decode(base64).ok()
}

/// Undoes `%` escapes alone: a plus sign is one of base64.
fn unescaped(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.extend(hex::decode(digits).ok()?);
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "x-client-cert";
    const CERTIFICATE: &str = include_str!("../../tests/data/keys/client.crt.pem");
    const PRINT: &str = include_str!("../../tests/data/keys/client.sha256");

    fn trusted() -> TrustedProxies {
        TrustedProxies::new(["10.0.0.0/8".parse().unwrap()])
    }

    fn shown(peer: &str, values: &[&str]) -> Result<Option<String>, Refusal> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(NAME, value.parse().unwrap());
        }
        let peer = Some(Peer(peer.parse().unwrap()));
        let header = CertificateHeader::new(Some(NAME.to_owned()));
        let shown = header.shown(peer, &trusted(), &headers);
        shown.map(|shown| shown.map(|it| it.to_string()))
    }

    fn escaped(text: &str) -> String {
        let escape = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        };
        text.bytes().map(escape).collect()
    }

    #[test]
    fn a_proxy_names_a_certificate_by_its_digest_or_whole() {
        let print = PRINT.trim();
        let pairs: Vec<_> = (0..32)
            .map(|at| print[at * 2..at * 2 + 2].to_uppercase())
            .collect();
        for value in [
            print.to_owned(),
            print.to_uppercase(),
            pairs.join(":"),
            escaped(CERTIFICATE),
            escaped(CERTIFICATE).replace("%2B", "+").replace("%3D", "="),
        ] {
            assert_eq!(
                shown("10.0.0.1", &[&value]),
                Ok(Some(print.to_owned())),
                "{value}"
            );
        }
    }

    #[test]
    fn nobody_else_names_one() {
        let print = PRINT.trim();
        assert_eq!(shown("192.0.2.1", &[print]), Ok(None));
        assert_eq!(shown("192.0.2.1", &[print, print]), Ok(None));
        assert_eq!(shown("10.0.0.1", &[]), Ok(None));
        assert_eq!(shown("10.0.0.1", &[""]), Ok(None));
        let mut headers = HeaderMap::new();
        headers.append(NAME, print.parse().unwrap());
        let peer = Some(Peer("10.0.0.1".parse().unwrap()));
        let none = CertificateHeader::default();
        assert_eq!(none.shown(peer, &trusted(), &headers), Ok(None));
        let header = CertificateHeader::new(Some(NAME.to_owned()));
        assert_eq!(header.shown(None, &trusted(), &headers), Ok(None));
    }

    #[test]
    fn what_can_be_read_in_two_ways_names_none() {
        let print = PRINT.trim();
        let twice = shown("10.0.0.1", &[print, print]);
        assert_eq!(twice, Err(Refusal::RepeatedHeader));
        let whole = escaped(CERTIFICATE);
        for value in [
            &format!("{print},{print}"),
            &format!("Hash={print}"),
            &print[..40],
            "CN=bank",
            "%",
            "%4",
            "%zz",
            "%ff",
            &format!("{whole}{whole}"),
            &whole.replace("CERTIFICATE", "PUBLIC%20KEY"),
            &"a".repeat(VALUE_MAX + 1),
        ] {
            let shown = shown("10.0.0.1", &[value]);
            assert_eq!(shown, Err(Refusal::MalformedHeader), "{value}");
        }
    }
}
