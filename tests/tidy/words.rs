//! Words that do not belong in the tree: the places of one machine, the hosts of registries,
//! numbers of a tracker that a reader does not have.

use crate::Finding;

/// Written in two pieces each, so that this file does not name them.
const PLACES: [&str; 9] = [
    concat!("/wo", "rk/"),
    concat!("/fa", "rm/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!(".libr", "ary"),
    concat!("crates", ".io"),
    concat!("registry", ".npm"),
    concat!("pypi", ".org"),
    concat!("deb.", "debian"),
];

/// A file below this folder is one machine's, whichever it is.
const TEMPORARY: &str = concat!("/t", "mp/");

/// Marks of work that was put off.
const MARKERS: [&str; 3] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];

/// What a number behind it would point into.
const TRACKERS: [&str; 6] = ["issue", "ticket", "bug", "pull", "PR", "task"];

/// No path of a developer's machine, no host of a package registry.
pub fn names_no_machine_or_registry(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let temporary = line
            .split(TEMPORARY)
            .skip(1)
            .any(|after| after.starts_with(|it: char| it.is_ascii_lowercase()));
        let place = PLACES.iter().find(|place| line.contains(*place)).copied();
        if let Some(place) = place.or(temporary.then_some(TEMPORARY)) {
            let what = format!("names a machine or a registry: {place}");
            findings.push(Finding::new(path, index + 1, what));
        }
    }
    findings
}

/// A comment explains itself; it does not send the reader to a tracker.
pub fn comments_cite_no_tracker(path: &str, comments: &[(usize, String)]) -> Vec<Finding> {
    comments
        .iter()
        .filter(|(_, text)| cites(text))
        .map(|(line, text)| Finding::new(path, *line, format!("cites a tracker: {}", text.trim())))
        .collect()
}

fn cites(comment: &str) -> bool {
    let words: Vec<&str> = comment
        .split(|it: char| !(it.is_alphanumeric() || it == '#' || it == '_'))
        .filter(|word| !word.is_empty())
        .collect();
    let is_number = |word: &str| {
        let digits = word.strip_prefix('#').unwrap_or(word);
        // Six digits behind `#` are a colour.
        (1..=5).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit())
    };
    let hashed = words
        .iter()
        .any(|word| word.starts_with('#') && is_number(word));
    let marked = words.iter().any(|word| MARKERS.contains(word));
    let tracked = words.windows(2).any(|pair| {
        TRACKERS.iter().any(|it| it.eq_ignore_ascii_case(pair[0])) && is_number(pair[1])
    });
    hashed || marked || tracked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_a_machine_are_found() {
        for (name, text, expected) in [
            ("a checkout", concat!("cd /wo", "rk/main"), 1),
            ("a home", concat!("\"/ro", "ot/x\""), 1),
            ("a registry", concat!("https://crates", ".io/crates/x"), 1),
            ("a temporary file", concat!("> /t", "mp/out"), 1),
            (
                "temporary folders in general",
                concat!("below /t", "mp/ on Unix"),
                0,
            ),
            ("a word with one in it", "network/x, homework", 0),
            ("an address of the API", "/v1/zones", 0),
        ] {
            let found = names_no_machine_or_registry("a.md", text).len();
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn numbers_of_a_tracker_are_found() {
        for (text, expected) in [
            ("// see #12", true),
            ("// Issue 7 explains", true),
            ("// PR #7", true),
            (concat!("// TO", "DO later"), true),
            ("// the colour #12436D, and #801650", false),
            ("// C# 7 and F#", false),
            ("// 31 symbols, the task of 2025", false),
            ("// field 62, sub-field 08", false),
        ] {
            let comments = [(1, text.to_owned())];
            let found = !comments_cite_no_tracker("a.rs", &comments).is_empty();
            assert_eq!(found, expected, "{text}");
        }
    }
}
