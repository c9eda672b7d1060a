//! What is wrong with a value of a JSON notice, with its form and with what was received.

use super::{and, its_form, received};
use crate::banks::Adapter;
use crate::banks::json::{Json, Object};
use crate::banks::verdict::{NoticeKind, Unusable};
use crate::domain::money::Vnd;
use crate::domain::trial::Advice;

/// What formats call the amount.
const AMOUNT_NAMES: [&str; 2] = ["amount", "transferAmount"];
/// The members of an event of our own contract.
const EVENT: [&str; 2] = ["type", "data"];
/// What Standard Webhooks puts beside them, and what means nothing here.
const BESIDE: [&str; 1] = ["timestamp"];
/// How many fields are named at once.
const MOST_NAMED: usize = 5;

/// Why a document cannot be used and what to do.
pub(super) fn unusable(adapter: &dyn Adapter, body: &Json, why: Unusable) -> Advice {
    let told = |name: &str| find(body, name).map(|value| received(name, value));
    let form = |field: &str| adapter.form_of(field).map(its_form);
    let (base, more) = match why {
        Unusable::BadField(field) => (why.advice(), [form(field), told(field)]),
        Unusable::MissingField(field) => (missing(body, field), [form(field), None]),
        Unusable::BadAmount => {
            let mut names = AMOUNT_NAMES.into_iter();
            let name = names.find(|it| find(body, it).is_some());
            let value = name.and_then(|name| find(body, name));
            let remedy = value.and_then(|value| amount(adapter, value));
            (why.advice(), [name.and_then(told), remedy])
        }
        Unusable::OtherCurrency => (currency(body), [told("currency"), None]),
        Unusable::Contradiction => (why.advice(), [told("type"), told("direction")]),
        Unusable::MalformedBody if matches!(body, Json::Array(_)) => {
            let single = Advice::of(
                "Nội dung là một danh sách: hãy gửi mỗi yêu cầu một biến động.",
                "The body is a list: send one movement per request.",
            );
            (why.advice(), [Some(single), None])
        }
        Unusable::MalformedBody | Unusable::OtherMessage => (why.advice(), [None, None]),
    };
    let more = more.into_iter().flatten();
    more.fold(base, |all, next| and(&all, &next))
}

/// In which way a required field is not there.
fn missing(body: &Json, field: &'static str) -> Advice {
    match find(body, field) {
        None => Advice::of(
            format!("Không có trường bắt buộc {field}. Hãy gửi trường này."),
            format!("The required field {field} is not there. Send it."),
        ),
        Some(Json::Null) => Advice::of(
            format!("Trường bắt buộc {field} là null. Hãy gửi giá trị của nó."),
            format!("The required field {field} is null. Send its value."),
        ),
        Some(_) => Unusable::MissingField(field).advice(),
    }
}

fn currency(body: &Json) -> Advice {
    match find(body, "currency").and_then(Json::as_text) {
        Some(text) if text.eq_ignore_ascii_case("VND") => Advice::of(
            "Loại tiền phải viết hoa: VND.",
            "The currency has to be in capital letters: VND.",
        ),
        _ => Unusable::OtherCurrency.advice(),
    }
}

/// What exactly is wrong with an amount.
fn amount(adapter: &dyn Adapter, value: &Json) -> Option<Advice> {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let (vi, en) = match value {
        Json::Text(text) if is_digits(text) && adapter.form_of("amount").is_some() => {
            ("Hãy bỏ dấu ngoặc kép.", "Take the quotes off.")
        }
        Json::Number(source) if source.contains(['e', 'E']) => (
            "Số này viết bằng số mũ: hãy viết đủ các chữ số.",
            "It is written with an exponent: write all its digits.",
        ),
        Json::Number(source) if source.starts_with('-') => (
            "Số này âm: chiều tiền được nêu ở trường khác, số tiền luôn dương.",
            "It is negative: another field tells the way of the money, the amount is above 0.",
        ),
        Json::Number(source) if is_digits(source) && is_too_large(source) => (
            "Số này lớn hơn giới hạn 1000000000000 đồng. Hãy kiểm tra số tiền có bị nhân thêm không.",
            "It is above the limit of 1000000000000 đồng. Look whether the amount was multiplied on the way.",
        ),
        _ => return None,
    };
    Some(Advice::of(vi, en))
}

fn is_too_large(digits: &str) -> bool {
    // What fits no integer of 64 bits is too large as well.
    let value = digits.parse::<i64>();
    value.map_or(true, |it| it > Vnd::MAX.get())
}

/// A kind of event that is none of the format's, with those that are.
pub(super) fn other_event(adapter: &dyn Adapter, body: &Json) -> Option<Advice> {
    let [known, _] = adapter.form_of("type")?;
    let kind = body.as_object()?.get("type")?;
    let told = and(&NoticeKind::OtherEvent.advice(), &received("type", kind));
    let list = Advice::of(
        format!("Các loại được đọc, viết đúng từng chữ: {known}."),
        format!("The kinds that are read, letter by letter: {known}."),
    );
    Some(and(&told, &list))
}

/// Fields that our own contract does not have: perhaps one of its own, misspelt.
pub(super) fn passed_over(adapter: &dyn Adapter, body: &Json) -> Option<Advice> {
    let event = body.as_object().filter(|_| !adapter.fields().is_empty())?;
    let data = event.get("data").and_then(Json::as_object);
    let outside = event.members().iter().map(|(name, _)| name);
    let outside =
        outside.filter(|name| !EVENT.contains(&name.as_str()) && !BESIDE.contains(&name.as_str()));
    let inside = data.into_iter().flat_map(Object::members);
    let inside = inside.map(|(name, _)| name);
    let inside =
        inside.filter(|name| EVENT.contains(&name.as_str()) || adapter.form_of(name).is_none());
    let inside = inside.map(|name| format!("data.{name}"));
    let names = outside.cloned().chain(inside).map(|name| super::cut(&name));
    let names: Vec<_> = names.take(MOST_NAMED).collect();
    (!names.is_empty()).then(|| {
        let names = names.join(", ");
        Advice::of(
            format!("Định dạng không có các trường này nên chúng bị bỏ qua: {names}. Hãy kiểm tra tên có viết sai không."),
            format!("The format has no such fields, and they were passed over: {names}. Look whether a name is misspelt."),
        )
    })
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
