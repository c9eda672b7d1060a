//! What is wrong with a statement, where, and what to do about it.

use std::fmt;

use crate::domain::statement::Balance;

/// The most characters that a fault shows of what it found.
const FOUND_MAX: usize = 40;

/// Something that keeps a line, a statement or a whole file from being read. A line has at
/// most one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line or row of the file, from 1.
    pub line: u64,
    /// Where on it, unless it is the line as a whole.
    pub column: Option<Column>,
    /// What is wrong.
    pub reason: Reason,
}

/// Where on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// A column of a table.
    Cell {
        /// As spreadsheets call it: `A`, `B`, …
        letter: String,
        /// Its name as the file writes it, on one line; empty when it has none.
        title: String,
    },
    /// A field of the format: `Amt`, `:61:`, …
    Field(&'static str),
    /// So many bytes into the line, from 1.
    Byte(u64),
}

impl fmt::Display for Column {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cell { letter, title } if title.is_empty() => formatter.write_str(letter),
            Self::Cell { letter, title } => write!(formatter, "{letter} “{title}”"),
            Self::Field(name) => formatter.write_str(name),
            Self::Byte(place) => write!(formatter, "{place}"),
        }
    }
}

/// How much of a file a fault spoils.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// This line; the next one can be read.
    Line,
    /// The sums of the statement; its lines can be read.
    Statement,
    /// The rest of the file.
    File,
}

/// What is wrong. `Display` is the English text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The bytes could not be had.
    #[error("the file could not be read to its end")]
    Unreadable,
    /// No form that is read.
    #[error("this is no bank statement that is read here: CSV, XLSX, XLS, MT940, camt.053")]
    UnknownForm,
    /// The file stops in the middle.
    #[error("the file breaks off: download it again")]
    CutOff,
    /// Not well-formed.
    #[error("this is not well-formed XML: download the file again")]
    NotXml,
    /// Another encoding than UTF-8.
    #[error("an XML statement is in UTF-8")]
    XmlEncoding,
    /// Another message, or an element of another vocabulary.
    #[error("“{found}” is not read here: camt.053 and camt.054, versions 02 to 13, are")]
    OtherMessage {
        /// The namespace or the element.
        found: String,
    },
    /// What makes an XML text mean something else than it shows.
    #[error("{construct} has no place in a statement")]
    Forbidden {
        /// What it is.
        construct: Construct,
    },
    /// Elements within elements within elements.
    #[error("the elements are nested too deeply")]
    TooDeep,
    /// A line or an element beyond its bound.
    #[error("this is longer than any statement writes it")]
    TooLong,
    /// A text, a reference or an account beyond its bound.
    #[error("the text is longer than any statement writes it")]
    TextTooLong,
    /// Not đồng.
    #[error("the currency is “{found}”: only VND is read")]
    OtherCurrency {
        /// What stands there.
        found: String,
    },
    /// What has to be there is not.
    #[error("this field is missing")]
    Missing,
    /// What has to be there once is there more often.
    #[error("this field stands there more than once")]
    Repeated,
    /// Not a number.
    #[error("“{found}” is not an amount")]
    NotAnAmount {
        /// What stands there.
        found: String,
    },
    /// Đồng has no fractions.
    #[error("“{found}” is not a whole number of đồng")]
    Fraction {
        /// What stands there.
        found: String,
    },
    /// No money moved.
    #[error("the amount is zero")]
    Zero,
    /// Beyond the largest amount.
    #[error("the amount is larger than any that is handled")]
    TooLarge,
    /// Not a day of the calendar, or none of this century.
    #[error("“{found}” is not a date")]
    NotADate {
        /// What stands there.
        found: String,
    },
    /// A word that the format does not have.
    #[error("“{found}” is not one of the words of this field")]
    UnknownWord {
        /// What stands there.
        found: String,
    },
    /// The parts of an entry are not the whole.
    #[error("the details do not add up to the amount of the entry")]
    DetailsDiffer,
    /// The balance of a line is not the one before it and the movement.
    #[error("the balance is {found} đồng, but the lines before it lead to {expected} đồng")]
    BalanceBroken {
        /// What the lines before it lead to.
        expected: Balance,
        /// What stands there.
        found: Balance,
    },
    /// Opening balance and movements do not lead to the closing balance.
    #[error(
        "the closing balance is {found} đồng, but the opening balance and the lines lead to \
         {expected} đồng"
    )]
    ClosingBroken {
        /// What they lead to.
        expected: Balance,
        /// What stands there.
        found: Balance,
    },
    /// The bytes are no text in the encoding of the file.
    #[error("the text is damaged: download the file again, or save it as UTF-8")]
    Damaged,
    /// Not a text.
    #[error("the file holds zero bytes: save it as CSV UTF-8")]
    ZeroBytes,
    /// TCVN3 or VNI.
    #[error(
        "the file is in an old font's encoding (TCVN3 or VNI): convert it to Unicode and save it \
         as CSV UTF-8"
    )]
    LegacyEncoding,
    /// A workbook that is damaged, or older than 1997.
    #[error("the workbook is damaged or of an old version: save it as XLSX again")]
    WorkbookDamaged,
    /// A workbook that asks for a password.
    #[error("the workbook is locked with a password: save it without one")]
    WorkbookLocked,
    /// A workbook that unpacks to more than any statement.
    #[error("the workbook is too large: divide it, or save it as CSV")]
    WorkbookTooLarge,
    /// No row names a date and an amount.
    #[error("no header was found: a row has to name the date and the amount, or debit and credit")]
    NoHeader,
    /// Two columns that could both be meant.
    #[error("this column says the same as another one: delete one of them")]
    RepeatedColumn,
    /// A quotation mark that is never closed.
    #[error("a quotation mark opened on this line is never closed")]
    OpenQuote,
    /// A column whose numbers could be read in two ways.
    #[error(
        "the numbers of this column could be thousands or decimals: write them without marks, or \
         download the file as a workbook"
    )]
    AmbiguousNumbers,
    /// A column whose numbers are written in two ways.
    #[error("the numbers of this column are written in two ways: write them in one")]
    MixedNumbers,
    /// The whole statement is of another currency.
    #[error("the account is kept in “{found}”: only VND is read")]
    AccountCurrency {
        /// What stands there.
        found: String,
    },
    /// A spreadsheet shortened a long number.
    #[error(
        "a spreadsheet shortened this number to “{found}” and its last digits are lost: format \
         the column as text and download the file again"
    )]
    Scientific {
        /// What stands there.
        found: String,
    },
    /// Money in and money out on one line.
    #[error("the line has a debit and a credit")]
    BothSides,
    /// Neither.
    #[error("the line has neither a debit nor a credit")]
    NoSide,
    /// A character that no text has.
    #[error("the text holds a control character")]
    ControlCharacter,
}

/// What an XML statement must not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Construct {
    /// `<!DOCTYPE …>`.
    DocumentType,
    /// `&name;` beyond the five that XML has itself.
    Entity,
    /// `<?name …?>`.
    ProcessingInstruction,
}

impl fmt::Display for Construct {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::DocumentType => "a document type",
            Self::Entity => "an entity",
            Self::ProcessingInstruction => "a processing instruction",
        })
    }
}

impl Construct {
    const fn vietnamese(self) -> &'static str {
        match self {
            Self::DocumentType => "khai báo kiểu tài liệu (DOCTYPE)",
            Self::Entity => "thực thể (entity)",
            Self::ProcessingInstruction => "chỉ thị xử lý",
        }
    }
}

impl Fault {
    /// A fault of a line as a whole.
    pub(super) const fn of_line(line: u64, reason: Reason) -> Self {
        Self {
            line,
            column: None,
            reason,
        }
    }

    /// A fault of a field of the format.
    pub(super) const fn of_field(line: u64, field: &'static str, reason: Reason) -> Self {
        Self {
            line,
            column: Some(Column::Field(field)),
            reason,
        }
    }
}

impl Reason {
    /// The stable word for machines.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::UnknownForm => "unknown_form",
            Self::CutOff => "cut_off",
            Self::NotXml => "not_xml",
            Self::XmlEncoding => "xml_encoding",
            Self::OtherMessage { .. } => "other_message",
            Self::Forbidden { .. } => "forbidden",
            Self::TooDeep => "too_deep",
            Self::TooLong => "too_long",
            Self::TextTooLong => "text_too_long",
            Self::OtherCurrency { .. } => "other_currency",
            Self::Missing => "missing",
            Self::Repeated => "repeated",
            Self::NotAnAmount { .. } => "not_an_amount",
            Self::Fraction { .. } => "fraction",
            Self::Zero => "zero",
            Self::TooLarge => "too_large",
            Self::NotADate { .. } => "not_a_date",
            Self::UnknownWord { .. } => "unknown_word",
            Self::DetailsDiffer => "details_differ",
            Self::BalanceBroken { .. } => "balance_broken",
            Self::ClosingBroken { .. } => "closing_broken",
            Self::Damaged => "damaged",
            Self::ZeroBytes => "zero_bytes",
            Self::LegacyEncoding => "legacy_encoding",
            Self::WorkbookDamaged => "workbook_damaged",
            Self::WorkbookLocked => "workbook_locked",
            Self::WorkbookTooLarge => "workbook_too_large",
            Self::NoHeader => "no_header",
            Self::RepeatedColumn => "repeated_column",
            Self::OpenQuote => "open_quote",
            Self::AmbiguousNumbers => "ambiguous_numbers",
            Self::MixedNumbers => "mixed_numbers",
            Self::AccountCurrency { .. } => "account_currency",
            Self::Scientific { .. } => "scientific",
            Self::BothSides => "both_sides",
            Self::NoSide => "no_side",
            Self::ControlCharacter => "control_character",
        }
    }

    /// How much of the file it spoils.
    pub const fn scope(&self) -> Scope {
        match self {
            Self::Unreadable
            | Self::UnknownForm
            | Self::CutOff
            | Self::NotXml
            | Self::XmlEncoding
            | Self::OtherMessage { .. }
            | Self::Forbidden { .. }
            | Self::TooDeep
            | Self::Damaged
            | Self::ZeroBytes
            | Self::LegacyEncoding
            | Self::WorkbookDamaged
            | Self::WorkbookLocked
            | Self::WorkbookTooLarge
            | Self::NoHeader
            | Self::RepeatedColumn
            | Self::OpenQuote
            | Self::AmbiguousNumbers
            | Self::MixedNumbers
            | Self::AccountCurrency { .. }
            | Self::TooLong => Scope::File,
            Self::BalanceBroken { .. } | Self::ClosingBroken { .. } => Scope::Statement,
            Self::TextTooLong
            | Self::OtherCurrency { .. }
            | Self::Missing
            | Self::Repeated
            | Self::NotAnAmount { .. }
            | Self::Fraction { .. }
            | Self::Zero
            | Self::TooLarge
            | Self::NotADate { .. }
            | Self::UnknownWord { .. }
            | Self::DetailsDiffer
            | Self::Scientific { .. }
            | Self::BothSides
            | Self::NoSide
            | Self::ControlCharacter => Scope::Line,
        }
    }

    /// The same text in Vietnamese.
    pub fn vietnamese(&self) -> String {
        match self {
            Self::Unreadable => "Không đọc được tệp đến hết".into(),
            Self::UnknownForm => {
                "Đây không phải sao kê ngân hàng đọc được: CSV, XLSX, XLS, MT940, camt.053".into()
            }
            Self::CutOff => "Tệp bị đứt giữa chừng: hãy tải lại".into(),
            Self::NotXml => "Tệp XML bị hỏng: hãy tải lại".into(),
            Self::XmlEncoding => "Sao kê XML phải dùng mã UTF-8".into(),
            Self::OtherMessage { found } => {
                format!("Không đọc “{found}”: chỉ đọc camt.053 và camt.054 phiên bản 02 đến 13")
            }
            Self::Forbidden { construct } => {
                format!("Sao kê không được có {}", construct.vietnamese())
            }
            Self::TooDeep => "Các phần tử lồng nhau quá sâu".into(),
            Self::TooLong => "Chỗ này dài hơn mọi sao kê".into(),
            Self::TextTooLong => "Nội dung dài hơn mọi sao kê".into(),
            Self::OtherCurrency { found } => {
                format!("Loại tiền là “{found}”: chỉ đọc VND")
            }
            Self::Missing => "Thiếu trường này".into(),
            Self::Repeated => "Trường này có hơn một lần".into(),
            Self::NotAnAmount { found } => format!("“{found}” không phải số tiền"),
            Self::Fraction { found } => format!("“{found}” không phải số đồng nguyên"),
            Self::Zero => "Số tiền bằng không".into(),
            Self::TooLarge => "Số tiền lớn quá mức xử lý được".into(),
            Self::NotADate { found } => format!("“{found}” không phải ngày"),
            Self::UnknownWord { found } => {
                format!("“{found}” không phải giá trị của trường này")
            }
            Self::DetailsDiffer => "Các chi tiết cộng lại không bằng số tiền của bút toán".into(),
            Self::BalanceBroken { expected, found } => {
                format!("Số dư là {found} đồng, nhưng các dòng trước cho ra {expected} đồng")
            }
            Self::ClosingBroken { expected, found } => format!(
                "Số dư cuối là {found} đồng, nhưng số dư đầu và các dòng cho ra {expected} đồng"
            ),
            Self::Damaged => "Chữ bị hỏng: hãy tải lại tệp hoặc lưu thành UTF-8".into(),
            Self::ZeroBytes => "Tệp có byte rỗng: hãy lưu lại thành CSV UTF-8".into(),
            Self::LegacyEncoding => "Tệp dùng bảng mã cũ (TCVN3 hoặc VNI): hãy chuyển sang \
                                     Unicode rồi lưu thành CSV UTF-8"
                .into(),
            Self::WorkbookDamaged => {
                "Tệp bảng tính bị hỏng hoặc quá cũ: hãy lưu lại thành XLSX".into()
            }
            Self::WorkbookLocked => "Tệp bảng tính có mật khẩu: hãy lưu lại không mật khẩu".into(),
            Self::WorkbookTooLarge => {
                "Tệp bảng tính quá lớn: hãy chia nhỏ hoặc lưu thành CSV".into()
            }
            Self::NoHeader => "Không tìm thấy dòng tiêu đề: phải có cột ngày và cột số tiền, hoặc \
                               ghi nợ và ghi có"
                .into(),
            Self::RepeatedColumn => "Cột này trùng ý với một cột khác: hãy xoá một cột".into(),
            Self::OpenQuote => "Dấu nháy kép mở ở dòng này không được đóng".into(),
            Self::AmbiguousNumbers => "Số ở cột này có thể là hàng nghìn hoặc phần lẻ: hãy ghi số \
                                       không có dấu, hoặc tải tệp Excel"
                .into(),
            Self::MixedNumbers => {
                "Số ở cột này được ghi theo hai kiểu: hãy ghi theo một kiểu".into()
            }
            Self::AccountCurrency { found } => {
                format!("Tài khoản dùng loại tiền “{found}”: chỉ đọc VND")
            }
            Self::Scientific { found } => format!(
                "Bảng tính đã rút gọn số này thành “{found}” và làm mất các chữ số cuối: hãy định \
                 dạng cột là văn bản rồi tải lại tệp"
            ),
            Self::BothSides => "Dòng này có cả ghi nợ và ghi có".into(),
            Self::NoSide => "Dòng này không có ghi nợ cũng không có ghi có".into(),
            Self::ControlCharacter => "Nội dung có ký tự điều khiển".into(),
        }
    }
}

/// What a fault shows of a text: cut, and fit for a terminal.
pub(super) fn found(text: &str) -> String {
    let mut shown: String = text
        .trim()
        .chars()
        .take(FOUND_MAX)
        .map(|it| if it.is_control() { '\u{FFFD}' } else { it })
        .collect();
    if text.trim().chars().nth(FOUND_MAX).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_cut_and_fit_for_a_terminal() {
        assert_eq!(found(" 12a "), "12a");
        assert_eq!(found("a\u{1B}[31m"), "a\u{FFFD}[31m");
        let long = "9".repeat(FOUND_MAX + 1);
        assert_eq!(found(&long), format!("{}…", &long[1..]));
    }

    #[test]
    fn a_column_is_named_as_the_reader_of_the_file_sees_it() {
        let cell = |title: &str| Column::Cell {
            letter: "C".to_owned(),
            title: title.to_owned(),
        };
        for (column, wanted) in [
            (cell("Ghi có"), "C “Ghi có”"),
            (cell(""), "C"),
            (Column::Field(":61:"), ":61:"),
            (Column::Byte(12), "12"),
        ] {
            assert_eq!(column.to_string(), wanted);
        }
    }
}
