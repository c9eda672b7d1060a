//! What arrives, and the secrets it is judged with.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::json::{self, Json};
use super::verdict::Refusal;

/// One call by a vendor, before anything in it is believed.
#[derive(Clone)]
pub struct Delivery {
    /// `POST` or `GET`.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The raw query, without `?`; empty when there is none.
    pub query: String,
    headers: Vec<(String, Vec<u8>)>,
    /// The bytes that were sent: what a signature covers.
    pub body: Vec<u8>,
}

impl Delivery {
    /// Takes a call as received; header names are lower-cased, order and repeats are kept.
    pub fn new(
        method: impl Into<String>,
        target: &str,
        headers: impl IntoIterator<Item = (String, Vec<u8>)>,
        body: Vec<u8>,
    ) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method: method.into(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: headers
                .into_iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value))
                .collect(),
            body,
        }
    }

    /// What the vendor tells, as sent: the body, or the query of a call that has none.
    pub fn told(&self) -> &[u8] {
        if self.tells_by_query() {
            self.query.as_bytes()
        } else {
            &self.body
        }
    }

    /// The query where it is not [`told`](Self::told) itself, else nothing.
    pub fn query_beside(&self) -> &str {
        if self.tells_by_query() {
            ""
        } else {
            &self.query
        }
    }

    fn tells_by_query(&self) -> bool {
        self.method == "GET"
    }

    /// All headers in the order of arrival, names in lower case.
    pub fn headers(&self) -> &[(String, Vec<u8>)] {
        &self.headers
    }

    /// The only value of a header, or `None`; `name` in lower case.
    ///
    /// # Errors
    /// A header that is there twice is refused, because two readers could disagree on which
    /// one counts; so is a value with anything but printable ASCII.
    pub fn header(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.headers.iter().filter(|(key, _)| key == name);
        let Some((_, value)) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Refusal::RepeatedHeader);
        }
        std::str::from_utf8(value)
            .ok()
            .filter(|text| text.bytes().all(|byte| (b' '..=b'~').contains(&byte)))
            .map(Some)
            .ok_or(Refusal::MalformedHeader)
    }

    /// Whether the body is declared as what the format is written in, or not declared at all:
    /// many senders leave it out, and the signature proves the bytes.
    pub fn is_declared_as(&self, media: Media) -> bool {
        match self.header("content-type") {
            Ok(Some(declared)) => self.tells_by_query() || media.is_named_by(declared),
            Ok(None) => true,
            Err(_) => false,
        }
    }

    /// The only value of a header that has to be there and not be empty.
    pub fn required_header(&self, name: &str) -> Result<&str, Refusal> {
        match self.header(name)? {
            None | Some("") => Err(Refusal::MissingHeader),
            Some(value) => Ok(value),
        }
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Delivery")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// What the bodies of a format are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// JSON (RFC 8259).
    Json,
}

impl Media {
    /// Whether a `Content-Type` names it: `application/json`, `text/json` or a type whose suffix
    /// says so (RFC 6839), with any parameters.
    fn is_named_by(self, declared: &str) -> bool {
        let essence = declared.split(';').next().unwrap_or_default().trim();
        let (_, subtype) = essence.split_once('/').unwrap_or_default();
        let (_, syntax) = subtype.rsplit_once('+').unwrap_or(("", subtype));
        match self {
            Self::Json => syntax.eq_ignore_ascii_case("json"),
        }
    }
}

/// A secret shared with a vendor.
#[derive(Clone)]
pub enum Secret {
    /// A key or a token.
    Text(SecretString),
    /// The name and password that a vendor logs in with.
    Login {
        /// The user name.
        username: String,
        /// The password.
        password: SecretString,
    },
}

/// What a source's notices are judged with. `Debug` shows none of it.
#[derive(Clone)]
pub struct Credentials {
    /// The secret in use.
    pub current: Secret,
    /// The secret before it, still good while a rotation lasts.
    pub previous: Option<Secret>,
    /// The sender's public key, where the format has one.
    pub ed25519_public_key: Option<String>,
    /// What else belongs to the source, such as a terminal's code; numbers as written.
    pub config: BTreeMap<String, String>,
    /// How far a signed time may be from ours, either way, in seconds.
    pub tolerance_s: u32,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credentials(…)")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

impl Credentials {
    /// How far a signed time may be from ours when a source sets nothing else.
    pub const DEFAULT_TOLERANCE_S: u32 = 300;

    /// Credentials with one secret and nothing else.
    pub fn new(current: Secret) -> Self {
        Self {
            current,
            previous: None,
            ed25519_public_key: None,
            config: BTreeMap::new(),
            tolerance_s: Self::DEFAULT_TOLERANCE_S,
        }
    }
}

impl Secret {
    /// A key or token.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(SecretString::from(text.into()))
    }

    /// A name and its password.
    pub fn login(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self::Login {
            username: username.into(),
            password: SecretString::from(password.into()),
        }
    }

    /// The one text that is sealed: the key itself, or a login as a JSON object.
    pub fn to_stored(&self) -> SecretString {
        match self {
            Self::Text(text) => text.clone(),
            Self::Login { username, password } => {
                let login = json!({"username": username, "password": password.expose_secret()});
                SecretString::from(login.to_string())
            }
        }
    }

    /// Reads what [`to_stored`](Self::to_stored) wrote. A key that looks like a stored login
    /// is one: no vendor makes such keys, and no format takes both.
    pub fn from_stored(stored: &str) -> Self {
        read_login(stored).unwrap_or_else(|| Self::text(stored))
    }
}

fn read_login(stored: &str) -> Option<Secret> {
    let login = json::read(stored.as_bytes()).ok()?;
    let login = login.as_object().filter(|it| it.members().len() == 2)?;
    let part = |name| login.get(name).and_then(Json::as_text);
    Some(Secret::login(part("username")?, part("password")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_the_same_after_it_was_stored() {
        let login = Secret::login("vendor", "p:ss \"wörd\" {}");
        match Secret::from_stored(login.to_stored().expose_secret()) {
            Secret::Login { username, password } => {
                assert_eq!(username, "vendor");
                assert_eq!(password.expose_secret(), "p:ss \"wörd\" {}");
            }
            Secret::Text(_) => panic!("no login"),
        }
        for text in [
            "sixteen--letters",
            "{",
            "{}",
            r#"{"username":"a"}"#,
            r#"{"username":"a","password":1}"#,
            r#"{"username":"a","password":"b","more":"c"}"#,
        ] {
            match Secret::from_stored(Secret::text(text).to_stored().expose_secret()) {
                Secret::Text(stored) => assert_eq!(stored.expose_secret(), text),
                Secret::Login { .. } => panic!("{text}"),
            }
        }
    }

    #[test]
    fn a_body_is_declared_as_json_or_not_at_all() {
        let sent = |headers: &[&str], method: &str| {
            let headers = headers.iter();
            let headers = headers.map(|it| ("Content-Type".into(), it.as_bytes().to_vec()));
            Delivery::new(method, "/a", headers, Vec::new()).is_declared_as(Media::Json)
        };
        for (declared, wanted) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("text/json", true),
            ("application/cloudevents+json", true),
            ("text/plain;charset=UTF-8", false),
            ("application/x-www-form-urlencoded", false),
            ("multipart/form-data; boundary=json", false),
            ("application/jsonx", false),
            ("json", false),
            ("", false),
        ] {
            assert_eq!(sent(&[declared], "POST"), wanted, "{declared}");
        }
        assert!(sent(&[], "POST"));
        assert!(!sent(&["application/json", "application/json"], "POST"));
        assert!(sent(&["text/html"], "GET"));
    }

    #[test]
    fn a_call_without_a_body_tells_by_its_query() {
        let call = |method: &str| Delivery::new(method, "/a?b=1", [], b"body".to_vec());
        assert_eq!(call("POST").told(), b"body");
        assert_eq!(call("POST").query_beside(), "b=1");
        assert_eq!(call("GET").told(), b"b=1");
        assert_eq!(call("GET").query_beside(), "");
    }
}
