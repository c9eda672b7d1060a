//! Vietnamese text as it is: names that keep their diacritics and hide no trick.
//!
//! A name is stored composed (NFC), trimmed and with single spaces. Whatever a reader cannot
//! see, or could take for another letter, is refused with the character and its place named:
//! two shops must not differ only by a zero-width character or by a Cyrillic `о`.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The lower-case letters of Vietnamese outside ASCII, composed.
const VIETNAMESE_LETTERS: &str =
    "àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ";

const NAME_PUNCTUATION: &str = "'’.-";
const TRADE_PUNCTUATION: &str = "'’.,-–&/()+:\"#@!%*";

/// What is wrong with one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CharacterFault {
    /// A line break, a tab or another control character.
    Control,
    /// Zero-width, formatting or direction-changing: nobody sees it.
    Invisible,
    /// A letter or digit that Vietnamese does not use, often one that looks like one it does.
    Foreign,
    /// A sign outside the allowed set.
    Sign,
}

/// Why a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but spaces.
    #[error("the text is empty")]
    Empty,
    /// Too many characters.
    #[error("the text has at most {max} characters")]
    TooLong {
        /// The largest number of characters.
        max: usize,
    },
    /// A character that is not allowed.
    #[error("{} at position {position} is not allowed: {}", shown(*character), english_fault(*fault))]
    Character {
        /// The first such character.
        character: char,
        /// Its place in the composed text, from 1.
        position: usize,
        /// What is wrong with it.
        fault: CharacterFault,
    },
}

impl TextError {
    /// The same text in Vietnamese.
    pub fn vietnamese(&self) -> String {
        match self {
            Self::Empty => "Chưa nhập nội dung".into(),
            Self::TooLong { max } => format!("Tối đa {max} ký tự"),
            Self::Character {
                character,
                position,
                fault,
            } => {
                let why = match fault {
                    CharacterFault::Control => "ký tự điều khiển",
                    CharacterFault::Invisible => "ký tự không nhìn thấy được",
                    CharacterFault::Foreign => "không phải chữ cái tiếng Việt hay chữ số",
                    CharacterFault::Sign => "dấu này không dùng được ở đây",
                };
                format!(
                    "Không nhận {} ở vị trí {position}: {why}",
                    shown(*character)
                )
            }
        }
    }
}

/// The character and its number; only the number when it would not show.
fn shown(character: char) -> String {
    let number = u32::from(character);
    if character.is_control() || is_invisible(character) || is_combining_mark(character) {
        format!("U+{number:04X}")
    } else {
        format!("“{character}” (U+{number:04X})")
    }
}

const fn english_fault(fault: CharacterFault) -> &'static str {
    match fault {
        CharacterFault::Control => "a control character",
        CharacterFault::Invisible => "an invisible character",
        CharacterFault::Foreign => "not a Vietnamese letter or a digit 0 to 9",
        CharacterFault::Sign => "this sign is not used here",
    }
}

/// Characters that occupy no place or change the direction of others.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}')
}

/// Whether a composed letter is one of the Vietnamese alphabet, in either case.
pub fn is_vietnamese_letter(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphabetic();
    }
    let mut lower = character.to_lowercase();
    let (first, rest) = (lower.next(), lower.next());
    // U+212A and its like fall to an ASCII letter and must not pass for it.
    rest.is_none() && first.is_some_and(|letter| VIETNAMESE_LETTERS.contains(letter))
}

/// Composes, checks and tidies the spaces of a text of at most `max` characters.
fn tidy(
    text: &str,
    max: usize,
    fault_of: impl Fn(char) -> Option<CharacterFault>,
) -> Result<String, TextError> {
    let mut tidied = String::with_capacity(text.len());
    let mut length = 0;
    let mut gap = false;
    for (index, character) in text.nfc().enumerate() {
        let fault = if is_invisible(character) {
            Some(CharacterFault::Invisible)
        } else if character.is_control() {
            Some(CharacterFault::Control)
        } else if character.is_whitespace() {
            gap = length > 0;
            continue;
        } else {
            fault_of(character)
        };
        if let Some(fault) = fault {
            return Err(TextError::Character {
                character,
                position: index + 1,
                fault,
            });
        }
        if gap {
            tidied.push(' ');
            length += 1;
            gap = false;
        }
        tidied.push(character);
        length += 1;
        if length > max {
            return Err(TextError::TooLong { max });
        }
    }
    if tidied.is_empty() {
        return Err(TextError::Empty);
    }
    Ok(tidied)
}

fn name_fault(character: char, punctuation: &str) -> Option<CharacterFault> {
    if is_vietnamese_letter(character)
        || character.is_ascii_digit()
        || punctuation.contains(character)
    {
        None
    } else if character.is_alphanumeric() || is_combining_mark(character) {
        Some(CharacterFault::Foreign)
    } else {
        Some(CharacterFault::Sign)
    }
}

/// Capitals without diacritics, `Đ` as `D`, typographic signs as their ASCII ones: what
/// search, transfer texts and tags 59 and 60 of a code use. Letters of other scripts stay.
pub fn fold(text: &str) -> String {
    text.nfd()
        .filter(|character| !is_combining_mark(*character))
        .flat_map(char::to_uppercase)
        .map(|character| match character {
            'Đ' => 'D',
            '’' => '\'',
            '–' => '-',
            other => other,
        })
        .collect()
}

/// The name of a column or of a value without diacritics, case, blanks and signs, as two
/// spellings of it are compared.
pub fn key(name: &str) -> String {
    let composed: String = name.nfc().collect();
    let folded = fold(&composed);
    folded.chars().filter(char::is_ascii_alphanumeric).collect()
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident, $max:literal, $fault:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The largest number of characters.
            pub const MAX_LENGTH: usize = $max;

            /// Composes the text, tidies its spaces and refuses what may not be in it.
            pub fn parse(text: &str) -> Result<Self, TextError> {
                tidy(text, Self::MAX_LENGTH, $fault).map(Self)
            }

            /// The text as stored and shown.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Capitals without diacritics, for search and for fields that take ASCII only.
            pub fn fold(&self) -> String {
                fold(&self.0)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    )*};
}

texts! {
    /// The name of a person, 1 to 120 characters.
    PersonName, 120, |character| name_fault(character, NAME_PUNCTUATION);
    /// The name of a shop, a household business or a company, 1 to 120 characters.
    TradeName, 120, |character| name_fault(character, TRADE_PUNCTUATION);
    /// A person's words for why something was done, 1 to 500 visible characters of any script.
    Reason, 500, |_| None;
    /// A surveyor's words about a place, 1 to 200 visible characters of any script.
    Remark, 200, |_| None;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_keep_their_diacritics_and_lose_needless_spaces() {
        for (given, wanted, folded) in [
            ("Nguyễn Thị Đào", "Nguyễn Thị Đào", "NGUYEN THI DAO"),
            (
                "Nguye\u{302}\u{303}n Thi\u{323} Đa\u{300}o",
                "Nguyễn Thị Đào",
                "NGUYEN THI DAO",
            ),
            // The marks in the other order compose to the same letter.
            ("Nguyê\u{303}n", "Nguyễn", "NGUYEN"),
            ("  Trần\u{A0} Văn   Ước ", "Trần Văn Ước", "TRAN VAN UOC"),
            ("Hoà", "Hoà", "HOA"),
            ("Hòa", "Hòa", "HOA"),
            (
                "ĐẶNG THỊ QUỲNH-NHƯ",
                "ĐẶNG THỊ QUỲNH-NHƯ",
                "DANG THI QUYNH-NHU",
            ),
            ("Y Wăn Kuôr", "Y Wăn Kuôr", "Y WAN KUOR"),
            ("H’Hen Niê", "H’Hen Niê", "H'HEN NIE"),
            ("ỷ", "ỷ", "Y"),
        ] {
            let name = PersonName::parse(given).unwrap();
            assert_eq!(name.as_str(), wanted);
            assert_eq!(name.fold(), folded);
            assert!(name.fold().is_ascii());
        }
        let shop = TradeName::parse("Bún ốc & bánh tôm \"Cô Ba\" – số 12/5 (Phủ Tây Hồ)").unwrap();
        assert_eq!(
            shop.fold(),
            "BUN OC & BANH TOM \"CO BA\" - SO 12/5 (PHU TAY HO)"
        );
    }

    #[test]
    fn what_cannot_be_seen_or_looks_like_something_else_is_refused_with_its_place() {
        use CharacterFault::{Control, Foreign, Invisible, Sign};
        for (name, text, position, character, fault) in [
            ("cyrillic о", "Phở Hоa", 6, 'о', Foreign),
            ("greek alpha", "Αnh", 1, 'Α', Foreign),
            ("full-width", "Ａnh", 1, 'Ａ', Foreign),
            ("full-width digit", "Quán １", 6, '１', Foreign),
            ("mathematical bold", "𝐀nh", 1, '𝐀', Foreign),
            ("eth for Đ", "Ðào", 1, 'Ð', Foreign),
            ("african d for Đ", "Ɖào", 1, 'Ɖ', Foreign),
            ("long s", "Kẻ ſ", 4, 'ſ', Foreign),
            ("dotless i", "Thı", 3, 'ı', Foreign),
            ("dotted capital I", "İn", 1, 'İ', Foreign),
            ("spanish letter", "Peña", 3, 'ñ', Foreign),
            ("arabic digit", "Quán ٣", 6, '٣', Foreign),
            ("stray mark", "Lan\u{301}", 3, 'ń', Foreign),
            (
                "two tones on one letter",
                "Lá\u{309}n",
                3,
                '\u{309}',
                Foreign,
            ),
            (
                "zero-width space",
                "Lan\u{200B}Anh",
                4,
                '\u{200B}',
                Invisible,
            ),
            ("zero-width joiner", "Lan\u{200D}", 4, '\u{200D}', Invisible),
            (
                "right-to-left override",
                "\u{202E}naL",
                1,
                '\u{202E}',
                Invisible,
            ),
            ("soft hyphen", "La\u{AD}n", 3, '\u{AD}', Invisible),
            ("byte order mark", "\u{FEFF}Lan", 1, '\u{FEFF}', Invisible),
            ("hangul filler", "Lan\u{3164}", 4, '\u{3164}', Invisible),
            ("tag character", "Lan\u{E0041}", 4, '\u{E0041}', Invisible),
            ("line break", "Lan\nAnh", 4, '\n', Control),
            ("null", "Lan\0", 4, '\0', Control),
            ("delete", "Lan\u{7F}", 4, '\u{7F}', Control),
            ("picture", "Lan 🍜", 5, '🍜', Sign),
            ("angle bracket", "<b>", 1, '<', Sign),
        ] {
            let wanted = TextError::Character {
                character,
                position,
                fault,
            };
            assert_eq!(TradeName::parse(text), Err(wanted), "{name}");
            assert_eq!(PersonName::parse(text), Err(wanted), "{name}");
        }
        assert_eq!(TradeName::parse(" \u{A0} "), Err(TextError::Empty));
        assert!(TradeName::parse(&"ề".repeat(120)).is_ok());
        let long = format!(" {} ", "ề".repeat(121));
        assert_eq!(
            TradeName::parse(&long),
            Err(TextError::TooLong { max: 120 })
        );
        assert!(PersonName::parse("Lan & Anh").is_err());
        assert!(Reason::parse("Khách báo mã bị dán đè: ưu tiên 🛑, 说明").is_ok());
        assert!(Reason::parse("a\u{202E}b").is_err());
    }

    #[test]
    fn a_refusal_names_the_character_in_both_languages() {
        let refusal = PersonName::parse("Hоa").unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "“о” (U+043E) at position 2 is not allowed: not a Vietnamese letter or a digit 0 to 9"
        );
        assert_eq!(
            refusal.vietnamese(),
            "Không nhận “о” (U+043E) ở vị trí 2: không phải chữ cái tiếng Việt hay chữ số"
        );
        let hidden = PersonName::parse("a\u{200B}").unwrap_err().to_string();
        assert!(hidden.starts_with("U+200B at position 2"), "{hidden}");
    }

    #[test]
    fn every_vietnamese_letter_is_accepted_in_both_cases_and_both_forms() {
        assert_eq!(VIETNAMESE_LETTERS.chars().count(), 67);
        for letter in VIETNAMESE_LETTERS.chars() {
            for case in [letter.to_string(), letter.to_uppercase().collect()] {
                let decomposed: String = case.nfd().collect();
                let name = PersonName::parse(&decomposed).unwrap();
                assert_eq!(name.as_str(), case);
                assert!(name.fold().bytes().all(|byte| byte.is_ascii_uppercase()));
            }
        }
    }

    proptest! {
        #[test]
        fn a_stored_name_reads_back_as_itself(text in "\\PC{0,130}") {
            if let Ok(name) = TradeName::parse(&text) {
                prop_assert_eq!(TradeName::parse(name.as_str()), Ok(name.clone()));
                prop_assert!(name.fold().is_ascii());
                prop_assert_eq!(fold(&name.fold()), name.fold());
                prop_assert!(!name.as_str().contains("  "));
                prop_assert!(name.as_str().chars().count() <= TradeName::MAX_LENGTH);
            }
        }
    }
}
