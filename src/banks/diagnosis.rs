//! The one cause for which a trial's delivery was refused or kept, with what was received.
//!
//! The general texts are in [`advice`](super::advice); here they are made exact from the
//! delivery itself. Asked of a trial only: its notices are invented.

use sha2::{Digest, Sha256};

use super::javascript::{Sorting, stringify};
use super::json::{self, Ambiguity, Json, JsonError};
use super::verdict::{Refusal, Unusable};
use super::{Adapter, Delivery, HeaderForm, HeaderValue, unix_seconds};
use crate::domain::trial::Advice;

/// How many characters of a value are shown.
const MOST_SHOWN: usize = 80;
/// Digits of a Unix time of these years in milliseconds.
const MILLISECOND_DIGITS: usize = 13;
/// What formats call the amount.
const AMOUNT_NAMES: [&str; 2] = ["amount", "transferAmount"];

/// Why a delivery was refused and what to do.
pub fn advice_on_refusal(adapter: &dyn Adapter, delivery: &Delivery, refusal: Refusal) -> Advice {
    let exact = match refusal {
        Refusal::AmbiguousBody => ambiguous(&delivery.body),
        Refusal::MissingHeader => missing_header(adapter, delivery),
        Refusal::RepeatedHeader => repeated_header(adapter, delivery),
        Refusal::MalformedHeader => malformed_header(adapter, delivery),
        Refusal::SignatureMismatch => mismatch(adapter, delivery, refusal),
        _ => None,
    };
    exact.unwrap_or_else(|| refusal.advice())
}

/// Why an authentic delivery cannot be used and what to do.
pub fn advice_on_reading(adapter: &dyn Adapter, delivery: &Delivery, why: Unusable) -> Advice {
    let body = match json::read(&delivery.body) {
        Ok(body) => body,
        Err(_) if why == Unusable::MalformedBody => return not_json(&delivery.body),
        Err(_) => return why.advice(),
    };
    let told = |name: &str| find(&body, name).map(|value| received(name, value));
    let more = match why {
        Unusable::BadField(field) => {
            let form = adapter
                .form_of(field)
                .map(|[vi, en]| Advice::of(format!("Dạng: {vi}."), format!("Its form: {en}.")));
            [form, told(field)]
        }
        Unusable::BadAmount => {
            let name = AMOUNT_NAMES
                .into_iter()
                .find(|it| find(&body, it).is_some());
            let value = name.and_then(|name| find(&body, name));
            let quoted = adapter.form_of("amount").is_some()
                && matches!(value, Some(Json::Text(text)) if text.bytes().all(|it| it.is_ascii_digit()));
            let remedy = Advice::of("Hãy bỏ dấu ngoặc kép.", "Take the quotes off.");
            [name.and_then(told), quoted.then_some(remedy)]
        }
        Unusable::OtherCurrency => [told("currency"), None],
        Unusable::Contradiction => [told("type"), told("direction")],
        Unusable::MalformedBody if matches!(body, Json::Array(_)) => {
            let single = Advice::of(
                "Nội dung là một danh sách: hãy gửi mỗi yêu cầu một biến động.",
                "The body is a list: send one movement per request.",
            );
            [Some(single), None]
        }
        Unusable::MalformedBody | Unusable::OtherMessage | Unusable::MissingField(_) => {
            [None, None]
        }
    };
    more.into_iter()
        .flatten()
        .fold(why.advice(), |all, next| and(&all, &next))
}

/// Two sentences, one behind the other.
fn and(first: &Advice, second: &Advice) -> Advice {
    Advice::of(
        format!("{} {}", first.vi, second.vi),
        format!("{} {}", first.en, second.en),
    )
}

fn received(name: &str, value: &Json) -> Advice {
    let value = match value {
        Json::Number(source) => source.clone(),
        other => stringify(other, Sorting::None),
    };
    let value = cut(&value);
    Advice::of(
        format!("Đã nhận {name}: {value}."),
        format!("Received {name}: {value}."),
    )
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The first value under a key, at any depth that a document has.
fn find<'a>(value: &'a Json, name: &str) -> Option<&'a Json> {
    match value {
        Json::Object(object) => object.get(name).or_else(|| {
            let mut members = object.members().iter();
            members.find_map(|(_, value)| find(value, name))
        }),
        Json::Array(elements) => elements.iter().find_map(|element| find(element, name)),
        _ => None,
    }
}

fn not_json(body: &[u8]) -> Advice {
    let shown = cut(&String::from_utf8_lossy(body));
    let more = if body.is_empty() {
        Advice::of("Nội dung rỗng.", "The body is empty.")
    } else {
        Advice::of(
            format!("Nội dung bắt đầu bằng: {shown}"),
            format!("The body begins with: {shown}"),
        )
    };
    and(&Unusable::MalformedBody.advice(), &more)
}

fn ambiguous(body: &[u8]) -> Option<Advice> {
    let Err(JsonError::Ambiguous(ambiguity)) = json::read(body) else {
        return None;
    };
    Some(match ambiguity {
        Ambiguity::NotUtf8(at) => {
            let byte = body.get(at).copied().unwrap_or_default();
            Advice::of(
                format!(
                    "Byte thứ {at} (đếm từ 0) của nội dung là 0x{byte:02X}, không phải UTF-8. Hãy viết nội dung bằng UTF-8 trước khi ký."
                ),
                format!(
                    "Byte {at} of the body (counted from 0) is 0x{byte:02X}, which is not UTF-8. Write the body in UTF-8 before you sign it."
                ),
            )
        }
        Ambiguity::ByteOrderMark => Advice::of(
            "Nội dung bắt đầu bằng dấu thứ tự byte (BOM, EF BB BF). Hãy bỏ ba byte ấy trước khi ký.",
            "The body begins with a byte order mark (BOM, EF BB BF). Leave those three bytes out before you sign.",
        ),
        Ambiguity::RepeatedKey(at) => {
            let key = String::from_utf8_lossy(&body[at..]);
            let key: String = key.split('"').nth(1).map(cut).unwrap_or_default();
            Advice::of(
                format!(
                    "Khoá \"{key}\" xuất hiện lần thứ hai trong cùng một đối tượng, ở byte {at} (đếm từ 0). Mỗi khoá chỉ viết một lần."
                ),
                format!(
                    "The key \"{key}\" stands in one object for the second time, at byte {at} (counted from 0). Write each key once."
                ),
            )
        }
        Ambiguity::HalfPair(at) => Advice::of(
            format!(
                "Ký tự thoát ở byte {at} (đếm từ 0) chỉ là một nửa của cặp \\uD8xx\\uDCxx. Hãy viết đủ cả cặp."
            ),
            format!(
                "The escape at byte {at} (counted from 0) is half of a pair \\uD8xx\\uDCxx. Write the whole pair."
            ),
        ),
        Ambiguity::TooDeep(at) => Advice::of(
            format!("Nội dung lồng nhau quá 64 tầng ở byte {at} (đếm từ 0)."),
            format!("The body is nested deeper than 64 levels at byte {at} (counted from 0)."),
        ),
    })
}

/// The values of a header, as far as they are text.
fn values(delivery: &Delivery, name: &str) -> Vec<String> {
    let sent = delivery.headers().iter().filter(|it| it.0 == name);
    sent.map(|(_, value)| cut(&String::from_utf8_lossy(value)))
        .collect()
}

fn missing_header(adapter: &dyn Adapter, delivery: &Delivery) -> Option<Advice> {
    let mut names = adapter.headers().iter().map(|form| form.name);
    let name = names.find(|name| values(delivery, name).iter().all(String::is_empty))?;
    Some(Advice::of(
        format!(
            "Thiếu header {name}, hoặc header này rỗng. Hãy gửi đủ các header mà định dạng yêu cầu."
        ),
        format!("The header {name} is missing or empty. Send every header that the format has."),
    ))
}

fn repeated_header(adapter: &dyn Adapter, delivery: &Delivery) -> Option<Advice> {
    let mut names = adapter.headers().iter().map(|form| form.name);
    let name = names.find(|name| values(delivery, name).len() > 1)?;
    let count = values(delivery, name).len();
    Some(Advice::of(
        format!(
            "Header {name} xuất hiện {count} lần. Chỉ gửi một lần; kiểm tra proxy ở giữa có thêm header không."
        ),
        format!(
            "The header {name} is there {count} times. Send it once; look whether a proxy on the way adds one."
        ),
    ))
}

fn malformed_header(adapter: &dyn Adapter, delivery: &Delivery) -> Option<Advice> {
    let shown = |form: &HeaderForm| values(delivery, form.name).into_iter().next();
    let mut all = adapter.headers().iter();
    let (form, value) = all.find_map(|form| {
        let value = shown(form)?;
        (!fits(form.value, &value)).then_some((form, value))
    })?;
    let (vi, en) = match form.value {
        HeaderValue::UnixSeconds => ("giây Unix, chỉ gồm chữ số", "Unix seconds, digits only"),
        HeaderValue::TimedSignature => (
            "t=<mili giây Unix>,v1=<chữ ký>",
            "t=<Unix milliseconds>,v1=<signature>",
        ),
        HeaderValue::Text => ("ký tự ASCII in được", "printable ASCII"),
    };
    let milliseconds = form.value == HeaderValue::UnixSeconds
        && value.len() == MILLISECOND_DIGITS
        && value.bytes().all(|byte| byte.is_ascii_digit());
    let name = form.name;
    let advice = Advice::of(
        format!("Header {name} phải là {vi}. Đã nhận: \"{value}\"."),
        format!("The header {name} has to be {en}. Received: \"{value}\"."),
    );
    let hint = Advice::of(
        "13 chữ số trông như mili giây: hãy chia cho 1000.",
        "13 digits look like milliseconds: divide by 1000.",
    );
    Some(if milliseconds {
        and(&advice, &hint)
    } else {
        advice
    })
}

fn fits(form: HeaderValue, value: &str) -> bool {
    let printable = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    printable
        && match form {
            HeaderValue::UnixSeconds => unix_seconds(value).is_ok(),
            HeaderValue::TimedSignature => {
                let parts = value
                    .strip_prefix("t=")
                    .and_then(|it| it.split_once(",v1="));
                parts.is_some_and(|(time, _)| super::unix_milliseconds(time).is_ok())
            }
            HeaderValue::Text => true,
        }
}

/// What was signed here, so that a sender can hold his own text against it.
fn mismatch(adapter: &dyn Adapter, delivery: &Delivery, refusal: Refusal) -> Option<Advice> {
    let before = cut(&adapter.signed_before(delivery)?);
    let (bytes, hash) = (
        delivery.body.len(),
        hex::encode(Sha256::digest(&delivery.body)),
    );
    let more = Advice::of(
        format!(
            "Văn bản được kiểm tra ở đây: \"{before}\" rồi đến nội dung dài {bytes} byte, SHA-256 {hash}. Nếu cả ba giống bên gửi thì khoá khác nhau."
        ),
        format!(
            "What was checked here: \"{before}\", then a body of {bytes} bytes, SHA-256 {hash}. If all three are yours, the secret is another one."
        ),
    );
    Some(and(&refusal.advice(), &more))
}

#[cfg(test)]
mod tests;
