//! The two languages of every text for people: Vietnamese first, English second.

use std::borrow::Cow;

use axum::http::{HeaderMap, header};

/// A language that we write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Vietnamese, the language of whoever names no other.
    #[default]
    Vietnamese,
    /// English.
    English,
}

impl Language {
    /// The BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Vietnamese => "vi",
            Self::English => "en",
        }
    }

    /// Reads `Accept-Language` (RFC 9110, 12.5.4): the better of the two by weight, the first
    /// named at equal weight, Vietnamese when neither is named.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let mut best = (0, Self::default());
        for value in headers.get_all(header::ACCEPT_LANGUAGE) {
            for range in value.to_str().unwrap_or("").split(',') {
                let (weight, tag) = weigh(range);
                let language = match tag.split('-').next() {
                    Some(tag) if tag.eq_ignore_ascii_case("vi") => Self::Vietnamese,
                    Some(tag) if tag.eq_ignore_ascii_case("en") => Self::English,
                    _ => continue,
                };
                if weight > best.0 {
                    best = (weight, language);
                }
            }
        }
        best.1
    }
}

/// The weight in thousandths and the tag of one language range, such as `en;q=0.8`.
fn weigh(range: &str) -> (u16, &str) {
    let mut parts = range.split(';').map(str::trim);
    let tag = parts.next().unwrap_or("");
    let weight = parts
        .find_map(|part| part.strip_prefix("q="))
        .map_or(1000, |weight| {
            let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
            match whole {
                "1" => 1000,
                "0" => format!("{fraction:0<3.3}").parse().unwrap_or(0),
                _ => 0,
            }
        });
    (weight, tag)
}

/// A sentence for people, in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    vi: Cow<'static, str>,
    en: Cow<'static, str>,
}

impl Text {
    /// The sentence in Vietnamese and in English.
    pub fn new(vi: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Self {
        Self {
            vi: vi.into(),
            en: en.into(),
        }
    }

    /// The sentence in one language.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::Vietnamese => &self.vi,
            Language::English => &self.en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_of_the_two_languages_is_chosen() {
        use Language::{English, Vietnamese};
        for (header, wanted) in [
            ("", Vietnamese),
            ("en", English),
            ("EN-us", English),
            ("vi-VN, en;q=0.9", Vietnamese),
            ("en, vi", English),
            ("fr, en;q=0.3", English),
            ("fr", Vietnamese),
            ("vi;q=0.2, en;q=0.25", English),
            ("en;q=0", Vietnamese),
            ("en;q=nonsense", Vietnamese),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, header.parse().unwrap());
            assert_eq!(Language::from_headers(&headers), wanted, "{header}");
        }
    }
}
