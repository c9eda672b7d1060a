//! The fields of a notice: strict readers of the forms that vendors use.

use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};

use super::javascript;
use super::json::{Json, Object};
use super::verdict::Unusable;
use crate::domain::credit::Direction;
use crate::domain::day::{to_microseconds, vietnam_offset};
use crate::domain::money::Vnd;

/// The longest number, account or reference that is taken, in characters.
const LONGEST_NAME: usize = 64;

/// How a vendor may write an amount.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AmountForm {
    /// A JSON number of digits only.
    Integer,
    /// A number or a text; decimals only if they are zeros.
    NumberOrText,
}

/// An object whose fields are read by name. `null` is the same as absent.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    object: &'a Object,
    blanks: &'static [&'static str],
}

impl<'a> Fields<'a> {
    pub(super) fn of(object: &'a Object) -> Self {
        Self {
            object,
            blanks: &[],
        }
    }

    /// Texts that this vendor signs like an empty one, and that therefore mean nothing.
    pub(super) fn with_blanks(self, blanks: &'static [&'static str]) -> Self {
        Self { blanks, ..self }
    }

    fn present(self, name: &str) -> Option<&'a Json> {
        self.object.get(name).filter(|value| **value != Json::Null)
    }

    /// Whether there is nothing of that name.
    pub(super) fn is_absent(self, name: &str) -> bool {
        self.present(name).is_none()
    }

    /// An object that may be absent.
    pub(super) fn object(self, name: &'static str) -> Result<Option<Self>, Unusable> {
        let Some(value) = self.present(name) else {
            return Ok(None);
        };
        let object = value.as_object().ok_or(Unusable::BadField(name))?;
        Ok(Some(Self { object, ..self }))
    }

    /// The same, where it has to be there.
    pub(super) fn required_object(self, name: &'static str) -> Result<Self, Unusable> {
        self.object(name)?.ok_or(Unusable::MissingField(name))
    }

    /// The objects of an array that has to be there.
    pub(super) fn objects(self, name: &'static str) -> Result<Vec<Self>, Unusable> {
        let fields = |object| Self { object, ..self };
        let Some(Json::Array(elements)) = self.present(name) else {
            return Err(match self.present(name) {
                None => Unusable::MissingField(name),
                Some(_) => Unusable::BadField(name),
            });
        };
        let objects = elements.iter().map(|one| one.as_object().map(fields));
        let objects: Option<_> = objects.collect();
        objects.ok_or(Unusable::BadField(name))
    }

    /// A text that may be empty and has to be there. NUL is no character that both databases
    /// can keep.
    pub(super) fn free_text(self, name: &'static str) -> Result<&'a str, Unusable> {
        let value = self.present(name).ok_or(Unusable::MissingField(name))?;
        let text = value.as_text().filter(|text| !text.contains('\0'));
        let text = text.ok_or(Unusable::BadField(name))?;
        Ok(if self.blanks.contains(&text) {
            ""
        } else {
            text
        })
    }

    /// A text that may be absent; empty counts as absent.
    pub(super) fn text(self, name: &'static str) -> Result<Option<&'a str>, Unusable> {
        if self.present(name).is_none() {
            return Ok(None);
        }
        Ok(Some(self.free_text(name)?).filter(|text| !text.is_empty()))
    }

    /// A text that has to be there and not be empty.
    pub(super) fn required_text(self, name: &'static str) -> Result<&'a str, Unusable> {
        self.text(name)?.ok_or(Unusable::MissingField(name))
    }

    /// A number or reference: 1 to 64 characters, none of them a control character.
    pub(super) fn name(self, name: &'static str) -> Result<Option<String>, Unusable> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let fits = text.chars().count() <= LONGEST_NAME && !text.contains(char::is_control);
        fits.then(|| Some(text.to_owned()))
            .ok_or(Unusable::BadField(name))
    }

    /// The same, where it has to be there.
    pub(super) fn required_name(self, name: &'static str) -> Result<String, Unusable> {
        self.name(name)?.ok_or(Unusable::MissingField(name))
    }

    /// A vendor's own number: a JSON number of digits only, or a text.
    pub(super) fn id(self, name: &'static str) -> Result<Option<String>, Unusable> {
        match self.present(name) {
            Some(Json::Number(source)) if is_digits(source) && source.len() <= LONGEST_NAME => {
                Ok(Some(source.clone()))
            }
            Some(Json::Number(_)) => Err(Unusable::BadField(name)),
            _ => self.name(name),
        }
    }

    /// The same, where it has to be there.
    pub(super) fn required_id(self, name: &'static str) -> Result<String, Unusable> {
        self.id(name)?.ok_or(Unusable::MissingField(name))
    }

    /// A number or a text as JavaScript prints it, for a field that only people read.
    pub(super) fn printed(self, name: &'static str) -> Result<Option<String>, Unusable> {
        match self.present(name) {
            Some(Json::Number(source)) => Ok(Some(javascript::number(source))),
            _ => self.name(name),
        }
    }

    /// Whole đồng above zero.
    pub(super) fn amount(self, name: &'static str, form: AmountForm) -> Result<Vnd, Unusable> {
        let value = self.present(name).ok_or(Unusable::MissingField(name))?;
        match (value, form) {
            (Json::Number(source), AmountForm::Integer) if !source.contains('.') => {
                whole_dong(source)
            }
            (Json::Number(text) | Json::Text(text), AmountForm::NumberOrText) => whole_dong(text),
            _ => Err(Unusable::BadAmount),
        }
    }

    /// Whole đồng as a JSON number whose minus sign means money out.
    pub(super) fn signed_amount(self, name: &'static str) -> Result<(Direction, Vnd), Unusable> {
        match self.present(name) {
            None => Err(Unusable::MissingField(name)),
            Some(Json::Number(source)) if !source.contains('.') => match source.strip_prefix('-') {
                Some(magnitude) => Ok((Direction::Debit, whole_dong(magnitude)?)),
                None => Ok((Direction::Credit, whole_dong(source)?)),
            },
            Some(_) => Err(Unusable::BadAmount),
        }
    }

    /// A local time as `2026-03-16 09:29:41`, Vietnam time.
    pub(super) fn local_time(self, name: &'static str) -> Result<DateTime<Utc>, Unusable> {
        read_local_time(self.required_text(name)?).ok_or(Unusable::BadField(name))
    }

    /// A time as RFC 3339 with its offset, or without one in Vietnam time; a space may stand
    /// for the `T`.
    pub(super) fn offset_or_local(self, name: &'static str) -> Result<DateTime<Utc>, Unusable> {
        let text = self.required_text(name)?;
        let local = read_local_time(&text.replacen('T', " ", 1));
        local.map_or_else(|| self.rfc3339(name), Ok)
    }

    /// A local time as `20260316092941`, Vietnam time.
    pub(super) fn compact_local_time(self, name: &'static str) -> Result<DateTime<Utc>, Unusable> {
        let text = self.required_text(name)?;
        local_time_in(text, b"dddddddddddddd", "%Y%m%d%H%M%S").ok_or(Unusable::BadField(name))
    }

    /// A Unix time in milliseconds, as a JSON number.
    pub(super) fn unix_milliseconds(self, name: &'static str) -> Result<DateTime<Utc>, Unusable> {
        match self.present(name) {
            None => Err(Unusable::MissingField(name)),
            Some(Json::Number(source)) => read_milliseconds(source).ok_or(Unusable::BadField(name)),
            Some(_) => Err(Unusable::BadField(name)),
        }
    }

    /// Either of the two: milliseconds as a number, or a local time with or without seconds.
    pub(super) fn milliseconds_or_local(
        self,
        name: &'static str,
    ) -> Result<DateTime<Utc>, Unusable> {
        match self.present(name) {
            Some(Json::Text(text)) if text.len() == "2026-03-16 09:29".len() => {
                read_local_time(&format!("{text}:00")).ok_or(Unusable::BadField(name))
            }
            Some(Json::Text(_)) => self.local_time(name),
            _ => self.unix_milliseconds(name),
        }
    }

    /// A time as RFC 3339 with its offset.
    pub(super) fn rfc3339(self, name: &'static str) -> Result<DateTime<Utc>, Unusable> {
        let text = self.required_text(name)?;
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| Unusable::BadField(name))?;
        Ok(to_microseconds(time.with_timezone(&Utc)))
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Reads digits, and one or two decimals if they are zeros: no sign, no exponent, no leading
/// zero, and nothing like `45.000`, which is 45 to one reader and 45 thousand to another.
fn whole_dong(text: &str) -> Result<Vnd, Unusable> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    if !matches!(decimals, "0" | "00") || whole.starts_with('0') {
        return Err(Unusable::BadAmount);
    }
    Vnd::parse(whole).map_err(|_| Unusable::BadAmount)
}

fn read_local_time(text: &str) -> Option<DateTime<Utc>> {
    local_time_in(text, b"dddd-dd-dd dd:dd:dd", "%Y-%m-%d %H:%M:%S")
}

/// Reads Vietnam time in exactly the form given twice: as places, `d` for a digit, and as
/// chrono's pattern, which alone would take more than the form.
fn local_time_in(text: &str, form: &[u8], pattern: &str) -> Option<DateTime<Utc>> {
    let fits = text.len() == form.len()
        && text.bytes().zip(form).all(|(byte, form)| match form {
            b'd' => byte.is_ascii_digit(),
            other => byte == *other,
        });
    if !fits {
        return None;
    }
    let local = NaiveDateTime::parse_from_str(text, pattern).ok()?;
    let zoned = vietnam_offset().from_local_datetime(&local).single()?;
    Some(zoned.with_timezone(&Utc))
}

/// Thirteen digits: the milliseconds of the years 2001 to 2286, and never seconds.
fn read_milliseconds(source: &str) -> Option<DateTime<Utc>> {
    if source.len() != 13 || !is_digits(source) || source.starts_with('0') {
        return None;
    }
    DateTime::from_timestamp_millis(source.parse().ok()?)
}

/// Joins the parts of a transaction's identity so that different parts never give equal keys.
pub(super) fn dedupe_key(provider: &str, parts: &[&str]) -> String {
    parts.iter().fold(provider.to_owned(), |key, part| {
        format!("{key}:{}", part.replace('%', "%25").replace(':', "%3A"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::banks::json::read;

    fn amount(source: &str, form: AmountForm) -> Result<i64, Unusable> {
        let document = read(format!(r#"{{"amount":{source}}}"#).as_bytes()).unwrap();
        let fields = Fields::of(document.as_object().unwrap());
        fields.amount("amount", form).map(Vnd::get)
    }

    #[test]
    fn an_amount_is_a_whole_number_of_dong() {
        let bad = Err(Unusable::BadAmount);
        let missing = Err(Unusable::MissingField("amount"));
        for (source, integer, number_or_text) in [
            ("45000", Ok(45_000), Ok(45_000)),
            ("1", Ok(1), Ok(1)),
            (
                "1000000000000",
                Ok(1_000_000_000_000),
                Ok(1_000_000_000_000),
            ),
            ("45000.0", bad, Ok(45_000)),
            ("45000.00", bad, Ok(45_000)),
            ("45.000", bad, bad),
            ("\"45000\"", bad, Ok(45_000)),
            ("\"45000.00\"", bad, Ok(45_000)),
            ("45000.5", bad, bad),
            ("45000.000000000001", bad, bad),
            ("0", bad, bad),
            ("0.0", bad, bad),
            ("-0", bad, bad),
            ("-45000", bad, bad),
            ("1e5", bad, bad),
            ("1E5", bad, bad),
            ("1e400", bad, bad),
            ("1000000000001", bad, bad),
            ("9007199254740993", bad, bad),
            ("99999999999999999999999", bad, bad),
            ("\"045000\"", bad, bad),
            ("\"45,000\"", bad, bad),
            ("\"45.000\"", bad, bad),
            ("\" 45000\"", bad, bad),
            ("\"+45000\"", bad, bad),
            ("\"45000.\"", bad, bad),
            ("\"\"", bad, bad),
            ("\"٤٥\"", bad, bad),
            ("true", bad, bad),
            ("[45000]", bad, bad),
            ("null", missing, missing),
        ] {
            assert_eq!(amount(source, AmountForm::Integer), integer, "{source}");
            let other = amount(source, AmountForm::NumberOrText);
            assert_eq!(other, number_or_text, "{source}");
        }
    }

    #[test]
    fn a_local_time_is_vietnam_time_in_one_form() {
        let time = read_local_time("2026-03-16 09:29:41").unwrap();
        assert_eq!(time.to_rfc3339(), "2026-03-16T02:29:41+00:00");
        for text in [
            "2026-3-16 09:29:41",
            "2026-03-16T09:29:41",
            "2026-03-16 09:29",
            "2026-02-29 09:29:41",
            "2026-03-16 24:00:00",
            "2026-03-16  9:29:41",
            "+026-03-16 09:29:41",
            "16/03/2026 09:29:41",
            "2026-03-16 09:29:41Z",
            "",
        ] {
            assert_eq!(read_local_time(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_without_an_offset_is_vietnam_time() {
        let wanted = Some(1_773_628_181);
        for (text, at) in [
            ("2026-03-16T09:29:41+07:00", wanted),
            ("2026-03-16T02:29:41Z", wanted),
            ("2026-03-16T09:29:41", wanted),
            ("2026-03-16 09:29:41", wanted),
            ("2026-03-16T09:29", None),
            ("2026-03-16", None),
            ("2026-03-16T25:29:41", None),
            ("16/03/2026 09:29:41", None),
        ] {
            let document = read(format!(r#"{{"at":"{text}"}}"#).as_bytes()).unwrap();
            let fields = Fields::of(document.as_object().unwrap());
            let read = fields.offset_or_local("at").ok();
            assert_eq!(read.map(|at| at.timestamp()), at, "{text}");
        }
    }

    #[test]
    fn a_signed_amount_tells_the_way_of_the_money() {
        use Direction::{Credit, Debit};
        let bad = Err(Unusable::BadAmount);
        for (source, wanted) in [
            ("45000", Ok((Credit, 45_000))),
            ("-45000", Ok((Debit, 45_000))),
            ("0", bad),
            ("-0", bad),
            ("45000.0", bad),
            ("-4.5e4", bad),
            ("1e5", bad),
            ("9223372036854775808", bad),
            ("-9223372036854775808", bad),
            ("\"45000\"", bad),
            ("\"-45000\"", bad),
            ("null", Err(Unusable::MissingField("amount"))),
        ] {
            let document = read(format!(r#"{{"amount":{source}}}"#).as_bytes()).unwrap();
            let fields = Fields::of(document.as_object().unwrap());
            let read = fields.signed_amount("amount");
            assert_eq!(
                read.map(|(way, amount)| (way, amount.get())),
                wanted,
                "{source}"
            );
        }
    }

    #[test]
    fn a_vendors_time_is_read_in_its_one_form() {
        let read_time = |source: &str| {
            let document = read(format!(r#"{{"at":{source}}}"#).as_bytes()).unwrap();
            let fields = Fields::of(document.as_object().unwrap());
            (
                fields.unix_milliseconds("at").ok().map(|at| at.timestamp()),
                fields
                    .milliseconds_or_local("at")
                    .ok()
                    .map(|at| at.timestamp()),
                fields
                    .compact_local_time("at")
                    .ok()
                    .map(|at| at.timestamp()),
            )
        };
        let wanted = Some(1_773_628_180);
        for (source, times) in [
            ("1773628180999", (wanted, wanted, None)),
            ("\"2026-03-16 09:29:40\"", (None, wanted, None)),
            (
                "\"2026-03-16 09:29\"",
                (None, wanted.map(|at| at - 40), None),
            ),
            ("\"20260316092940\"", (None, None, wanted)),
            ("1773628180", (None, None, None)),
            ("1773628180000.0", (None, None, None)),
            ("-773628180000", (None, None, None)),
            ("17736281800000", (None, None, None)),
            ("\"1773628180000\"", (None, None, None)),
            ("\"2026-03-16T09:29\"", (None, None, None)),
            ("\"20260316252940\"", (None, None, None)),
            ("\"2026031609294\"", (None, None, None)),
            ("\"+2026031609294\"", (None, None, None)),
            ("true", (None, None, None)),
            ("null", (None, None, None)),
        ] {
            assert_eq!(read_time(source), times, "{source}");
        }
    }

    #[test]
    fn different_parts_never_give_equal_keys() {
        assert_eq!(dedupe_key("sepay", &["92700"]), "sepay:92700");
        let keys = [
            dedupe_key("standard", &["1:2", "3"]),
            dedupe_key("standard", &["1", "2:3"]),
            dedupe_key("standard", &["1%3A2", "3"]),
        ];
        assert!(keys[0] != keys[1] && keys[0] != keys[2] && keys[1] != keys[2]);
    }

    #[test]
    fn a_text_field_is_a_text_of_bounded_length() {
        let long = "9".repeat(65);
        let document = format!(
            r#"{{"long":"{long}","nul":"a\u0000b","number":5,"null":null,"empty":"","line":"a\nb",
               "id":92700,"fraction":1.0}}"#
        );
        let document = read(document.as_bytes()).unwrap();
        let fields = Fields::of(document.as_object().unwrap());
        assert_eq!(fields.name("long"), Err(Unusable::BadField("long")));
        assert_eq!(fields.free_text("nul"), Err(Unusable::BadField("nul")));
        assert_eq!(fields.text("number"), Err(Unusable::BadField("number")));
        assert_eq!(fields.text("null"), Ok(None));
        assert_eq!(fields.text("empty"), Ok(None));
        assert_eq!(fields.free_text("empty"), Ok(""));
        assert_eq!(fields.free_text("line"), Ok("a\nb"));
        assert_eq!(fields.name("line"), Err(Unusable::BadField("line")));
        assert_eq!(
            fields.required_text("gone"),
            Err(Unusable::MissingField("gone"))
        );
        assert_eq!(fields.required_id("id"), Ok("92700".to_owned()));
        assert_eq!(
            fields.required_id("fraction"),
            Err(Unusable::BadField("fraction"))
        );
    }
}
