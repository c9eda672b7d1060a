//! The types that a setting can have, and how each reads its text.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;

use crate::domain::account::PersonalAccounts;
use crate::domain::network::{AddressRange, PrivateAddresses};
use crate::store::DatabaseUrl;

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For eyes on a terminal, else for machines.
    Auto,
    /// For eyes.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// Several values of one setting: a list in the file, separated by commas elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T>(pub Vec<T>);

/// The name of an HTTP header, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderName(pub String);

/// A type that a setting can have.
pub(super) trait Setting: Sized {
    /// Reads the text; a refusal says what is expected and never what was given.
    fn parse(text: &str) -> Result<Self, String>;
}

macro_rules! plain_settings {
    ($($kind:ty: $wanted:literal;)*) => {$(
        impl Setting for $kind {
            fn parse(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| $wanted.to_owned())
            }
        }
    )*};
}

plain_settings! {
    SocketAddr: "an address and a port are expected, such as 127.0.0.1:8080";
    NonZeroU32: "a whole number above zero is expected";
    PathBuf: "a path is expected";
    String: "a text is expected";
    AddressRange: "an IP address is expected, with /prefix for a range";
    LogFormat: "auto, pretty or json is expected";
}

impl Setting for DatabaseUrl {
    fn parse(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|error| error.to_string())
    }
}

impl Setting for PersonalAccounts {
    fn parse(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|error| error.to_string())
    }
}

impl Setting for PrivateAddresses {
    fn parse(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|error| error.to_string())
    }
}

impl Setting for HeaderName {
    fn parse(text: &str) -> Result<Self, String> {
        let plain = text
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || it == b'-');
        (plain && !text.is_empty())
            .then(|| Self(text.to_ascii_lowercase()))
            .ok_or_else(|| "the name of a header is expected, such as X-Client-Cert".to_owned())
    }
}

impl<T: Setting> Setting for Option<T> {
    fn parse(text: &str) -> Result<Self, String> {
        (!text.is_empty()).then(|| T::parse(text)).transpose()
    }
}

impl<T: Setting> Setting for List<T> {
    fn parse(text: &str) -> Result<Self, String> {
        let items = text
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty());
        items.map(T::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl FromStr for LogFormat {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "auto" => Ok(Self::Auto),
            "pretty" => Ok(Self::Pretty),
            "json" => Ok(Self::Json),
            _ => Err(()),
        }
    }
}
