//! What is wrong with a statement, where, and what to do about it.

use std::fmt;

use super::reason::Reason;

/// The most characters that a fault shows of what it found.
const FOUND_MAX: usize = 60;

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
