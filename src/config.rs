//! Settings: a flag beats the environment, which beats the file, which beats the default.
//!
//! One table below holds every setting; the example file, the reading and `config show` come
//! from it. In the environment a setting is `PHOCHO_` and its name in capitals; a secret may
//! also stand in a file that `PHOCHO_…_FILE` names. `DATABASE_URL` is understood too.

mod value;

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use crate::domain::account::PersonalAccounts;
use crate::domain::network::{AddressRange, PrivateAddresses};
use crate::store::DatabaseUrl;

use self::value::Setting;
pub use self::value::{HeaderName, List, LogFormat};

/// The file that is read when none is named, if it is there.
pub const DEFAULT_FILE: &str = "phocho.toml";
/// How alike two names must be for the one to be suggested in place of the other.
const LIKENESS_MIN: f64 = 0.75;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Named on the command line.
    Flag,
    /// An environment variable.
    Environment(String),
    /// The settings file.
    File(PathBuf),
    /// Nobody named it.
    Default,
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file that was named cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The settings file, or the file of a secret.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The settings file is not TOML.
    #[error("{path} is not TOML: {reason}")]
    Toml {
        /// The settings file.
        path: PathBuf,
        /// Where and why.
        reason: String,
    },
    /// The file names a setting that there is none of.
    #[error("{path}: there is no setting {key}{hint}")]
    UnknownKey {
        /// The settings file.
        path: PathBuf,
        /// What it says.
        key: String,
        /// What it may mean.
        hint: String,
    },
    /// A value that its setting does not take.
    #[error("{key} ({origin}): {reason}")]
    Invalid {
        /// The setting.
        key: &'static str,
        /// Who gave the value.
        origin: Origin,
        /// Why not; never the value, which may be a secret.
        reason: String,
    },
}

/// What is known of one setting without reading anything.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name in the file.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// Its default, as written in a file; empty means none.
    pub default: &'static str,
    /// Whether its value is never shown.
    pub secret: bool,
}

/// A value as it was found, for `config show`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The setting.
    pub name: &'static str,
    /// Its value; stars for a secret.
    pub value: String,
    /// Who gave it.
    pub origin: Origin,
}

/// Values from the command line, by the setting's name.
pub type Overrides = BTreeMap<&'static str, String>;

/// Where settings are read from.
pub struct Sources<'a> {
    /// Values from the command line.
    pub overrides: &'a Overrides,
    /// Reads an environment variable.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
    /// The settings file; the default one when none is named.
    pub file: Option<&'a Path>,
}

macro_rules! settings {
    ($($name:ident: $kind:ty = $default:literal, $secret:literal, $doc:literal;)*) => {
        /// Every setting of the process.
        #[derive(Clone, Debug)]
        pub struct Settings {
            $(#[doc = $doc] pub $name: $kind,)*
        }

        impl Settings {
            /// The table of settings, in the order of the example file.
            pub const KEYS: &'static [Key] = &[$(Key {
                name: stringify!($name), doc: $doc, default: $default, secret: $secret,
            }),*];

            fn parse(found: &Found) -> Result<Self, ConfigError> {
                Ok(Self { $($name: found.parse(stringify!($name))?,)* })
            }
        }
    };
}

settings! {
    bind: SocketAddr = "127.0.0.1:8080", false, "Where pages and the API are served. Put a proxy with TLS in front before opening it to a network.";
    metrics_bind: Option<SocketAddr> = "127.0.0.1:9090", false, "Where /metrics is served; keep it off public networks. Empty: nowhere.";
    data_dir: PathBuf = "./data", false, "The folder of the SQLite file, the key and voice clips.";
    database_url: Option<DatabaseUrl> = "", true, "sqlite:PATH or postgres://… (PostgreSQL 15 or later). Empty: phocho.db in data_dir.";
    key_file: Option<PathBuf> = "", false, "The key that seals secrets at rest. Empty: beside the SQLite file, made at the first start; required with PostgreSQL.";
    instance_name: String = "phocho", false, "The name of the pilot on pages and in logs.";
    contact: Option<String> = "", false, "Whom a bank's engineer asks for a source, shown on the pages for banks: a line of text such as an e-mail address or a telephone number. Empty: the pages say that none is named.";
    public_url: Option<String> = "", false, "The address under which clients reach the service, such as `https://phocho.example.vn`. Empty: taken from bind.";
    trusted_proxies: List<AddressRange> = "", false, "Addresses or ranges of proxies whose X-Forwarded-For is believed.";
    client_certificate_header: Option<HeaderName> = "", false, "The header in which such a proxy names its client's certificate: its SHA-256, or the certificate in PEM with % escapes. From anyone else it is ignored. Empty: none.";
    log_format: LogFormat = "auto", false, "auto (pretty on a terminal, JSON otherwise), pretty or json.";
    log_filter: String = "info", false, "What is logged, such as info or phocho=debug.";
    connections: NonZeroU32 = "4096", false, "Open connections in all; keep it below the process's limit of open files.";
    connections_per_peer: NonZeroU32 = "256", false, "Open connections of one address that is no trusted proxy.";
    requests_per_second: NonZeroU32 = "50", false, "Sustained requests a second from one address; bank notices are not counted.";
    requests_burst: NonZeroU32 = "300", false, "Requests at once from one address after a rest.";
    failed_verifications_per_second: NonZeroU32 = "1", false, "Bank notices a second from one address that may fail verification before they are refused unread.";
    failed_verifications_burst: NonZeroU32 = "30", false, "Failed verifications at once from one address after a rest.";
    answer_deadline_s: NonZeroU32 = "30", false, "Seconds until a request is answered 504; its work runs on.";
    drain_s: NonZeroU32 = "10", false, "Seconds that a stop waits for what has begun.";
    personal_accounts: PersonalAccounts = "warn", false, "Whether a private person's account is taken for a business: warn (taken, with a warning to who approves it) or refuse.";
    raw_retention_days: NonZeroU32 = "90", false, "Days that raw bank notices are kept; then their key is destroyed.";
    pull_private_addresses: PrivateAddresses = "refuse", false, "Whether history is fetched from addresses that are not public, for a simulated bank: refuse or allow.";
}

/// The settings with the origin of each.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// Every value with its origin, secrets hidden.
    pub shown: Vec<Shown>,
}

impl Loaded {
    /// Reads the settings of this process.
    pub fn from_process(overrides: &Overrides, file: Option<&Path>) -> Result<Self, ConfigError> {
        let environment = |name: &str| std::env::var(name).ok();
        let named = file
            .map(Path::to_path_buf)
            .or_else(|| environment("PHOCHO_CONFIG").map(PathBuf::from));
        Self::read(&Sources {
            overrides,
            environment: &environment,
            file: named.as_deref(),
        })
    }

    /// Reads the settings from `sources`.
    pub fn read(sources: &Sources<'_>) -> Result<Self, ConfigError> {
        let path = sources.file.unwrap_or(Path::new(DEFAULT_FILE));
        // A file that was named must be there.
        let file = if sources.file.is_some() || path.exists() {
            read_file(path)?
        } else {
            BTreeMap::new()
        };
        let mut found = Found(BTreeMap::new());
        for key in Settings::KEYS {
            let value = match (sources.overrides.get(key.name), file.get(key.name)) {
                (Some(value), _) => (value.clone(), Origin::Flag),
                (None, in_file) => match from_environment(key, sources.environment)? {
                    Some(value) => value,
                    None => in_file.map_or_else(
                        || (key.default.to_owned(), Origin::Default),
                        |value| (value.clone(), Origin::File(path.to_path_buf())),
                    ),
                },
            };
            found.0.insert(key.name, value);
        }
        let settings = Settings::parse(&found)?;
        Ok(Self {
            settings,
            shown: found.shown(),
        })
    }
}

/// The example file: every setting with its meaning, commented out at its default.
pub fn example() -> String {
    let mut text = String::from(
        "# phocho's settings. Every line below is commented out and shows the default.\n\
         # A flag beats the environment (PHOCHO_BIND and so on), which beats this file.\n\
         # A secret may stand in a file of its own, named by PHOCHO_…_FILE.\n",
    );
    for key in Settings::KEYS {
        let number = key.default.parse::<u64>().is_ok();
        let quote = if number { "" } else { "\"" };
        let Key {
            name, doc, default, ..
        } = key;
        writeln!(text, "\n# {doc}\n# {name} = {quote}{default}{quote}")
            .expect("a text takes any length");
    }
    text
}

fn read_file(path: &Path) -> Result<BTreeMap<String, String>, ConfigError> {
    let text = read_text(path)?;
    let table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| ConfigError::Toml {
            path: path.to_path_buf(),
            reason: error.message().to_owned(),
        })?;
    let mut values = BTreeMap::new();
    for (key, value) in table {
        let Some(known) = Settings::KEYS.iter().find(|known| known.name == key) else {
            return Err(ConfigError::UnknownKey {
                path: path.to_path_buf(),
                hint: suggest(&key),
                key,
            });
        };
        let value = plain(&value).ok_or_else(|| ConfigError::Invalid {
            key: known.name,
            origin: Origin::File(path.to_path_buf()),
            reason: "a text, a whole number or a list of texts is expected".to_owned(),
        })?;
        values.insert(key, value);
    }
    Ok(values)
}

fn read_text(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
        path: path.to_path_buf(),
        source,
    })
}

/// A value of the file as the text that the environment would hold.
fn plain(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Array(items) => {
            let items: Option<Vec<_>> = items.iter().map(toml::Value::as_str).collect();
            Some(items?.join(","))
        }
        _ => None,
    }
}

fn suggest(key: &str) -> String {
    let likeness = |known: &&Key| (strsim::jaro_winkler(known.name, key), known.name);
    let best = Settings::KEYS.iter().map(|known| likeness(&known));
    best.filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map_or_else(String::new, |(_, name)| format!("; did you mean {name}?"))
}

fn from_environment(
    key: &Key,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<(String, Origin)>, ConfigError> {
    let own = format!("PHOCHO_{}", key.name.to_ascii_uppercase());
    let mut names = vec![own];
    if key.name == "database_url" {
        names.push("DATABASE_URL".to_owned());
    }
    for name in names {
        if let Some(value) = environment(&name) {
            return Ok(Some((value, Origin::Environment(name))));
        }
        let in_file = format!("{name}_FILE");
        if let Some(path) = environment(&in_file).filter(|_| key.secret) {
            let value = read_text(Path::new(&path))?;
            let value = value.trim_end_matches(['\r', '\n']).to_owned();
            return Ok(Some((value, Origin::Environment(in_file))));
        }
    }
    Ok(None)
}

struct Found(BTreeMap<&'static str, (String, Origin)>);

impl Found {
    fn parse<T: Setting>(&self, key: &'static str) -> Result<T, ConfigError> {
        let (text, origin) = &self.0[key];
        T::parse(text.trim()).map_err(|reason| ConfigError::Invalid {
            key,
            origin: origin.clone(),
            reason,
        })
    }

    fn shown(self) -> Vec<Shown> {
        let keys = Settings::KEYS.iter();
        keys.map(|key| {
            let (value, origin) = &self.0[key.name];
            let hidden = key.secret && !value.is_empty();
            Shown {
                name: key.name,
                value: if hidden {
                    "***".to_owned()
                } else {
                    value.clone()
                },
                origin: origin.clone(),
            }
        })
        .collect()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => formatter.write_str("flag"),
            Self::Environment(name) => formatter.write_str(name),
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Default => formatter.write_str("default"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Reads with a file of this content, these variables and these flags.
    fn read(
        file: &str,
        variables: &[(&str, &str)],
        flags: &[(&'static str, &str)],
    ) -> Result<Loaded, ConfigError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("settings.toml");
        fs::write(&path, file).expect("a file");
        let flags = flags
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        Loaded::read(&Sources {
            overrides: &flags.collect(),
            environment: &|name| {
                let variable = variables.iter().find(|(known, _)| *known == name);
                variable.map(|(_, value)| (*value).to_owned())
            },
            file: Some(&path),
        })
    }

    #[test]
    fn a_flag_beats_the_environment_beats_the_file_beats_the_default() {
        let file = "bind = \"127.0.0.1:3\"";
        let variable = [("PHOCHO_BIND", "127.0.0.1:2")];
        let flag = [("bind", "127.0.0.1:1")];
        for (loaded, port) in [
            (read(file, &variable, &flag), 1),
            (read(file, &variable, &[]), 2),
            (read(file, &[], &[]), 3),
            (read("", &[], &[]), 8080),
        ] {
            assert_eq!(loaded.unwrap().settings.bind.port(), port);
        }
    }

    #[test]
    fn a_fault_names_the_setting_and_where_it_stands_but_never_a_secret() {
        for (file, variables, words) in [
            (
                "bnid = \"127.0.0.1:1\"",
                &[][..],
                "no setting bnid; did you mean bind?",
            ),
            ("colour = \"red\"", &[], "there is no setting colour"),
            ("bind = true", &[], "bind ("),
            (
                "bind = \"nowhere\"",
                &[],
                "an address and a port are expected",
            ),
            ("bind = ", &[], "is not TOML"),
            ("drain_s = 0", &[], "drain_s ("),
            (
                "",
                &[("PHOCHO_DRAIN_S", "soon")],
                "drain_s (PHOCHO_DRAIN_S): a whole number",
            ),
            (
                "",
                &[("DATABASE_URL", "mysql://u:hunter2@h/d")],
                "database_url (DATABASE_URL)",
            ),
            (
                "",
                &[("DATABASE_URL_FILE", "/no/such/file")],
                "cannot read /no/such/file",
            ),
        ] {
            let fault = read(file, variables, &[]).expect_err(file).to_string();
            assert!(fault.contains(words), "{fault}");
            assert!(!fault.contains("hunter2"), "{fault}");
        }
    }

    #[test]
    fn a_secret_may_stand_in_a_file_and_is_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("database");
        fs::write(&path, "postgres://user:hunter2@db:5432/street\n").unwrap();
        let loaded = read(
            "",
            &[("PHOCHO_DATABASE_URL_FILE", path.to_str().unwrap())],
            &[],
        )
        .unwrap();
        assert!(loaded.settings.database_url.is_some());
        let everything = format!("{loaded:?}");
        assert!(!everything.contains("hunter2"), "{everything}");
        let shown = loaded
            .shown
            .iter()
            .find(|shown| shown.name == "database_url")
            .unwrap();
        assert_eq!(
            (shown.value.as_str(), shown.origin.to_string().as_str()),
            ("***", "PHOCHO_DATABASE_URL_FILE")
        );
    }

    #[test]
    fn a_list_is_a_list_in_the_file_and_commas_elsewhere() {
        let file = "trusted_proxies = [\"10.0.0.0/8\", \"::1\"]";
        let one = read(file, &[], &[]).unwrap().settings.trusted_proxies;
        let other = read("", &[("PHOCHO_TRUSTED_PROXIES", "10.0.0.0/8, ::1")], &[]).unwrap();
        assert_eq!(one.0.len(), 2);
        assert_eq!(one, other.settings.trusted_proxies);
    }

    #[test]
    fn the_example_file_is_the_defaults() {
        let committed = include_str!("../config.example.toml");
        assert!(
            committed == example(),
            "config.example.toml is out of date; refresh it: \
             cargo run -- config example > config.example.toml"
        );
        let uncommented: String = committed
            .lines()
            .filter_map(|line| line.strip_prefix("# "))
            .filter(|line| line.contains(" = "))
            .fold(String::new(), |text, line| text + line + "\n");
        let named = read(&uncommented, &[], &[]).unwrap();
        let silent = read("", &[], &[]).unwrap();
        assert_eq!(
            format!("{:?}", named.settings),
            format!("{:?}", silent.settings)
        );
    }
}
