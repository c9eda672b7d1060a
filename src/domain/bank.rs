//! Banks and settlement accounts as the transfer network names them.
//!
//! `banks.json` beside this file lists the 79 BINs of the State Bank's letter 1589/NHNN-TT
//! (2024) and of public transfer lists.

use std::fmt;
use std::sync::LazyLock;

use serde::Deserialize;

/// A bank's identification number in the transfer network: six digits, known to the
/// [table](Bank::all).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BankBin([u8; 6]);

/// A row of the bank table.
#[derive(Debug, Deserialize)]
pub struct Bank {
    /// Six digits, as in a payment code.
    pub bin: String,
    /// The code of NAPAS; other lists use some of them for other banks, so never a key.
    pub code: String,
    /// The name people use.
    pub short_name: String,
    /// The registered name, in Vietnamese.
    pub name: String,
    /// SWIFT code, where sources agree.
    pub swift: Option<String>,
    /// Whether the bank's own app can pay by scanning; says nothing about receiving.
    pub transfer_supported: Option<bool>,
}

static BANKS: LazyLock<Vec<Bank>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("banks.json")).expect("the bank table is valid JSON")
});

impl Bank {
    /// All banks, sorted by BIN.
    pub fn all() -> &'static [Bank] {
        &BANKS
    }
}

/// Why a text names no bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BankBinError {
    /// Not six ASCII digits.
    #[error("a bank identification number has six digits")]
    Format,
    /// Six digits that no known bank has.
    #[error("no bank has this identification number")]
    Unknown,
}

impl BankBinError {
    /// The same text in Vietnamese.
    pub const fn vietnamese(self) -> &'static str {
        match self {
            Self::Format => "Mã định danh ngân hàng (BIN) gồm sáu chữ số",
            Self::Unknown => "Không có ngân hàng nào mang mã này",
        }
    }
}

impl BankBin {
    /// Reads six digits that a bank of the table has.
    pub fn parse(text: &str) -> Result<Self, BankBinError> {
        let digits: [u8; 6] = text
            .as_bytes()
            .try_into()
            .map_err(|_| BankBinError::Format)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(BankBinError::Format);
        }
        let found = BANKS.binary_search_by(|bank| bank.bin.as_str().cmp(text));
        found
            .map(|_| Self(digits))
            .map_err(|_| BankBinError::Unknown)
    }

    /// The six digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("digits are ASCII")
    }

    /// The bank of the table.
    pub fn bank(&self) -> &'static Bank {
        let index = BANKS.binary_search_by(|bank| bank.bin.as_str().cmp(self.as_str()));
        &BANKS[index.expect("only numbers of the table are constructed")]
    }
}

impl fmt::Display for BankBin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// An account number or alias: 1 to 19 ASCII letters and digits (NAPAS `VietQR` 1.0, tag
/// 38-01-01). Case counts: virtual accounts of some banks differ only in case.
///
/// Personal data: `Debug` shows the last four characters only; there is no `Display`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountNumber(String);

/// Why a text is no account number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountNumberError {
    /// Empty, or more than 19 characters.
    #[error("an account number has 1 to 19 characters")]
    Length,
    /// Something other than A-Z, a-z, 0-9.
    #[error("an account number is written with letters A to Z and digits only")]
    Charset,
}

impl AccountNumberError {
    /// The same text in Vietnamese.
    pub const fn vietnamese(self) -> &'static str {
        match self {
            Self::Length => "Số tài khoản dài từ 1 đến 19 ký tự",
            Self::Charset => "Số tài khoản chỉ gồm chữ cái A đến Z và chữ số",
        }
    }
}

impl AccountNumber {
    /// Reads an account number exactly as written.
    pub fn parse(text: &str) -> Result<Self, AccountNumberError> {
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(AccountNumberError::Charset);
        }
        if text.is_empty() || text.len() > 19 {
            return Err(AccountNumberError::Length);
        }
        Ok(Self(text.to_owned()))
    }

    /// The whole number: for the code, the bank and the holder only, never for a log.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The last four characters, what may be shown to others.
    pub fn last_four(&self) -> &str {
        &self.0[self.0.len().saturating_sub(4)..]
    }
}

impl fmt::Debug for AccountNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AccountNumber(…{})", self.last_four())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_79_banks_in_order_of_their_number() {
        assert_eq!(Bank::all().len(), 79);
        assert!(Bank::all().windows(2).all(|pair| pair[0].bin < pair[1].bin));
        let vietcombank = BankBin::parse("970436").unwrap();
        assert_eq!(vietcombank.bank().swift.as_deref(), Some("BFTVVNVX"));
    }

    #[test]
    fn a_bin_has_six_digits_and_a_bank() {
        assert_eq!(BankBin::parse("97043"), Err(BankBinError::Format));
        assert_eq!(BankBin::parse("97043x"), Err(BankBinError::Format));
        assert_eq!(BankBin::parse("９70436"), Err(BankBinError::Format));
        assert_eq!(BankBin::parse("999999"), Err(BankBinError::Unknown));
    }

    #[test]
    fn an_account_number_never_shows_whole_in_a_log() {
        let account = AccountNumber::parse("0011009950446").unwrap();
        assert_eq!(format!("{account:?}"), "AccountNumber(…0446)");
        for (text, wanted) in [
            ("", AccountNumberError::Length),
            ("12345678901234567890", AccountNumberError::Length),
            ("0011 0099", AccountNumberError::Charset),
            ("0011-0099", AccountNumberError::Charset),
            ("tàikhoản", AccountNumberError::Charset),
        ] {
            assert_eq!(AccountNumber::parse(text), Err(wanted), "{text}");
        }
    }
}
