//! Transfer texts as statements carry them.

use unicode_normalization::UnicodeNormalization;

use super::reason::Reason;

/// The longest text, in characters.
const TEXT_MAX: usize = 2_000;
/// The longest reference or account, in characters.
const NAME_MAX: usize = 64;

/// A text composed and on one line. Its own blanks stay as the bank wrote them: a reference
/// is looked for with and without them.
pub(super) fn content(text: &str) -> Result<String, Reason> {
    let mut line = String::with_capacity(text.len());
    let mut length = 0;
    let mut broken = false;
    for character in text.trim().nfc() {
        match character {
            '\n' | '\r' => {
                broken = true;
                continue;
            }
            '\t' => line.push(' '),
            control if control.is_control() => return Err(Reason::ControlCharacter),
            other => {
                if std::mem::take(&mut broken) && !line.ends_with(' ') && other != ' ' {
                    line.push(' ');
                }
                line.push(other);
            }
        }
        length += 1;
        if length > TEXT_MAX {
            return Err(Reason::TextTooLong);
        }
    }
    Ok(line)
}

/// A reference or an account: 1 to 64 characters, none of them a control character. Empty is
/// none.
pub(super) fn name(text: &str) -> Result<Option<String>, Reason> {
    let text: String = text.trim().nfc().collect();
    if text.chars().count() > NAME_MAX {
        return Err(Reason::TextTooLong);
    }
    if text.contains(char::is_control) {
        return Err(Reason::ControlCharacter);
    }
    Ok(Some(text).filter(|it| !it.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_composed_and_on_one_line() {
        for (text, wanted) in [
            (" TH7K2M9XQ4  tra tien ", "TH7K2M9XQ4  tra tien"),
            ("TH7K2\nM9XQ4", "TH7K2 M9XQ4"),
            ("TH7K2 \r\n M9XQ4\t1", "TH7K2  M9XQ4 1"),
            ("a\n\nb", "a b"),
            ("ho\u{323}\u{302}", "hộ"),
            ("", ""),
        ] {
            assert_eq!(content(text).as_deref(), Ok(wanted), "{text:?}");
        }
        assert_eq!(content("a\0b"), Err(Reason::ControlCharacter));
        assert_eq!(content(&"a".repeat(TEXT_MAX + 1)), Err(Reason::TextTooLong));
    }

    #[test]
    fn a_reference_is_short_and_visible() {
        assert_eq!(name(" FT26 "), Ok(Some("FT26".to_owned())));
        assert_eq!(name("  "), Ok(None));
        assert_eq!(name("a\u{7}"), Err(Reason::ControlCharacter));
        assert_eq!(name(&"a".repeat(NAME_MAX + 1)), Err(Reason::TextTooLong));
    }
}
