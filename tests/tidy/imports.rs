//! Who may import whom, and who may reach the world outside.

use crate::Finding;
use crate::source::{Kind, Source};

/// Each module below the crate's root and the modules it may import beside itself.
///
/// `cli`, `main` and `lib` stand on top of everything and are not listed.
const LAYERS: [(&str, &[&str]); 14] = [
    ("domain", &[]),
    ("vietqr", &["domain"]),
    ("statements", &["domain"]),
    ("banks", &["domain", "statements"]),
    ("clock", &["domain"]),
    ("entropy", &["domain"]),
    ("vault", &["domain", "entropy"]),
    ("outbound", &["domain"]),
    ("config", &["domain", "store", "vault"]),
    ("telemetry", &["config"]),
    ("store", &["domain"]),
    (
        "flows",
        &[
            "store",
            "domain",
            "banks",
            "statements",
            "vietqr",
            "clock",
            "entropy",
            "vault",
            "outbound",
        ],
    ),
    ("http", EDGE),
    ("web", EDGE),
];

/// The API and the pages are one edge: they share state, routes and extractors. `/metrics`
/// shows what `telemetry` counts; secrets of sources are sealed with `vault`.
const EDGE: &[&str] = &[
    "http",
    "web",
    "flows",
    "store",
    "domain",
    "vietqr",
    "banks",
    "statements",
    "clock",
    "entropy",
    "vault",
    "telemetry",
];

/// On top of everything.
const TOP: [&str; 3] = ["cli", "main", "lib"];

/// Crates that only the named modules may mention.
const CRATES: [(&str, &[&str]); 12] = [
    ("sqlx", &["store"]),
    ("axum", &["http", "web"]),
    ("utoipa_axum", &["http", "web"]),
    ("utoipa_swagger_ui", &["http", "web"]),
    ("tower_http", &["http", "web"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("anyhow", &["main", "cli"]),
    ("rand", &["entropy"]),
    ("tokio_rustls", &["outbound"]),
    ("webpki_roots", &["outbound"]),
    ("getrandom", &["entropy"]),
];

/// No async, no input or output, no clock, no chance.
const PURE: [&str; 4] = ["domain", "vietqr", "banks", "statements"];

/// What only impure code says.
const IMPURE: [&str; 19] = [
    "async",
    "await",
    "tokio",
    "reqwest",
    "hyper",
    "tracing",
    "metrics",
    "Instant",
    "SystemTime",
    "std : : fs",
    "TcpListener",
    "TcpStream",
    "UdpSocket",
    "ToSocketAddrs",
    "std : : env",
    "std : : process",
    "std : : thread",
    "println !",
    "eprintln !",
];

/// Ways to learn the time from the machine.
const TIME: [&str; 4] = [
    "Utc : : now",
    "Local : : now",
    "SystemTime : : now",
    "SystemTime : : UNIX_EPOCH . elapsed",
];

/// Ways to learn something from the environment while the program runs.
const ENVIRONMENT: [&str; 6] = [
    "std : : env",
    "env : : var",
    "env : : vars",
    "env : : var_os",
    "env : : vars_os",
    "option_env !",
];

/// A module names only itself and the modules it may import.
pub fn layers_import_only_what_they_may(source: &Source) -> Vec<Finding> {
    let Some(layer) = source.layer() else {
        return Vec::new();
    };
    if TOP.contains(&layer) {
        return Vec::new();
    }
    let Some((_, may)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
        let what = format!("module `{layer}` has no place in the table of who may import whom");
        return vec![Finding::new(&source.path, 1, what)];
    };
    imported_layers(source)
        .into_iter()
        .filter(|(_, module)| module != layer && !may.contains(&module.as_str()))
        .map(|(line, module)| {
            let what = format!("`{layer}` may not import `{module}`");
            Finding::new(&source.path, line, what)
        })
        .collect()
}

/// Every first word behind `crate::`, a `use crate::{..}` group's members included.
fn imported_layers(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut note = |index: usize| {
        if let Some(token) = source.tokens.get(index)
            && let Kind::Word(word) = &token.kind
        {
            found.push((token.line, word.clone()));
        }
    };
    for index in 0..source.tokens.len() {
        if !source.spells(index, "crate : :") || source.spells(index.saturating_sub(1), "$") {
            continue;
        }
        let first = index + 3;
        if !source.spells(first, "{") {
            note(first);
            continue;
        }
        let mut depth = 0_usize;
        for (at, token) in source.tokens.iter().enumerate().skip(first) {
            match token.kind {
                Kind::Mark('{') => {
                    depth += 1;
                    if depth == 1 {
                        note(at + 1);
                    }
                }
                Kind::Mark('}') => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                Kind::Mark(',') if depth == 1 => note(at + 1),
                _ => {}
            }
        }
    }
    found
}

/// SQL stays in the store, HTTP at the edge, arguments in the command line, chance in one place.
pub fn named_crates_stay_in_their_layer(source: &Source) -> Vec<Finding> {
    let Some(layer) = source.layer() else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for (name, homes) in CRATES {
        if homes.contains(&layer) {
            continue;
        }
        for (index, token) in source.tokens.iter().enumerate() {
            // `self.rand` and `other::rand` are names of somebody else's.
            let inside_a_path = index > 0
                && (source.tokens[index - 1].is_mark('.')
                    || (index > 1 && source.spells(index - 2, ": :")));
            if token.is_word(name) && !inside_a_path {
                let what = format!("only {} may name `{name}`", homes.join(" and "));
                findings.push(Finding::new(&source.path, token.line, what));
            }
        }
    }
    findings
}

/// Settings arrive through `config`.
pub fn only_config_reads_the_environment(source: &Source) -> Vec<Finding> {
    find_spelled(source, &["config"], &ENVIRONMENT, |it| {
        format!("only `config` reads the environment: {it}")
    })
}

/// Time is an argument.
pub fn only_clock_reads_the_time(source: &Source) -> Vec<Finding> {
    find_spelled(source, &["clock"], &TIME, |it| {
        format!("only `clock` reads the time: {it}")
    })
}

/// The domain, the codes and the banks compute; they do not act.
pub fn pure_modules_are_pure(source: &Source) -> Vec<Finding> {
    if !source.layer().is_some_and(|layer| PURE.contains(&layer)) {
        return Vec::new();
    }
    find_spelled(source, &[], &IMPURE, |it| {
        format!("a pure module has no `{it}`")
    })
}

/// Where `source`, unless it belongs to one of `homes`, spells one of `patterns`.
fn find_spelled(
    source: &Source,
    homes: &[&str],
    patterns: &[&str],
    what: impl Fn(&str) -> String,
) -> Vec<Finding> {
    let Some(layer) = source.layer() else {
        return Vec::new();
    };
    if homes.contains(&layer) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (index, token) in source.tokens.iter().enumerate() {
        let spelled = patterns.iter().find(|it| source.spells(index, it));
        if let Some(pattern) = spelled {
            let what = what(&pattern.replace(' ', ""));
            findings.push(Finding::new(&source.path, token.line, what));
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
        let layers: RustRule = layers_import_only_what_they_may;
        let crates: RustRule = named_crates_stay_in_their_layer;
        let environment: RustRule = only_config_reads_the_environment;
        let time: RustRule = only_clock_reads_the_time;
        let pure: RustRule = pure_modules_are_pure;
        let none: &[usize] = &[];
        #[rustfmt::skip]
        let cases: &[(&str, RustRule, &str, &str, &[usize])] = &[
            ("upwards", layers, "src/domain/a.rs", "use crate::store::Store;", &[1]),
            ("in a group", layers, "src/store/a.rs", "use crate::{domain::X,\n flows::{A, B},\n store::C};", &[2]),
            ("in an expression", layers, "src/flows/a.rs", "fn f() {\n crate::http::g() }", &[2]),
            ("downwards", layers, "src/http/a.rs", "use crate::flows::{x, y}; use crate::web::z;", none),
            ("oneself", layers, "src/banks/a.rs", "use crate::banks::Verified;", none),
            ("a macro's own crate", layers, "src/store/a.rs", "macro_rules! m { () => { $crate::store::X } }", none),
            ("the command line", layers, "src/cli/a.rs", "use crate::http::X;", none),
            ("in a test", layers, "src/domain/a.rs", "#[cfg(test)]\nmod tests { use crate::store::X; }", none),
            ("an unknown module", layers, "src/extras.rs", "", &[1]),
            ("sqlx in a flow", crates, "src/flows/a.rs", "\nuse sqlx::Row;", &[2]),
            ("sqlx in a grouped use", crates, "src/flows/a.rs", "use {std::fmt, sqlx};", &[1]),
            ("sqlx in the store", crates, "src/store/a.rs", "use sqlx::Row;", none),
            ("axum in the command line", crates, "src/cli/serve.rs", "fn f() { axum::serve() }", &[1]),
            ("clap in the settings", crates, "src/config.rs", "#[derive(clap::Parser)] struct A;", &[1]),
            ("chance in the domain", crates, "src/domain/a.rs", "use rand::rng;", &[1]),
            ("a crate in a string", crates, "src/flows/a.rs", "const A: &str = \"sqlx\"; // sqlx", none),
            ("a field of that name", crates, "src/flows/a.rs", "fn f(a: A) { a.rand }", none),
            ("a variable", environment, "src/cli/a.rs", "fn f() {\n env::var(\"A\"); }", &[2]),
            ("the settings", environment, "src/config.rs", "use std::env;", none),
            ("a compile-time value", environment, "src/cli/a.rs", "const A: &str = env!(\"CARGO_PKG_VERSION\");", none),
            ("now", time, "src/http/a.rs", "fn f() { chrono::Utc::now() }", &[1]),
            ("the clock", time, "src/clock.rs", "fn f() { Utc::now() }", none),
            ("the fixed clock", time, "src/http/a.rs", "fn f() { clock.now() }", none),
            ("a task in the domain", pure, "src/domain/a.rs", "async fn f() {}", &[1]),
            ("a file in a code", pure, "src/vietqr/a.rs", "use std::fs::File;", &[1]),
            ("a line on a terminal", pure, "src/banks/a.rs", "fn f() { println!(\"x\") }", &[1]),
            ("a connection", pure, "src/domain/a.rs", "use std::net::TcpStream;", &[1]),
            ("an address", pure, "src/domain/a.rs", "use std::net::IpAddr;", none),
            ("a task elsewhere", pure, "src/store/a.rs", "async fn f() {}", none),
        ];
        for (name, rule, path, text, expected) in cases {
            assert_eq!(&lines_found(*rule, path, text), expected, "{name}");
        }
    }
}
