//! A bank's statement of one account, in our words: what was moved and what was left.
//!
//! Every form of file is reduced to the same sequence: a [`StatementHead`], its
//! [`StatementLine`]s, a [`StatementEnd`]. A payer's name and account are deliberately not
//! among the fields: nothing here needs them.

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::credit::Direction;
use crate::domain::money::Vnd;
use crate::domain::word::word_enum;

/// What stands on an account, in whole đồng; below zero when it is overdrawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Balance(i64);

impl Balance {
    /// The largest balance either way: 10^15 đồng, within the exact numbers of JavaScript.
    pub const MAX_VND: i64 = 1_000_000_000_000_000;

    /// Takes a number of đồng; `None` beyond [`MAX_VND`](Self::MAX_VND) either way.
    pub const fn new(amount_vnd: i64) -> Option<Self> {
        if amount_vnd < -Self::MAX_VND || amount_vnd > Self::MAX_VND {
            None
        } else {
            Some(Self(amount_vnd))
        }
    }

    /// The number of đồng.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// What stands there after a movement; `None` beyond the largest balance.
    pub const fn after(self, direction: Direction, amount: Vnd) -> Option<Self> {
        match direction {
            Direction::Credit => Self::new(self.0 + amount.get()),
            Direction::Debit => Self::new(self.0 - amount.get()),
        }
    }
}

impl std::fmt::Display for Balance {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.0, formatter)
    }
}

word_enum! {
    /// How a bank writes its statements.
    StatementForm is "form of statement" {
        /// ISO 20022 statement.
        Camt053 = "camt053",
        /// ISO 20022 notification of credits and debits; it has no balances.
        Camt054 = "camt054",
        /// SWIFT MT940.
        Mt940 = "mt940",
        /// A table as text.
        Csv = "csv",
        /// A zipped workbook.
        Xlsx = "xlsx",
        /// An old workbook.
        Xls = "xls",
    }
}

word_enum! {
    /// Whether the bank has moved the money.
    Booking is "booking" {
        /// It has.
        Booked = "booked",
        /// Not yet; it may still come to nothing.
        Pending = "pending",
        /// The bank only tells of it.
        Information = "information",
    }
}

word_enum! {
    /// Which end of a statement its first line is.
    LineOrder is "order of lines" {
        /// Downwards as time went.
        OldestFirst = "oldest_first",
        /// The last movement stands on top.
        NewestFirst = "newest_first",
    }
}

/// What a statement says before its lines.
#[derive(Clone, PartialEq, Eq)]
pub struct StatementHead {
    /// The line of the file on which it begins, from 1.
    pub line: u64,
    /// How it is written.
    pub form: StatementForm,
    /// The account as the bank writes it; `None` where the file names none.
    pub account_number: Option<String>,
    /// ISO 4217, `VND` where the file says it; other currencies are refused.
    pub currency: Option<String>,
    /// The first day that it tells of.
    pub from: Option<NaiveDate>,
    /// The last day that it tells of.
    pub to: Option<NaiveDate>,
    /// What stood on the account before the oldest line.
    pub opening: Option<Balance>,
    /// In which order its lines stand.
    pub order: LineOrder,
}

/// One movement on the account.
#[derive(Clone, PartialEq, Eq)]
pub struct StatementLine {
    /// The line or row of the file on which it begins, from 1.
    pub line: u64,
    /// The local day on which the bank booked it.
    pub occurred_on: NaiveDate,
    /// The bank's time, where the file tells one.
    pub occurred_at: Option<DateTime<Utc>>,
    /// The way the money went, a reversal included: a credit that is taken back is a debit.
    pub direction: Direction,
    /// Whole đồng, above zero.
    pub amount: Vnd,
    /// The transfer text, composed and on one line; it may be empty.
    pub content: String,
    /// The bank's own reference.
    pub bank_reference: Option<String>,
    /// The reference that the payer's bank passes through unchanged.
    pub end_to_end_id: Option<String>,
    /// What stood on the account after it.
    pub balance_after: Option<Balance>,
    /// Whether it takes an earlier movement back.
    pub is_reversal: bool,
    /// Whether the money has moved.
    pub booking: Booking,
}

/// What a statement says behind its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementEnd {
    /// The line of the file on which the closing balance stands, else the last one, from 1.
    pub line: u64,
    /// What stood on the account after the newest line.
    pub closing: Option<Balance>,
    /// How many lines could be read.
    pub lines: u64,
}

impl std::fmt::Debug for StatementHead {
    /// Leaves out the account: personal data does not belong in a log.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("StatementHead")
            .field("line", &self.line)
            .field("form", &self.form)
            .field("from", &self.from)
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for StatementLine {
    /// Leaves out the text and the balance: personal data does not belong in a log.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("StatementLine")
            .field("line", &self.line)
            .field("occurred_on", &self.occurred_on)
            .field("direction", &self.direction)
            .field("amount", &self.amount)
            .field("booking", &self.booking)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_balance_follows_the_movements_and_stops_at_the_largest() {
        let ten = Vnd::new(10).unwrap();
        let none = Balance::default();
        assert_eq!(none.after(Direction::Debit, ten).unwrap().get(), -10);
        assert_eq!(none.after(Direction::Credit, ten), Balance::new(10));
        let most = Balance::new(Balance::MAX_VND).unwrap();
        assert_eq!(most.after(Direction::Credit, ten), None);
        assert_eq!(Balance::new(-Balance::MAX_VND - 1), None);
    }

    #[test]
    fn a_log_tells_neither_text_nor_account_nor_balance() {
        let line = StatementLine {
            line: 7,
            occurred_on: NaiveDate::from_ymd_opt(2026, 3, 16).unwrap(),
            occurred_at: None,
            direction: Direction::Credit,
            amount: Vnd::new(50_000).unwrap(),
            content: "SECRET".to_owned(),
            bank_reference: Some("SECRET".to_owned()),
            end_to_end_id: Some("SECRET".to_owned()),
            balance_after: Balance::new(987_654),
            is_reversal: false,
            booking: Booking::Booked,
        };
        let head = StatementHead {
            line: 1,
            form: StatementForm::Csv,
            account_number: Some("SECRET".to_owned()),
            currency: None,
            from: None,
            to: None,
            opening: Balance::new(987_654),
            order: LineOrder::OldestFirst,
        };
        let log = format!("{line:?} {head:?}");
        assert!(log.contains("50000") && !log.contains("SECRET") && !log.contains("987654"));
    }
}
