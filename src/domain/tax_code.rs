//! Tax codes: a company's number with its check digit, or a household's personal number.
//!
//! Since 2025-07-01 a household business is known to the tax office by its representative's
//! twelve-digit personal number (Circular 86/2024/TT-BTC). That number has no check digit and
//! is personal data, so `Debug` hides it and there is no `Display`.

use std::fmt;

use crate::domain::merchant::MerchantKind;

const COMPANY_LENGTH: usize = 10;
const BRANCH_LENGTH: usize = 13;
const PERSONAL_LENGTH: usize = 12;

/// The weights of the first nine digits of a company's number.
const WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];

/// A well-formed tax code.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaxCode {
    digits: String,
    form: TaxCodeForm,
}

/// Which of the three forms a tax code has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaxCodeForm {
    /// Ten digits, the tenth a check digit.
    Company,
    /// A company's ten digits and a branch number from 001 to 999.
    Branch,
    /// Twelve digits of a person: personal data.
    Personal,
}

/// Why a text is no tax code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TaxCodeError {
    /// Something other than digits, or a hyphen elsewhere than before the branch number.
    #[error("a tax code is written with digits, and a hyphen only before a branch number")]
    Charset,
    /// Not 10, 12 or 13 digits.
    #[error("a company's tax code has 10 digits (13 for a branch), a household's 12")]
    Length,
    /// Mistyped: the tenth digit does not fit the first nine.
    #[error("the tax code was mistyped: its tenth digit does not fit")]
    Check,
    /// The first nine digits lead to a check digit that is never issued.
    #[error("no tax code begins with these nine digits")]
    NeverIssued,
    /// Branch 000.
    #[error("a branch number is 001 to 999")]
    Branch,
    /// A province code that no personal number begins with.
    #[error("a personal number begins with a province from 001 to 096")]
    Province,
    /// A household with a company's code or the other way round.
    #[error("a household gives its 12-digit personal number, a company its 10 or 13 digits")]
    OtherKind,
}

impl TaxCodeError {
    /// The same text in Vietnamese.
    pub const fn vietnamese(self) -> &'static str {
        match self {
            Self::Charset => "Mã số thuế chỉ gồm chữ số, dấu gạch chỉ đứng trước số chi nhánh",
            Self::Length => {
                "Mã số thuế doanh nghiệp có 10 chữ số (chi nhánh 13), hộ kinh doanh 12 chữ số"
            }
            Self::Check => "Mã số thuế bị gõ sai: chữ số thứ mười không khớp",
            Self::NeverIssued => "Không có mã số thuế nào bắt đầu bằng chín chữ số này",
            Self::Branch => "Số chi nhánh từ 001 đến 999",
            Self::Province => "Số định danh cá nhân bắt đầu bằng mã tỉnh từ 001 đến 096",
            Self::OtherKind => {
                "Hộ kinh doanh dùng số định danh 12 chữ số, doanh nghiệp dùng mã 10 hoặc 13 chữ số"
            }
        }
    }
}

impl TaxCode {
    /// Reads a tax code: `0100109106`, `0100109106-001`, `0100109106001` or `001080012345`.
    pub fn parse(text: &str) -> Result<Self, TaxCodeError> {
        let text = text.trim();
        let (head, branch) = match text.split_once('-') {
            Some((head, branch)) => (head, Some(branch)),
            None => (text, None),
        };
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(head) || !branch.is_none_or(all_digits) {
            return Err(TaxCodeError::Charset);
        }
        let form = match (head.len(), branch.map(str::len)) {
            (COMPANY_LENGTH, None) => TaxCodeForm::Company,
            (COMPANY_LENGTH, Some(3)) | (BRANCH_LENGTH, None) => TaxCodeForm::Branch,
            (PERSONAL_LENGTH, None) => TaxCodeForm::Personal,
            _ => return Err(TaxCodeError::Length),
        };
        let digits = format!("{head}{}", branch.unwrap_or_default());
        match form {
            TaxCodeForm::Personal => check_province(&digits)?,
            TaxCodeForm::Company | TaxCodeForm::Branch => check_company(&digits)?,
        }
        if form == TaxCodeForm::Branch && digits.ends_with("000") {
            return Err(TaxCodeError::Branch);
        }
        Ok(Self { digits, form })
    }

    /// Reads the tax code of a merchant of this kind.
    pub fn parse_for(kind: MerchantKind, text: &str) -> Result<Self, TaxCodeError> {
        let code = Self::parse(text)?;
        let personal = code.form == TaxCodeForm::Personal;
        if personal == (kind == MerchantKind::Household) {
            Ok(code)
        } else {
            Err(TaxCodeError::OtherKind)
        }
    }

    /// Which form it has.
    pub const fn form(&self) -> TaxCodeForm {
        self.form
    }

    /// All digits, without a hyphen: what is stored and compared. Never for a log.
    pub fn reveal(&self) -> &str {
        &self.digits
    }

    /// As people write it, a branch with its hyphen. Never for a log.
    pub fn to_written(&self) -> String {
        match self.form {
            TaxCodeForm::Branch => {
                let (company, branch) = self.digits.split_at(COMPANY_LENGTH);
                format!("{company}-{branch}")
            }
            TaxCodeForm::Company | TaxCodeForm::Personal => self.digits.clone(),
        }
    }

    /// What may be shown to others: a company's number is public, of a person's only the last
    /// three digits.
    pub fn masked(&self) -> String {
        match self.form {
            TaxCodeForm::Personal => format!("…{}", &self.digits[PERSONAL_LENGTH - 3..]),
            TaxCodeForm::Company | TaxCodeForm::Branch => self.to_written(),
        }
    }
}

/// The tenth digit is 10 less the weighted sum of the first nine modulo 11.
fn check_company(digits: &str) -> Result<(), TaxCodeError> {
    let values = digits.bytes().map(|byte| u32::from(byte - b'0'));
    let weighted = values
        .clone()
        .zip(WEIGHTS)
        .map(|(value, weight)| value * weight);
    let wanted = 10 - weighted.sum::<u32>() % 11;
    if wanted == 10 {
        Err(TaxCodeError::NeverIssued)
    } else if values.clone().nth(9) == Some(wanted) {
        Ok(())
    } else {
        Err(TaxCodeError::Check)
    }
}

/// The first three digits are the province of birth, 001 to 096 as they were in 2016, when
/// the numbers were introduced; later mergers of provinces changed no number.
fn check_province(digits: &str) -> Result<(), TaxCodeError> {
    if ("001"..="096").contains(&&digits[..3]) {
        Ok(())
    } else {
        Err(TaxCodeError::Province)
    }
}

impl fmt::Debug for TaxCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TaxCode({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_tax_code_is_a_company_a_branch_or_a_person() {
        use TaxCodeForm::{Branch, Company, Personal};
        for (text, form, stored, written) in [
            ("0100109106", Company, "0100109106", "0100109106"),
            (" 0100109106 ", Company, "0100109106", "0100109106"),
            ("0100109106-001", Branch, "0100109106001", "0100109106-001"),
            ("0100109106001", Branch, "0100109106001", "0100109106-001"),
            ("001080012345", Personal, "001080012345", "001080012345"),
        ] {
            let code = TaxCode::parse(text).unwrap();
            assert_eq!((code.form(), code.reveal()), (form, stored), "{text}");
            assert_eq!(code.to_written(), written);
        }
        for (text, wanted) in [
            ("", TaxCodeError::Length),
            ("010010910", TaxCodeError::Length),
            ("01001091060", TaxCodeError::Length),
            ("0100109106-01", TaxCodeError::Length),
            ("001080012345-001", TaxCodeError::Length),
            ("0100109105", TaxCodeError::Check),
            ("0100109160", TaxCodeError::NeverIssued),
            ("0100109105-001", TaxCodeError::Check),
            ("0100109106-000", TaxCodeError::Branch),
            ("0100109106000", TaxCodeError::Branch),
            ("0100109106--01", TaxCodeError::Charset),
            ("0100 109 106", TaxCodeError::Charset),
            ("０100109106", TaxCodeError::Charset),
            ("01001O9106", TaxCodeError::Charset),
            ("000080012345", TaxCodeError::Province),
            ("097080012345", TaxCodeError::Province),
        ] {
            assert_eq!(TaxCode::parse(text), Err(wanted), "{text}");
        }
    }

    #[test]
    fn a_check_digit_of_ten_is_never_issued() {
        // 31 · 2 + 5 · 3 = 77, which 11 divides.
        for last in 0..10 {
            let text = format!("200000030{last}");
            assert_eq!(TaxCode::parse(&text), Err(TaxCodeError::NeverIssued));
        }
    }

    #[test]
    fn a_household_gives_a_personal_number_and_a_company_does_not() {
        use MerchantKind::{Company, Household};
        for (kind, text, fits) in [
            (Household, "001080012345", true),
            (Household, "0100109106", false),
            (Household, "0100109106-001", false),
            (Company, "001080012345", false),
            (Company, "0100109106", true),
            (Company, "0100109106-001", true),
        ] {
            let read = TaxCode::parse_for(kind, text);
            assert_eq!(read.is_ok(), fits, "{kind} {text}");
            assert!(fits || read == Err(TaxCodeError::OtherKind));
        }
    }

    #[test]
    fn a_personal_number_never_shows_in_a_log() {
        let person = TaxCode::parse("001080012345").unwrap();
        assert_eq!(format!("{person:?}"), "TaxCode(…345)");
        let company = TaxCode::parse("0100109106001").unwrap();
        assert_eq!(format!("{company:?}"), "TaxCode(0100109106-001)");
    }

    proptest! {
        #[test]
        fn every_mistyped_digit_of_a_company_is_caught(
            nine in "[0-9]{9}", place in 0usize..10, digit in 0u8..10
        ) {
            let issued = (0..10).map(|last| format!("{nine}{last}"));
            let good: Vec<String> = issued.filter(|text| TaxCode::parse(text).is_ok()).collect();
            prop_assert!(good.len() <= 1);
            if let Some(good) = good.first() {
                let mut bytes = good.clone().into_bytes();
                bytes[place] = b'0' + digit;
                let changed = String::from_utf8(bytes).unwrap();
                prop_assert_eq!(TaxCode::parse(&changed).is_ok(), changed == *good);
            }
        }
    }
}
