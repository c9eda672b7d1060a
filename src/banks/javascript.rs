//! Values as JavaScript prints them, for vendors who sign such text.

use std::cmp::Ordering;

use super::json::{Json, Object};

/// A number as ECMAScript's `Number::toString` prints it: the shortest digits that read back
/// as the same double. `source` is a JSON number.
pub(super) fn number(source: &str) -> String {
    // Text in, text out: no amount is ever taken from here.
    let double: f64 = source.parse().expect("a JSON number reads as a double");
    if double.is_infinite() {
        return if source.starts_with('-') {
            "-Infinity"
        } else {
            "Infinity"
        }
        .to_owned();
    }
    let scientific = format!("{double:e}");
    let (sign, magnitude) = match scientific.strip_prefix('-') {
        Some(magnitude) => ("-", magnitude),
        None => ("", scientific.as_str()),
    };
    let (mantissa, exponent) = magnitude.split_once('e').expect("`e` is always printed");
    let exponent: i32 = exponent.parse().expect("the exponent of a double is short");
    let digits = mantissa.replace('.', "");
    if digits == "0" {
        return digits; // Minus zero prints without its sign.
    }
    format!("{sign}{}", place_point(&digits, exponent + 1))
}

/// Sets the decimal point `point` places after the start of the digits, or writes an exponent
/// where ECMAScript does.
fn place_point(digits: &str, point: i32) -> String {
    let length = i32::try_from(digits.len()).expect("a double has at most 17 digits");
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    if (length..=21).contains(&point) {
        return format!("{digits}{}", zeros(point - length));
    }
    if (1..=21).contains(&point) {
        let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or(0));
        return format!("{whole}.{fraction}");
    }
    if (-5..=0).contains(&point) {
        return format!("0.{}{digits}", zeros(-point));
    }
    let exponent = point - 1;
    let (first, rest) = digits.split_at(1);
    let dot = if rest.is_empty() { "" } else { "." };
    format!("{first}{dot}{rest}e{exponent:+}")
}

/// Which keys of an object come out sorted.
#[derive(Clone, Copy)]
pub(super) enum Sorting {
    /// None: as they were written.
    None,
    /// The keys of this object, not of those inside it.
    Outermost,
    /// The keys of this object and of objects directly inside objects; what is inside an array
    /// stays as it was written.
    Objects,
}

impl Sorting {
    /// What holds for the elements of an array.
    fn of_elements(self) -> Self {
        match self {
            Self::Objects => Self::None,
            other => other,
        }
    }

    /// What holds for the values of an object.
    fn of_values(self) -> Self {
        match self {
            Self::Objects => Self::Objects,
            Self::None | Self::Outermost => Self::None,
        }
    }
}

/// A value as `JSON.stringify` prints it, without white space.
pub(super) fn stringify(value: &Json, sorting: Sorting) -> String {
    let mut out = String::new();
    write_value(&mut out, value, sorting);
    out
}

/// An object's members by key, in the order of JavaScript's `sort`: by UTF-16 units.
pub(super) fn sorted_members(object: &Object) -> Vec<&(String, Json)> {
    let mut members: Vec<_> = object.members().iter().collect();
    members.sort_by(|(left, _), (right, _)| by_utf16(left, right));
    members
}

/// The number of a key that is an array index: digits without a leading zero, below 2^32 - 1.
fn array_index(key: &str) -> Option<u32> {
    let canonical = key == "0" || !key.starts_with('0');
    let digits = key.bytes().all(|byte| byte.is_ascii_digit());
    let index = key.parse().ok().filter(|index| *index < u32::MAX);
    index.filter(|_| canonical && digits)
}

fn by_utf16(left: &str, right: &str) -> Ordering {
    left.encode_utf16().cmp(right.encode_utf16())
}

fn write_value(out: &mut String, value: &Json, sorting: Sorting) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Json::Number(source) => {
            let printed = number(source);
            let finite = !printed.ends_with("Infinity");
            out.push_str(if finite { &printed } else { "null" });
        }
        Json::Text(text) => write_text(out, text),
        Json::Array(elements) => {
            out.push('[');
            for (place, element) in elements.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write_value(out, element, sorting.of_elements());
            }
            out.push(']');
        }
        Json::Object(object) => write_object(out, object, sorting),
    }
}

fn write_object(out: &mut String, object: &Object, sorting: Sorting) {
    let mut members = match sorting {
        Sorting::None => object.members().iter().collect(),
        Sorting::Outermost | Sorting::Objects => sorted_members(object),
    };
    // JavaScript lists an object's keys that are array indices first, by their number.
    members.sort_by_key(|(key, _)| array_index(key).map_or((1, 0), |index| (0, index)));
    out.push('{');
    for (place, (key, value)) in members.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        write_text(out, key);
        out.push(':');
        write_value(out, value, sorting.of_values());
    }
    out.push('}');
}

fn write_text(out: &mut String, text: &str) {
    use std::fmt::Write;
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1f}' => {
                write!(out, "\\u{:04x}", u32::from(letter)).expect("a String takes any text");
            }
            _ => out.push(letter),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::banks::json::read;

    #[test]
    fn numbers_are_printed_as_ecmascript_prints_them() {
        for (source, wanted) in [
            ("0", "0"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("45000", "45000"),
            ("45000.0", "45000"),
            ("4.5e4", "45000"),
            ("-12000.50", "-12000.5"),
            ("0.1", "0.1"),
            ("0.30000000000000004", "0.30000000000000004"),
            ("0.000001", "0.000001"),
            ("0.0000001", "1e-7"),
            ("1.5e-9", "1.5e-9"),
            ("123456789012345680000", "123456789012345680000"),
            ("1e21", "1e+21"),
            ("123e20", "1.23e+22"),
            ("9007199254740993", "9007199254740992"),
            ("5e-324", "5e-324"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
            ("1e400", "Infinity"),
            ("-1e400", "-Infinity"),
        ] {
            assert_eq!(number(source), wanted, "{source}");
        }
    }

    #[test]
    fn texts_and_objects_are_printed_as_stringify_prints_them() {
        let value =
            read(br#"[ {"b":"\u0001\u001f\t\"\\\/ \u00e0","a":{"d":1.0,"c":null}}, 1e999 ]"#);
        let value = value.unwrap();
        assert_eq!(
            stringify(&value, Sorting::Outermost),
            r#"[{"a":{"d":1,"c":null},"b":"\u0001\u001f\t\"\\/ à"},null]"#
        );
        assert_eq!(
            stringify(&value, Sorting::None),
            r#"[{"b":"\u0001\u001f\t\"\\/ à","a":{"d":1,"c":null}},null]"#
        );
    }

    #[test]
    fn objects_are_sorted_inside_objects_and_never_inside_arrays() {
        let value = read(br#"{"b":[{"d":1,"c":{"f":1,"e":2}}],"a":{"d":{"f":[],"e":{}},"c":0}}"#);
        assert_eq!(
            stringify(&value.unwrap(), Sorting::Objects),
            r#"{"a":{"c":0,"d":{"e":{},"f":[]}},"b":[{"d":1,"c":{"f":1,"e":2}}]}"#
        );
        let value = read(br#"{"b":0,"10":1,"9":2,"01":3,"-1":4,"4294967295":5,"4294967294":6}"#);
        let value = value.unwrap();
        assert_eq!(
            stringify(&value, Sorting::Objects),
            r#"{"9":2,"10":1,"4294967294":6,"-1":4,"01":3,"4294967295":5,"b":0}"#
        );
        assert_eq!(
            stringify(&value, Sorting::None),
            r#"{"9":2,"10":1,"4294967294":6,"b":0,"01":3,"-1":4,"4294967295":5}"#
        );
    }

    #[test]
    fn keys_are_sorted_by_utf16_units() {
        // U+FF21 is one unit, above the surrogates that U+1F600 begins with.
        assert_eq!(by_utf16("\u{1f600}", "\u{ff21}"), Ordering::Less);
        assert_eq!(by_utf16("a", "B"), Ordering::Greater);
        assert_eq!(by_utf16("a", "ab"), Ordering::Less);
    }
}
