//! Vietnamese mobile telephone numbers, however people write them.

use std::fmt;

/// A mobile number, kept as `+84` and nine digits.
///
/// Personal data: `Debug` shows the last three digits only; there is no `Display`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(String);

/// Why a text is no mobile number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Something other than digits, one leading `+`, spaces, dots, hyphens and brackets.
    #[error("a telephone number is written with digits")]
    Charset,
    /// Neither a national number with its leading 0 nor one with +84.
    #[error("a telephone number begins with 0 or +84")]
    Country,
    /// A number of eleven digits from before 2018, such as 0168…
    #[error("eleven-digit mobile numbers were replaced in 2018: give the ten-digit number")]
    Old,
    /// A fixed line: it receives no message.
    #[error("this is a landline: give a mobile number")]
    Landline,
    /// A paid or free service number, such as 1900… or 1800…
    #[error("this is a service number: give a mobile number")]
    Service,
    /// Too few or too many digits.
    #[error("a mobile number has ten digits, such as 0912 345 678")]
    Length,
    /// No mobile number begins so.
    #[error("mobile numbers begin with 03, 05, 07, 08 or 09")]
    Prefix,
}

impl PhoneError {
    /// The same text in Vietnamese.
    pub const fn vietnamese(self) -> &'static str {
        match self {
            Self::Charset => "Số điện thoại chỉ gồm chữ số",
            Self::Country => "Số điện thoại bắt đầu bằng 0 hoặc +84",
            Self::Old => "Số di động 11 chữ số đã đổi từ năm 2018: hãy nhập số 10 chữ số",
            Self::Landline => "Đây là số cố định: hãy nhập số di động",
            Self::Service => "Đây là số dịch vụ: hãy nhập số di động",
            Self::Length => "Số di động có 10 chữ số, ví dụ 0912 345 678",
            Self::Prefix => "Số di động bắt đầu bằng 03, 05, 07, 08 hoặc 09",
        }
    }
}

impl Phone {
    /// Reads the usual spellings: `0912 345 678`, `0912.345.678`, `+84 912-345-678`,
    /// `84912345678`, `(+84) 0912345678`, `0084 912 345 678`.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let mut digits = String::with_capacity(text.len());
        let mut plus = false;
        for character in text.trim().chars() {
            match character {
                '0'..='9' => digits.push(character),
                '+' if digits.is_empty() && !plus => plus = true,
                ' ' | '\u{A0}' | '.' | '-' | '(' | ')' => {}
                _ => return Err(PhoneError::Charset),
            }
        }
        Self::from_national(national_digits(&digits, plus)?)
    }

    /// Takes a number without its country code and without its leading 0.
    fn from_national(national: &str) -> Result<Self, PhoneError> {
        let begins = |prefixes: &[&str]| prefixes.iter().any(|start| national.starts_with(start));
        match national.len() {
            10 if begins(&["12", "16", "18", "19"]) => Err(PhoneError::Old),
            9 | 10 if begins(&["2"]) => Err(PhoneError::Landline),
            9 if begins(&["3", "5", "7", "8", "9"]) => Ok(Self(format!("+84{national}"))),
            9 => Err(PhoneError::Prefix),
            _ => Err(PhoneError::Length),
        }
    }

    /// `+84` and nine digits: for storing and for calling, never for a log.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// As people write it at home, `0912345678`. Never for a log.
    pub fn to_national(&self) -> String {
        format!("0{}", &self.0[3..])
    }

    /// The last three digits, what may be shown to others.
    pub fn last_three(&self) -> &str {
        &self.0[self.0.len() - 3..]
    }
}

/// What follows the leading 0, or the country code.
fn national_digits(digits: &str, plus: bool) -> Result<&str, PhoneError> {
    if !plus && matches!(digits.get(..4), Some("1800" | "1900")) {
        return Err(PhoneError::Service);
    }
    let international = if plus {
        Some(digits)
    } else {
        digits.strip_prefix("00").or_else(|| {
            // Without a sign, 84… is the country code only when the length says so.
            (digits.len() >= 11 && digits.starts_with("84")).then_some(digits)
        })
    };
    match international {
        Some(digits) => {
            let national = digits.strip_prefix("84").ok_or(PhoneError::Country)?;
            Ok(national.strip_prefix('0').unwrap_or(national))
        }
        None if digits.is_empty() => Err(PhoneError::Length),
        None => digits.strip_prefix('0').ok_or(PhoneError::Country),
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Phone(…{})", self.last_three())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_usual_spelling_is_the_same_number() {
        for text in [
            "0912345678",
            "0912 345 678",
            "0912.345.678",
            "0912-345-678",
            " 091 234 5678 ",
            "0912\u{A0}345\u{A0}678",
            "+84912345678",
            "+84 912 345 678",
            "+84 (0) 912 345 678",
            "(+84) 912345678",
            "84912345678",
            "840912345678",
            "0084912345678",
        ] {
            let phone = Phone::parse(text).unwrap();
            assert_eq!(phone.reveal(), "+84912345678", "{text}");
            assert_eq!(phone.to_national(), "0912345678");
        }
        for text in [
            "0321234567",
            "0521234567",
            "0701234567",
            "0841234567",
            "0841234560",
        ] {
            assert_eq!(Phone::parse(text).unwrap().to_national(), text);
        }
    }

    #[test]
    fn what_is_no_mobile_number_is_refused_with_the_reason() {
        for (text, wanted) in [
            ("", PhoneError::Length),
            ("   ", PhoneError::Length),
            ("091234567", PhoneError::Length),
            ("09123456789", PhoneError::Length),
            ("+8491234567890", PhoneError::Length),
            ("01681234567", PhoneError::Old),
            ("+841681234567", PhoneError::Old),
            ("01234567890", PhoneError::Old),
            ("02438251234", PhoneError::Landline),
            ("+84 24 3825 1234", PhoneError::Landline),
            ("0203825123", PhoneError::Landline),
            ("19001234", PhoneError::Service),
            ("1800 599 920", PhoneError::Service),
            ("0412345678", PhoneError::Prefix),
            ("0612345678", PhoneError::Prefix),
            ("0012345678", PhoneError::Country),
            ("912345678", PhoneError::Country),
            ("+66912345678", PhoneError::Country),
            ("+0912345678", PhoneError::Country),
            ("++84912345678", PhoneError::Charset),
            ("0912345678+", PhoneError::Charset),
            ("0912 345 67a", PhoneError::Charset),
            ("０912345678", PhoneError::Charset),
            ("0912345678\u{200B}", PhoneError::Charset),
        ] {
            assert_eq!(Phone::parse(text), Err(wanted), "{text}");
            assert!(!wanted.vietnamese().is_empty());
        }
    }

    #[test]
    fn a_phone_number_never_shows_whole_in_a_log() {
        let phone = Phone::parse("0912345678").unwrap();
        assert_eq!(format!("{phone:?}"), "Phone(…678)");
    }

    proptest! {
        #[test]
        fn a_number_reads_back_whatever_separates_its_digits(
            national in "[35789][0-9]{8}", gaps in prop::collection::vec("[ .-]{0,2}", 9)
        ) {
            let spelled: String = national
                .chars()
                .zip(&gaps)
                .flat_map(|(digit, gap)| std::iter::once(digit).chain(gap.chars()))
                .collect();
            for lead in ["0", "+84", "+84 ", "84", "0084"] {
                let phone = Phone::parse(&format!("{lead}{spelled}")).unwrap();
                prop_assert_eq!(phone.reveal(), format!("+84{national}"));
                prop_assert_eq!(Phone::parse(phone.reveal()), Ok(phone));
            }
        }
    }
}
