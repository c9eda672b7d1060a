//! The text of a file as rows under columns that the import knows.

use super::report::FileFault;
use super::{FILE_MAX_BYTES, ROWS_MAX, merchants_rows, places_rows};
use crate::domain::encoding::{Encoding, decode};
use crate::domain::text::key;
use crate::statements::DELIMITERS;

/// What the rows of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Places that a census saw.
    Places,
    /// Merchants, perhaps with an outlet and an account.
    Merchants,
}

/// A column that an import knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// Its name in English and in the API.
    pub name: &'static str,
    /// Its name in Vietnamese.
    pub title: &'static str,
    /// Other names for it.
    pub also: &'static [&'static str],
    /// Whether it must be there.
    pub need: Need,
    /// How much of a cell a report shows.
    pub shows: Shows,
}

impl Column {
    /// A column of a sheet.
    pub const fn new(
        name: &'static str,
        title: &'static str,
        also: &'static [&'static str],
        need: Need,
        shows: Shows,
    ) -> Self {
        Self {
            name,
            title,
            also,
            need,
            shows,
        }
    }
}

/// Whether a column must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Always.
    Always,
    /// When another column of this group is there.
    WithGroup(&'static str),
    /// Never.
    Never,
}

/// How much of a cell a report shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shows {
    /// What stands there.
    Text,
    /// The shape of what stands there: it is personal.
    Shape,
}

/// The column of the faults in a file that came back; it is not read.
pub(super) const FAULT_COLUMN: &str = "Lỗi";
/// How files begin that are no text: zipped and old workbooks.
const WORKBOOKS: [&[u8]; 2] = [b"PK\x03\x04", b"\xD0\xCF\x11\xE0"];

/// A row of the file.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// Its cells as they stand there.
    pub cells: Vec<String>,
}

/// A file as it was read.
#[derive(Clone, Debug)]
pub struct Upload {
    pub(super) kind: FileKind,
    pub(super) encoding: Option<Encoding>,
    pub(super) delimiter: u8,
    /// The names of the columns as the file writes them.
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<Row>,
    pub(super) faults: Vec<FileFault>,
}

impl FileKind {
    pub(super) const fn columns(self) -> &'static [Column] {
        match self {
            Self::Places => places_rows::COLUMNS,
            Self::Merchants => merchants_rows::COLUMNS,
        }
    }
}

impl Upload {
    /// Reads a file. What is wrong with it as a whole is kept for the report.
    pub fn read(kind: FileKind, bytes: &[u8]) -> Self {
        let mut upload = Self {
            kind,
            encoding: None,
            delimiter: DELIMITERS[0],
            header: Vec::new(),
            rows: Vec::new(),
            faults: Vec::new(),
        };
        if let Err(fault) = upload.fill(bytes) {
            upload.faults.push(fault);
        } else {
            upload.check_columns();
        }
        upload
    }

    fn fill(&mut self, bytes: &[u8]) -> Result<(), FileFault> {
        if bytes.len() > FILE_MAX_BYTES {
            return Err(FileFault::TooLarge);
        }
        if WORKBOOKS.iter().any(|start| bytes.starts_with(start)) {
            return Err(FileFault::Workbook);
        }
        let (encoding, mut text) = decode(bytes)?;
        self.encoding = Some(encoding);
        if !text.contains('\n') {
            // Lines may end the way old machines ended them.
            text = text.replace('\r', "\n");
        }
        self.delimiter = delimiter_of(&text);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .from_reader(text.as_bytes());
        let mut record = csv::StringRecord::new();
        let mut last = (1, "");
        while reader
            .read_record(&mut record)
            .expect("rows of any length in a text are read")
        {
            let start = record.position().expect("a record that was read");
            last = place_of(&text, start);
            let (line, _) = last;
            if record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let cells = record.iter().map(str::to_owned).collect();
            if self.header.is_empty() {
                self.header = record.iter().map(on_one_line).collect();
            } else if self.rows.len() == ROWS_MAX {
                self.rows.clear();
                return Err(FileFault::TooManyRows);
            } else {
                self.rows.push(Row { line, cells });
            }
        }
        let (line, rest) = last;
        if is_left_open(rest) {
            return Err(FileFault::OpenQuote { line });
        }
        if self.rows.is_empty() {
            return Err(FileFault::Empty);
        }
        Ok(())
    }

    fn check_columns(&mut self) {
        let columns = self.kind.columns();
        let mut seen: Vec<&str> = Vec::new();
        for name in &self.header {
            let written = name.trim().to_owned();
            match self.known(name) {
                _ if key(name) == key(FAULT_COLUMN) => {}
                Some(column) if seen.contains(&column.name) => {
                    self.faults
                        .push(FileFault::RepeatedColumn { name: written });
                }
                Some(column) => seen.push(column.name),
                // A spreadsheet may leave an empty column at the end.
                None if written.is_empty() => {}
                None => self.faults.push(FileFault::UnknownColumn { name: written }),
            }
        }
        let group_is_there = |group| {
            let is_of_group = |it: &&Column| it.need == Need::WithGroup(group);
            let mut of_group = columns.iter().filter(is_of_group);
            of_group.any(|it| seen.contains(&it.name))
        };
        for column in columns.iter().filter(|it| !seen.contains(&it.name)) {
            let needed = match column.need {
                Need::Always => true,
                Need::WithGroup(group) => group_is_there(group),
                Need::Never => false,
            };
            if needed {
                let (name, title) = (column.name, column.title);
                self.faults.push(FileFault::MissingColumn { name, title });
            }
        }
    }

    fn known(&self, name: &str) -> Option<&'static Column> {
        let name = key(name);
        self.kind.columns().iter().find(|column| {
            let own = [column.name, column.title];
            let mut names = own.into_iter().chain(column.also.iter().copied());
            names.any(|it| key(it) == name)
        })
    }

    /// Where each column of the kind stands in a row; `None` for those that are not there.
    pub(super) fn places(&self) -> Vec<Option<usize>> {
        let names = self.header.iter().map(|name| Some(self.known(name)?.name));
        let names: Vec<Option<&str>> = names.collect();
        let place = |column: &Column| names.iter().position(|name| *name == Some(column.name));
        self.kind.columns().iter().map(place).collect()
    }
}

/// The name of a column as reports show it.
fn on_one_line(name: &str) -> String {
    name.replace(char::is_control, " ")
}

/// What stands most often between the names of the columns.
fn delimiter_of(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty());
    let outside = first.unwrap_or("").split('"').step_by(2);
    let header: String = outside.collect();
    let count = |delimiter: u8| header.bytes().filter(|byte| *byte == delimiter).count();
    let mut best = DELIMITERS[0];
    for delimiter in DELIMITERS {
        if count(delimiter) > count(best) {
            best = delimiter;
        }
    }
    best
}

/// The line on which a record really begins, and the text from there. The reader gives the
/// place before it skips empty lines.
fn place_of<'a>(text: &'a str, position: &csv::Position) -> (u64, &'a str) {
    let start = usize::try_from(position.byte()).expect("a file is bounded");
    let rest = text.get(start..).unwrap_or("");
    let record = rest.trim_start_matches(['\r', '\n']);
    let skipped = &rest[..rest.len() - record.len()];
    let breaks = skipped.bytes().filter(|byte| *byte == b'\n').count();
    let breaks = u64::try_from(breaks).expect("a file is bounded");
    (position.line() + breaks, record)
}

/// Whether the last record runs over several lines because its quotation mark is not closed.
fn is_left_open(record: &str) -> bool {
    record.trim_end().contains('\n') && record.matches('"').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(upload: &Upload) -> Vec<u64> {
        upload.rows.iter().map(|row| row.line).collect()
    }

    const HEADER: &str = "kind,name,representative,tax_code,phone";

    #[test]
    fn columns_are_known_by_either_language_in_any_spelling() {
        for header in [
            HEADER,
            "KIND;Name; representative ;Tax Code;Phone",
            "Loại\tTên\tNgười đại diện\tMã số thuế\tSố điện thoại",
            "loai,ten hộ,NGUOI DAI DIEN,MST,SĐT",
            "loai,ten ho\u{323}\u{302},NGUOI DAI DIEN,MST,So\u{302}\u{301} điện thoại",
            "\"Loại\",\"Tên\",\"Người đại diện\",\"Mã số thuế\",\"Số điện thoại\"",
        ] {
            let delimiter = if header.contains(';') {
                ';'
            } else if header.contains('\t') {
                '\t'
            } else {
                ','
            };
            let row = ["a", "b", "c", "d", "e"].join(&delimiter.to_string());
            let upload = Upload::read(FileKind::Merchants, format!("{header}\n{row}\n").as_bytes());
            assert_eq!(upload.faults, [], "{header}");
            let places = upload.places();
            assert_eq!(places[..5], [Some(0), Some(1), Some(2), Some(3), Some(4)]);
            assert!(places[5..].iter().all(Option::is_none));
        }
    }

    #[test]
    fn unknown_missing_and_repeated_columns_are_named() {
        let text = "kind,name,Họ tên,Đại diện,phone,Màu,Sạp,Lỗi,\na,b,c,d,e,f,g,h,\n";
        let upload = Upload::read(FileKind::Merchants, text.as_bytes());
        let (name, title) = ("tax_code", "Mã số thuế");
        let group = [("zone_code", "Mã khu vực"), ("trade", "Ngành hàng")];
        let mut wanted = vec![
            FileFault::RepeatedColumn {
                name: "Đại diện".to_owned(),
            },
            FileFault::UnknownColumn {
                name: "Màu".to_owned(),
            },
            FileFault::MissingColumn { name, title },
        ];
        wanted.extend(group.map(|(name, title)| FileFault::MissingColumn { name, title }));
        assert_eq!(upload.faults, wanted);
    }

    #[test]
    fn a_row_has_the_line_on_which_it_begins() {
        for (name, text, wanted) in [
            (
                "plain",
                format!("{HEADER}\na,b,c,d,e\nf,g,h,i,j\n"),
                vec![2, 3],
            ),
            (
                "two marks at a line's end",
                format!("{HEADER}\r\na,b,c,d,e\r\nf,g,h,i,j"),
                vec![2, 3],
            ),
            (
                "an old machine",
                format!("{HEADER}\ra,b,c,d,e\rf,g,h,i,j\r"),
                vec![2, 3],
            ),
            (
                "a break in a cell",
                format!("{HEADER}\na,\"b\nc\nd\",c,d,e\nf,g,h,i,j\n"),
                vec![2, 5],
            ),
            (
                "empty lines",
                format!("\n\n{HEADER}\n\n\na,b,c,d,e\n,,,,\n\nf,g,h,i,j\n"),
                vec![6, 9],
            ),
        ] {
            let upload = Upload::read(FileKind::Merchants, text.as_bytes());
            assert_eq!(upload.faults, [], "{name}");
            assert_eq!(lines(&upload), wanted, "{name}");
        }
    }

    #[test]
    fn a_file_that_is_no_table_is_refused_as_a_whole() {
        let row = "a,b,c,d,e\n";
        let many = format!("{HEADER}\n{}", row.repeat(ROWS_MAX + 1));
        for (name, text, wanted) in [
            ("nothing", String::new(), FileFault::Empty),
            ("a header only", format!("{HEADER}\n,,\n"), FileFault::Empty),
            (
                "a workbook",
                "PK\u{3}\u{4}....".to_owned(),
                FileFault::Workbook,
            ),
            ("too many rows", many, FileFault::TooManyRows),
            (
                "too many bytes",
                "x".repeat(FILE_MAX_BYTES + 1),
                FileFault::TooLarge,
            ),
            (
                "an open quotation mark",
                format!("{HEADER}\n{row}a,\"b,c,d,e\n{row}{row}"),
                FileFault::OpenQuote { line: 3 },
            ),
        ] {
            let upload = Upload::read(FileKind::Merchants, text.as_bytes());
            assert_eq!(upload.faults, [wanted], "{name}");
            assert!(upload.faults[0].vietnamese() != upload.faults[0].to_string());
        }
        let full = format!("{HEADER}\n{}", row.repeat(ROWS_MAX));
        let upload = Upload::read(FileKind::Merchants, full.as_bytes());
        assert_eq!((upload.faults.len(), upload.rows.len()), (0, ROWS_MAX));
    }
}
