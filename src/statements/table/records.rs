//! The rows of a table that is written as text, one at a time.

use std::io::Read;

use super::cell::{Cell, Row};
use crate::domain::encoding::EncodingError;
use crate::statements::fault::{Column, Fault};
use crate::statements::input::{BeyondBound, Input};
use crate::statements::reason::Reason;

/// The longest line, in bytes.
const LINE_MAX_BYTES: usize = 64 * 1024;
/// How many lines a cell in quotation marks may run over.
const CELL_MAX_LINES: usize = 50;
/// The most columns.
const COLUMNS_MAX: usize = 100;

/// What may stand between cells, most usual first.
pub(super) const DELIMITERS: [char; 3] = [',', ';', '\t'];

/// The rows of a text.
pub(super) struct Records<R> {
    input: Input<R>,
    delimiter: char,
    is_over: bool,
}

impl<R: Read> Records<R> {
    pub(super) fn new(text: R, delimiter: char) -> Self {
        Self {
            input: Input::new(text),
            delimiter,
            is_over: false,
        }
    }

    /// The next line; `None` at the end.
    fn line(&mut self) -> Result<Option<String>, Fault> {
        let number = self.input.place().line;
        let line = self.input.line(LINE_MAX_BYTES).map_err(|error| {
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

    fn row(&mut self) -> Result<Option<Row>, Fault> {
        let number = self.input.place().line;
        let Some(mut text) = self.line()? else {
            return Ok(None);
        };
        for _ in 0..CELL_MAX_LINES {
            match split(&text, self.delimiter) {
                Ok(cells) if cells.len() > COLUMNS_MAX => {
                    return Err(Fault::of_line(number, Reason::TooLong));
                }
                Ok(cells) => {
                    return Ok(Some(Row {
                        line: number,
                        cells,
                    }));
                }
                Err(OpenQuote) => match self.line()? {
                    Some(more) => {
                        text.push('\n');
                        text.push_str(&more);
                    }
                    None => break,
                },
            }
        }
        let place = text
            .rfind('"')
            .map_or(0, |it| text[..it].lines().next().map_or(0, str::len));
        Err(Fault {
            line: number,
            column: Some(Column::Byte(
                u64::try_from(place).expect("a line is bounded") + 1,
            )),
            reason: Reason::OpenQuote,
        })
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

/// A quotation mark is open at the end of the line.
struct OpenQuote;

/// Cuts a line into cells. A quotation mark means something only where a cell begins.
fn split(line: &str, delimiter: char) -> Result<Vec<Cell>, OpenQuote> {
    let mut cells = Vec::new();
    let mut rest = line;
    loop {
        let (cell, behind) = match rest.strip_prefix('"') {
            Some(inner) => quoted(inner, delimiter)?,
            None => match rest.split_once(delimiter) {
                Some((cell, behind)) => (cell.to_owned(), Some(behind)),
                None => (rest.to_owned(), None),
            },
        };
        cells.push(Cell::text(cell));
        match behind {
            Some(behind) => rest = behind,
            None => return Ok(cells),
        }
    }
}

/// The cell behind an opening mark, and what follows it.
fn quoted(inner: &str, delimiter: char) -> Result<(String, Option<&str>), OpenQuote> {
    let mut cell = String::new();
    let mut rest = inner;
    loop {
        let (before, behind) = rest.split_once('"').ok_or(OpenQuote)?;
        cell.push_str(before);
        if let Some(further) = behind.strip_prefix('"') {
            cell.push('"');
            rest = further;
            continue;
        }
        // Whatever stands between the closing mark and the delimiter belongs to the cell.
        return Ok(match behind.split_once(delimiter) {
            Some((tail, further)) => (cell + tail, Some(further)),
            None => (cell + behind, None),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<(u64, Vec<String>), Fault>> {
        let rows = Records::new(text.as_bytes(), ',');
        rows.map(|row| row.map(|row| (row.line, row.cells.iter().map(Cell::shown).collect())))
            .collect()
    }

    #[test]
    fn a_row_has_the_line_on_which_it_begins() {
        let rows = read("a,b\r\n\n\"c\nd\",\"e \"\"f\"\"\"\n5\" g,h\n\"i\"j,");
        let strings = |cells: &[&str]| cells.iter().map(|it| (*it).to_owned()).collect();
        let wanted: Vec<Result<(u64, Vec<String>), Fault>> = vec![
            Ok((1, strings(&["a", "b"]))),
            Ok((2, strings(&[""]))),
            Ok((3, strings(&["c\nd", "e \"f\""]))),
            Ok((5, strings(&["5\" g", "h"]))),
            Ok((6, strings(&["ij", ""]))),
        ];
        assert_eq!(rows, wanted);
    }

    #[test]
    fn what_is_never_closed_or_too_wide_or_too_long_is_named() {
        let open = format!("a,b\nc,\"d{}", "\n1,2".repeat(90));
        for (text, line, reason) in [
            (open.as_str(), 2, Reason::OpenQuote),
            ("a\nb,\"c", 2, Reason::OpenQuote),
            (&",".repeat(COLUMNS_MAX), 1, Reason::TooLong),
            (&"x".repeat(LINE_MAX_BYTES + 1), 1, Reason::TooLong),
        ] {
            let rows = read(text);
            let fault = rows.last().unwrap().as_ref().unwrap_err();
            assert_eq!((fault.line, &fault.reason), (line, &reason));
        }
    }
}
