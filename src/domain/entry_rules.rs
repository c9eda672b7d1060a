//! From where, and with which client certificate, a source may be spoken to.
//!
//! These rules come beside the proof of a notice and never in its place. A certificate is told
//! by the SHA-256 of its bytes: a subject is written in many ways, and another authority can
//! issue the same one.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::domain::network::AddressRange;

/// The most ranges of addresses of one source.
pub const ADDRESSES_MAX: usize = 64;
/// The most certificates of one source: those in use, and those that follow them.
pub const CERTIFICATES_MAX: usize = 8;
/// What stands before a fingerprint among the rules.
const CERTIFICATE_MARK: &str = "sha256:";

/// The SHA-256 of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CertificateFingerprint([u8; 32]);

/// A text that is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is a SHA-256: 64 hexadecimal digits, perhaps in pairs with colons between")]
pub struct FingerprintError;

impl FingerprintError {
    /// The same text in Vietnamese.
    pub fn vietnamese(&self) -> String {
        "Dấu vân tay chứng chỉ là SHA-256: 64 chữ số thập lục phân, có thể chia cặp bằng dấu hai \
         chấm"
            .into()
    }
}

impl CertificateFingerprint {
    /// The fingerprint with these bytes.
    pub const fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }
}

impl FromStr for CertificateFingerprint {
    type Err = FingerprintError;

    /// Reads digits in either case.
    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let pairs = text.len() == 32 * 3 - 1;
        let colons = text.bytes().skip(2).step_by(3).all(|byte| byte == b':');
        let digits = if pairs && colons {
            text.replace(':', "")
        } else {
            text.to_owned()
        };
        let mut digest = [0; 32];
        hex::decode_to_slice(digits, &mut digest).map_err(|_| FingerprintError)?;
        Ok(Self(digest))
    }
}

impl fmt::Display for CertificateFingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

/// Who may speak to a source. No range admits every address, no certificate asks for none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryRules {
    /// The addresses that notices come from.
    pub addresses: Vec<AddressRange>,
    /// The certificates, any one of which the sender shows to a declared proxy.
    pub certificates: Vec<CertificateFingerprint>,
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryRefusal {
    /// The address is none of the source's.
    Address,
    /// No certificate was shown, or another one.
    Certificate,
}

/// A stored text that is no list of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a list of address ranges and fingerprints")]
pub struct EntryRulesError;

impl EntryRules {
    /// Whether a sender at `client` who showed `certificate` may speak. `None` is an address
    /// that is not known, and a certificate that was not shown.
    pub fn admit(
        &self,
        client: Option<IpAddr>,
        certificate: Option<CertificateFingerprint>,
    ) -> Result<(), EntryRefusal> {
        let within = |client| self.addresses.iter().any(|range| range.contains(client));
        if !self.addresses.is_empty() && !client.is_some_and(within) {
            return Err(EntryRefusal::Address);
        }
        let known = |shown| self.certificates.contains(&shown);
        if self.asks_for_certificate() && !certificate.is_some_and(known) {
            return Err(EntryRefusal::Certificate);
        }
        Ok(())
    }

    /// Whether a sender has to show a certificate.
    pub fn asks_for_certificate(&self) -> bool {
        !self.certificates.is_empty()
    }
}

impl fmt::Display for EntryRules {
    /// The rules as they are stored: words with a space between.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let addresses = self.addresses.iter().map(ToString::to_string);
        let certificates = self.certificates.iter();
        let certificates = certificates.map(|it| format!("{CERTIFICATE_MARK}{it}"));
        let words: Vec<_> = addresses.chain(certificates).collect();
        formatter.write_str(&words.join(" "))
    }
}

impl FromStr for EntryRules {
    type Err = EntryRulesError;

    fn from_str(text: &str) -> Result<Self, EntryRulesError> {
        let mut rules = Self::default();
        for word in text.split_ascii_whitespace() {
            if let Some(digits) = word.strip_prefix(CERTIFICATE_MARK) {
                let fingerprint = digits.parse().map_err(|_| EntryRulesError)?;
                rules.certificates.push(fingerprint);
            } else {
                let range = word.parse().map_err(|_| EntryRulesError)?;
                rules.addresses.push(range);
            }
        }
        Ok(rules)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(byte: u8) -> CertificateFingerprint {
        CertificateFingerprint::new([byte; 32])
    }

    #[test]
    fn a_fingerprint_has_sixty_four_digits() {
        let plain = "ab".repeat(32);
        let colons = vec!["AB"; 32].join(":");
        for text in [plain.clone(), plain.to_uppercase(), colons.clone()] {
            assert_eq!(text.parse(), Ok(print(0xab)), "{text}");
        }
        assert_eq!(print(0xab).to_string(), plain);
        for text in [
            "",
            &plain[..63],
            &plain[..40],
            &format!("{plain}0"),
            &colons.replacen(':', "-", 1),
            &colons[1..],
            &format!("{plain},{plain}"),
            &format!("sha256:{plain}"),
            &format!(" {plain}"),
            &"g".repeat(64),
        ] {
            let parsed = text.parse::<CertificateFingerprint>();
            assert_eq!(parsed, Err(FingerprintError), "{text}");
        }
    }

    #[test]
    fn only_the_named_may_speak() {
        let rules = |text: &str| -> EntryRules { text.parse().unwrap() };
        let (one, two) = (print(1), print(2));
        let both = format!("203.0.113.0/24 2001:db8::/32 sha256:{one} sha256:{two}");
        let (address, certificate) = (EntryRefusal::Address, EntryRefusal::Certificate);
        for (text, client, shown, wanted) in [
            ("", None, None, Ok(())),
            ("", Some("198.51.100.1"), Some(one), Ok(())),
            ("203.0.113.0/24", Some("203.0.113.9"), None, Ok(())),
            ("203.0.113.0/24", Some("198.51.100.1"), None, Err(address)),
            ("203.0.113.0/24", None, Some(one), Err(address)),
            (&format!("sha256:{one}"), None, Some(one), Ok(())),
            (&format!("sha256:{one}"), None, Some(two), Err(certificate)),
            (&format!("sha256:{one}"), None, None, Err(certificate)),
            (&both, Some("2001:db8::1"), Some(two), Ok(())),
            (&both, Some("2001:db8::1"), Some(print(3)), Err(certificate)),
            (&both, Some("2001:db9::1"), Some(one), Err(address)),
        ] {
            let client = client.map(|client| client.parse().unwrap());
            assert_eq!(
                rules(text).admit(client, shown),
                wanted,
                "{text} {client:?}"
            );
        }
    }

    #[test]
    fn rules_are_the_same_after_they_were_stored() {
        let text = format!(
            "10.0.0.0/8 192.168.1.7 ::1 2001:db8::/32 sha256:{}",
            print(7)
        );
        let rules: EntryRules = text.parse().unwrap();
        assert_eq!(rules.to_string(), text);
        assert_eq!("".parse(), Ok(EntryRules::default()));
        for text in [
            "here",
            "10.0.0.0/33",
            "sha256:",
            "sha1:00",
            "10.0.0.1,10.0.0.2",
        ] {
            assert_eq!(text.parse::<EntryRules>(), Err(EntryRulesError), "{text}");
        }
    }
}
