//! What can be wrong with a statement, and how much of the file that spoils.

use std::fmt;

use super::fault::Scope;
use crate::domain::statement::Balance;

/// What is wrong. `Display` is the English text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The bytes could not be had.
    #[error("the file could not be read to its end")]
    Unreadable,
    /// No form that is read.
    #[error("this is no bank statement that is read here: CSV, XLSX, XLS, MT940, camt.053")]
    UnknownForm,
    /// Not one byte.
    #[error("the file is empty: download it again")]
    Empty,
    /// A document for people to look at.
    #[error("this is a PDF: download the statement from the bank as Excel or CSV")]
    Pdf,
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
    #[error(
        "the balance is {found} đồng, but the lines before it lead to {expected} đồng: a line is \
         missing or was changed, download the file again"
    )]
    BalanceBroken {
        /// What the lines before it lead to.
        expected: Balance,
        /// What stands there.
        found: Balance,
    },
    /// Opening balance and movements do not lead to the closing balance.
    #[error(
        "the closing balance is {found} đồng, but the opening balance and the lines lead to \
         {expected} đồng: a line is missing or was changed, download the file again"
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

impl Reason {
    /// The stable word for machines.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::UnknownForm => "unknown_form",
            Self::Empty => "empty_file",
            Self::Pdf => "pdf",
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
            | Self::Empty
            | Self::Pdf
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
}
