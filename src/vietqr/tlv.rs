//! Objects: two digits of tag, two digits of length in characters, and the value.

use super::fault::{Fault, Reason};

/// The most characters that two digits of length can announce.
pub const MAX_VALUE: usize = 99;

/// One object as it stands in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object<'a> {
    /// Two ASCII digits.
    pub tag: &'a str,
    /// As many characters as the length says, possibly none.
    pub value: &'a str,
    /// Where the object begins, in characters from 0.
    pub at: usize,
    /// Where the value begins, in bytes from 0.
    pub value_byte: usize,
}

/// The objects of a text in order; ends after the first fault.
///
/// An empty object is yielded, not refused: real codes print some, so the caller judges.
#[derive(Clone, Debug)]
pub struct Objects<'a> {
    text: &'a str,
    byte: usize,
    character: usize,
}

impl<'a> Objects<'a> {
    /// Starts at the beginning of `text`.
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            byte: 0,
            character: 0,
        }
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &'a str {
        &self.text[self.byte..]
    }

    /// How many characters have been read.
    pub fn position(&self) -> usize {
        self.character
    }

    fn read(&mut self) -> Result<Object<'a>, Fault> {
        let at = self.character;
        let truncated = Fault::at(Reason::TlvTruncated, at);
        let (tag, rest) = split(self.rest(), 2).ok_or(truncated)?;
        let (length, rest) = split(rest, 2).ok_or(truncated)?;
        two_digits(tag).ok_or(Fault::at(Reason::TagNotNumeric, at))?;
        let length = two_digits(length).ok_or(Fault::at(Reason::LengthNotNumeric, at + 2))?;
        let (value, rest) = split(rest, length).ok_or(truncated)?;
        self.byte = self.text.len() - rest.len();
        self.character += 4 + length;
        Ok(Object {
            tag,
            value,
            at,
            value_byte: self.byte - value.len(),
        })
    }
}

impl<'a> Iterator for Objects<'a> {
    type Item = Result<Object<'a>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest().is_empty() {
            return None;
        }
        let object = self.read();
        if object.is_err() {
            self.byte = self.text.len();
        }
        Some(object)
    }
}

/// The objects of a template that they fill exactly, none of them empty.
pub fn template(text: &str) -> Option<Vec<Object<'_>>> {
    Objects::new(text)
        .map(|object| object.ok().filter(|object| !object.value.is_empty()))
        .collect()
}

/// Whether a text is two ASCII digits, as a tag must be.
pub fn is_tag(text: &str) -> bool {
    two_digits(text).is_some()
}

/// Appends one object. The value has 1 to [`MAX_VALUE`] characters.
pub fn write(out: &mut String, tag: &str, value: &str) {
    let length = value.chars().count();
    assert!(
        is_tag(tag) && (1..=MAX_VALUE).contains(&length),
        "the fields were checked before they are written"
    );
    out.push_str(tag);
    for digit in [length / 10, length % 10] {
        out.push(char::from(b"0123456789"[digit]));
    }
    out.push_str(value);
}

/// Cuts after `count` characters; `None` when there are fewer.
fn split(text: &str, count: usize) -> Option<(&str, &str)> {
    if count == 0 {
        return Some(("", text));
    }
    let (start, last) = text.char_indices().nth(count - 1)?;
    Some(text.split_at(start + last.len_utf8()))
}

fn two_digits(text: &str) -> Option<usize> {
    match text.as_bytes() {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            Some(usize::from(tens - b'0') * 10 + usize::from(ones - b'0'))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Result<Vec<(&str, &str)>, Fault> {
        Objects::new(text)
            .map(|object| object.map(|object| (object.tag, object.value)))
            .collect()
    }

    #[test]
    fn a_length_counts_characters() {
        assert_eq!(pairs("0104最佳运输"), Ok(vec![("01", "最佳运输")]));
        assert_eq!(
            pairs("0003🍜ab0101x"),
            Ok(vec![("00", "🍜ab"), ("01", "x")])
        );
        let mut out = String::new();
        write(&mut out, "01", "Phở");
        assert_eq!(out, "0103Phở");
    }

    #[test]
    fn a_broken_object_is_named_with_its_place() {
        for (name, text, wanted) in [
            (
                "half a header",
                "0002010",
                Fault::at(Reason::TlvTruncated, 6),
            ),
            ("value cut", "000501", Fault::at(Reason::TlvTruncated, 0)),
            (
                "letters in the tag",
                "0X0201",
                Fault::at(Reason::TagNotNumeric, 0),
            ),
            (
                "full-width tag",
                "５３03704",
                Fault::at(Reason::TagNotNumeric, 0),
            ),
            (
                "Arabic digits",
                "٠٠0201",
                Fault::at(Reason::TagNotNumeric, 0),
            ),
            (
                "signed length",
                "00+201",
                Fault::at(Reason::LengthNotNumeric, 2),
            ),
            (
                "spaced length",
                "00 201",
                Fault::at(Reason::LengthNotNumeric, 2),
            ),
        ] {
            assert_eq!(pairs(text), Err(wanted), "{name}");
        }
    }

    #[test]
    fn a_template_is_filled_exactly_with_objects_that_hold_something() {
        assert!(template("0001a0102bc").is_some());
        assert!(template("0001a0103bc").is_none());
        assert!(template("0001a010").is_none());
        assert!(template("0001a0100").is_none());
    }
}
