//! What an import found: the file's faults, every bad row, and the counts.

use super::sheet::Upload;
use super::{FILE_MAX_BYTES, ROWS_MAX};
use crate::domain::account::HolderNameError;
use crate::domain::bank::{AccountNumberError, BankBinError};
use crate::domain::encoding::{Encoding, EncodingError};
use crate::domain::establishment::{OpenDaysError, OwnerKeyError};
use crate::domain::phone::PhoneError;
use crate::domain::refusal::Refusal;
use crate::domain::tax_code::TaxCodeError;
use crate::domain::text::TextError;
use crate::domain::word::UnknownWord;
use crate::domain::zone::{ZoneCode, ZoneCodeError};

/// What a row should hold instead, in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// In Vietnamese.
    pub vietnamese: String,
    /// In English.
    pub english: String,
}

impl Wanted {
    pub(super) fn new(vietnamese: impl Into<String>, english: impl Into<String>) -> Self {
        Self {
            vietnamese: vietnamese.into(),
            english: english.into(),
        }
    }
}

macro_rules! wanted_from {
    ($($fault:ty),+ $(,)?) => {$(
        impl From<$fault> for Wanted {
            fn from(fault: $fault) -> Self {
                Self::new(fault.vietnamese(), fault.to_string())
            }
        }
    )+};
}

wanted_from!(
    AccountNumberError,
    BankBinError,
    HolderNameError,
    OpenDaysError,
    OwnerKeyError,
    PhoneError,
    Refusal,
    TaxCodeError,
    TextError,
    UnknownWord,
    ZoneCodeError,
);

/// Why a file is not read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    /// More than [`FILE_MAX_BYTES`].
    #[error("a file has at most {FILE_MAX_BYTES} bytes: divide it")]
    TooLarge,
    /// More than [`ROWS_MAX`].
    #[error("a file has at most {ROWS_MAX} rows: divide it")]
    TooManyRows,
    /// No header, or no row below it.
    #[error("the file has no rows: the first line names the columns, a row stands below it")]
    Empty,
    /// A workbook, not a text.
    #[error("this is a workbook: save it as CSV UTF-8 and send that file")]
    Workbook,
    /// Not a text.
    #[error("the file holds zero bytes: save it as CSV UTF-8")]
    ZeroBytes,
    /// UTF-8 or UTF-16 that breaks off or was altered.
    #[error("the text is damaged on line {line}: save it again as CSV UTF-8")]
    Damaged {
        /// From 1.
        line: u64,
    },
    /// TCVN3 or VNI.
    #[error(
        "the file is in an old font's encoding (TCVN3 or VNI): convert it to Unicode, then save \
         it as CSV UTF-8"
    )]
    LegacyEncoding,
    /// A quotation mark that is never closed swallows the rest of the file.
    #[error("a quotation mark opened on line {line} is never closed")]
    OpenQuote {
        /// From 1.
        line: u64,
    },
    /// A column that the import does not know.
    #[error("column “{name}” is not known: delete it or rename it")]
    UnknownColumn {
        /// As the file writes it.
        name: String,
    },
    /// A column that must be there.
    #[error("column “{title}” ({name}) is missing")]
    MissingColumn {
        /// Its English name.
        name: &'static str,
        /// Its Vietnamese name.
        title: &'static str,
    },
    /// Two columns with the same meaning.
    #[error("column “{name}” stands twice: keep one")]
    RepeatedColumn {
        /// The second one, as the file writes it.
        name: String,
    },
}

impl From<EncodingError> for FileFault {
    fn from(error: EncodingError) -> Self {
        match error {
            EncodingError::Damaged { line } => Self::Damaged { line },
            EncodingError::ZeroBytes => Self::ZeroBytes,
            EncodingError::Legacy => Self::LegacyEncoding,
            EncodingError::Unreadable => Self::Damaged { line: 1 },
        }
    }
}

impl FileFault {
    /// The stable word for machines.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::TooManyRows => "too_many_rows",
            Self::Empty => "empty",
            Self::Workbook => "workbook",
            Self::ZeroBytes => "zero_bytes",
            Self::Damaged { .. } => "damaged",
            Self::LegacyEncoding => "legacy_encoding",
            Self::OpenQuote { .. } => "open_quote",
            Self::UnknownColumn { .. } => "unknown_column",
            Self::MissingColumn { .. } => "missing_column",
            Self::RepeatedColumn { .. } => "repeated_column",
        }
    }

    /// The same text in Vietnamese.
    pub fn vietnamese(&self) -> String {
        match self {
            Self::TooLarge => format!("Tệp tối đa {FILE_MAX_BYTES} byte: hãy chia nhỏ"),
            Self::TooManyRows => format!("Tệp tối đa {ROWS_MAX} dòng: hãy chia nhỏ"),
            Self::Empty => {
                "Tệp không có dòng nào: dòng đầu ghi tên cột, dữ liệu bắt đầu từ dòng dưới".into()
            }
            Self::Workbook => "Đây là tệp bảng tính: hãy lưu thành CSV UTF-8 rồi gửi tệp đó".into(),
            Self::ZeroBytes => "Tệp có byte rỗng: hãy lưu lại thành CSV UTF-8".into(),
            Self::Damaged { line } => {
                format!("Chữ bị hỏng ở dòng {line}: hãy lưu lại thành CSV UTF-8")
            }
            Self::LegacyEncoding => {
                "Tệp dùng bảng mã cũ (TCVN3 hoặc VNI): hãy chuyển sang Unicode \
                                     rồi lưu thành CSV UTF-8"
                    .into()
            }
            Self::OpenQuote { line } => format!("Dấu nháy kép mở ở dòng {line} không được đóng"),
            Self::UnknownColumn { name } => {
                format!("Không có cột “{name}”: hãy xoá hoặc đổi tên cột")
            }
            Self::MissingColumn { name, title } => format!("Thiếu cột “{title}” ({name})"),
            Self::RepeatedColumn { name } => format!("Cột “{name}” có hai lần: hãy giữ một cột"),
        }
    }
}

/// Why one row cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// The line of the file on which the row begins, from 1.
    pub line: u64,
    /// The column as the file names it; `None` for the row as a whole.
    pub column: Option<String>,
    /// The stable word for machines.
    pub code: &'static str,
    /// What stands there; of what is personal only its shape.
    pub found: String,
    /// What should stand there.
    pub wanted: Wanted,
}

/// What becomes of one zone's census.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneCensus {
    /// The zone.
    pub zone: ZoneCode,
    /// How many places of the file it records.
    pub places: usize,
    /// How many it takes over from the census of the same day that it completes.
    pub carried_over: usize,
    /// Its number, once it is written; none when nothing was new.
    pub version: Option<i64>,
}

/// What an import found and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whether the rows counted as added and changed are written, once the transaction is
    /// committed.
    pub committed: bool,
    /// How the file was saved, when that was recognised.
    pub encoding: Option<Encoding>,
    /// Rows with something in them, without the header.
    pub rows: usize,
    /// Rows of something new.
    pub added: usize,
    /// Rows that change something known.
    pub changed: usize,
    /// Rows that say what is known.
    pub unchanged: usize,
    /// Rows that cannot be taken.
    pub bad: usize,
    /// Why the file as a whole is not taken.
    pub file_faults: Vec<FileFault>,
    /// Every fault of every bad row, by line.
    pub faults: Vec<RowFault>,
    /// The censuses, zone by zone; for a file of places only.
    pub zones: Vec<ZoneCensus>,
}

/// What a good row does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It brings something new.
    Added,
    /// It changes something known.
    Changed,
    /// It says what is known.
    Unchanged,
}

impl Report {
    pub(super) fn of(upload: &Upload) -> Self {
        Self {
            committed: false,
            encoding: upload.encoding,
            rows: upload.rows.len(),
            added: 0,
            changed: 0,
            unchanged: 0,
            bad: 0,
            file_faults: upload.faults.clone(),
            faults: Vec::new(),
            zones: Vec::new(),
        }
    }

    pub(super) const fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Added => self.added += 1,
            Outcome::Changed => self.changed += 1,
            Outcome::Unchanged => self.unchanged += 1,
        }
    }

    /// Notes the faults of one row, if it has any, and says whether it is good.
    pub(super) fn note(&mut self, faults: Vec<RowFault>) -> bool {
        let good = faults.is_empty();
        self.bad += usize::from(!good);
        self.faults.extend(faults);
        good
    }

    /// Puts the faults in the order of the file.
    pub(super) fn sort(&mut self) {
        self.faults.sort_by_key(|fault| fault.line);
    }

    /// The counts, as the audit and the readers of events are told.
    pub(super) fn counts(&self) -> serde_json::Value {
        serde_json::json!({
            "rows": self.rows,
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "bad": self.bad,
        })
    }
}
