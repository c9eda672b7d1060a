//! Every package that the program is built from has a licence we may use, is none that
//! `deny.toml` bans, and comes from the public registry. The lists are those of `deny.toml`, so
//! this holds them also where cargo-deny is not installed.

use std::process::Command;

use serde_json::Value;

/// What `deny.toml` allows and bans.
struct Policy {
    allowed: Vec<String>,
    banned: Vec<String>,
}

impl Policy {
    fn read() -> Self {
        let text = include_str!("../deny.toml");
        let table: toml::Table = text.parse().expect("deny.toml is TOML");
        let list = |section: &str, key: &str| {
            let list = table[section][key].as_array();
            list.expect("a list in deny.toml").clone()
        };
        let text = |value: &toml::Value| value.as_str().expect("a string").to_owned();
        Self {
            allowed: list("licenses", "allow").iter().map(text).collect(),
            banned: list("bans", "deny")
                .iter()
                .map(|it| text(&it["crate"]))
                .collect(),
        }
    }

    /// What is wrong with a package, if anything.
    fn objection(&self, package: &Package) -> Option<String> {
        if self.banned.contains(&package.name) {
            return Some("is banned".to_owned());
        }
        if !package.from_registry {
            return Some("does not come from the registry".to_owned());
        }
        let expression = package.licence.as_deref().unwrap_or_default();
        (!self.allows(expression)).then(|| format!("has the licence '{expression}'"))
    }

    /// Whether an SPDX expression can be met with allowed licences. `AND` binds closer than
    /// `OR`; old packages write `/` for `OR`.
    fn allows(&self, expression: &str) -> bool {
        let spaced = expression
            .replace('/', " OR ")
            .replace('(', " ( ")
            .replace(')', " ) ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        let mut rest = words.as_slice();
        !words.is_empty() && self.any_of(&mut rest) && rest.is_empty()
    }

    fn any_of(&self, words: &mut &[&str]) -> bool {
        let mut met = self.all_of(words);
        while let ["OR", rest @ ..] = *words {
            *words = rest;
            met |= self.all_of(words);
        }
        met
    }

    fn all_of(&self, words: &mut &[&str]) -> bool {
        let mut met = self.one(words);
        while let ["AND", rest @ ..] = *words {
            *words = rest;
            met &= self.one(words);
        }
        met
    }

    fn one(&self, words: &mut &[&str]) -> bool {
        let (name, rest) = match *words {
            ["(", rest @ ..] => {
                *words = rest;
                let met = self.any_of(words);
                let [")", rest @ ..] = *words else {
                    return false;
                };
                *words = rest;
                return met;
            }
            [name, "WITH", exception, rest @ ..] => (format!("{name} WITH {exception}"), rest),
            [name, rest @ ..] => ((*name).to_owned(), rest),
            [] => return false,
        };
        *words = rest;
        self.allowed.contains(&name)
    }
}

/// One package of the build.
struct Package {
    name: String,
    licence: Option<String>,
    from_registry: bool,
}

/// The packages of this machine's build, ours left out; never touches the network.
fn packages() -> Vec<Package> {
    let cargo = env!("CARGO");
    let version = Command::new(cargo).arg("-vV").output().expect("cargo runs");
    let version = String::from_utf8(version.stdout).expect("UTF-8");
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let output = Command::new(cargo)
        .args(["metadata", "--offline", "--locked", "--format-version=1"])
        .args(["--filter-platform", host.expect("cargo names its host")])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .filter(|package| package["name"] != env!("CARGO_PKG_NAME"))
        .map(|package| Package {
            name: package["name"].as_str().expect("a name").to_owned(),
            licence: package["license"].as_str().map(str::to_owned),
            from_registry: package["source"]
                .as_str()
                .is_some_and(|source| source.starts_with("registry+")),
        })
        .collect()
}

#[test]
fn every_package_may_be_used() {
    let policy = Policy::read();
    let packages = packages();
    assert!(packages.len() > 100, "the packages were found");
    let objections: Vec<String> = packages
        .iter()
        .filter_map(|it| Some(format!("{} {}", it.name, policy.objection(it)?)))
        .collect();
    assert!(objections.is_empty(), "{objections:#?}");
}

#[test]
fn a_package_is_refused_for_its_licence_its_name_or_its_source() {
    let policy = Policy::read();
    let package = |name: &str, licence: Option<&str>, from_registry| Package {
        name: name.to_owned(),
        licence: licence.map(str::to_owned),
        from_registry,
    };
    for (case, package, expected) in [
        ("a good one", package("a", Some("MIT"), true), None),
        (
            "no licence",
            package("a", None, true),
            Some("has the licence ''"),
        ),
        (
            "a copyleft one",
            package("a", Some("GPL-3.0-only"), true),
            Some("has the licence 'GPL-3.0-only'"),
        ),
        (
            "a banned one",
            package("openssl-sys", Some("MIT"), true),
            Some("is banned"),
        ),
        (
            "one from a repository",
            package("a", Some("MIT"), false),
            Some("does not come from the registry"),
        ),
    ] {
        assert_eq!(policy.objection(&package).as_deref(), expected, "{case}");
    }
}

#[test]
fn an_expression_is_met_as_spdx_says() {
    let policy = Policy {
        allowed: ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"]
            .map(str::to_owned)
            .to_vec(),
        banned: Vec::new(),
    };
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-2.0 OR MIT", true),
        ("GPL-2.0/MIT", true),
        ("GPL-2.0 AND MIT", false),
        ("MIT AND ISC", true),
        ("MIT OR GPL-2.0 AND BSD-2-Clause", true),
        ("(MIT OR GPL-2.0) AND BSD-2-Clause", false),
        ("(MIT OR GPL-2.0) AND ISC", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0", false),
        ("MIT ISC", false),
        ("(MIT", false),
        ("", false),
    ] {
        assert_eq!(policy.allows(expression), expected, "{expression}");
    }
}
