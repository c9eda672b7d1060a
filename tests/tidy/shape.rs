//! Sizes, names, exact numbers, and nothing silenced or left open.

use std::path::Path;

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use crate::Finding;
use crate::source::{Kind, Source};

const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 70;

/// Names of a thing that has no name yet.
const EMPTY_NAMES: [&str; 6] = ["util", "utils", "helper", "helpers", "common", "misc"];

/// Where floating point is at home; never near money.
const FLOAT_FILES: [&str; 5] = [
    // How alike two names of settings are.
    "src/config.rs",
    // Prints numbers as JavaScript does, for signed text; no amount is taken from it.
    "src/banks/javascript.rs",
    // Old workbooks store every number so; it becomes an exact decimal at once.
    "src/statements/workbook/biff.rs",
    // Ratios of times, for people who watch the program.
    "src/telemetry.rs",
    // Refuses the fractions that a client sends; it must see them to do so.
    "src/http/json.rs",
];

/// Macros and names that say "not finished".
const UNFINISHED: [&str; 3] = ["todo", "unimplemented", "dbg"];

/// A file of 400 lines and a function of 70 are the most that one reads in one go.
pub fn files_and_functions_stay_short(source: &Source) -> Vec<Finding> {
    if source.layer().is_none() {
        return Vec::new();
    }
    let mut functions = Functions {
        source,
        findings: Vec::new(),
    };
    functions.visit_file(&source.syntax);
    let mut findings = functions.findings;
    if source.length > FILE_LINES {
        let what = format!("{} lines; at most {FILE_LINES}", source.length);
        findings.push(Finding::new(&source.path, 1, what));
    }
    findings
}

struct Functions<'a> {
    source: &'a Source,
    findings: Vec<Finding>,
}

impl Functions<'_> {
    fn check(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let first = signature.span().start().line;
        let length = block.span().end().line + 1 - first;
        if length > FUNCTION_LINES && !self.source.is_test(first) {
            let name = &signature.ident;
            let what = format!("`{name}` has {length} lines; at most {FUNCTION_LINES}");
            self.findings
                .push(Finding::new(&self.source.path, first, what));
        }
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, it: &'ast syn::ItemFn) {
        self.check(&it.sig, &it.block);
        visit::visit_item_fn(self, it);
    }

    fn visit_impl_item_fn(&mut self, it: &'ast syn::ImplItemFn) {
        self.check(&it.sig, &it.block);
        visit::visit_impl_item_fn(self, it);
    }

    fn visit_trait_item_fn(&mut self, it: &'ast syn::TraitItemFn) {
        if let Some(block) = &it.default {
            self.check(&it.sig, block);
        }
        visit::visit_trait_item_fn(self, it);
    }
}

/// No drawer for odds and ends, as a file, a folder or a module within a file.
pub fn modules_have_telling_names(source: &Source) -> Vec<Finding> {
    let finding = |line, name: &str| {
        let what = format!("`{name}` names no thing; say what is in it");
        Finding::new(&source.path, line, what)
    };
    let stem = Path::new(&source.path).with_extension("");
    let in_path = stem
        .iter()
        .filter_map(|part| part.to_str())
        .filter(|part| EMPTY_NAMES.contains(part))
        .map(|part| finding(1, part));
    let in_text = source.syntax.items.iter().filter_map(|item| match item {
        syn::Item::Mod(it) if EMPTY_NAMES.contains(&it.ident.to_string().as_str()) => {
            Some(finding(it.ident.span().start().line, &it.ident.to_string()))
        }
        _ => None,
    });
    in_path.chain(in_text).collect()
}

/// A file opens with what it is for.
pub fn files_begin_with_their_purpose(source: &Source) -> Vec<Finding> {
    // A file of tests stands beside the module that says what is tested.
    if source.path.ends_with("/tests.rs") {
        return Vec::new();
    }
    let begins = source
        .comments
        .first()
        .is_some_and(|(line, text)| *line == 1 && text.starts_with("//!"));
    if begins {
        Vec::new()
    } else {
        let what = "a file begins with `//!` and what it is for";
        vec![Finding::new(&source.path, 1, what)]
    }
}

/// No floating point but where it is listed.
pub fn numbers_are_exact(source: &Source) -> Vec<Finding> {
    if FLOAT_FILES.contains(&source.path.as_str()) {
        return Vec::new();
    }
    let is_float = |index: usize| match &source.tokens[index].kind {
        Kind::Word(word) => word == "f32" || word == "f64",
        Kind::Literal(literal) => {
            // `pair.0.1` reads like a number behind a dot; `0..0.5` has two dots.
            let dots = source.tokens[..index].iter().rev();
            let is_field = dots.take_while(|token| token.is_mark('.')).count() == 1;
            !is_field && matches!(syn::parse_str(literal), Ok(syn::Lit::Float(_)))
        }
        Kind::Mark(_) => false,
    };
    (0..source.tokens.len())
        .filter(|index| is_float(*index))
        .map(|index| Finding::new(&source.path, source.tokens[index].line, "floating point"))
        .collect()
}

/// A lint is answered with `#[expect(.., reason = "..")]`, an open end with code.
pub fn nothing_is_silenced_or_left_open(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, token) in source.tokens.iter().enumerate() {
        let silenced = ["# [ allow (", "# ! [ allow (", "# [ cfg_attr ("]
            .iter()
            .any(|it| source.spells(index, it));
        if silenced {
            let what = "`expect` with a reason instead of `allow`";
            findings.push(Finding::new(&source.path, token.line, what));
        }
        for name in UNFINISHED {
            if token.is_word(name) && source.spells(index + 1, "!") {
                let what = format!("`{name}!` is left in the code");
                findings.push(Finding::new(&source.path, token.line, what));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RustRule, lines_found};

    #[test]
    fn each_rule_finds_what_it_forbids_and_nothing_else() {
        let names: RustRule = modules_have_telling_names;
        let purpose: RustRule = files_begin_with_their_purpose;
        let exact: RustRule = numbers_are_exact;
        let open: RustRule = nothing_is_silenced_or_left_open;
        let none: &[usize] = &[];
        #[rustfmt::skip]
        let cases: &[(&str, RustRule, &str, &str, &[usize])] = &[
            ("a drawer", names, "src/store/utils.rs", "", &[1]),
            ("a drawer as a folder", names, "tests/common/mod.rs", "", &[1]),
            ("a drawer in a file", names, "src/a.rs", "\nmod helpers {}", &[2]),
            ("a word that contains one", names, "src/utility_bill.rs", "mod commons {}", none),
            ("no purpose", purpose, "src/a.rs", "fn f() {}", &[1]),
            ("a file of tests", purpose, "src/a/tests.rs", "fn f() {}", none),
            ("a purpose", purpose, "src/a.rs", "//! Adds.\nfn f() {}", none),
            ("a float type", exact, "src/domain/a.rs", "\nfn f(a: f64) {}", &[2]),
            ("a float literal", exact, "src/domain/a.rs", "fn f() { 1.5; 1e3; }", &[1, 1]),
            ("a tuple's field", exact, "src/domain/a.rs", "fn f() { a.0; a.0.1; 1..5; }", none),
            ("a range of floats", exact, "src/domain/a.rs", "fn f() { 0..0.5; }", &[1]),
            ("a float at home", exact, "src/telemetry.rs", "fn f(a: f64) {}", none),
            ("an allow", open, "src/a.rs", "\n#[allow(dead_code)] fn f() {}", &[2]),
            ("an inner allow", open, "src/a.rs", "#![allow(dead_code)]", &[1]),
            ("an expect", open, "src/a.rs", "#[expect(dead_code, reason = \"x\")] fn f() {}", none),
            ("an open end", open, "src/a.rs", "fn f() {\n\n todo!() }", &[3]),
            ("a word in a string", open, "src/a.rs", "const A: &str = \"todo!()\";", none),
            ("a name like one", open, "src/a.rs", "fn todo() {}", none),
        ];
        for (name, rule, path, text, expected) in cases {
            assert_eq!(&lines_found(*rule, path, text), expected, "{name}");
        }
    }

    #[test]
    fn sizes_count_everything_but_tests() {
        let function = |lines: usize| format!("fn f() {{\n{}}}\n", "    g();\n".repeat(lines - 2));
        let method = |lines: usize| format!("impl A {{\n{}}}\n", function(lines));
        let file = |lines: usize| "const A: u8 = 1;\n".repeat(lines);
        let in_tests = |text: &str| format!("#[cfg(test)]\nmod tests {{\n{text}}}\n");
        for (name, text, expected) in [
            ("a function at the limit", function(70), vec![]),
            ("a function above it", function(71), vec![1]),
            ("a method above it", method(71), vec![2]),
            ("a long test", in_tests(&function(90)), vec![]),
            ("a file at the limit", file(400), vec![]),
            ("a file above it", file(401), vec![1]),
            ("with long tests", file(390) + &in_tests(&file(300)), vec![]),
        ] {
            let found = lines_found(files_and_functions_stay_short, "src/a.rs", &text);
            assert_eq!(found, expected, "{name}");
        }
    }
}
