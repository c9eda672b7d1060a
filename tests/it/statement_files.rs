//! Statement files of every form: what was written is what is read, and a damaged file is named,
//! never followed by a panic.

use std::io::{BufWriter, Cursor, Read, Seek};

use phocho::domain::credit::Direction;
use phocho::statements::{Fault, Item, Scope, StatementFile};
use proptest::prelude::*;

use crate::statement_writer::{Movement, Table, camt053, day, movements, mt940, xlsx};

type Outcome = Result<Vec<Movement>, Vec<Fault>>;

/// The movements of a file, or everything that is wrong with it.
fn read(bytes: impl Read + Seek + Send) -> Outcome {
    let (mut lines, mut faults) = (Vec::new(), Vec::new());
    let file = match StatementFile::open(bytes) {
        Ok(file) => file,
        Err(fault) => return Err(vec![fault]),
    };
    for item in file {
        match item {
            Ok(Item::Line(line)) => {
                let sign = match line.direction {
                    Direction::Credit => 1,
                    Direction::Debit => -1,
                };
                let after = (line.occurred_on - day(0)).num_days();
                lines.push(Movement {
                    day: u32::try_from(after).unwrap_or_default(),
                    amount: line.amount.get() * sign,
                    content: line.content,
                    reference: line.bank_reference.unwrap_or_default(),
                });
            }
            Ok(Item::Head(_) | Item::End(_)) => {}
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() {
        Ok(lines)
    } else {
        Err(faults)
    }
}

fn movement() -> impl Strategy<Value = Movement> {
    let amount = prop_oneof![1..=999_999_999_i64, -999_999_999..=-1_i64];
    let content = "[A-Za-zạộễĐ][A-Za-z0-9 .,;/&<>\"'ạộễĐ-]{0,60}";
    (0..300_u32, amount, content, "[A-Z]{2}[0-9]{4,14}").prop_map(
        |(day, amount, content, reference)| Movement {
            day,
            amount,
            content: content.trim().to_owned(),
            reference,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_written_in_any_form_is_what_is_read(mut written in prop::collection::vec(movement(), 1..30)) {
        written.sort_by_key(|it| it.day);
        for table in [Table::Commas, Table::Semicolons, Table::Tabs, Table::Digits] {
            let mut bytes = Vec::new();
            table.write(&mut bytes, written.iter().cloned());
            prop_assert_eq!(read(Cursor::new(bytes)), Ok(written.clone()), "{:?}", table);
        }
        let mut bytes = Vec::new();
        mt940(&mut bytes, written.iter().cloned());
        prop_assert_eq!(read(Cursor::new(bytes)), Ok(written.clone()));
        let mut bytes = Vec::new();
        camt053(&mut bytes, &written);
        prop_assert_eq!(read(Cursor::new(bytes)), Ok(written.clone()));
        prop_assert_eq!(read(Cursor::new(xlsx(&written))), Ok(written));
    }
}

const SAMPLES: [(&str, &[u8]); 9] = [
    (
        "camt.053",
        include_bytes!("../data/statements/camt053_08.xml"),
    ),
    (
        "camt.054",
        include_bytes!("../data/statements/camt054_02.xml"),
    ),
    ("MT940", include_bytes!("../data/statements/mt940.sta")),
    (
        "a table",
        include_bytes!("../data/statements/vietcombank_shape.csv"),
    ),
    (
        "UTF-16",
        include_bytes!("../data/statements/signed_amounts_utf16.txt"),
    ),
    (
        "UTF-16 without its mark",
        include_bytes!("../data/statements/signed_amounts_unmarked.txt"),
    ),
    (
        "Windows-1258",
        include_bytes!("../data/statements/windows_1258.csv"),
    ),
    (
        "XLSX",
        include_bytes!("../data/statements/vietcombank_shape.xlsx"),
    ),
    (
        "XLS",
        include_bytes!("../data/statements/vietcombank_shape.xls"),
    ),
];

/// Every fault names a line and says in both languages what is wrong.
fn check(name: &str, place: usize, faults: &[Fault]) {
    for fault in faults {
        assert!(fault.line >= 1, "{name} at {place}");
        let (english, vietnamese) = (fault.reason.to_string(), fault.reason.vietnamese());
        assert!(
            !english.is_empty() && english != vietnamese,
            "{name} at {place}"
        );
    }
}

#[test]
fn a_flipped_byte_is_named_or_harmless() {
    for (name, sample) in SAMPLES {
        for place in 0..sample.len() {
            for flip in [0x01, 0xFF] {
                let mut bytes = sample.to_vec();
                bytes[place] ^= flip;
                if let Err(faults) = read(Cursor::new(bytes)) {
                    check(name, place, &faults);
                }
            }
        }
    }
}

#[test]
fn a_file_that_breaks_off_is_named() {
    for (name, sample) in SAMPLES {
        for length in 0..sample.len() {
            let cut = read(Cursor::new(&sample[..length]));
            if let Err(faults) = &cut {
                check(name, length, faults);
            }
            let is_told = cut.is_err_and(|it| it.iter().any(|it| it.reason.scope() == Scope::File));
            let has_end = matches!(name, "camt.053" | "camt.054" | "XLSX");
            let rest = String::from_utf8_lossy(&sample[length..]);
            if has_end && rest.trim().len() > 1 {
                assert!(is_told, "{name} cut at {length}");
            }
        }
    }
}

#[test]
fn a_long_file_is_read_a_line_at_a_time() {
    let count = 10_000;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("statement");
    for is_table in [true, false] {
        let mut file = BufWriter::new(std::fs::File::create(&path).unwrap());
        let written = movements(count, 7);
        if is_table {
            Table::Semicolons.write(&mut file, written);
        } else {
            mt940(&mut file, written);
        }
        drop(file);
        let file = StatementFile::open(std::fs::File::open(&path).unwrap()).unwrap();
        let mut expected = movements(count, 7);
        let mut lines = 0;
        for item in file {
            if let Item::Line(line) = item.unwrap() {
                let movement = expected.next().unwrap();
                assert_eq!(line.content, movement.content);
                assert_eq!(line.amount.get(), movement.amount.abs());
                lines += 1;
            }
        }
        assert_eq!(lines, count);
    }
}
