//! Bytes of a file as text, whichever program saved it.
//!
//! UTF-8 with or without its mark, UTF-16 with its mark, Windows-1258. The old fonts TCVN3
//! and VNI put Vietnamese letters where other alphabets have theirs: such a file would read
//! as wrong letters without any error, so it is recognised and refused.

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1258};
use unicode_normalization::UnicodeNormalization;

use super::report::FileFault;
use crate::domain::text::is_vietnamese_letter;

/// How a file was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without its mark.
    Utf8,
    /// UTF-16 with its mark.
    Utf16,
    /// Windows-1258, the Vietnamese code page.
    Windows1258,
}

impl Encoding {
    /// Its usual name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16 => "utf-16",
            Self::Windows1258 => "windows-1258",
        }
    }
}

/// How files begin that are no text: zipped and old workbooks.
const WORKBOOKS: [&[u8]; 2] = [b"PK\x03\x04", b"\xD0\xCF\x11\xE0"];
/// What typists use beside letters.
const SIGNS: &str = "\u{A0}‘’“”–—…•°₫€";
/// From so many letters of no use on, a text was typed in an old font.
const LEGACY_LETTERS_MIN: usize = 3;

/// Reads the bytes of a file.
pub(super) fn decode(bytes: &[u8]) -> Result<(Encoding, String), FileFault> {
    if WORKBOOKS.iter().any(|start| bytes.starts_with(start)) {
        return Err(FileFault::Workbook);
    }
    let (encoding, text) = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => (Encoding::Utf8, utf8(rest)?),
        [0xFF, 0xFE, rest @ ..] => (Encoding::Utf16, utf16(UTF_16LE, rest)?),
        [0xFE, 0xFF, rest @ ..] => (Encoding::Utf16, utf16(UTF_16BE, rest)?),
        _ => match utf8(bytes) {
            Ok(text) => (Encoding::Utf8, text),
            Err(damaged) => match windows_1258(bytes) {
                Some(text) => (Encoding::Windows1258, text),
                // Real UTF-8 letters stand before the fault.
                None if !valid_start(bytes).is_ascii() => return Err(damaged),
                None => return Err(FileFault::LegacyEncoding),
            },
        },
    };
    if text.contains('\0') {
        return Err(FileFault::ZeroBytes);
    }
    if looks_legacy(&text) {
        return Err(FileFault::LegacyEncoding);
    }
    Ok((encoding, text))
}

fn utf8(bytes: &[u8]) -> Result<String, FileFault> {
    let text = std::str::from_utf8(bytes).map_err(|_| FileFault::Damaged {
        line: line_after(valid_start(bytes)),
    })?;
    Ok(text.to_owned())
}

/// What is UTF-8 up to the first fault.
fn valid_start(bytes: &[u8]) -> &str {
    let valid = match std::str::from_utf8(bytes) {
        Ok(text) => return text,
        Err(fault) => &bytes[..fault.valid_up_to()],
    };
    std::str::from_utf8(valid).expect("it is valid up to there")
}

fn utf16(encoding: &'static encoding_rs::Encoding, bytes: &[u8]) -> Result<String, FileFault> {
    let (text, damaged) = encoding.decode_without_bom_handling(bytes);
    if damaged {
        let before = text.split('\u{FFFD}').next().unwrap_or("");
        return Err(FileFault::Damaged {
            line: line_after(before),
        });
    }
    Ok(text.into_owned())
}

/// The line on which `before` ends, from 1.
fn line_after(before: &str) -> u64 {
    let breaks = before.matches('\n').count();
    u64::try_from(breaks).expect("a file is bounded") + 1
}

/// The text, if it is Vietnamese when it is read so. This code page writes most tones as
/// marks of their own behind the letter; they are composed here.
fn windows_1258(bytes: &[u8]) -> Option<String> {
    let (text, _) = WINDOWS_1258.decode_without_bom_handling(bytes);
    let text: String = text.nfc().collect();
    text.chars().all(is_usual).then_some(text)
}

fn is_usual(character: char) -> bool {
    character.is_ascii() || is_vietnamese_letter(character) || SIGNS.contains(character)
}

/// Whether letters of western alphabets stand where Vietnamese ones should: `Nguyeãn Thò Ñaøo`
/// is a name in VNI.
fn looks_legacy(text: &str) -> bool {
    let (mut strange, mut proper) = (0, 0);
    for character in text.chars().filter(|character| !character.is_ascii()) {
        let western = u32::from(character) <= 0xFF;
        if western && !is_usual(character) {
            strange += 1;
        } else if !western && !SIGNS.contains(character) {
            proper += 1;
        }
    }
    strange >= LEGACY_LETTERS_MIN && strange > proper
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "Nguyễn Thị Đào, bún ốc Phủ Tây Hồ";

    fn utf16(big: bool) -> Vec<u8> {
        let mark = std::iter::once(0xFEFF);
        let units = mark.chain(NAME.encode_utf16());
        let bytes = units.map(|unit| {
            if big {
                unit.to_be_bytes()
            } else {
                unit.to_le_bytes()
            }
        });
        bytes.flatten().collect()
    }

    #[test]
    fn every_encoding_reads_as_the_same_text() {
        let mut marked = b"\xEF\xBB\xBF".to_vec();
        marked.extend(NAME.bytes());
        let windows =
            b"Nguy\xEA\xDEn Thi\xF2 \xD0a\xCCo, bu\xECn \xF4\xECc Phu\xD2 T\xE2y H\xF4\xCC";
        for (bytes, encoding) in [
            (NAME.as_bytes().to_vec(), Encoding::Utf8),
            (marked, Encoding::Utf8),
            (utf16(false), Encoding::Utf16),
            (utf16(true), Encoding::Utf16),
            (windows.to_vec(), Encoding::Windows1258),
        ] {
            let (found, text) = decode(&bytes).unwrap();
            assert_eq!(
                (found, text.nfc().collect::<String>()),
                (encoding, NAME.to_owned())
            );
        }
        assert_eq!(
            decode(b"plain").unwrap(),
            (Encoding::Utf8, "plain".to_owned())
        );
    }

    #[test]
    fn what_would_read_as_wrong_letters_is_refused() {
        for (name, bytes, wanted) in [
            (
                "TCVN3",
                &b"Nguy\xD4n Th\xDE \xA7\xB5o"[..],
                FileFault::LegacyEncoding,
            ),
            (
                "VNI",
                b"Nguye\xE3n Th\xF2 \xD1a\xF8o",
                FileFault::LegacyEncoding,
            ),
            (
                "VNI saved as UTF-8",
                "Nguyeãn Thò Ñaøo, buùn oác Taây Hoà Ñaøo".as_bytes(),
                FileFault::LegacyEncoding,
            ),
            (
                "cut UTF-8",
                b"H\xE1\xBB\x99 Nguy\xE1\xBB\x85n\nTh\xE1\xBB",
                FileFault::Damaged { line: 2 },
            ),
            (
                "cut UTF-16",
                b"\xFF\xFEa\0\n\0b",
                FileFault::Damaged { line: 2 },
            ),
            ("UTF-16 without its mark", b"a\0b\0", FileFault::ZeroBytes),
            ("a workbook", b"PK\x03\x04....", FileFault::Workbook),
            (
                "an old workbook",
                b"\xD0\xCF\x11\xE0....",
                FileFault::Workbook,
            ),
        ] {
            assert_eq!(decode(bytes), Err(wanted), "{name}");
        }
        // One foreign letter is a matter of its cell.
        let (encoding, _) = decode("Quán Peña của Nguyễn Thị Đào".as_bytes()).unwrap();
        assert_eq!(encoding, Encoding::Utf8);
    }
}
