//! The rules of the tree that a machine can check: who may import whom, sizes, names, and what
//! must not be there. A finding is printed as `file:line: what is wrong`, all of them at once.
//!
//! Each rule is a function from one [`source::Source`] (or one text) to findings, with cases
//! beside it that prove it bites.

mod imports;
mod shape;
mod source;
mod sql;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

use source::Source;

/// One breach of one rule.
#[derive(Debug)]
pub struct Finding {
    path: String,
    line: usize,
    what: String,
}

impl Finding {
    /// A breach at `line` (from 1) of `path` (from the root of the tree).
    pub fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            what: what.into(),
        }
    }
}

/// A rule over one Rust file.
type RustRule = fn(&Source) -> Vec<Finding>;

const RUST_RULES: [RustRule; 11] = [
    imports::layers_import_only_what_they_may,
    imports::named_crates_stay_in_their_layer,
    imports::only_config_reads_the_environment,
    imports::only_clock_reads_the_time,
    imports::pure_modules_are_pure,
    shape::files_and_functions_stay_short,
    shape::modules_have_telling_names,
    shape::files_begin_with_their_purpose,
    shape::numbers_are_exact,
    shape::nothing_is_silenced_or_left_open,
    sql::store_speaks_portable_sql,
];

/// Folders that hold no work of ours.
const NOT_OURS: [&str; 4] = [".git", "target", "node_modules", "data"];

/// Files that tools write and that name registries by nature.
const WRITTEN_BY_TOOLS: [&str; 2] = ["Cargo.lock", "package-lock.json"];

#[test]
fn the_tree_is_tidy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = files_below(root);
    let mut findings = sql::migrations_are_numbered_without_gaps(&files);
    let mut rust_files = 0;
    for path in &files {
        let Ok(text) = fs::read_to_string(root.join(path)) else {
            continue; // A picture or another file that is not text.
        };
        findings.extend(words::names_no_machine_or_registry(path, &text));
        if has_extension(path, "rs") {
            rust_files += 1;
            match Source::parse(path, &text) {
                Ok(source) => {
                    findings.extend(words::comments_cite_no_tracker(path, &source.comments));
                    findings.extend(RUST_RULES.iter().flat_map(|rule| rule(&source)));
                }
                Err(error) => findings.push(Finding::new(path, 1, error.to_string())),
            }
        } else if has_extension(path, "sql") {
            findings.extend(words::comments_cite_no_tracker(path, &sql::comments(&text)));
            findings.extend(sql::is_portable(path, &text));
        }
    }
    assert!(rust_files > 10, "the tree was found");
    assert!(findings.is_empty(), "{}", report(findings));
}

fn report(mut findings: Vec<Finding>) -> String {
    findings.sort_by(|one, other| (&one.path, one.line).cmp(&(&other.path, other.line)));
    let lines = findings
        .iter()
        .map(|finding| format!("{}:{}: {}\n", finding.path, finding.line, finding.what));
    format!("{} findings\n{}", findings.len(), lines.collect::<String>())
}

fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|it| it == extension)
}

/// Every file of ours, as sorted paths from the root with `/` between the parts.
fn files_below(root: &Path) -> Vec<String> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).expect("a readable folder") {
            let entry = entry.expect("a readable entry");
            let name = entry.file_name().into_string().expect("a name in UTF-8");
            let path = folder.join(&name);
            let skipped = folder.as_os_str().is_empty() && NOT_OURS.contains(&name.as_str());
            if entry.path().is_dir() {
                if !skipped && name != "node_modules" {
                    folders.push(path);
                }
            } else if !skipped && !WRITTEN_BY_TOOLS.contains(&name.as_str()) {
                files.push(path.to_str().expect("a path in UTF-8").to_owned());
            }
        }
    }
    files.sort();
    files
}

/// The lines that `rule` finds in `text`, read as the file `path`: for the rules' own cases.
#[cfg(test)]
fn lines_found(rule: RustRule, path: &str, text: &str) -> Vec<usize> {
    let source = Source::parse(path, text).expect("a case in Rust");
    rule(&source).iter().map(|finding| finding.line).collect()
}
