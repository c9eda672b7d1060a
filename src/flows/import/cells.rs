//! Reading the cells of one row: every fault is noted, so that one trial names them all.

use super::report::{RowFault, Wanted};
use super::sheet::{Column, Row, Shows, Upload};
use crate::domain::text::key;

/// The most characters of a cell that a report shows.
const SHOWN_MAX: usize = 60;
/// What a spreadsheet would take for a formula when it begins a cell.
pub(super) const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A value that cannot be had: what is wrong was noted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noted;

/// One row at work.
pub(super) struct Cells<'a> {
    upload: &'a Upload,
    places: &'a [Option<usize>],
    row: &'a Row,
    faults: Vec<RowFault>,
}

impl<'a> Cells<'a> {
    /// Begins a row.
    pub(super) const fn of(upload: &'a Upload, places: &'a [Option<usize>], row: &'a Row) -> Self {
        Self {
            upload,
            places,
            row,
            faults: Vec::new(),
        }
    }

    /// Refuses a row with more or fewer cells than the header: it has slipped, and which cell
    /// is which nobody can tell.
    pub(super) fn check_count(&mut self) -> Result<(), Noted> {
        let (found, wanted) = (self.row.cells.len(), self.upload.header.len());
        if found == wanted {
            return Ok(());
        }
        self.faults.push(RowFault {
            line: self.row.line,
            column: None,
            code: "cell_count",
            found: found.to_string(),
            wanted: Wanted::new(
                format!("Dòng này có {found} ô, phải có {wanted} ô như dòng tiêu đề"),
                format!("the row has {found} cells, the header {wanted}"),
            ),
        });
        Err(Noted)
    }

    /// What was noted.
    pub(super) fn finish(self) -> Vec<RowFault> {
        self.faults
    }

    /// The text of a cell; empty when its column is not there. The mark that keeps a
    /// spreadsheet from reading a formula is taken off.
    pub(super) fn text(&self, name: &str) -> &'a str {
        let columns = self.upload.kind.columns();
        let index = columns.iter().position(|column| column.name == name);
        let place = index.and_then(|index| self.places[index]);
        let text = place.and_then(|place| self.row.cells.get(place));
        let text = text.map_or("", |text| text.trim());
        match text.strip_prefix('\'') {
            Some(rest) if rest.starts_with(FORMULA_STARTS) => rest,
            _ => text,
        }
    }

    /// Reads a cell that must hold something.
    pub(super) fn required<T, E: Into<Wanted>>(
        &mut self,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Result<T, Noted> {
        if self.text(name).is_empty() {
            let wanted = Wanted::new("Ô này không được để trống", "this cell must hold something");
            self.fault(name, "required", wanted);
            return Err(Noted);
        }
        self.read(name, read)
    }

    /// Reads a cell that may be empty: `None` then.
    pub(super) fn optional<T, E: Into<Wanted>>(
        &mut self,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Noted> {
        if self.text(name).is_empty() {
            return Ok(None);
        }
        self.read(name, read).map(Some)
    }

    fn read<T, E: Into<Wanted>>(
        &mut self,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Result<T, Noted> {
        read(self.text(name)).map_err(|fault| {
            self.fault(name, "not_accepted", fault.into());
            Noted
        })
    }

    fn fault(&mut self, name: &'static str, code: &'static str, wanted: Wanted) {
        let fault = fault_of(self.upload, self.places, self.row, (name, code, wanted));
        self.faults.push(fault);
    }
}

/// A fault of the column called `name` in a row.
pub(super) fn fault_of(
    upload: &Upload,
    places: &[Option<usize>],
    row: &Row,
    (name, code, wanted): (&str, &'static str, Wanted),
) -> RowFault {
    let mut columns = upload.kind.columns().iter().zip(places);
    let (column, place) = columns
        .find(|(column, _)| column.name == name)
        .expect("a column of this kind of file");
    let title = place.map_or(column.title, |place| upload.header[place].trim());
    let text = place.and_then(|place| row.cells.get(place));
    RowFault {
        line: row.line,
        column: Some(title.to_owned()),
        code,
        found: shown(column, text.map_or("", |text| text.trim())),
        wanted,
    }
}

/// What a report shows of a cell. Of a personal one it shows the shape: `••••••••678` of a
/// number, so that a letter among the digits is still seen, `Nxxxxx Txx` of a name.
fn shown(column: &Column, text: &str) -> String {
    let characters: Vec<char> = text.chars().take(SHOWN_MAX).collect();
    let cut = text.chars().nth(SHOWN_MAX).is_some();
    let mut shown = String::new();
    for (place, &character) in characters.iter().enumerate() {
        let begins_word = place == 0 || characters[place - 1].is_whitespace();
        let is_tail = !cut && place + 3 >= characters.len() && characters.len() > 6;
        let hidden = column.shows == Shows::Shape;
        shown.push(match character {
            '0'..='9' if hidden && !is_tail => '•',
            // A report is read on a terminal too.
            control if control.is_control() => '\u{FFFD}',
            letter if hidden && letter.is_alphabetic() && !begins_word => 'x',
            other => other,
        });
    }
    if cut {
        shown.push('…');
    }
    shown
}

/// The words that a cell may hold for each value; the first of each is shown to people.
pub(super) type Words<T> = [(T, &'static [&'static str])];

/// Reads one of a list of words, in any case and with or without diacritics.
pub(super) fn word<T: Copy>(words: &Words<T>, text: &str) -> Result<T, Wanted> {
    let wanted = key(text);
    let is_it = |word: &&str| key(word) == wanted;
    let found = words.iter().find(|(_, names)| names.iter().any(is_it));
    found.map(|(value, _)| *value).ok_or_else(|| {
        let vietnamese: Vec<_> = words.iter().map(|(_, names)| names[0]).collect();
        let english: Vec<_> = words.iter().map(|(_, names)| names[1]).collect();
        Wanted::new(
            format!("Hãy ghi một trong: {}", vietnamese.join(", ")),
            format!("use one of: {}", english.join(", ")),
        )
    })
}

/// Reads yes or no.
pub(super) fn yes_or_no(text: &str) -> Result<bool, Wanted> {
    const WORDS: &Words<bool> = &[
        (true, &["có", "yes", "true", "1", "x", "đúng"]),
        (false, &["không", "no", "false", "0", "sai"]),
    ];
    word(WORDS, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flows::import::FileKind;

    #[test]
    fn words_are_read_in_either_language_in_any_spelling() {
        for (text, wanted) in [
            ("có", Some(true)),
            ("CO", Some(true)),
            ("Yes", Some(true)),
            ("Không", Some(false)),
            ("khong", Some(false)),
            ("0", Some(false)),
            ("maybe", None),
        ] {
            assert_eq!(yes_or_no(text).ok(), wanted, "{text}");
        }
        let refusal = yes_or_no("?").unwrap_err();
        assert_eq!(refusal.vietnamese, "Hãy ghi một trong: có, không");
        assert_eq!(refusal.english, "use one of: yes, no");
    }

    #[test]
    fn personal_cells_show_their_shape_only() {
        let column = |name: &str| {
            let mut columns = FileKind::Merchants.columns().iter();
            columns.find(|it| it.name == name).unwrap()
        };
        let long = "a".repeat(SHOWN_MAX + 1);
        for (name, text, wanted) in [
            ("phone", "09123O5678", "•••••x•678"),
            ("account_number", "0011 OO43", "•••• Ox43"),
            ("tax_code", "123", "•••"),
            ("representative", "Nguyễn Thị Đào 1", "Nxxxxx Txx Đxx 1"),
            ("holder_name", "NGUYEN", "Nxxxxx"),
            ("trade", "bún ốc", "bún ốc"),
            ("trade", "a\n\u{1B}[31m", "a\u{FFFD}\u{FFFD}[31m"),
            ("trade", &long, &format!("{}…", "a".repeat(SHOWN_MAX))),
        ] {
            assert_eq!(shown(column(name), text), wanted);
        }
    }
}
