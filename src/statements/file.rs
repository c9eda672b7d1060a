//! A file whose form is recognised from what is in it, never from its name.

use std::io::{Read, Seek, SeekFrom};

use super::Item;
use super::balance::Controlled;
use super::camt::Camt;
use super::fault::Fault;
use super::mt940::Mt940;
use super::reason::Reason;
use super::{table, workbook};
use crate::domain::statement::StatementForm;

/// How much of a file is looked at to recognise it.
const LOOKED_AT_BYTES: u64 = 4096;
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// A statement file at work: its items and faults, in its order.
pub struct StatementFile<'a> {
    items: Box<dyn Iterator<Item = Result<Item, Fault>> + Send + 'a>,
}

impl<'a> StatementFile<'a> {
    /// Recognises a file and begins to read it.
    pub fn open(mut bytes: impl Read + Seek + Send + 'a) -> Result<Self, Fault> {
        let start = start_of(&mut bytes).map_err(|_| Fault::of_line(1, Reason::Unreadable))?;
        let items: Box<dyn Iterator<Item = _> + Send + 'a> = match form_of(&start) {
            Some(StatementForm::Camt053 | StatementForm::Camt054) => {
                Box::new(Controlled::new(Camt::new(bytes)))
            }
            Some(StatementForm::Mt940) => Box::new(Controlled::new(Mt940::new(bytes))),
            Some(StatementForm::Csv) => Box::new(Controlled::new(table::open_text(bytes)?)),
            Some(form) => {
                let sheets = workbook::sheets(form, bytes)?;
                Box::new(Controlled::new(table::open_sheets(form, sheets)?))
            }
            None => return Err(Fault::of_line(1, Reason::UnknownForm)),
        };
        Ok(Self { items })
    }
}

impl Iterator for StatementFile<'_> {
    type Item = Result<Item, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        self.items.next()
    }
}

/// How the file begins; it stands at its beginning again afterwards.
fn start_of(bytes: &mut (impl Read + Seek)) -> std::io::Result<Vec<u8>> {
    bytes.seek(SeekFrom::Start(0))?;
    let mut start = Vec::new();
    bytes
        .by_ref()
        .take(LOOKED_AT_BYTES)
        .read_to_end(&mut start)?;
    bytes.seek(SeekFrom::Start(0))?;
    Ok(start)
}

/// The form of a file that begins so. Which of the two XML messages it is, its reader says.
fn form_of(start: &[u8]) -> Option<StatementForm> {
    if start.starts_with(b"PK\x03\x04") {
        return Some(StatementForm::Xlsx);
    }
    if start.starts_with(b"\xD0\xCF\x11\xE0") {
        return Some(StatementForm::Xls);
    }
    if start.starts_with(b"%PDF") || start.is_empty() {
        return None;
    }
    let text = start.strip_prefix(MARK).unwrap_or(start).trim_ascii_start();
    if text.starts_with(b"<") {
        return Some(StatementForm::Camt053);
    }
    let mut lines = text.split(|it| *it == b'\n');
    if text.starts_with(b"{1:") || lines.any(|it| it.starts_with(b":20:")) {
        return Some(StatementForm::Mt940);
    }
    Some(StatementForm::Csv)
}
