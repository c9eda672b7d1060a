//! What figures, sellers and staff must know about a payment.

use std::collections::BTreeSet;
use std::fmt;

use crate::domain::word::word_enum;

word_enum! {
    /// Something about a payment that figures, sellers or staff must know.
    Flag is "payment flag" {
        /// The expected amount was already complete.
        Additional = "additional",
        /// Attributed by its account alone: kept out of headline figures.
        ByAccount = "by_account",
        /// A part of it is no sale: over-payment, change, cash handed out.
        CashOutPart = "cash_out_part",
        /// May be the same money as another transaction; counts only once a person says so.
        DuplicateSuspected = "duplicate_suspected",
        /// The bank's time is after the code's expiry.
        Late = "late",
        /// Attributed by a person.
        Manual = "manual",
        /// With it, more came than expected.
        Overpaid = "overpaid",
        /// The bank's time is after the code went out of use.
        RetiredCode = "retired_code",
        /// One of several credits that complete the amount together.
        Split = "split",
        /// Proves an outlet; left out of every figure.
        Test = "test",
        /// Less came than expected.
        Underpaid = "underpaid",
    }
}

impl Flag {
    /// What it means, in Vietnamese.
    pub const fn vietnamese(self) -> &'static str {
        match self {
            Self::Additional => "Trước khoản này tiền đã đủ.",
            Self::ByAccount => "Chỉ nhận ra qua tài khoản nhận tiền, không tính vào số liệu chính.",
            Self::CashOutPart => "Có phần không phải tiền bán hàng, như tiền thối lại.",
            Self::DuplicateSuspected => "Có thể trùng với giao dịch khác, chưa tính vào số liệu.",
            Self::Late => "Tiền đến sau khi mã hết hạn.",
            Self::Manual => "Do một người xác định.",
            Self::Overpaid => "Tiền đến nhiều hơn số cần thu.",
            Self::RetiredCode => "Tiền đến sau khi mã ngừng dùng.",
            Self::Split => "Một trong nhiều khoản cộng lại mới đủ.",
            Self::Test => "Khoản thử khi mở điểm bán, không tính vào số liệu.",
            Self::Underpaid => "Tiền đến ít hơn số cần thu.",
        }
    }

    /// What it means, in English.
    pub const fn english(self) -> &'static str {
        match self {
            Self::Additional => "The amount was complete before it came.",
            Self::ByAccount => "Known by its account alone; in no headline figure.",
            Self::CashOutPart => "A part of it is no sale, such as change given.",
            Self::DuplicateSuspected => "May be another transaction told twice; in no figure yet.",
            Self::Late => "It came after the code had expired.",
            Self::Manual => "A person decided.",
            Self::Overpaid => "More came than was expected.",
            Self::RetiredCode => "It came after the code had gone out of use.",
            Self::Split => "One of several credits that complete the amount together.",
            Self::Test => "The payment that proves an outlet; in no figure.",
            Self::Underpaid => "Less came than was expected.",
        }
    }
}

/// A payment's flags, each at most once, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags(BTreeSet<Flag>);

impl Flags {
    /// Whether the flag is set.
    pub fn has(&self, flag: Flag) -> bool {
        self.0.contains(&flag)
    }

    /// The flags in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = Flag> {
        self.0.iter().copied()
    }

    pub(super) fn set(&mut self, flag: Flag, wanted: bool) {
        if wanted {
            self.0.insert(flag);
        }
    }
}

impl FromIterator<Flag> for Flags {
    fn from_iter<I: IntoIterator<Item = Flag>>(flags: I) -> Self {
        Self(flags.into_iter().collect())
    }
}

impl fmt::Display for Flags {
    /// The names with a space between, as stored.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Flag::as_str).collect();
        formatter.write_str(&names.join(" "))
    }
}
