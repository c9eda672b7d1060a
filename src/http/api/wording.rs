//! What a document says to people: always in both languages, whatever the caller reads.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

/// A sentence for people, in both languages.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sentence {
    /// In Vietnamese.
    #[schema(value_type = String)]
    vi: Cow<'static, str>,
    /// In English.
    #[schema(value_type = String)]
    en: Cow<'static, str>,
}

/// A word of ours with its meaning in both languages.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "code": "reference_in_text",
    "vi": "Nội dung chuyển khoản ghi đúng một mã đã cấp.",
    "en": "The transfer text names exactly one issued reference.",
}))]
pub struct Worded {
    /// The stable word.
    code: &'static str,
    #[serde(flatten)]
    meaning: Sentence,
}

impl Sentence {
    /// The sentence in Vietnamese and in English.
    pub(super) fn new(vi: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Self {
        Self {
            vi: vi.into(),
            en: en.into(),
        }
    }
}

impl Worded {
    /// The word with its meaning in Vietnamese and in English.
    pub(super) const fn new(code: &'static str, vi: &'static str, en: &'static str) -> Self {
        let meaning = Sentence {
            vi: Cow::Borrowed(vi),
            en: Cow::Borrowed(en),
        };
        Self { code, meaning }
    }
}
