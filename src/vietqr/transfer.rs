//! The codes that we issue: a transfer to the merchant's own account.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::fields::{Additional, Fields};
use super::payload::Payload;
use crate::domain::bank::{AccountNumber, BankBin};
use crate::domain::money::Vnd;
use crate::domain::txn_ref::TxnRef;

/// What one of our codes says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferCode {
    /// The merchant's bank.
    pub bank: BankBin,
    /// The merchant's account there.
    pub account: AccountNumber,
    /// What to pay; `None` when the payer types it.
    pub amount: Option<Vnd>,
    /// What ties the payment to the code; it stands alone in the transfer's text, because
    /// some apps cut what follows.
    pub reference: TxnRef,
    /// The name to show; the payer's app looks the account's holder up at the bank anyway.
    pub merchant_name: Option<MerchantName>,
}

/// Why a transfer code cannot be issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransferCodeError {
    /// Zero; leave the amount out to have the payer type it.
    #[error("a code with an amount asks for more than zero")]
    NothingToPay,
    /// At or above [`Vnd::TRANSFER_LIMIT`].
    #[error("an instant transfer stays below 500 000 000 đồng")]
    AboveTransferLimit,
}

impl TransferCodeError {
    /// One sentence in Vietnamese.
    pub fn message_vi(self) -> &'static str {
        match self {
            Self::NothingToPay => "Mã có số tiền thì số tiền phải lớn hơn không",
            Self::AboveTransferLimit => "Chuyển khoản nhanh phải dưới 500 000 000 đồng",
        }
    }
}

impl TransferCode {
    /// The code: service `QRIBFTTA`, initiation 12 with an amount and 11 without, which is
    /// what banks' apps take as "do not let the payer change it".
    pub fn payload(&self) -> Result<Payload, TransferCodeError> {
        let initiation = if self.amount.is_some() { "12" } else { "11" };
        self.write(initiation)
    }

    /// The code with its amount filled in for the payer to change: initiation 11 all the same.
    pub fn suggestion(&self) -> Result<Payload, TransferCodeError> {
        self.write("11")
    }

    fn write(&self, initiation: &str) -> Result<Payload, TransferCodeError> {
        match self.amount {
            Some(Vnd::ZERO) => return Err(TransferCodeError::NothingToPay),
            Some(amount) if amount >= Vnd::TRANSFER_LIMIT => {
                return Err(TransferCodeError::AboveTransferLimit);
            }
            _ => {}
        }
        let fields = Fields {
            initiation: Some(initiation.to_owned()),
            bin: Some(self.bank.as_str().to_owned()),
            account: Some(self.account.reveal().to_owned()),
            service: Some("QRIBFTTA".to_owned()),
            currency: Some("704".to_owned()),
            amount: self.amount.map(|amount| amount.to_string()),
            country: Some("VN".to_owned()),
            merchant_name: self.merchant_name.as_ref().map(MerchantName::to_string),
            additional: Some(Additional {
                purpose: Some(self.reference.as_str().to_owned()),
                ..Additional::default()
            }),
            ..Fields::default()
        };
        Ok(Payload::from_fields(fields).expect("every part was checked by its type"))
    }
}

/// A merchant's name as a code can carry it: 1 to 25 printable ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantName(String);

impl MerchantName {
    /// The most characters of a name.
    pub const MAX: usize = 25;

    /// Folds a Vietnamese name: diacritics go, Đ becomes D, what has no plain form goes, runs
    /// of spaces become one, and a long name is cut. `None` when nothing is left.
    pub fn fold(name: &str) -> Option<Self> {
        let plain: String = name
            .nfd()
            .filter(|&character| !is_combining_mark(character))
            .map(|character| match character {
                'Đ' => 'D',
                'đ' => 'd',
                character if character.is_whitespace() => ' ',
                character => character,
            })
            .filter(|character| matches!(character, ' '..='~'))
            .collect();
        let words: Vec<&str> = plain.split_ascii_whitespace().collect();
        let mut folded = words.join(" ");
        folded.truncate(Self::MAX);
        let folded = folded.trim_end();
        (!folded.is_empty()).then(|| Self(folded.to_owned()))
    }

    /// The folded name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MerchantName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vietqr::{Initiation, decode};

    fn code(amount: Option<i64>, name: &str) -> TransferCode {
        TransferCode {
            bank: BankBin::parse("970436").unwrap(),
            account: AccountNumber::parse("0011009950446").unwrap(),
            amount: amount.map(|amount| Vnd::new(amount).unwrap()),
            reference: TxnRef::from_random([1, 2, 3, 4, 5, 6, 7]),
            merchant_name: MerchantName::fold(name),
        }
    }

    #[test]
    fn an_issued_code_carries_the_reference_alone_in_its_text() {
        let payload = code(Some(50_000), "Bún ốc Phủ Tây Hồ").payload().unwrap();
        let reference = TxnRef::from_random([1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(payload.purpose(), Some(reference.as_str()));
        assert_eq!(payload.initiation(), Initiation::Once);
        assert_eq!(payload.amount(), Ok(Some(Vnd::new(50_000).unwrap())));
        assert_eq!(payload.bank().as_str(), "970436");
        assert_eq!(payload.account().reveal(), "0011009950446");
        assert_eq!(decode(payload.as_str()).as_ref(), Ok(payload.fields()));
        assert!(payload.as_str().contains("5917Bun oc Phu Tay Ho62140810TH"));
    }

    #[test]
    fn a_code_without_amount_is_reusable() {
        let payload = code(None, "").payload().unwrap();
        assert_eq!(payload.initiation(), Initiation::Reusable);
        assert_eq!(payload.amount(), Ok(None));
        assert_eq!(payload.fields().merchant_name, None);
    }

    #[test]
    fn a_suggested_amount_leaves_the_code_reusable() {
        let payload = code(Some(20_000), "").suggestion().unwrap();
        assert_eq!(payload.initiation(), Initiation::Reusable);
        assert_eq!(payload.amount(), Ok(Some(Vnd::new(20_000).unwrap())));
        let zero = code(Some(0), "").suggestion();
        assert_eq!(zero, Err(TransferCodeError::NothingToPay));
    }

    #[test]
    fn an_amount_is_above_zero_and_below_the_transfer_limit() {
        assert!(code(Some(499_999_999), "x").payload().is_ok());
        for (amount, wanted) in [
            (0, TransferCodeError::NothingToPay),
            (500_000_000, TransferCodeError::AboveTransferLimit),
        ] {
            assert_eq!(code(Some(amount), "x").payload(), Err(wanted), "{amount}");
        }
    }

    #[test]
    fn a_name_is_folded_to_plain_letters_and_cut() {
        for (name, wanted) in [
            ("Đặc sản  Đà Nẵng", Some("Dac san Da Nang")),
            ("đậu đỏ", Some("dau do")),
            ("Quán 🍜 Phở", Some("Quan Pho")),
            (
                "Cửa hàng tạp hóa Nguyễn Thị Bé",
                Some("Cua hang tap hoa Nguyen T"),
            ),
            (
                "Cửa hàng tạp hóa của bà  Nguyễn",
                Some("Cua hang tap hoa cua ba N"),
            ),
            (
                "12345678901234567890123 4 5",
                Some("12345678901234567890123 4"),
            ),
            (
                "123456789012345678901234 5",
                Some("123456789012345678901234"),
            ),
            ("咖啡", None),
            ("  ", None),
        ] {
            let folded = MerchantName::fold(name);
            assert_eq!(folded.as_ref().map(MerchantName::as_str), wanted, "{name}");
        }
    }
}
