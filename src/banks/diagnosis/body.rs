//! What is wrong with a body as a text: its bytes, its encoding, its JSON.

use serde::de::IgnoredAny;

use super::{and, cut};
use crate::banks::json::{self, Ambiguity, JsonError};
use crate::domain::trial::Advice;

/// How many characters are shown before a fault and behind it.
const AROUND: usize = 20;
/// What compressed bytes begin with (RFC 1952).
const GZIP: &[u8] = &[0x1F, 0x8B];
/// What a text in UTF-16 begins with.
const UTF_16: [&[u8]; 2] = [&[0xFF, 0xFE], &[0xFE, 0xFF]];

/// Why a text that claims to be JSON is none, and where.
pub(super) fn not_json(body: &[u8]) -> Advice {
    let told = Advice::of(
        "Nội dung không phải JSON. Hãy gửi một đối tượng JSON mã UTF-8 với các trường của định dạng.",
        "The body is no JSON. Send one JSON object in UTF-8 with the fields of the format.",
    );
    if body.is_empty() {
        return and(&told, &Advice::of("Nội dung rỗng.", "The body is empty."));
    }
    let fault = serde_json::from_slice::<IgnoredAny>(body).err();
    let at = fault.as_ref().and_then(|fault| place(body, fault));
    let Some((fault, at)) = fault.zip(at) else {
        let shown = cut(&String::from_utf8_lossy(body));
        let begins = Advice::of(
            format!("Nội dung bắt đầu bằng: {shown}"),
            format!("The body begins with: {shown}"),
        );
        return and(&told, &begins);
    };
    let (line, around) = (fault.line(), around(body, at));
    let where_it_is = if fault.is_eof() {
        Advice::of(
            format!("Nội dung bị cắt: hết ở dòng {line}, sau: {around}"),
            format!("The body breaks off: it ends on line {line}, behind: {around}"),
        )
    } else {
        let column = fault.column();
        Advice::of(
            format!("Sai cú pháp JSON ở dòng {line}, byte {column} của dòng, gần: {around}"),
            format!("It is no JSON at line {line}, byte {column} of the line, near: {around}"),
        )
    };
    and(&told, &where_it_is)
}

/// The byte of the body at which a fault was found, counted from 0.
fn place(body: &[u8], fault: &serde_json::Error) -> Option<usize> {
    let before = fault.line().checked_sub(1)?;
    let lines = body.split(|byte| *byte == b'\n');
    let start: usize = lines.take(before).map(|line| line.len() + 1).sum();
    Some((start + fault.column()).min(body.len()))
}

/// The text on both sides of a byte.
fn around(body: &[u8], at: usize) -> String {
    let before = String::from_utf8_lossy(&body[..at]);
    let behind = String::from_utf8_lossy(&body[at..]);
    let skipped = before.chars().count().saturating_sub(AROUND);
    let before = before.chars().skip(skipped);
    before.chain(behind.chars().take(AROUND)).collect()
}

/// What two readers could understand differently in a body, and where.
pub(super) fn ambiguous(body: &[u8]) -> Option<Advice> {
    if body.starts_with(GZIP) {
        return Some(Advice::of(
            "Nội dung bắt đầu bằng 1F 8B như tệp gzip: nó bị nén. Hãy gửi và ký nội dung không nén.",
            "The body begins with 1F 8B as gzip does: it is compressed. Send and sign it as it is, without compression.",
        ));
    }
    if UTF_16.iter().any(|mark| body.starts_with(mark)) {
        return Some(Advice::of(
            "Nội dung bắt đầu bằng dấu của UTF-16 (FF FE hoặc FE FF). Hãy viết nội dung bằng UTF-8 trước khi ký.",
            "The body begins with the mark of UTF-16 (FF FE or FE FF). Write it in UTF-8 before you sign it.",
        ));
    }
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
