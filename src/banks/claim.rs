//! Why a proof does not fit: which slip of the sender explains it.
//!
//! Asked of a trial only, whose sender knows its secret. To anybody else a refused notice is
//! answered alike whatever was wrong with it.

use std::fmt::Write;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::ExposeSecret;

use super::delivery::{Credentials, Delivery, Secret};
use super::javascript::{Sorting, stringify};
use super::json::Json;
use super::signature::{is_hmac_sha256, is_hmac_sha512, lower_hex, strict_base64};
use super::verdict::Refusal;
use super::{Adapter, unproven_json};
use crate::domain::trial::Slip;

/// Bytes, and the slip with which a sender comes to them; none for the right ones.
pub(super) type Variant = (Option<Slip>, Vec<u8>);

/// A signature that was shown, and what it could have been made of.
pub struct Claim {
    /// The signature without what stands before it.
    pub(super) shown: String,
    /// What is wrong with what stands before it.
    pub(super) label: Option<Slip>,
    /// How it has to be written.
    pub(super) form: Form,
    /// How many bytes it has: those of its hash.
    pub(super) digest_bytes: usize,
    /// The signed text, the right one first.
    pub(super) texts: Vec<Variant>,
    /// The key, the right one first.
    pub(super) keys: Vec<Variant>,
}

/// How a signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Lower-case hexadecimal.
    Hex,
    /// Standard base64 with its padding.
    Base64,
}

/// SHA-256, in bytes.
pub(super) const SHA256_BYTES: usize = 32;
/// SHA-512, in bytes.
pub(super) const SHA512_BYTES: usize = 64;

/// The slips that explain why a trial's delivery was refused; none when nothing does.
pub(super) fn slips(
    adapter: &dyn Adapter,
    delivery: &Delivery,
    credentials: &Credentials,
    refusal: Refusal,
) -> Vec<Slip> {
    match refusal {
        Refusal::SignatureMismatch => {
            let claims = adapter.claims(delivery, credentials);
            claims.iter().find_map(Claim::slips).unwrap_or_default()
        }
        Refusal::BadToken | Refusal::BadCredentials | Refusal::MissingHeader
            if shows(delivery, &credentials.current) =>
        {
            vec![Slip::TokenElsewhere]
        }
        _ => Vec::new(),
    }
}

/// Whether any header holds the secret itself.
fn shows(delivery: &Delivery, secret: &Secret) -> bool {
    let (Secret::Text(secret)
    | Secret::Login {
        password: secret, ..
    }) = secret
    else {
        return false;
    };
    let secret = secret.expose_secret();
    let mut values = delivery.headers().iter();
    values.any(|(_, value)| String::from_utf8_lossy(value).contains(secret))
}

impl Claim {
    /// A signature of most formats: HMAC-SHA256 in hexadecimal under the secret's text.
    pub(super) fn of_hmac_sha256(
        shown: String,
        texts: Vec<Variant>,
        credentials: &Credentials,
    ) -> Self {
        Self {
            shown,
            label: None,
            form: Form::Hex,
            digest_bytes: SHA256_BYTES,
            texts,
            keys: text_keys(credentials),
        }
    }

    /// What explains the signature, the fewest slips first.
    fn slips(&self) -> Option<Vec<Slip>> {
        for (written, digest) in readings(&self.shown, self.form) {
            for (key_slip, key) in &self.keys {
                for (text_slip, text) in &self.texts {
                    let fits = |key: &[u8], text: &[u8]| match digest.len() {
                        SHA256_BYTES => is_hmac_sha256(key, &[text], &digest),
                        SHA512_BYTES => is_hmac_sha512(key, &[text], &digest),
                        _ => false,
                    };
                    let swapped = fits(text, key).then_some(Slip::KeyForText);
                    if swapped.is_some() || fits(key, text) {
                        let other = digest.len() != self.digest_bytes;
                        let other = other.then_some(Slip::OtherAlgorithm);
                        let slips = [self.label, written, other, swapped, *key_slip, *text_slip];
                        return Some(slips.into_iter().flatten().collect());
                    }
                }
            }
        }
        None
    }
}

/// The bytes that a signature can stand for, and what is wrong with its writing.
fn readings(shown: &str, form: Form) -> Vec<Variant> {
    let shown = shown.trim();
    let wrong = |slip, wanted| (form != wanted).then_some(slip);
    let hex = match lower_hex(shown) {
        Some(bytes) => Some((wrong(Slip::HexForBase64, Form::Hex), bytes)),
        None => hex::decode(shown).ok().map(|bytes| {
            let slip = wrong(Slip::HexForBase64, Form::Hex).unwrap_or(Slip::CapitalHex);
            (Some(slip), bytes)
        }),
    };
    let base64 = match strict_base64(shown) {
        Some(bytes) => Some((wrong(Slip::Base64ForHex, Form::Base64), bytes)),
        None => loose_base64(shown).map(|bytes| {
            let slip = wrong(Slip::Base64ForHex, Form::Base64).unwrap_or(Slip::LooseBase64);
            (Some(slip), bytes)
        }),
    };
    // Lower-case hexadecimal that was encoded once more.
    let within = base64.as_ref().filter(|_| form == Form::Base64);
    let within = within.and_then(|(_, bytes)| {
        let text = std::str::from_utf8(bytes).ok()?;
        let bytes = hex::decode(text.trim_end()).ok()?;
        Some((Some(Slip::HexInBase64), bytes))
    });
    hex.into_iter().chain(base64).chain(within).collect()
}

/// How many bytes the shown signatures have, where none of them is as long as the format's
/// hash and each one can be read.
pub(super) fn other_lengths(claims: &[Claim]) -> Option<(usize, usize)> {
    let lengths = claims.iter().map(|claim| {
        let readings = readings(&claim.shown, claim.form);
        let mut right = readings.into_iter().filter(|(slip, _)| slip.is_none());
        right
            .next()
            .map(|(_, bytes)| (bytes.len(), claim.digest_bytes))
    });
    let lengths: Option<Vec<_>> = lengths.collect();
    let lengths = lengths?;
    let others = lengths.iter().all(|(shown, wanted)| shown != wanted);
    lengths.first().copied().filter(|_| others)
}

/// Reads base64 of any alphabet, with or without padding.
fn loose_base64(text: &str) -> Option<Vec<u8>> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let read = |alphabet| GeneralPurpose::new(alphabet, config).decode(text).ok();
    read(&alphabet::STANDARD).or_else(|| read(&alphabet::URL_SAFE))
}

/// The signature that a body carries as one of its fields, if it carries one.
pub(super) fn signature_of(body: &Json, name: &str) -> Option<String> {
    let shown = body.as_object()?.get(name).and_then(Json::as_text);
    shown.map(str::to_owned)
}

/// The keys of a format that uses the secret's text as it is.
pub(super) fn text_keys(credentials: &Credentials) -> Vec<Variant> {
    let Secret::Text(secret) = &credentials.current else {
        return Vec::new();
    };
    let secret = secret.expose_secret();
    let decoded = [hex::decode(secret).ok(), strict_base64(secret)];
    let decoded = decoded.into_iter().flatten();
    [
        (None, secret.as_bytes().to_vec()),
        (
            Some(Slip::SecretLineEnd),
            format!("{secret}\n").into_bytes(),
        ),
    ]
    .into_iter()
    .chain(decoded.map(|key| (Some(Slip::SecretDecoded), key)))
    .collect()
}

/// A body behind what is signed before it, and what senders make of the body.
pub(super) fn body_texts(before: &[u8], body: &[u8]) -> Vec<Variant> {
    let behind = |body: &[u8]| [before, body].concat();
    let trimmed = body.trim_ascii_end();
    let only_line_ends = body[trimmed.len()..]
        .iter()
        .all(|byte| matches!(byte, b'\r' | b'\n'));
    let cut = if only_line_ends {
        Slip::LineEnd
    } else {
        Slip::SpaceAtEnd
    };
    let mut texts = vec![
        (None, behind(body)),
        (Some(Slip::LineEnd), behind(&[body, b"\n"].concat())),
        (Some(cut), behind(trimmed)),
    ];
    let anew = rewritten(body).into_iter();
    texts.extend(anew.map(|body| (Some(Slip::BodyRewritten), behind(body.as_bytes()))));
    texts
}

/// A document as the usual writers of JSON write it anew.
fn rewritten(body: &[u8]) -> Vec<String> {
    let Ok(value) = unproven_json(body) else {
        return Vec::new();
    };
    let spaced = Style {
        spaces: " ",
        only_ascii: false,
        slashes: false,
    };
    let python = Style {
        only_ascii: true,
        ..spaced
    };
    let php = Style {
        spaces: "",
        only_ascii: true,
        slashes: true,
    };
    let styles = [spaced, python, php].map(|style| style.print(&value));
    [Sorting::None, Sorting::Objects]
        .map(|sorting| stringify(&value, sorting))
        .into_iter()
        .chain(styles)
        .collect()
}

/// How a writer of JSON differs from JavaScript's.
#[derive(Clone, Copy)]
struct Style {
    /// What stands behind a comma and a colon.
    spaces: &'static str,
    /// Other letters are escaped.
    only_ascii: bool,
    /// A slash is escaped.
    slashes: bool,
}

impl Style {
    fn print(self, value: &Json) -> String {
        let comma = format!(",{}", self.spaces);
        match value {
            Json::Array(elements) => {
                let elements: Vec<_> = elements.iter().map(|it| self.print(it)).collect();
                format!("[{}]", elements.join(&comma))
            }
            Json::Object(object) => {
                let members = object.members().iter().map(|(key, value)| {
                    let (key, value) = (self.quote(key), self.print(value));
                    format!("{key}:{}{value}", self.spaces)
                });
                format!("{{{}}}", members.collect::<Vec<_>>().join(&comma))
            }
            Json::Text(text) => self.quote(text),
            Json::Number(source) => source.clone(),
            Json::Null | Json::Bool(_) => stringify(value, Sorting::None),
        }
    }

    fn quote(self, text: &str) -> String {
        let quoted = stringify(&Json::Text(text.to_owned()), Sorting::None);
        let mut out = String::with_capacity(quoted.len());
        for letter in quoted.chars() {
            match letter {
                '/' if self.slashes => out.push_str("\\/"),
                letter if self.only_ascii && !letter.is_ascii() => {
                    for unit in letter.encode_utf16(&mut [0; 2]) {
                        write!(out, "\\u{unit:04x}").expect("a text takes any length");
                    }
                }
                letter => out.push(letter),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests;
