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
/// How PNG and JPEG begin: a statement is at times photographed.
const PICTURES: [&[u8]; 2] = [b"\x89PNG", b"\xFF\xD8\xFF"];

/// A statement file at work: its items and faults, in its order.
pub struct StatementFile<'a> {
    items: Box<dyn Iterator<Item = Result<Item, Fault>> + Send + 'a>,
}

impl<'a> StatementFile<'a> {
    /// Recognises a file and begins to read it.
    pub fn open(mut bytes: impl Read + Seek + Send + 'a) -> Result<Self, Fault> {
        let start = start_of(&mut bytes).map_err(|_| Fault::of_line(1, Reason::Unreadable))?;
        let items: Box<dyn Iterator<Item = _> + Send + 'a> = match form_of(&start) {
            Ok(StatementForm::Camt053 | StatementForm::Camt054) => {
                Box::new(Controlled::new(Camt::new(bytes)))
            }
            Ok(StatementForm::Mt940) => Box::new(Controlled::new(Mt940::new(bytes))),
            Ok(StatementForm::Csv) => Box::new(Controlled::new(table::open_text(bytes)?)),
            Ok(form) => {
                let sheets = workbook::sheets(form, bytes)?;
                Box::new(Controlled::new(table::open_sheets(form, sheets)?))
            }
            Err(reason) => return Err(Fault::of_line(1, reason)),
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
fn form_of(start: &[u8]) -> Result<StatementForm, Reason> {
    if start.is_empty() {
        return Err(Reason::Empty);
    }
    if start.starts_with(b"%PDF") {
        return Err(Reason::Pdf);
    }
    if PICTURES.iter().any(|mark| start.starts_with(mark)) {
        return Err(Reason::UnknownForm);
    }
    if start.starts_with(b"PK\x03\x04") {
        return Ok(StatementForm::Xlsx);
    }
    if start.starts_with(b"\xD0\xCF\x11\xE0") {
        return Ok(StatementForm::Xls);
    }
    let text = start.strip_prefix(MARK).unwrap_or(start).trim_ascii_start();
    if text.starts_with(b"<") {
        return Ok(StatementForm::Camt053);
    }
    let mut lines = text.split(|it| *it == b'\n');
    if text.starts_with(b"{1:") || lines.any(|it| it.starts_with(b":20:")) {
        return Ok(StatementForm::Mt940);
    }
    Ok(StatementForm::Csv)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_statement_at_all_is_told_apart() {
        for (bytes, code) in [
            (&b""[..], "empty_file"),
            (b"%PDF-1.7\n%\xE2\xE3", "pdf"),
            (b"\x89PNG\r\n", "unknown_form"),
            (b"\xFF\xD8\xFF\xE0", "unknown_form"),
        ] {
            let fault = StatementFile::open(std::io::Cursor::new(bytes)).err();
            let fault = fault.map(|fault| (fault.line, fault.reason.code()));
            assert_eq!(fault, Some((1, code)));
        }
    }
}
