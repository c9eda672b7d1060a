//! A reader of JSON that refuses every text which two readers could understand differently.
//!
//! `serde_json` keeps the last of two equal keys and forgets how a number was written. A
//! signature over such a text would prove one meaning and another would be booked; so equal
//! keys are refused at any depth, and numbers keep their source text.

use std::collections::BTreeMap;

/// How deep arrays and objects may be nested.
const MAX_DEPTH: usize = 64;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it was written.
    Number(String),
    /// A text, unescaped.
    Text(String),
    /// An array.
    Array(Vec<Json>),
    /// An object; its keys are all different.
    Object(Object),
}

/// The members of an object in the order in which they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object {
    members: Vec<(String, Json)>,
    index: BTreeMap<String, usize>,
}

impl Object {
    /// The value under a key.
    pub fn get(&self, key: &str) -> Option<&Json> {
        self.index.get(key).map(|&at| &self.members[at].1)
    }

    /// All members in the order in which they were written.
    pub fn members(&self) -> &[(String, Json)] {
        &self.members
    }

    /// Members that are all texts; `None` when a key is there twice.
    pub(super) fn of_texts(texts: impl IntoIterator<Item = (String, String)>) -> Option<Self> {
        let mut object = Self::default();
        let mut texts = texts.into_iter();
        let alone = texts.all(|(key, text)| object.insert(key, Json::Text(text)));
        alone.then_some(object)
    }

    /// Adds a member; `false` when the key is there already.
    fn insert(&mut self, key: String, value: Json) -> bool {
        let at = self.members.len();
        if self.index.insert(key.clone(), at).is_some() {
            return false;
        }
        self.members.push((key, value));
        true
    }
}

impl Json {
    /// The members, if this is an object.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The text, if this is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Why bytes were not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Readers differ on it: equal keys, half a surrogate pair, bytes that are not UTF-8, a
    /// byte order mark, nesting without end.
    #[error("the JSON text can be read in more than one way")]
    Ambiguous(Ambiguity),
    /// Not JSON for any reader.
    #[error("the text is not JSON")]
    Syntax,
}

/// What readers differ on, with the first byte of it, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ambiguity {
    /// A byte that is not UTF-8.
    NotUtf8(usize),
    /// A byte order mark before the text.
    ByteOrderMark,
    /// A key that its object has already.
    RepeatedKey(usize),
    /// An escape that is half a surrogate pair.
    HalfPair(usize),
    /// Arrays or objects nested without end.
    TooDeep(usize),
}

/// Reads one JSON value (RFC 8259) that fills `bytes` but for white space.
pub fn read(bytes: &[u8]) -> Result<Json, JsonError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|fault| JsonError::Ambiguous(Ambiguity::NotUtf8(fault.valid_up_to())))?;
    if text.starts_with('\u{feff}') {
        return Err(JsonError::Ambiguous(Ambiguity::ByteOrderMark));
    }
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.skip_white_space();
    if reader.at < text.len() {
        return Err(JsonError::Syntax);
    }
    Ok(value)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_white_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Takes `wanted` if it comes next.
    fn take(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, wanted: u8) -> Result<(), JsonError> {
        self.take(wanted).then_some(()).ok_or(JsonError::Syntax)
    }

    fn value(&mut self, depth: usize) -> Result<Json, JsonError> {
        self.skip_white_space();
        match self.peek() {
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Json, JsonError> {
        let rest = &self.text[self.at..];
        for (word, value) in [
            ("null", Json::Null),
            ("true", Json::Bool(true)),
            ("false", Json::Bool(false)),
        ] {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(JsonError::Syntax)
    }

    fn object(&mut self, depth: usize) -> Result<Json, JsonError> {
        self.open(depth)?;
        let mut object = Object::default();
        self.skip_white_space();
        if self.take(b'}') {
            return Ok(Json::Object(object));
        }
        loop {
            self.skip_white_space();
            let key_at = self.at;
            let key = self.string()?;
            self.skip_white_space();
            self.expect(b':')?;
            let value = self.value(depth)?;
            if !object.insert(key, value) {
                return Err(JsonError::Ambiguous(Ambiguity::RepeatedKey(key_at)));
            }
            self.skip_white_space();
            if self.take(b'}') {
                return Ok(Json::Object(object));
            }
            self.expect(b',')?;
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json, JsonError> {
        self.open(depth)?;
        let mut elements = Vec::new();
        self.skip_white_space();
        if self.take(b']') {
            return Ok(Json::Array(elements));
        }
        loop {
            elements.push(self.value(depth)?);
            self.skip_white_space();
            if self.take(b']') {
                return Ok(Json::Array(elements));
            }
            self.expect(b',')?;
        }
    }

    /// Steps over the opening bracket unless that would be too deep.
    fn open(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth > MAX_DEPTH {
            return Err(JsonError::Ambiguous(Ambiguity::TooDeep(self.at)));
        }
        self.at += 1;
        Ok(())
    }

    fn number(&mut self) -> Result<Json, JsonError> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _signed = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(Json::Number(self.text[start..self.at].to_owned()))
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(()).ok_or(JsonError::Syntax)
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.expect(b'"')?;
        let mut out = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek(), None | Some(b'"' | b'\\' | 0..=0x1f)) {
                self.at += 1;
            }
            out.push_str(&self.text[start..self.at]);
            if self.take(b'"') {
                return Ok(out);
            }
            self.expect(b'\\')?;
            out.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let letter = self.peek().ok_or(JsonError::Syntax)?;
        self.at += 1;
        Ok(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            _ => return Err(JsonError::Syntax),
        })
    }

    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        // The `\u` is behind us.
        let half = JsonError::Ambiguous(Ambiguity::HalfPair(self.at - 2));
        let first = self.four_digits()?;
        if !(0xd800..0xdc00).contains(&first) {
            // The second half of a pair on its own is no character.
            return char::from_u32(first).ok_or(half);
        }
        if !self.text[self.at..].starts_with("\\u") {
            return Err(half);
        }
        self.at += 2;
        let second = self.four_digits()?;
        if !(0xdc00..0xe000).contains(&second) {
            return Err(half);
        }
        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        char::from_u32(code).ok_or(half)
    }

    fn four_digits(&mut self) -> Result<u32, JsonError> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4);
        let digits = digits.ok_or(JsonError::Syntax)?;
        self.at += 4;
        digits.iter().try_fold(0, |code, &byte| {
            let digit = char::from(byte).to_digit(16).ok_or(JsonError::Syntax)?;
            Ok(code * 16 + digit)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_document_keeps_its_order_and_how_numbers_were_written() {
        let value = read(br#" {"b":[1.50,-0,1E+2,true,null],"a":"\u00e0\ud83d\ude00\/\n"} "#);
        let value = value.unwrap();
        let object = value.as_object().unwrap();
        assert_eq!(object.members()[0].0, "b");
        let numbers = ["1.50", "-0", "1E+2"].map(|text| Json::Number(text.into()));
        let mut wanted = numbers.to_vec();
        wanted.extend([Json::Bool(true), Json::Null]);
        assert_eq!(object.get("b"), Some(&Json::Array(wanted)));
        assert_eq!(object.get("a"), Some(&Json::Text("à😀/\n".into())));
    }

    #[test]
    fn what_readers_disagree_on_is_refused() {
        let deep = |levels: usize| [b"[".repeat(levels), b"]".repeat(levels)].concat();
        assert!(read(&deep(64)).is_ok());
        for (name, bytes) in [
            ("equal keys", br#"{"amount":1,"amount":2}"#.to_vec()),
            (
                "equal after unescaping",
                br#"{"amount":1,"\u0061mount":2}"#.to_vec(),
            ),
            ("equal keys inside", br#"{"a":[{"b":1,"b":1}]}"#.to_vec()),
            (
                "__proto__ twice",
                br#"{"__proto__":1,"__proto__":2}"#.to_vec(),
            ),
            ("first half of a pair", br#""\ud83d""#.to_vec()),
            ("second half of a pair", br#""\ude00""#.to_vec()),
            ("two first halves", br#""\ud83d\ud83d""#.to_vec()),
            ("not UTF-8", b"\"\xff\"".to_vec()),
            ("an encoded surrogate", b"\"\xed\xa0\xbd\"".to_vec()),
            ("overlong", b"\"\xc0\xaf\"".to_vec()),
            ("byte order mark", b"\xef\xbb\xbf{}".to_vec()),
            ("UTF-16", b"\xff\xfe{\0}\0".to_vec()),
            ("65 levels", deep(65)),
            ("100 000 levels", deep(100_000)),
        ] {
            let ambiguous = matches!(read(&bytes), Err(JsonError::Ambiguous(_)));
            assert!(ambiguous, "{name}");
        }
    }

    #[test]
    fn what_readers_disagree_on_is_named_with_its_place() {
        for (bytes, wanted) in [
            (&b"{\"a\":\"\xff\"}"[..], Ambiguity::NotUtf8(6)),
            (b"\xef\xbb\xbf{}", Ambiguity::ByteOrderMark),
            (b"{\"a\":1, \"a\":2}", Ambiguity::RepeatedKey(8)),
            (b"[\"\\ud83d\"]", Ambiguity::HalfPair(2)),
            (b"[\"\\ude00\"]", Ambiguity::HalfPair(2)),
            (&[b'['; 65], Ambiguity::TooDeep(64)),
        ] {
            assert_eq!(read(bytes), Err(JsonError::Ambiguous(wanted)));
        }
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            " ",
            "{",
            "}",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "{'a':1}",
            "01",
            "+1",
            ".5",
            "1.",
            "1e",
            "-",
            "NaN",
            "Infinity",
            "0x10",
            "nul",
            "\"\t\"",
            "\"\\x41\"",
            "\"\\u12\"",
            "\"\\u+123\"",
            "\"a",
            "{} {}",
            "// c\n{}",
            "1 2",
            "{\"a\" 1}",
            "\"\\u12é4\"",
        ] {
            assert_eq!(read(text.as_bytes()), Err(JsonError::Syntax), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }

        #[test]
        fn json_like_texts_agree_with_serde_json(text in r#"[\[\]{}",:a0-1.eE\\u\- ntrufalse]{0,24}"#) {
            if let Ok(value) = read(text.as_bytes()) {
                let other: Result<serde_json::Value, _> = serde_json::from_str(&text);
                // serde_json refuses numbers beyond a double, which readers in JavaScript take.
                let refused_number = |error: &serde_json::Error| error.to_string().contains("out of range");
                match other {
                    Ok(other) => prop_assert_eq!(value == Json::Null, other.is_null()),
                    Err(error) => prop_assert!(refused_number(&error), "{} {}", text, error),
                }
            } else if let Ok(other) = serde_json::from_str::<serde_json::Value>(&text) {
                // Only equal keys may be the reason.
                prop_assert!(other.to_string().contains(':'), "{}", text);
            }
        }
    }
}
