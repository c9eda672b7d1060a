//! Old workbooks: the records of version 8 (1997 to 2003).

use std::io::{Read, Seek};

use super::compound::{Compound, u16_at, u32_at};
use super::{FILE_MAX_BYTES, Sheet, Unreadable, from_1904, number_of};
use crate::statements::table::{Cell, Row};

const VERSION: u16 = 0x0600;
const SHEETS_MAX: usize = 20;

// The kinds of record that are read.
const BEGIN: u16 = 0x0809;
const END: u16 = 0x000A;
const CONTINUE: u16 = 0x003C;
const LOCKED: u16 = 0x002F;
const CALENDAR: u16 = 0x0022;
const SHEET: u16 = 0x0085;
const TEXTS: u16 = 0x00FC;
const TEXT_NUMBER: u16 = 0x00FD;
const TEXT: u16 = 0x0204;
const RICH_TEXT: u16 = 0x00D6;
const NUMBER: u16 = 0x0203;
const SHORT_NUMBER: u16 = 0x027E;
const SHORT_NUMBERS: u16 = 0x00BD;
const FORMULA: u16 = 0x0006;
const FORMULA_TEXT: u16 = 0x0207;

/// Every sheet in the order of the workbook.
pub(super) fn sheets(bytes: impl Read + Seek) -> Result<Vec<Vec<Row>>, Unreadable> {
    let mut file = Vec::new();
    let read = bytes.take(FILE_MAX_BYTES + 1).read_to_end(&mut file);
    read.map_err(|_| Unreadable::Damaged)?;
    if u64::try_from(file.len()).map_or(true, |it| it > FILE_MAX_BYTES) {
        return Err(Unreadable::TooLarge);
    }
    let compound = Compound::open(&file)?;
    if compound.has("EncryptedPackage") {
        return Err(Unreadable::Locked);
    }
    let stream = compound.stream("Workbook")?;
    let book = Book::read(&stream)?;
    let mut sheets = Vec::new();
    for start in book.sheets.iter().take(SHEETS_MAX) {
        let mut rows = sheet_of(&stream, *start, &book.texts)?;
        if book.is_1904 {
            from_1904(&mut rows);
        }
        sheets.push(rows);
    }
    Ok(sheets)
}

/// A record: its kind and its bytes.
type Record<'a> = (u16, &'a [u8]);

/// The record at a place, and the place of the next one.
fn record_at(stream: &[u8], place: usize) -> Option<(Record<'_>, usize)> {
    let kind = u16_at(stream, place)?;
    let length = usize::from(u16_at(stream, place.checked_add(2)?)?);
    let start = place.checked_add(4)?;
    let end = start.checked_add(length)?;
    Some(((kind, stream.get(start..end)?), end))
}

/// What the first part of the workbook says.
#[derive(Default)]
struct Book {
    /// Where each sheet begins.
    sheets: Vec<usize>,
    texts: Vec<String>,
    is_1904: bool,
}

impl Book {
    fn read(stream: &[u8]) -> Result<Self, Unreadable> {
        let mut book = Self::default();
        let mut place = 0;
        loop {
            let ((kind, bytes), next) = record_at(stream, place).ok_or(Unreadable::Damaged)?;
            place = next;
            match kind {
                BEGIN if u16_at(bytes, 0) != Some(VERSION) => return Err(Unreadable::Damaged),
                LOCKED => return Err(Unreadable::Locked),
                CALENDAR => book.is_1904 = u16_at(bytes, 0) == Some(1),
                // Charts and macros are sheets of another kind.
                SHEET if bytes.get(5) == Some(&0) => {
                    let start = u32_at(bytes, 0).and_then(|it| usize::try_from(it).ok());
                    book.sheets.push(start.ok_or(Unreadable::Damaged)?);
                }
                TEXTS => {
                    let mut pieces = vec![bytes];
                    while let Some(((CONTINUE, more), next)) = record_at(stream, place) {
                        pieces.push(more);
                        place = next;
                    }
                    book.texts = texts_of(pieces).ok_or(Unreadable::Damaged)?;
                }
                END => return Ok(book),
                _ => {}
            }
        }
    }
}

/// A reader of texts that may go on in the next record.
struct Pieces<'a> {
    pieces: std::vec::IntoIter<&'a [u8]>,
    now: &'a [u8],
}

impl<'a> Pieces<'a> {
    /// So many bytes, or fewer where a record ends.
    fn take(&mut self, most: usize) -> Option<&'a [u8]> {
        while self.now.is_empty() {
            self.now = self.pieces.next()?;
        }
        let (taken, rest) = self.now.split_at(most.min(self.now.len()));
        self.now = rest;
        Some(taken)
    }

    fn skip(&mut self, mut bytes: usize) -> Option<()> {
        while bytes > 0 {
            bytes -= self.take(bytes)?.len();
        }
        Some(())
    }

    fn number<const BYTES: usize>(&mut self) -> Option<u32> {
        let mut number = 0;
        for place in 0..BYTES {
            number |= u32::from(*self.take(1)?.first()?) << (8 * place);
        }
        Some(number)
    }

    /// A text with its head: length, kind, and how much follows its letters.
    fn text(&mut self) -> Option<String> {
        let mut letters = usize::try_from(self.number::<2>()?).ok()?;
        let kind = self.number::<1>()?;
        let runs = if kind & 8 == 0 {
            0
        } else {
            self.number::<2>()?
        };
        let extra = if kind & 4 == 0 {
            0
        } else {
            self.number::<4>()?
        };
        let mut is_wide = kind & 1 == 1;
        let mut units = Vec::new();
        while letters > 0 {
            if self.now.is_empty() {
                // A text that goes on in the next record tells its width again.
                is_wide = self.number::<1>()? & 1 == 1;
            }
            let width = if is_wide { 2 } else { 1 };
            let bytes = self.take(letters * width)?;
            if bytes.len() % width != 0 {
                return None;
            }
            letters -= bytes.len() / width;
            units.extend(
                bytes
                    .chunks_exact(width)
                    .map(|it| u16::from_le_bytes([it[0], it.get(1).copied().unwrap_or(0)])),
            );
        }
        let behind = u64::from(runs) * 4 + u64::from(extra);
        self.skip(usize::try_from(behind).ok()?)?;
        Some(String::from_utf16_lossy(&units))
    }
}

fn texts_of(pieces: Vec<&[u8]>) -> Option<Vec<String>> {
    let mut pieces = Pieces {
        pieces: pieces.into_iter(),
        now: &[],
    };
    pieces.skip(4)?;
    let count = pieces.number::<4>()?;
    let mut texts = Vec::new();
    for _ in 0..count {
        texts.push(pieces.text()?);
    }
    Some(texts)
}

fn sheet_of(stream: &[u8], start: usize, texts: &[String]) -> Result<Vec<Row>, Unreadable> {
    let mut sheet = Sheet::default();
    let mut place = start;
    let mut awaits_text = None;
    let damaged = || Unreadable::Damaged;
    loop {
        let ((kind, bytes), next) = record_at(stream, place).ok_or_else(damaged)?;
        place = next;
        match kind {
            END => return sheet.into_rows(),
            FORMULA_TEXT => {
                if let Some((row, column)) = awaits_text.take() {
                    let text = text_in(bytes, 0).ok_or_else(damaged)?;
                    sheet.put(row, column, Cell::text(text))?;
                }
            }
            TEXT_NUMBER | TEXT | RICH_TEXT | NUMBER | SHORT_NUMBER | SHORT_NUMBERS | FORMULA => {
                let (row, column) = place_of(bytes).ok_or_else(damaged)?;
                match values_of(kind, bytes, texts).ok_or_else(damaged)? {
                    Values::Awaited => awaits_text = Some((row, column)),
                    Values::These(cells) => {
                        for (cell, column) in cells.into_iter().zip(column..) {
                            sheet.put(row, column, cell)?;
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

/// What a record puts into cells that stand side by side.
enum Values {
    These(Vec<Cell>),
    /// The text of a formula stands in a record of its own.
    Awaited,
}

fn values_of(kind: u16, bytes: &[u8], texts: &[String]) -> Option<Values> {
    let one = |cell| Some(Values::These(vec![cell]));
    match kind {
        TEXT_NUMBER => {
            let number = usize::try_from(u32_at(bytes, 6)?).ok()?;
            one(Cell::text(texts.get(number)?.as_str()))
        }
        TEXT | RICH_TEXT => one(Cell::text(text_in(bytes, 6)?)),
        NUMBER => one(long_number(bytes.get(6..14)?)?),
        SHORT_NUMBER => one(short_number(u32_at(bytes, 6)?)?),
        SHORT_NUMBERS => {
            // Each number behind two bytes of format; the last column stands at the end.
            let numbers = bytes.get(4..bytes.len().checked_sub(2)?)?;
            let cells = numbers
                .chunks_exact(6)
                .map(|it| short_number(u32_at(it, 2)?));
            Some(Values::These(cells.collect::<Option<Vec<_>>>()?))
        }
        _ => match bytes.get(6..14)? {
            [0, .., 0xFF, 0xFF] => Some(Values::Awaited),
            [_, .., 0xFF, 0xFF] => one(Cell::Empty),
            number => one(long_number(number)?),
        },
    }
}

/// Row and first column of a record, from 0.
fn place_of(bytes: &[u8]) -> Option<(u32, usize)> {
    Some((u32::from(u16_at(bytes, 0)?), usize::from(u16_at(bytes, 2)?)))
}

/// A text within one record.
fn text_in(bytes: &[u8], start: usize) -> Option<String> {
    let mut pieces = Pieces {
        pieces: Vec::new().into_iter(),
        now: bytes.get(start..)?,
    };
    pieces.text()
}

/// The format knows only floating point; its shortest decimal form is what people typed.
fn long_number(bytes: &[u8]) -> Option<Cell> {
    let number = f64::from_le_bytes(bytes.try_into().ok()?);
    number.is_finite().then(|| number_of(&number.to_string()))
}

/// A number in four bytes: a whole one, or the upper half of a long one, perhaps times 100.
fn short_number(bits: u32) -> Option<Cell> {
    let is_hundredfold = bits & 1 == 1;
    let cell = if bits & 2 == 2 {
        number_of(&(bits.cast_signed() >> 2).to_string())
    } else {
        let half = u64::from(bits & !3) << 32;
        long_number(&half.to_le_bytes())?
    };
    Some(match cell {
        Cell::Number(number) if is_hundredfold => {
            Cell::Number((number / rust_decimal::Decimal::ONE_HUNDRED).normalize())
        }
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_are_whole_or_halves_or_hundredths() {
        for (bits, wanted) in [
            ((50_000 << 2) | 2, "50000"),
            ((5_000_050 << 2) | 3, "50000.5"),
            (((-7_i32) << 2).cast_unsigned() | 2, "-7"),
            (0x3FF0_0000, "1"),
            (0x3FF0_0001, "0.01"),
        ] {
            let Some(Cell::Number(number)) = short_number(bits) else {
                panic!("{wanted} is a number");
            };
            assert_eq!(number.to_string(), wanted);
        }
    }

    #[test]
    fn a_text_goes_on_in_the_next_record_and_tells_its_width_again() {
        let first = [&[0; 4][..], &[1, 0, 0, 0, 5, 0, 0], b"TH7"].concat();
        let second = [1, 0xE1, 0x1E, b'4', 0];
        let texts = texts_of(vec![&first, &second]).unwrap();
        assert_eq!(texts, ["TH7\u{1EE1}4"]);
        assert_eq!(texts_of(vec![&first]), None);
    }
}
