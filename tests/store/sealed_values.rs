//! What rests sealed under the master key is all there when the key is changed.

use std::collections::BTreeSet;

use phocho::store::sealed_values::COLUMNS;

/// Sealed under the key of a day, which is sealed itself.
const UNDER_OTHER_KEYS: [(&str, &str); 1] = [("callbacks", "body_sealed")];

/// The sealed columns of the migrations, each with its table.
fn sealed_columns() -> BTreeSet<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    files.sort_by_key(std::fs::DirEntry::file_name);
    let (mut table, mut found) = (String::new(), BTreeSet::new());
    for file in files {
        let text = std::fs::read_to_string(file.path()).unwrap();
        let lines = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.starts_with("--"));
        for line in lines {
            let words: Vec<_> = line.split([' ', ',', '(']).collect();
            if let ["CREATE" | "ALTER", "TABLE", name, ..] = words[..] {
                name.clone_into(&mut table);
            }
            let sealed = words.iter().find(|word| word.ends_with("_sealed"));
            if let Some(column) = sealed {
                found.insert((table.clone(), (*column).to_owned()));
            }
        }
    }
    found
}

#[test]
fn a_change_of_the_master_key_reaches_every_sealed_column() {
    let known = COLUMNS.iter().chain(&UNDER_OTHER_KEYS);
    let known: BTreeSet<_> = known
        .map(|(table, column)| ((*table).to_owned(), (*column).to_owned()))
        .collect();
    assert_eq!(sealed_columns(), known);
}
