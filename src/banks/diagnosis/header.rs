//! What is wrong with the headers of a delivery: their form, their time, their signature.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::{and, cut};
use crate::banks::claim::other_lengths;
use crate::banks::verdict::Refusal;
use crate::banks::{
    Adapter, Credentials, Delivery, HeaderForm, HeaderValue, Media, unix_milliseconds, unix_seconds,
};
use crate::domain::day::to_rfc3339;
use crate::domain::trial::Advice;

/// Digits of a Unix time of these years in milliseconds.
const MILLISECOND_DIGITS: usize = 13;
/// By how much Vietnam's local time is ahead of UTC, in seconds.
const LOCAL_AHEAD_S: u64 = 7 * 3600;

/// The values of a header, as far as they are text.
fn values(delivery: &Delivery, name: &str) -> Vec<String> {
    let sent = delivery.headers().iter().filter(|it| it.0 == name);
    sent.map(|(_, value)| cut(&String::from_utf8_lossy(value)))
        .collect()
}

pub(super) fn missing(adapter: &dyn Adapter, delivery: &Delivery) -> Option<Advice> {
    let mut names = adapter.headers().iter().map(|form| form.name);
    let name = names.find(|name| values(delivery, name).iter().all(String::is_empty))?;
    Some(Advice::of(
        format!(
            "Thiếu header {name}, hoặc header này rỗng. Hãy gửi đủ các header mà định dạng yêu cầu."
        ),
        format!("The header {name} is missing or empty. Send every header that the format has."),
    ))
}

pub(super) fn repeated(adapter: &dyn Adapter, delivery: &Delivery) -> Option<Advice> {
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

pub(super) fn malformed(adapter: &dyn Adapter, delivery: &Delivery) -> Option<Advice> {
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
                parts.is_some_and(|(time, _)| unix_milliseconds(time).is_ok())
            }
            HeaderValue::Text => true,
        }
}

/// The moment that the headers name, where the format signs one.
pub(super) fn sent_at(adapter: &dyn Adapter, delivery: &Delivery) -> Option<DateTime<Utc>> {
    adapter.headers().iter().find_map(|form| {
        let value = delivery.header(form.name).ok()??;
        match form.value {
            HeaderValue::UnixSeconds => DateTime::from_timestamp(unix_seconds(value).ok()?, 0),
            HeaderValue::TimedSignature => {
                let (time, _) = value.strip_prefix("t=")?.split_once(',')?;
                DateTime::from_timestamp_millis(unix_milliseconds(time).ok()?)
            }
            HeaderValue::Text => None,
        }
    })
}

/// How far a well signed time is from the clock here, and which way.
pub(super) fn off_time(
    adapter: &dyn Adapter,
    delivery: &Delivery,
    credentials: &Credentials,
    now: DateTime<Utc>,
) -> Option<Advice> {
    let at = sent_at(adapter, delivery)?;
    let seconds = (at - now).num_seconds();
    let (far, most) = (seconds.unsigned_abs(), credentials.tolerance_s);
    let [vi, en] = if seconds > 0 {
        ["đi trước", "ahead of"]
    } else {
        ["đi sau", "behind"]
    };
    let (sent, here) = (to_rfc3339(at), to_rfc3339(now));
    let told = Advice::of(
        format!(
            "Chữ ký đúng, nhưng thời điểm gửi {} ({sent}) {vi} đồng hồ ở đây ({here}) {far} giây; được lệch {most} giây.",
            at.timestamp()
        ),
        format!(
            "The signature is right, but the time of sending {} ({sent}) is {far} seconds {en} the clock here ({here}); {most} are allowed.",
            at.timestamp()
        ),
    );
    let is_local = far.abs_diff(LOCAL_AHEAD_S) <= u64::from(most);
    let remedy = match (is_local, seconds > 0) {
        (true, true) => Advice::of(
            "Lệch bảy giờ: có lẽ giờ Việt Nam được coi là UTC. Hãy tính giây Unix từ giờ UTC.",
            "It is off by seven hours: the local time of Vietnam may have been taken for UTC. Count Unix time from UTC.",
        ),
        (true, false) => Advice::of(
            "Lệch bảy giờ: có lẽ múi giờ bị trừ hai lần. Hãy tính giây Unix từ giờ UTC.",
            "It is off by seven hours: the offset of Vietnam may have been taken off twice. Count Unix time from UTC.",
        ),
        (false, true) => Advice::of(
            "Hãy đồng bộ giờ của máy gửi (NTP).",
            "Keep the sending machine on NTP.",
        ),
        (false, false) => Advice::of(
            "Khi gửi lại, hãy lấy thời điểm mới và ký lại; nếu không phải gửi lại, hãy đồng bộ giờ của máy gửi (NTP).",
            "Take a new time for a retry and sign anew; if it was none, keep the sending machine on NTP.",
        ),
    };
    Some(and(&told, &remedy))
}

/// Another encoding than the one that the body is read in.
pub(super) fn other_charset(adapter: &dyn Adapter, delivery: &Delivery) -> Option<Advice> {
    let declared = delivery.header("content-type").ok()??;
    let mut parameters = declared.split(';').skip(1).map(str::trim);
    let charset = parameters.find_map(|it| {
        let (name, value) = it.split_once('=')?;
        name.eq_ignore_ascii_case("charset")
            .then(|| value.trim_matches('"'))
    })?;
    let is_utf8 = charset.eq_ignore_ascii_case("utf-8") || adapter.media() != Media::Json;
    let charset = cut(charset);
    (!is_utf8).then(|| {
        Advice::of(
            format!("content-type nêu bảng mã {charset}, nhưng JSON luôn được đọc theo UTF-8. Hãy bỏ tham số này."),
            format!("content-type names the encoding {charset}, but JSON is always read as UTF-8. Leave the parameter out."),
        )
    })
}

/// What was signed here, so that a sender can hold his own text against it; where nothing
/// explains the signature, what is left to look at.
pub(super) fn mismatch(
    adapter: &dyn Adapter,
    delivery: &Delivery,
    credentials: &Credentials,
    is_explained: bool,
) -> Option<Advice> {
    let before = cut(&adapter.signed_before(delivery)?);
    let (bytes, hash) = (
        delivery.body.len(),
        hex::encode(Sha256::digest(&delivery.body)),
    );
    let checked = Advice::of(
        format!(
            "Văn bản được kiểm tra ở đây: \"{before}\" rồi đến nội dung dài {bytes} byte, SHA-256 {hash}."
        ),
        format!(
            "What was checked here: \"{before}\", then a body of {bytes} bytes, SHA-256 {hash}."
        ),
    );
    let told = and(&Refusal::SignatureMismatch.advice(), &checked);
    if is_explained {
        return Some(told);
    }
    let left = match other_lengths(&adapter.claims(delivery, credentials)) {
        Some((shown, wanted)) => Advice::of(
            format!(
                "Chữ ký nhận được dài {shown} byte sau khi giải mã; HMAC của định dạng này dài {wanted} byte (SHA-1 là 20, SHA-256 là 32, SHA-512 là 64)."
            ),
            format!(
                "The signature received has {shown} bytes once decoded; the format's HMAC has {wanted} (SHA-1 has 20, SHA-256 has 32, SHA-512 has 64)."
            ),
        ),
        None => Advice::of(
            "Nếu cả ba giống bên gửi thì khoá hoặc thuật toán khác nhau.",
            "If all three are yours, then the secret or the algorithm is another one.",
        ),
    };
    Some(and(&told, &left))
}
