//! One SQL text must mean the same on SQLite and on PostgreSQL, and migrations only grow.

use crate::Finding;
use crate::source::{Kind, Source};

/// Words (in upper case) that one of the engines lacks, understands differently, or that take
/// the time or the order of things from the database.
const NOT_PORTABLE: [(&str, &str); 25] = [
    ("NOW", "time is an argument"),
    ("CURRENT_TIMESTAMP", "time is an argument"),
    ("CURRENT_DATE", "time is an argument"),
    ("CURRENT_TIME", "time is an argument"),
    ("CLOCK_TIMESTAMP", "time is an argument"),
    ("STRFTIME", "days are computed in the domain"),
    ("JULIANDAY", "days are computed in the domain"),
    ("DATETIME", "days are computed in the domain"),
    ("DATE_TRUNC", "days are computed in the domain"),
    ("EXTRACT", "days are computed in the domain"),
    ("INTERVAL", "days are computed in the domain"),
    ("RANDOM", "chance comes from `entropy`"),
    ("GEN_RANDOM_UUID", "ids are arguments"),
    ("SERIAL", "ids are arguments"),
    ("BIGSERIAL", "ids are arguments"),
    ("AUTOINCREMENT", "ids are arguments"),
    ("JSON", "columns hold plain values"),
    ("JSONB", "columns hold plain values"),
    ("ARRAY", "columns hold plain values"),
    ("REAL", "numbers are exact"),
    ("DOUBLE", "numbers are exact"),
    ("FLOAT", "numbers are exact"),
    ("ILIKE", "PostgreSQL only"),
    ("CONSTRAINT", "SQLite reports no constraint name"),
    ("PRAGMA", "SQLite only; it belongs in `setup`"),
];

/// Sequences of marks and words that are not portable.
const NOT_PORTABLE_SEQUENCES: [(&str, &str); 8] = [
    ("FOR UPDATE", "writes take their lock at the start"),
    ("FOR SHARE", "writes take their lock at the start"),
    ("- >", "columns hold plain values"),
    ("# >", "columns hold plain values"),
    (": :", "write CAST(.. AS ..)"),
    ("SELECT *", "list the columns"),
    (". *", "list the columns"),
    ("RETURNING *", "list the columns"),
];

/// What a statement begins with.
const VERBS: [&str; 8] = [
    "SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "CREATE", "ALTER", "DROP",
];

/// Where the engines' own settings are read and set.
const ENGINE_SETTINGS: &str = "src/store/setup.rs";

/// SQL in the store's strings is portable.
pub fn store_speaks_portable_sql(source: &Source) -> Vec<Finding> {
    if source.layer() != Some("store") || source.path == ENGINE_SETTINGS {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for token in &source.tokens {
        let Kind::Literal(literal) = &token.kind else {
            continue;
        };
        let Ok(syn::Lit::Str(text)) = syn::parse_str::<syn::Lit>(literal) else {
            continue;
        };
        // A string with escaped line ends has fewer lines than its literal; findings then
        // point at most a few lines above the word.
        let text = text.value();
        if is_statement(&text) {
            let inside = is_portable(&source.path, &text);
            findings.extend(inside.into_iter().map(|finding| Finding {
                line: finding.line + token.line - 1,
                ..finding
            }));
        }
    }
    findings
}

/// Whether a string of the program is SQL: our statements begin with a verb in upper case.
fn is_statement(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    VERBS.contains(&first)
}

/// One SQL text, comments and quoted strings left aside.
pub fn is_portable(path: &str, text: &str) -> Vec<Finding> {
    let words = words(text);
    let mut findings = Vec::new();
    let spells = |index: usize, sequence: &str| {
        let parts = sequence.split(' ').enumerate();
        parts
            .into_iter()
            .all(|(offset, part)| words.get(index + offset).is_some_and(|(_, it)| it == part))
    };
    let mut open_calls: Vec<(&str, &str)> = Vec::new();
    let mut clause = "";
    for (index, (line, word)) in words.iter().enumerate() {
        let mut find = |what: String| findings.push(Finding::new(path, *line, what));
        for (forbidden, why) in NOT_PORTABLE {
            if word == forbidden {
                find(format!("SQL {forbidden}: {why}"));
            }
        }
        for (sequence, why) in NOT_PORTABLE_SEQUENCES {
            if spells(index, sequence) {
                find(format!("SQL {}: {why}", sequence.replace("- >", "->")));
            }
        }
        match word.as_str() {
            "(" => {
                let name = index.checked_sub(1).map_or("", |it| &words[it].1);
                open_calls.push((name, clause));
            }
            ")" => clause = open_calls.pop().map_or("", |(_, outer)| outer),
            "SELECT" | "FROM" | "WHERE" | "GROUP" | "HAVING" | "ORDER" | "SET" | "RETURNING" => {
                clause = word;
            }
            // The engines disagree about the type of a sum; it shows where one comes out.
            "SUM"
                if matches!(clause, "SELECT" | "SET" | "RETURNING")
                    && !open_calls.iter().any(|(name, _)| *name == "CAST") =>
            {
                find("SQL SUM: write CAST(SUM(..) AS BIGINT)".to_owned());
            }
            _ => {}
        }
    }
    findings
}

/// Files of the migrations folder are `0001_words.sql`, `0002_words.sql`, and so on: a new one
/// goes behind the last, none is taken out.
pub fn migrations_are_numbered_without_gaps(files: &[String]) -> Vec<Finding> {
    files
        .iter()
        .filter_map(|path| path.strip_prefix("migrations/"))
        .enumerate()
        .filter(|(index, name)| {
            let words = name
                .strip_prefix(&format!("{:04}_", index + 1))
                .and_then(|rest| rest.strip_suffix(".sql"));
            !words.is_some_and(|it| {
                !it.is_empty() && it.bytes().all(|it| it.is_ascii_lowercase() || it == b'_')
            })
        })
        .map(|(index, name)| {
            let what = format!(
                "migration {} is named {:04}_words.sql",
                index + 1,
                index + 1
            );
            Finding::new(&format!("migrations/{name}"), 1, what)
        })
        .collect()
}

/// The comment lines of an SQL file.
pub fn comments(text: &str) -> Vec<(usize, String)> {
    let lines = text.lines().enumerate();
    lines
        .filter_map(|(index, line)| Some((index + 1, line.split_once("--")?.1.to_owned())))
        .collect()
}

/// The words in upper case and the single marks of an SQL text, each with its line.
fn words(text: &str) -> Vec<(usize, String)> {
    let mut words = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let code = line.split_once("--").map_or(line, |(code, _)| code);
        // Every second piece between quotes is a quoted string.
        for piece in code.split('\'').step_by(2) {
            let mut word = String::new();
            for character in piece.chars().chain([' ']) {
                if character.is_alphanumeric() || character == '_' {
                    word.extend(character.to_uppercase());
                    continue;
                }
                if !word.is_empty() {
                    words.push((index + 1, std::mem::take(&mut word)));
                }
                if !character.is_whitespace() {
                    words.push((index + 1, character.to_string()));
                }
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines_found;

    #[test]
    fn sql_that_differs_between_the_engines_is_found() {
        let none: &[usize] = &[];
        #[rustfmt::skip]
        let cases: &[(&str, &str, &[usize])] = &[
            ("every column", "SELECT * FROM a", &[1]),
            ("every column of one", "SELECT a.* FROM a", &[1]),
            ("every column back", "INSERT INTO a (b) VALUES ($1)\nRETURNING *", &[2]),
            ("a count", "SELECT COUNT(*) FROM a", none),
            ("the database's clock", "UPDATE a SET b = now()", &[1]),
            ("a default from the clock", "CREATE TABLE a (\n b TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP)", &[2]),
            ("a row lock", "SELECT b FROM a FOR UPDATE", &[1]),
            ("a key of JSON", "SELECT b->>'c' FROM a", &[1]),
            ("a counter", "CREATE TABLE a (b BIGSERIAL)", &[1]),
            ("a short cast", "SELECT b::BIGINT FROM a", &[1]),
            ("a bare sum", "SELECT SUM(b) FROM a", &[1]),
            ("a cast sum", "SELECT CAST(COALESCE(SUM(b), 0) AS BIGINT) FROM a", none),
            ("a cast elsewhere", "SELECT CAST(b AS TEXT), SUM(c) FROM a", &[1]),
            ("a compared sum", "SELECT a FROM b GROUP BY a HAVING SUM(c) > 0 ORDER BY SUM(c)", none),
            ("a sum in a subquery", "SELECT a FROM (SELECT SUM(c) AS a FROM b) AS d WHERE a > 0", &[1]),
            ("words in a string", "SELECT b FROM a WHERE c = 'now()'", none),
            ("words in a comment", "-- now() and SELECT *\nSELECT b FROM a", none),
            ("a column like a word", "SELECT realm, known_at, snow FROM a", none),
        ];
        for (name, text, expected) in cases {
            let found: Vec<usize> = is_portable("a.sql", text)
                .iter()
                .map(|it| it.line)
                .collect();
            assert_eq!(&found, expected, "{name}");
        }
    }

    #[test]
    fn sql_is_looked_for_in_the_strings_of_the_store() {
        let text =
            "fn f() {\n    \"SELECT b FROM a\n     FOR UPDATE\";\n    \"the row is now there\";\n}";
        for (path, expected) in [
            ("src/store/a.rs", vec![3]),
            ("src/flows/a.rs", vec![]),
            (ENGINE_SETTINGS, vec![]),
        ] {
            let found = lines_found(store_speaks_portable_sql, path, text);
            assert_eq!(found, expected, "{path}");
        }
    }

    #[test]
    fn a_migration_goes_behind_the_last_one() {
        for (name, files, expected) in [
            ("in order", vec!["0001_access.sql", "0002_money.sql"], 0),
            ("a gap", vec!["0001_access.sql", "0003_money.sql"], 1),
            (
                "a double number",
                vec!["0001_access.sql", "0001_money.sql"],
                1,
            ),
            ("no words", vec!["0001.sql"], 1),
            ("a backup", vec!["0001_access.sql~"], 1),
        ] {
            let files: Vec<String> = files.iter().map(|it| format!("migrations/{it}")).collect();
            let found = migrations_are_numbered_without_gaps(&files).len();
            assert_eq!(found, expected, "{name}");
        }
    }
}
