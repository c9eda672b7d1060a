//! What the stable words of a trial's deliveries mean, in a word or two of Vietnamese: they are
//! English, and an English reader needs no more.

use askama::Template;

use crate::http::language::Language;

/// A stable word with its meaning behind it; it writes itself as HTML.
#[derive(Template)]
#[template(
    ext = "html",
    source = "<code>{{ word }}</code>{% if let Some(meaning) = meaning %} ({{ meaning }}){% endif %}"
)]
pub(super) struct CodeWord {
    word: String,
    meaning: Option<&'static str>,
}

impl CodeWord {
    /// A word for readers of a language.
    pub(super) fn new(word: impl Into<String>, language: Language) -> Self {
        let word = word.into();
        let known = || VIETNAMESE.iter().find(|(code, _)| *code == word);
        let meaning = match language {
            Language::Vietnamese => known().map(|(_, meaning)| *meaning),
            Language::English => None,
        };
        Self { word, meaning }
    }
}

const VIETNAMESE: [(&str, &str); 36] = [
    // What a delivery came to.
    ("accepted", "đã nhận"),
    ("duplicate", "gửi lại"),
    ("conflict", "mâu thuẫn"),
    ("failed", "không thành công"),
    ("ignored", "không đổi gì"),
    ("quarantined", "giữ lại"),
    ("refused", "từ chối"),
    ("logged_in", "đã đăng nhập"),
    // Why it was not believed.
    ("missing_header", "thiếu header"),
    ("repeated_header", "header lặp lại"),
    ("malformed_header", "header sai dạng"),
    ("missing_signature", "thiếu chữ ký"),
    ("signature_mismatch", "chữ ký không khớp"),
    ("stale_timestamp", "thời điểm gửi quá lệch"),
    ("ambiguous_body", "nội dung hiểu được nhiều cách"),
    ("malformed_body", "nội dung sai dạng"),
    ("bad_token", "khoá hoặc mã truy cập sai"),
    ("bad_credentials", "đăng nhập sai"),
    ("other_terminal", "mã thiết bị hoặc đối tác khác"),
    ("other_address", "địa chỉ gửi không được phép"),
    ("other_certificate", "chứng thư khác"),
    ("wrong_method", "sai phương thức HTTP"),
    ("unusable_secret", "khoá hoặc thiết lập không dùng được"),
    // Why it cannot be used.
    ("other_message", "loại hoặc phiên bản khác"),
    ("missing_field", "thiếu trường"),
    ("bad_field", "trường sai kiểu hoặc sai dạng"),
    ("bad_amount", "số tiền sai"),
    ("other_currency", "tiền khác VND"),
    ("contradiction", "loại sự kiện trái với chiều tiền"),
    ("account_not_bound", "tài khoản không thuộc nguồn"),
    ("other_facts", "dữ kiện khác lần đầu"),
    // Why it changes nothing.
    ("ping", "gọi thử kết nối"),
    ("other_event", "sự kiện khác"),
    ("no_transactions", "không có giao dịch"),
    ("not_booked", "chưa hạch toán"),
    ("not_a_credit", "không phải tiền vào"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::banks::{NoticeKind, Refusal, Unusable};
    use crate::domain::explanation::AccountRefusal;
    use crate::domain::trial::{Came, Verdict};

    /// Every word that a delivery can bear.
    fn words() -> Vec<&'static str> {
        let verdicts = [
            Verdict::Accepted,
            Verdict::Repeated,
            Verdict::Conflict,
            Verdict::Failed,
            Verdict::Ignored,
            Verdict::Quarantined,
            Verdict::Refused,
            Verdict::LoggedIn,
        ];
        let refusals = [
            Refusal::MissingHeader,
            Refusal::RepeatedHeader,
            Refusal::MalformedHeader,
            Refusal::MissingSignature,
            Refusal::SignatureMismatch,
            Refusal::StaleTimestamp,
            Refusal::AmbiguousBody,
            Refusal::MalformedBody,
            Refusal::BadToken,
            Refusal::BadCredentials,
            Refusal::OtherTerminal,
            Refusal::OtherAddress,
            Refusal::OtherCertificate,
            Refusal::WrongMethod,
            Refusal::UnusableSecret,
        ];
        let unusable = [
            Unusable::MalformedBody,
            Unusable::OtherMessage,
            Unusable::MissingField(""),
            Unusable::BadField(""),
            Unusable::BadAmount,
            Unusable::OtherCurrency,
            Unusable::Contradiction,
        ];
        let nothing = [
            NoticeKind::Ping,
            NoticeKind::OtherEvent,
            NoticeKind::Empty,
            NoticeKind::NotBooked,
        ];
        let mut words = vec![
            AccountRefusal::NotBound.as_str(),
            Came::OtherFacts.as_str(),
            Came::NotBooked.as_str(),
            "not_a_credit",
        ];
        words.extend(verdicts.map(Verdict::as_str));
        words.extend(refusals.map(Refusal::as_str));
        words.extend(unusable.map(Unusable::as_str));
        words.extend(nothing.map(NoticeKind::as_str));
        words
    }

    #[test]
    fn every_word_has_its_meaning_beside_it_in_vietnamese_only() {
        for word in words() {
            let code = CodeWord::new(word, Language::Vietnamese);
            assert!(code.meaning.is_some(), "{word}");
            let plain = CodeWord::new(word, Language::English).render().unwrap();
            assert_eq!(plain, format!("<code>{word}</code>"));
        }
        let code = CodeWord::new("refused", Language::Vietnamese);
        assert_eq!(code.render().unwrap(), "<code>refused</code> (từ chối)");
        for (word, _) in VIETNAMESE {
            assert!(words().contains(&word), "{word} is no word of a delivery");
        }
    }
}
