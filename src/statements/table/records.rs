//! The rows of a table that is written as text, one at a time.

use std::io::Read;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};

use super::cell::{Cell, Row};
use crate::domain::encoding::EncodingError;
use crate::statements::fault::{Column, Fault};
use crate::statements::input::{BeyondBound, Input};
use crate::statements::reason::Reason;

/// The longest line and the longest row, in bytes.
const ROW_MAX_BYTES: usize = 64 * 1024;
/// How many lines a row may run over, by cells in quotation marks.
const ROW_MAX_LINES: usize = 50;
/// The most columns.
const COLUMNS_MAX: usize = 100;

/// What may stand between cells, most usual first.
pub(crate) const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// The rows of a text that have anything in them.
pub(super) struct Records<R> {
    input: Input<R>,
    reader: Reader,
    /// The cells of a row without what stands between them, and where each one ends.
    cells: Box<[u8]>,
    ends: [usize; COLUMNS_MAX],
    is_over: bool,
}

impl<R: Read> Records<R> {
    pub(super) fn new(text: R, delimiter: u8) -> Self {
        // The input takes the ends of lines off, however they are written.
        let terminator = Terminator::Any(b'\n');
        Self {
            input: Input::new(text),
            reader: ReaderBuilder::new()
                .delimiter(delimiter)
                .terminator(terminator)
                .build(),
            cells: vec![0; ROW_MAX_BYTES].into_boxed_slice(),
            ends: [0; COLUMNS_MAX],
            is_over: false,
        }
    }

    /// The next line; `None` at the end.
    fn line(&mut self) -> Result<Option<String>, Fault> {
        let number = self.input.place().line;
        let line = self.input.line(ROW_MAX_BYTES).map_err(|error| {
            let encoding = error.get_ref().and_then(|it| it.downcast_ref());
            match encoding {
                Some(EncodingError::Damaged { line }) => Fault::of_line(*line, Reason::Damaged),
                _ => Fault::of_line(number, BeyondBound::reason_of(&error)),
            }
        })?;
        let Some((_, bytes)) = line else {
            return Ok(None);
        };
        let text = String::from_utf8(bytes);
        let text = text.map_err(|_| Fault::of_line(number, Reason::Damaged))?;
        Ok(Some(text))
    }

    /// The first line of the next row.
    fn first_line(&mut self) -> Result<Option<(u64, String)>, Fault> {
        loop {
            let number = self.input.place().line;
            match self.line()? {
                Some(line) if line.is_empty() => {}
                line => return Ok(line.map(|line| (number, line))),
            }
        }
    }

    fn row(&mut self) -> Result<Option<Row>, Fault> {
        let Some((number, first)) = self.first_line()? else {
            return Ok(None);
        };
        let mut filled = Filled::default();
        let mark = first.rfind('"');
        let mut line = Some(first);
        for _ in 0..ROW_MAX_LINES {
            let Some(mut text) = line else {
                break;
            };
            text.push('\n');
            match self.split(text.as_bytes(), &mut filled) {
                ReadRecordResult::Record => {
                    let cells = self.cells_of(filled);
                    return Ok(Some(Row {
                        line: number,
                        cells,
                    }));
                }
                // A quotation mark is open.
                ReadRecordResult::InputEmpty => line = self.line()?,
                _full => return Err(Fault::of_line(number, Reason::TooLong)),
            }
        }
        let place = mark.map_or(1, |place| place + 1);
        let place = u64::try_from(place).expect("a line is bounded");
        Err(Fault {
            line: number,
            column: Some(Column::Byte(place)),
            reason: Reason::OpenQuote,
        })
    }

    /// Cuts a line of a row into cells, behind those that its lines before filled.
    fn split(&mut self, line: &[u8], filled: &mut Filled) -> ReadRecordResult {
        let cells = &mut self.cells[filled.bytes..];
        let ends = &mut self.ends[filled.ends..];
        let (result, _, bytes, ends) = self.reader.read_record(line, cells, ends);
        filled.bytes += bytes;
        filled.ends += ends;
        result
    }

    fn cells_of(&self, filled: Filled) -> Vec<Cell> {
        let mut start = 0;
        let ends = self.ends[..filled.ends].iter();
        ends.map(|&end| {
            let cell = str::from_utf8(&self.cells[start..end]);
            start = end;
            Cell::text(cell.expect("text is cut at marks of one byte").to_owned())
        })
        .collect()
    }
}

impl<R: Read> Iterator for Records<R> {
    type Item = Result<Row, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let row = self.row().transpose();
        self.is_over = !matches!(row, Some(Ok(_)));
        row
    }
}

/// How much of a row's buffers is filled.
#[derive(Clone, Copy, Default)]
struct Filled {
    bytes: usize,
    ends: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<(u64, Vec<String>), Fault>> {
        let rows = Records::new(text.as_bytes(), b',');
        rows.map(|row| row.map(|row| (row.line, row.cells.iter().map(Cell::shown).collect())))
            .collect()
    }

    #[test]
    fn a_row_has_the_line_on_which_it_begins() {
        let rows = read("a,b\r\n\n\"c\nd\",\"e \"\"f\"\"\"\n5\" g,h\n\"i\"j,");
        let strings = |cells: &[&str]| cells.iter().map(|it| (*it).to_owned()).collect();
        let wanted: Vec<Result<(u64, Vec<String>), Fault>> = vec![
            Ok((1, strings(&["a", "b"]))),
            Ok((3, strings(&["c\nd", "e \"f\""]))),
            Ok((5, strings(&["5\" g", "h"]))),
            Ok((6, strings(&["ij", ""]))),
        ];
        assert_eq!(rows, wanted);
    }

    #[test]
    fn what_is_never_closed_or_too_wide_or_too_long_is_named() {
        let open = format!("a,b\nc,\"d{}", "\n1,2".repeat(90));
        let long = format!("\"{}\"", "d\n".repeat(20) + &"x".repeat(ROW_MAX_BYTES - 20));
        for (text, line, reason) in [
            (open.as_str(), 2, Reason::OpenQuote),
            ("a\nb,\"c", 2, Reason::OpenQuote),
            (&long, 1, Reason::TooLong),
            (&",".repeat(COLUMNS_MAX), 1, Reason::TooLong),
            (&"x".repeat(ROW_MAX_BYTES + 1), 1, Reason::TooLong),
        ] {
            let rows = read(text);
            let fault = rows.last().unwrap().as_ref().unwrap_err();
            assert_eq!((fault.line, &fault.reason), (line, &reason));
        }
    }
}
