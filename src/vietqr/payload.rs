//! A payment code that keeps every rule.

use std::fmt;

use super::decode::decode;
use super::encode::encode;
use super::fault::Fault;
use super::fields::Fields;
use crate::domain::bank::{AccountNumber, BankBin};
use crate::domain::money::{Vnd, VndError};

/// A code that the strict reader accepts: its text and what it says.
///
/// `Debug` shows bank and the account's last characters only.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload {
    text: String,
    fields: Fields,
}

/// How often a code is meant to be used (object 01). Not the same as having an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initiation {
    /// `11`: many times.
    Reusable,
    /// `12`: once.
    Once,
}

impl Payload {
    /// Writes the code in the canonical order of its objects.
    pub fn from_fields(fields: Fields) -> Result<Self, Fault> {
        let text = encode(&fields)?;
        Ok(Self { text, fields })
    }

    /// Reads a code strictly and keeps its text, whatever the order of its objects.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        Ok(Self {
            fields: decode(text)?,
            text: text.to_owned(),
        })
    }

    /// The text that the picture carries.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Everything it says.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// How often it is meant to be used.
    pub fn initiation(&self) -> Initiation {
        match self.fields.initiation.as_deref() {
            Some("12") => Initiation::Once,
            _ => Initiation::Reusable,
        }
    }

    /// The beneficiary's bank.
    pub fn bank(&self) -> BankBin {
        let bank = self.fields.bank().and_then(Result::ok);
        bank.expect("the rules let only known banks pass")
    }

    /// The beneficiary's account.
    pub fn account(&self) -> AccountNumber {
        let account = self.fields.account_number().and_then(Result::ok);
        account.expect("the rules of an account number are the same")
    }

    /// The amount; `None` when the payer types it, an error above [`Vnd::MAX`], which 13
    /// digits can express.
    pub fn amount(&self) -> Result<Option<Vnd>, VndError> {
        self.fields.amount_vnd().transpose()
    }

    /// The text that the payer's transfer will carry.
    pub fn purpose(&self) -> Option<&str> {
        self.fields.purpose()
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Payload")
            .field("bank", &self.bank())
            .field("account", &self.account())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_beyond_the_systems_limit_is_an_error_and_not_an_open_amount() {
        let fields = Fields {
            initiation: Some("11".to_owned()),
            bin: Some("970436".to_owned()),
            account: Some("0011009950446".to_owned()),
            currency: Some("704".to_owned()),
            amount: Some("9999999999999".to_owned()),
            country: Some("VN".to_owned()),
            ..Fields::default()
        };
        let payload = Payload::from_fields(fields).unwrap();
        assert_eq!(payload.amount(), Err(VndError::TooLarge));
        assert_eq!(payload.initiation(), Initiation::Reusable);
        let shown = format!("{payload:?}");
        assert!(!shown.contains("0011009950446"), "{shown}");
    }
}
