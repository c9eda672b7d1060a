//! A detached JWS in its compact form (RFC 7515, appendix F): the protected header and the
//! signature, with nothing between the dots where the payload would stand.
//!
//! The header has to name the algorithm that the source is configured with. What would take
//! a key from the message, or change what is signed, is refused rather than passed over.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE;

use super::json::{self, Json};

/// The longest protected header that is read, in letters.
const HEADER_MAX: usize = 1024;

/// Parameters that bring a key along, or that a reader has to understand before it can verify
/// and we do not: an unencoded payload is signed in another way.
const REFUSED: [&str; 6] = ["jwk", "jku", "x5c", "x5u", "crit", "b64"];

/// The bytes that are signed and the signature, if this is a detached JWS over `payload` whose
/// header names `algorithm`.
pub(super) fn detached(text: &str, algorithm: &str, payload: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (header, signature) = text.split_once("..")?;
    if header.len() > HEADER_MAX {
        return None;
    }
    let parameters = json::read(&URL_SAFE.decode(header).ok()?).ok()?;
    let parameters = parameters.as_object()?;
    let named = parameters.get("alg").and_then(Json::as_text);
    let refused = REFUSED.iter().any(|name| parameters.get(name).is_some());
    if named != Some(algorithm) || refused {
        return None;
    }
    let signed = format!("{header}.{}", URL_SAFE.encode(payload)).into_bytes();
    Some((signed, URL_SAFE.decode(signature).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Option<(Vec<u8>, Vec<u8>)> {
        let text = format!("{}..AAAA", URL_SAFE.encode(header));
        detached(&text, "RS256", b"a")
    }

    #[test]
    fn a_header_names_the_configured_algorithm_and_brings_no_key() {
        for (header, good) in [
            (r#"{"alg":"RS256"}"#, true),
            (r#"{"alg":"RS256","kid":"1","typ":"JOSE"}"#, true),
            (r#"{"alg":"PS256"}"#, false),
            (r#"{"alg":"none"}"#, false),
            (r#"{"alg":"HS256"}"#, false),
            (r#"{"alg":"rs256"}"#, false),
            (r#"{"alg":["RS256"]}"#, false),
            (r#"{"kid":"1"}"#, false),
            (r#"{"alg":"none","alg":"RS256"}"#, false),
            (r#"{"alg":"RS256","jwk":{}}"#, false),
            (r#"{"alg":"RS256","jku":"https://bank.example"}"#, false),
            (r#"{"alg":"RS256","x5c":[]}"#, false),
            (r#"{"alg":"RS256","x5u":""}"#, false),
            (r#"{"alg":"RS256","crit":["exp"]}"#, false),
            (r#"{"alg":"RS256","b64":false,"crit":["b64"]}"#, false),
            ("[]", false),
            ("", false),
            ("{", false),
        ] {
            assert_eq!(read(header).is_some(), good, "{header}");
        }
        let long = format!(r#"{{"alg":"RS256","kid":"{}"}}"#, "k".repeat(HEADER_MAX));
        assert_eq!(read(&long), None);
    }

    #[test]
    fn the_payload_stands_outside() {
        let header = URL_SAFE.encode(r#"{"alg":"RS256"}"#);
        let (signed, signature) = read(r#"{"alg":"RS256"}"#).unwrap();
        assert_eq!(signed, format!("{header}.YQ").into_bytes());
        assert_eq!(signature, [0, 0, 0]);
        for text in [
            format!("{header}.YQ.AAAA"),
            format!("{header}.AAAA"),
            format!("{header}..AAAA.AAAA"),
            format!("{header}...AAAA"),
            format!("{header}==..AAAA"),
            format!("{header}..AA+/"),
            format!("{header}..A"),
            format!("..{header}"),
            String::new(),
        ] {
            assert_eq!(detached(&text, "RS256", b"a"), None, "{text}");
        }
    }
}
