//! When someone else than the trader reads a trader's money.
//!
//! A trader's takings are the trader's own. Staff read them only for a recorded case, one
//! trader at a time, and the trader sees each reading among its events.

/// The number under which a case is kept, such as `KN-2026/114`: 3 to 40 characters of
/// `A–Z a–z 0–9 . / -`. A number and no sentence: it is kept for ever, so it must not hold a
/// name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseNumber(String);

/// A text that is no case number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a case number has 3 to 40 characters of A–Z, a–z, 0–9, full stop, slash and hyphen")]
pub struct CaseNumberError;

impl CaseNumberError {
    /// The same text in Vietnamese.
    pub fn vietnamese(&self) -> String {
        "Số hồ sơ dài 3 đến 40 ký tự, chỉ gồm A–Z, a–z, 0–9, dấu chấm, gạch chéo, gạch nối".into()
    }
}

impl CaseNumber {
    /// Reads a number exactly as written.
    pub fn parse(text: &str) -> Result<Self, CaseNumberError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"./-".contains(&byte);
        let good = (3..=40).contains(&text.len()) && text.bytes().all(allowed);
        good.then(|| Self(text.to_owned())).ok_or(CaseNumberError)
    }

    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_number_is_a_number_and_no_sentence() {
        for (text, good) in [
            ("KN-2026/114", true),
            ("a.1", true),
            ("12", false),
            ("", false),
            ("khiếu nại", false),
            ("case 12", false),
            (&"1".repeat(40), true),
            (&"1".repeat(41), false),
        ] {
            assert_eq!(CaseNumber::parse(text).is_ok(), good, "{text}");
        }
    }
}
