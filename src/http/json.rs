//! JSON that can be read in one way only: well-formed, no key twice in an object at any
//! depth, bounded nesting.
//!
//! Readers disagree about which of two equal keys counts (CWE-436), so a body with one is
//! refused before anything is read from it.

use std::collections::HashSet;
use std::fmt;

use serde::de::{self, DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_path_to_error::Segment;

/// How deep arrays and objects may nest: far beyond any of our documents, far below any
/// reader's stack.
pub const DEPTH_MAX: usize = 32;

/// Why a document is refused, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {kind}")]
pub struct JsonFault {
    /// A JSON pointer (RFC 6901); empty for the whole document.
    pub pointer: String,
    /// What is wrong there.
    pub kind: JsonFaultKind,
}

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonFaultKind {
    /// Not JSON.
    #[error("not JSON at line {line}, column {column}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in bytes.
        column: usize,
    },
    /// A key stands twice in one object.
    #[error("the key stands twice")]
    DuplicateKey,
    /// Nested deeper than [`DEPTH_MAX`].
    #[error("nested too deeply")]
    TooDeep,
    /// A field that the reader does not know.
    #[error("unknown field, expected {expected}")]
    UnknownField {
        /// The known ones.
        expected: String,
    },
    /// A field that must be there.
    #[error("the field is missing")]
    MissingField,
    /// A value of the wrong type or outside its list; the words are the reader's.
    #[error("{0}")]
    Value(String),
}

/// Reads a document strictly into `T`, which refuses unknown fields itself.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonFault> {
    check(bytes)?;
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let pointer = pointer_to(error.path());
        fault_of_value(pointer, &error.into_inner().to_string())
    })
}

/// Makes sure that the bytes are one JSON document without repeated keys or deep nesting.
pub fn check(bytes: &[u8]) -> Result<(), JsonFault> {
    let mut walk = Walk::default();
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let outcome = Scan(&mut walk)
        .deserialize(&mut reader)
        .and_then(|()| reader.end());
    match (walk.fault, outcome) {
        (_, Ok(())) => Ok(()),
        (Some(kind), Err(error)) if error.classify() == Category::Data => Err(JsonFault {
            pointer: walk.pointer,
            kind,
        }),
        (_, Err(error)) => Err(JsonFault {
            pointer: walk.pointer,
            kind: JsonFaultKind::Syntax {
                line: error.line(),
                column: error.column(),
            },
        }),
    }
}

/// Where the scan stands; after a fault it stays where the fault is.
#[derive(Default)]
struct Walk {
    pointer: String,
    depth: usize,
    fault: Option<JsonFaultKind>,
}

impl Walk {
    fn enter<E: de::Error>(&mut self) -> Result<(), E> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.fail(JsonFaultKind::TooDeep));
        }
        Ok(())
    }

    fn fail<E: de::Error>(&mut self, kind: JsonFaultKind) -> E {
        self.fault = Some(kind);
        E::custom("refused")
    }
}

struct Scan<'a>(&'a mut Walk);

impl<'de> DeserializeSeed<'de> for Scan<'_> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scan<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let walk = self.0;
        walk.enter()?;
        let parent = walk.pointer.len();
        for index in 0_usize.. {
            push_segment(&mut walk.pointer, &index.to_string());
            if items.next_element_seed(Scan(walk))?.is_none() {
                break;
            }
            walk.pointer.truncate(parent);
        }
        walk.pointer.truncate(parent);
        walk.depth -= 1;
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let walk = self.0;
        walk.enter()?;
        let parent = walk.pointer.len();
        let mut seen = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            push_segment(&mut walk.pointer, &key);
            if !seen.insert(key) {
                return Err(walk.fail(JsonFaultKind::DuplicateKey));
            }
            entries.next_value_seed(Scan(walk))?;
            walk.pointer.truncate(parent);
        }
        walk.depth -= 1;
        Ok(())
    }
}

/// Adds one reference token, escaped as RFC 6901 asks.
fn push_segment(pointer: &mut String, segment: &str) {
    pointer.push('/');
    for character in segment.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

fn pointer_to(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => push_segment(&mut pointer, &index.to_string()),
            Segment::Map { key } => push_segment(&mut pointer, key),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// Sorts serde's message into our kinds: its wording is the only thing that it tells.
pub(super) fn fault_of_value(mut pointer: String, message: &str) -> JsonFault {
    let message = message
        .rsplit_once(" at line ")
        .map_or(message, |(message, _)| message);
    let kind = if message.starts_with("unknown field `") {
        let expected = message
            .rsplit_once("expected ")
            .map_or("", |(_, known)| known);
        JsonFaultKind::UnknownField {
            expected: expected.replace('`', ""),
        }
    } else if let Some(field) = message
        .strip_prefix("missing field `")
        .and_then(|rest| rest.strip_suffix('`'))
    {
        push_segment(&mut pointer, field);
        JsonFaultKind::MissingField
    } else {
        JsonFaultKind::Value(message.to_owned())
    };
    JsonFault { pointer, kind }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        amount_vnd: i64,
        #[serde(default)]
        items: Vec<Item>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Item {
        name: String,
    }

    fn refusal(text: &str) -> (String, String) {
        let fault = read::<Order>(text.as_bytes()).expect_err(text);
        (fault.pointer, fault.kind.to_string())
    }

    #[test]
    fn a_refusal_names_the_place_and_the_reason() {
        for (text, pointer, reason) in [
            ("", "", "not JSON at line 1, column 0"),
            (
                "{\"amount_vnd\":}",
                "/amount_vnd",
                "not JSON at line 1, column 15",
            ),
            ("{\"amount_vnd\":1}x", "", "not JSON at line 1, column 17"),
            (
                "{\"amount_vnd\":1,\"amount_vnd\":2}",
                "/amount_vnd",
                "the key stands twice",
            ),
            (
                "{\"amount_vnd\":1,\"items\":[{\"name\":\"a\",\"x\":{\"a/b\":1,\"a/b\":1}}]}",
                "/items/0/x/a~1b",
                "the key stands twice",
            ),
            ("{\"\\u0061\":1,\"a\":2}", "/a", "the key stands twice"),
            (
                "{\"amount_vnd\":1,\"amount\":2}",
                "/amount",
                "unknown field, expected amount_vnd or items",
            ),
            (
                "{\"amount_vnd\":1,\"items\":[{\"name\":\"a\"},{\"nam\":\"b\"}]}",
                "/items/1/nam",
                "unknown field, expected name",
            ),
            (
                "{\"amount_vnd\":1,\"items\":[{}]}",
                "/items/0/name",
                "the field is missing",
            ),
            (
                "{\"amount_vnd\":1.0}",
                "/amount_vnd",
                "invalid type: floating point `1.0`, expected i64",
            ),
            (
                "{\"amount_vnd\":\"1\"}",
                "/amount_vnd",
                "invalid type: string \"1\", expected i64",
            ),
            ("[1, 2]x", "", "not JSON at line 1, column 7"),
        ] {
            assert_eq!(
                refusal(text),
                (pointer.to_owned(), reason.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn nesting_stops_at_the_limit_however_deep_the_body_is() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(check(nested(DEPTH_MAX).as_bytes()), Ok(()));
        let deep = check(nested(DEPTH_MAX + 1).as_bytes()).unwrap_err();
        assert_eq!(deep.kind, JsonFaultKind::TooDeep);
        let bottomless = check("[".repeat(1_000_000).as_bytes()).unwrap_err();
        assert_eq!(bottomless.kind, JsonFaultKind::TooDeep);
    }

    #[test]
    fn a_good_document_is_read() {
        let order = read::<Order>(br#"{"amount_vnd":50000,"items":[{"name":"ph\u1edf"}]}"#);
        let items = vec![Item {
            name: "phở".into()
        }];
        assert_eq!(
            order,
            Ok(Order {
                amount_vnd: 50_000,
                items
            })
        );
    }
}
