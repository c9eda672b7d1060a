use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::*;
use crate::banks::signature::hmac_sha256;
use crate::banks::{Secret, adapter_by_name};
use crate::domain::day::to_rfc3339;

/// The clock here, in Unix seconds.
const NOW: i64 = 1_773_628_200;

fn delivery(headers: &[(&str, &str)], body: &[u8]) -> Delivery {
    let headers = headers.iter();
    let headers = headers.map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
    Delivery::new("POST", "/x", headers, body.to_vec())
}

fn diagnosis(adapter: &str, delivery: &Delivery, refusal: Refusal) -> Diagnosis {
    let adapter = adapter_by_name(adapter).unwrap();
    let secret = adapter.make_secret(&[7; 32]);
    let credentials = Credentials::new(secret.unwrap_or_else(|| Secret::text("7".repeat(32))));
    let now = DateTime::from_timestamp(NOW, 0).unwrap();
    diagnose(adapter, delivery, &credentials, refusal, now)
}

fn refused(adapter: &str, delivery: &Delivery, refusal: Refusal) -> Advice {
    diagnosis(adapter, delivery, refusal).advice
}

#[test]
fn an_ambiguous_body_is_told_its_one_cause_and_the_byte() {
    for (body, vi, en) in [
        (&b"{\"a\":\"\xff\"}"[..], "0xFF", "Byte 6 of the body"),
        (b"\xef\xbb\xbf{}", "BOM", "byte order mark"),
        (
            b"{\"amount\":1,\"amount\":2}",
            "Khoá \"amount\"",
            "The key \"amount\"",
        ),
        (b"[\"\\ud83d\"]", "byte 2 ", "The escape at byte 2 "),
        (&[b'['; 65], "64 tầng", "64 levels"),
        (b"\x1f\x8b\x08", "gzip", "compressed"),
        (b"\xff\xfe{\0", "UTF-16", "UTF-16"),
    ] {
        let sent = delivery(&[], body);
        let told = refused("standard_webhooks", &sent, Refusal::AmbiguousBody);
        assert!(told.vi.contains(vi), "{}", told.vi);
        assert!(told.en.contains(en), "{}", told.en);
    }
    // A query is no JSON: what is known of all formats is said.
    let told = refused("vnpay_ipn", &delivery(&[], b""), Refusal::AmbiguousBody);
    assert_eq!(told, Refusal::AmbiguousBody.advice());
}

#[test]
fn a_header_is_named_with_its_form_and_what_was_received() {
    let time = |value| delivery(&[("webhook-id", "a"), ("webhook-timestamp", value)], b"{}");
    let malformed = |sent: &Delivery| refused("standard_webhooks", sent, Refusal::MalformedHeader);
    let told = malformed(&time("1773628200000")).en;
    for part in [
        "webhook-timestamp has to be Unix seconds",
        "\"1773628200000\"",
        "look like milliseconds",
    ] {
        assert!(told.contains(part), "{told}");
    }
    let told = malformed(&time("2026-03-16T09:29:52+07:00")).en;
    assert!(told.contains("\"2026-03-16T09") && !told.contains("milliseconds"));
    let casso = delivery(&[("x-casso-signature", "t=17,x")], b"{}");
    let told = refused("casso_v2", &casso, Refusal::MalformedHeader).en;
    assert!(told.contains("t=<Unix milliseconds>"), "{told}");
    let sepay = delivery(&[("x-sepay-timestamp", "soon")], b"{}");
    let told = refused("sepay_hmac", &sepay, Refusal::MalformedHeader).vi;
    assert!(
        told.contains("x-sepay-timestamp phải là giây Unix"),
        "{told}"
    );
    let told = refused("standard_webhooks", &time("1"), Refusal::MissingHeader).en;
    assert!(told.contains("webhook-signature is missing"), "{told}");
    let twice = delivery(&[("webhook-id", "a"), ("webhook-id", "b")], b"");
    let told = refused("standard_webhooks", &twice, Refusal::RepeatedHeader).en;
    assert!(told.contains("webhook-id is there 2 times"), "{told}");
    let unknown = refused("payos", &twice, Refusal::MalformedHeader);
    assert_eq!(unknown, Refusal::MalformedHeader.advice());
}

#[test]
fn a_signature_that_does_not_fit_is_told_what_was_checked() {
    let sent = delivery(&[("webhook-id", "m"), ("webhook-timestamp", "17")], b"{}");
    let told = refused("standard_webhooks", &sent, Refusal::SignatureMismatch).en;
    let hash = hex::encode(Sha256::digest(b"{}"));
    assert!(told.contains("\"m.17.\"") && told.contains("2 bytes") && told.contains(&hash));
}

#[test]
fn what_is_left_to_look_at_is_said_where_nothing_explains_the_signature() {
    let text = b"m.17.{}";
    let good = hmac_sha256(&[7; 32], &[text]);
    let swapped = hmac_sha256(text, &[&[7; 32]]);
    let key = "If all three are yours, then the secret or the algorithm";
    for (name, shown, slip, part, without) in [
        ("another key", vec![1; 32], None, key, "bytes once decoded"),
        (
            "SHA-1",
            vec![1; 20],
            None,
            "has 20 bytes once decoded",
            "If all three",
        ),
        (
            "base64 of hexadecimal",
            hex::encode(&good).into_bytes(),
            Some(Slip::HexInBase64),
            "2 bytes, SHA-256",
            "If all three",
        ),
        (
            "key and text changed round",
            swapped,
            Some(Slip::KeyForText),
            "2 bytes, SHA-256",
            "If all three",
        ),
    ] {
        let signature = format!("v1,{}", BASE64_STANDARD.encode(shown));
        let headers = [
            ("webhook-id", "m"),
            ("webhook-timestamp", "17"),
            ("webhook-signature", &*signature),
        ];
        let sent = delivery(&headers, b"{}");
        let told = diagnosis("standard_webhooks", &sent, Refusal::SignatureMismatch);
        assert_eq!(told.slips, Vec::from_iter(slip), "{name}");
        let advice = told.advice.en;
        assert!(
            advice.contains(part) && !advice.contains(without),
            "{name}: {advice}"
        );
    }
}

#[test]
fn a_time_that_is_off_is_told_by_how_much_and_which_way() {
    for (off, refused_as, parts) in [
        (
            -601,
            RefusedAs::Stale,
            ["601 seconds behind", "new time for a retry"],
        ),
        (601, RefusedAs::Early, ["601 seconds ahead of", "on NTP"]),
        (
            25_210,
            RefusedAs::Early,
            ["25210 seconds ahead", "taken for UTC"],
        ),
        (
            -25_190,
            RefusedAs::Stale,
            ["25190 seconds behind", "taken off twice"],
        ),
    ] {
        let time = (NOW + off).to_string();
        let sent = delivery(&[("webhook-timestamp", &*time)], b"{}");
        let told = diagnosis("standard_webhooks", &sent, Refusal::StaleTimestamp);
        assert_eq!(told.refused_as, refused_as, "{off}");
        let here = to_rfc3339(DateTime::from_timestamp(NOW, 0).unwrap());
        for part in parts.into_iter().chain([&*time, &*here, "300 are allowed"]) {
            assert!(told.advice.en.contains(part), "{off}: {}", told.advice.en);
        }
    }
    let milliseconds = format!("t={}000,v1=00", NOW + 900);
    let sent = delivery(&[("x-casso-signature", &*milliseconds)], b"{}");
    let told = diagnosis("casso_v2", &sent, Refusal::StaleTimestamp);
    assert_eq!(told.refused_as, RefusedAs::Early);
}

#[test]
fn an_unusable_value_is_told_its_form_and_what_was_received() {
    let standard = adapter_by_name("standard_webhooks").unwrap();
    for (why, body, part) in [
        (
            Unusable::BadField("booked_at"),
            r#"{"data":{"booked_at":"16/03/2026"}}"#,
            "with an offset, such as \"2026-03-16T09:29:52+07:00\". Received booked_at: \"16/03/2026\"",
        ),
        (
            Unusable::BadAmount,
            r#"{"data":{"amount":"45000"}}"#,
            "Received amount: \"45000\". Take the quotes off.",
        ),
        (
            Unusable::BadAmount,
            r#"{"data":{"amount":45000.00}}"#,
            "Received amount: 45000.00.",
        ),
        (
            Unusable::OtherCurrency,
            r#"{"data":{"currency":"USD"}}"#,
            "Received currency: \"USD\".",
        ),
        (
            Unusable::Contradiction,
            r#"{"type":"bank.transaction.credited","data":{"direction":"debit"}}"#,
            "Received direction: \"debit\".",
        ),
        (
            Unusable::BadField("data"),
            r#"{"data":[{"amount":1}]}"#,
            "one movement per request, never a list",
        ),
        (Unusable::MalformedBody, "[{}]", "one movement per request"),
        (Unusable::MalformedBody, "", "The body is empty."),
        (
            Unusable::MalformedBody,
            "hello",
            "line 1, byte 1 of the line, near: hello",
        ),
        (
            Unusable::MalformedBody,
            "{\"a\":\n 045000}",
            "line 2, byte 3 of the line",
        ),
        (Unusable::MalformedBody, "{\"a\":1,}", "near: {\"a\":1,}"),
        (
            Unusable::MalformedBody,
            "{\"a\":\"b",
            "breaks off: it ends on line 1, behind: {\"a\":\"b",
        ),
        (
            Unusable::BadAmount,
            r#"{"data":{"amount":1000000000000000}}"#,
            "above the limit of 1000000000000",
        ),
        (
            Unusable::BadAmount,
            r#"{"data":{"amount":1e5}}"#,
            "with an exponent",
        ),
        (
            Unusable::BadAmount,
            r#"{"data":{"amount":-5}}"#,
            "It is negative",
        ),
        (
            Unusable::OtherCurrency,
            r#"{"data":{"currency":"vnd"}}"#,
            "in capital letters: VND. Received currency: \"vnd\".",
        ),
        (
            Unusable::MissingField("content"),
            r#"{"data":{}}"#,
            "content is not there. Send it. Its form: a text without NUL; it may be empty.",
        ),
        (
            Unusable::MissingField("content"),
            r#"{"data":{"content":null}}"#,
            "content is null.",
        ),
    ] {
        let sent = delivery(&[], body.as_bytes());
        let told = advice_on_reading(standard, &sent, why).en;
        assert!(told.contains(part), "{told}");
    }
    let sepay = adapter_by_name("sepay_hmac").unwrap();
    let sent = delivery(&[], br#"{"transferAmount":"0"}"#);
    let told = advice_on_reading(sepay, &sent, Unusable::BadAmount).en;
    assert!(told.contains("transferAmount: \"0\"") && !told.contains("quotes off"));
    let empty = delivery(&[], br#"{"id":""}"#);
    let missing = advice_on_reading(sepay, &empty, Unusable::MissingField("id"));
    assert_eq!(missing, Unusable::MissingField("id").advice());
}

#[test]
fn what_is_passed_over_is_named() {
    let standard = adapter_by_name("standard_webhooks").unwrap();
    let kind = |body: &str| {
        let sent = delivery(&[], body.as_bytes());
        advice_on_nothing(standard, &sent, NoticeKind::OtherEvent).en
    };
    let told = kind(r#"{"type":"BANK.TRANSACTION.CREDITED"}"#);
    assert!(
        told.contains("Received type: \"BANK.TRANSACTION.CREDITED\"."),
        "{told}"
    );
    assert!(told.contains("\"bank.transaction.credited\", "), "{told}");

    let sent = |kind: &str, body: &str| {
        let sent = delivery(&[("content-type", kind)], body.as_bytes());
        let remarks = remarks_on_delivery(standard, &sent).into_iter();
        remarks.map(|it| it.en).collect::<Vec<_>>()
    };
    let json = "application/json; charset=UTF-8";
    let good = r#"{"type":"a","timestamp":1,"data":{"amount":1,"currency":"VND"}}"#;
    assert!(sent(json, good).is_empty());
    let odd = sent(
        json,
        r#"{"type":"a","kind":1,"data":{"virtualAccount":"1","data":1}}"#,
    );
    assert!(
        odd[0].contains("kind, data.virtualAccount, data.data."),
        "{odd:?}"
    );
    let other = sent("application/json;charset=windows-1258", good);
    assert!(other[0].contains("the encoding windows-1258"), "{other:?}");
    let sepay = adapter_by_name("sepay_hmac").unwrap();
    assert!(remarks_on_delivery(sepay, &delivery(&[], br#"{"a":1}"#)).is_empty());
}
