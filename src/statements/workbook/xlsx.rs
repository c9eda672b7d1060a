//! Zipped workbooks.

use std::io::{Read, Seek};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::{Sheet, Unreadable, number_of};
use crate::statements::input::Input;
use crate::statements::table::{Cell, Row};

/// The most that one part of the workbook unpacks to.
const PART_MAX_BYTES: u64 = 256 * 1024 * 1024;
/// The most that the texts of all cells take.
const TEXTS_MAX_BYTES: usize = 128 * 1024 * 1024;
const TOKEN_MAX_BYTES: usize = 256 * 1024;
const SHEETS_MAX: usize = 20;
/// The last row that a spreadsheet has.
const ROWS_MAX: u32 = 1_048_576;

/// Every sheet in the order of the workbook.
pub(super) fn sheets(bytes: impl Read + Seek) -> Result<Vec<Vec<Row>>, Unreadable> {
    let mut archive = ZipArchive::new(bytes).map_err(|_| Unreadable::Damaged)?;
    let workbook = workbook_of(&mut archive)?;
    let texts = texts_of(&mut archive)?;
    let mut sheets = Vec::new();
    for name in workbook.sheets.iter().take(SHEETS_MAX) {
        let mut part = Part::open(&mut archive, name)?.ok_or(Unreadable::Damaged)?;
        sheets.push(sheet_of(&mut part, &texts, workbook.is_1904)?);
    }
    Ok(sheets)
}

/// What the workbook says about its sheets.
#[derive(Default)]
struct Workbook {
    sheets: Vec<String>,
    is_1904: bool,
}

/// One part of the archive as XML.
struct Part<R: Read> {
    reader: Reader<Input<R>>,
    buffer: Vec<u8>,
    /// The text of the element at work.
    text: String,
}

impl<'a> Part<Box<dyn Read + 'a>> {
    /// Opens a part; `None` when the archive has none of this name.
    fn open<B: Read + Seek>(
        archive: &'a mut ZipArchive<B>,
        name: &str,
    ) -> Result<Option<Self>, Unreadable> {
        let Some(index) = archive.index_for_name(name) else {
            return Ok(None);
        };
        let file = archive.by_index(index).map_err(|_| Unreadable::Damaged)?;
        if file.size() > PART_MAX_BYTES {
            return Err(Unreadable::TooLarge);
        }
        // The size that the archive tells need not be true.
        let bytes: Box<dyn Read + 'a> = Box::new(file.take(PART_MAX_BYTES));
        let mut reader = Reader::from_reader(Input::new(bytes));
        reader.config_mut().expand_empty_elements = true;
        Ok(Some(Self {
            reader,
            buffer: Vec::new(),
            text: String::new(),
        }))
    }
}

/// What an event says.
enum Said {
    Open(BytesStart<'static>),
    Close(String),
    Over,
}

impl<R: Read> Part<R> {
    /// The next beginning or end of an element; the texts before it are gathered.
    fn next(&mut self) -> Result<Said, Unreadable> {
        loop {
            self.reader.get_mut().allow(TOKEN_MAX_BYTES);
            self.buffer.clear();
            let event = self.reader.read_event_into(&mut self.buffer);
            match event.map_err(|_| Unreadable::Damaged)? {
                Event::Start(tag) => return Ok(Said::Open(tag.into_owned())),
                Event::End(tag) => return Ok(Said::Close(tag.local_name().as_ref().to_owned())),
                Event::Text(text) => self.text.push_str(&text.xml10_content()),
                Event::CData(text) => self.text.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let character = reference.resolve_char_ref();
                    if let Some(character) = character.map_err(|_| Unreadable::Damaged)? {
                        self.text.push(character);
                    } else {
                        let name = reference.xml10_content();
                        let known = quick_xml::escape::resolve_predefined_entity(&name);
                        self.text.push_str(known.ok_or(Unreadable::Damaged)?);
                    }
                }
                Event::DocType(_) => return Err(Unreadable::Damaged),
                Event::Eof => return Ok(Said::Over),
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
            if self.text.len() > TOKEN_MAX_BYTES {
                return Err(Unreadable::TooLarge);
            }
        }
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, Unreadable> {
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|_| Unreadable::Damaged)?;
        if attribute.key.local_name().as_ref() == name {
            return Ok(Some(attribute.value.into_owned()));
        }
    }
    Ok(None)
}

/// Reads the list of sheets and where each of them is.
fn workbook_of<B: Read + Seek>(archive: &mut ZipArchive<B>) -> Result<Workbook, Unreadable> {
    let mut workbook = Workbook::default();
    let mut ids = Vec::new();
    let mut part = Part::open(archive, "xl/workbook.xml")?.ok_or(Unreadable::Damaged)?;
    loop {
        match part.next()? {
            Said::Open(tag) if tag.local_name().as_ref() == "sheet" => {
                ids.push(attribute(&tag, "id")?.ok_or(Unreadable::Damaged)?);
            }
            Said::Open(tag) if tag.local_name().as_ref() == "workbookPr" => {
                let flag = attribute(&tag, "date1904")?;
                workbook.is_1904 = flag.is_some_and(|it| it == "1" || it == "true");
            }
            Said::Open(_) | Said::Close(_) => {}
            Said::Over => break,
        }
    }
    drop(part);
    let mut targets = Vec::new();
    let relations = "xl/_rels/workbook.xml.rels";
    let mut part = Part::open(archive, relations)?.ok_or(Unreadable::Damaged)?;
    loop {
        match part.next()? {
            Said::Open(tag) if tag.local_name().as_ref() == "Relationship" => {
                let id = attribute(&tag, "Id")?.ok_or(Unreadable::Damaged)?;
                targets.push((id, attribute(&tag, "Target")?.ok_or(Unreadable::Damaged)?));
            }
            Said::Open(_) | Said::Close(_) => {}
            Said::Over => break,
        }
    }
    for id in ids {
        let target = targets.iter().find(|(known, _)| *known == id);
        let (_, target) = target.ok_or(Unreadable::Damaged)?;
        workbook.sheets.push(match target.strip_prefix('/') {
            Some(absolute) => absolute.to_owned(),
            None => format!("xl/{target}"),
        });
    }
    Ok(workbook)
}

/// The texts that cells refer to by number.
fn texts_of<B: Read + Seek>(archive: &mut ZipArchive<B>) -> Result<Vec<String>, Unreadable> {
    let mut texts = Vec::new();
    let Some(mut part) = Part::open(archive, "xl/sharedStrings.xml")? else {
        return Ok(texts);
    };
    let mut size = 0;
    loop {
        match part.next()? {
            Said::Open(tag) if tag.local_name().as_ref() == "si" => {
                let text = rich_text(&mut part, "si")?;
                size += text.len() + size_of::<String>();
                if size > TEXTS_MAX_BYTES {
                    return Err(Unreadable::TooLarge);
                }
                texts.push(text);
            }
            Said::Open(_) | Said::Close(_) => {}
            Said::Over => return Ok(texts),
        }
    }
}

/// The text within an element that has just begun, its pieces joined. How it is spoken is
/// passed over.
fn rich_text<R: Read>(part: &mut Part<R>, within: &str) -> Result<String, Unreadable> {
    let mut text = String::new();
    let mut is_spoken = false;
    loop {
        match part.next()? {
            Said::Open(tag) => {
                is_spoken |= tag.local_name().as_ref() == "rPh";
                part.text.clear();
            }
            Said::Close(name) if name == "t" && !is_spoken => text.push_str(&part.text),
            Said::Close(name) if name == "rPh" => is_spoken = false,
            Said::Close(name) if name == within => return Ok(text.replace("_x000D_", "")),
            Said::Close(_) => {}
            Said::Over => return Err(Unreadable::Damaged),
        }
    }
}

/// Where a cell stands and what kind of value it has.
struct CellTag {
    column: usize,
    kind: String,
}

fn sheet_of<R: Read>(
    part: &mut Part<R>,
    texts: &[String],
    is_1904: bool,
) -> Result<Vec<Row>, Unreadable> {
    let mut sheet = Sheet::default();
    let (mut row, mut next_row, mut next_column) = (0, 0, 0);
    let mut cell = None;
    loop {
        match part.next()? {
            Said::Open(tag) => {
                part.text.clear();
                match tag.local_name().as_ref() {
                    "row" => {
                        let number = attribute(&tag, "r")?.map(|it| it.parse::<u32>());
                        row = match number {
                            Some(Ok(number @ 1..=ROWS_MAX)) => number - 1,
                            Some(_) => return Err(Unreadable::Damaged),
                            None => next_row,
                        };
                        (next_row, next_column) = (row + 1, 0);
                    }
                    "c" => {
                        let place = attribute(&tag, "r")?;
                        let column = place.map_or(Some(next_column), |it| column_of(&it));
                        let column = column.ok_or(Unreadable::Damaged)?;
                        next_column = column + 1;
                        let kind = attribute(&tag, "t")?.unwrap_or_default();
                        cell = Some(CellTag { column, kind });
                    }
                    "is" => {
                        let text = rich_text(part, "is")?;
                        if let Some(cell) = &cell {
                            sheet.put(row, cell.column, Cell::text(text))?;
                        }
                    }
                    _ => {}
                }
            }
            Said::Close(name) if name == "v" => {
                if let Some(cell) = &cell {
                    sheet.put(row, cell.column, value_of(&cell.kind, &part.text, texts)?)?;
                }
            }
            Said::Close(name) if name == "c" => cell = None,
            Said::Close(_) => {}
            Said::Over => break,
        }
    }
    let mut rows = sheet.into_rows()?;
    if is_1904 {
        super::from_1904(&mut rows);
    }
    Ok(rows)
}

fn value_of(kind: &str, text: &str, texts: &[String]) -> Result<Cell, Unreadable> {
    match kind {
        "s" => {
            let text = text.trim().parse().ok().and_then(|it: usize| texts.get(it));
            Ok(Cell::text(text.ok_or(Unreadable::Damaged)?.as_str()))
        }
        "" | "n" => Ok(number_of(text.trim())),
        _ => Ok(Cell::text(text)),
    }
}

/// The column, from 0, of a place such as `AB12`.
fn column_of(place: &str) -> Option<usize> {
    let letters = place.trim_end_matches(|it: char| it.is_ascii_digit());
    if letters.is_empty() || letters.len() > 3 {
        return None;
    }
    let mut column = 0;
    for letter in letters.bytes() {
        if !letter.is_ascii_uppercase() {
            return None;
        }
        column = column * 26 + usize::from(letter - b'A') + 1;
    }
    Some(column - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_name_their_columns() {
        for (place, column) in [
            ("A1", Some(0)),
            ("Z9", Some(25)),
            ("AB12", Some(27)),
            ("XFD1", Some(16_383)),
            ("1", None),
            ("a1", None),
            ("ABCD1", None),
            ("", None),
        ] {
            assert_eq!(column_of(place), column, "{place}");
        }
    }
}
