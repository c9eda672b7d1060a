//! Why a statement is not imported.

use chrono::NaiveDate;

use super::{PERIOD_MAX_DAYS, Survey};
use crate::domain::refusal::Refusal;
use crate::flows::change::ChangeError;
use crate::store::StoreError;

/// Why a statement is not imported. `Display` is the English text.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// There is no such account within the caller's reach, or nobody approved it.
    #[error("there is no such account in use")]
    UnknownAccount,
    /// The file cannot be read, or not all of it; the survey says where and why.
    #[error("the file cannot be taken as it is")]
    Faults(Box<Survey>),
    /// The file has more lines than are taken at once.
    #[error("the file has too many lines: download shorter periods")]
    TooLong,
    /// The file names another account, of which the last four characters are shown.
    #[error("the file is of another account, which ends in {0}")]
    OtherAccount(String),
    /// Neither the file nor the caller says which days it tells of.
    #[error("the file says nothing about its days: name the first and the last one")]
    NoPeriod,
    /// More days than a statement has.
    #[error("a statement has at most {} days", PERIOD_MAX_DAYS)]
    LongPeriod,
    /// A line lies outside the named days.
    #[error("line {line} is of {day}, outside the days that were named")]
    OutsidePeriod {
        /// The line of the file.
        line: u64,
        /// Its day.
        day: NaiveDate,
    },
    /// The same file was imported while this one was compared.
    #[error("the same file was imported meanwhile")]
    ImportedMeanwhile,
    /// The file could not be read to its end.
    #[error("the file could not be read")]
    File(#[from] std::io::Error),
    /// The rules of changes do not allow it.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

impl From<StoreError> for ReconcileError {
    fn from(error: StoreError) -> Self {
        Self::Change(error.into())
    }
}

impl From<Refusal> for ReconcileError {
    fn from(refusal: Refusal) -> Self {
        Self::Change(refusal.into())
    }
}

impl ReconcileError {
    /// The stable word for a fault of the file or of what was said about it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownAccount => "unknown_account",
            Self::Faults(_) => "faults",
            Self::TooLong => "too_many_lines",
            Self::OtherAccount(_) => "other_account",
            Self::NoPeriod => "required",
            Self::LongPeriod => "too_large",
            Self::OutsidePeriod { .. } => "outside_period",
            Self::ImportedMeanwhile => "imported_meanwhile",
            Self::File(_) => "unreadable",
            Self::Change(_) => "refused",
        }
    }

    /// The same text in Vietnamese.
    pub fn vietnamese(&self) -> String {
        match self {
            Self::UnknownAccount => "Không có tài khoản này đang được dùng".into(),
            Self::Faults(_) => "Tệp sao kê có chỗ sai nên chưa nhận".into(),
            Self::TooLong => "Tệp có quá nhiều dòng: hãy tải theo kỳ ngắn hơn".into(),
            Self::OtherAccount(last) => {
                format!("Tệp là của tài khoản khác, có số cuối là {last}")
            }
            Self::NoPeriod => "Tệp không ghi ngày: hãy nêu ngày đầu và ngày cuối của kỳ".into(),
            Self::LongPeriod => format!("Một sao kê có nhiều nhất {PERIOD_MAX_DAYS} ngày"),
            Self::OutsidePeriod { line, day } => {
                format!("Dòng {line} là ngày {day}, nằm ngoài kỳ đã nêu")
            }
            Self::ImportedMeanwhile => "Tệp này vừa được người khác nhập".into(),
            Self::File(_) => "Không đọc được tệp".into(),
            Self::Change(ChangeError::Refused(refusal)) => refusal.vietnamese(),
            Self::Change(fault) => fault.to_string(),
        }
    }
}
