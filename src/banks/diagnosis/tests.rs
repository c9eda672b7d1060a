use super::*;
use crate::banks::adapter_by_name;

fn delivery(headers: &[(&str, &str)], body: &[u8]) -> Delivery {
    let headers = headers.iter();
    let headers = headers.map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
    Delivery::new("POST", "/x", headers, body.to_vec())
}

fn refused(adapter: &str, delivery: &Delivery, refusal: Refusal) -> Advice {
    advice_on_refusal(adapter_by_name(adapter).unwrap(), delivery, refusal)
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
        (Unusable::MalformedBody, "hello", "begins with: hello"),
    ] {
        let sent = delivery(&[], body.as_bytes());
        let told = advice_on_reading(standard, &sent, why).en;
        assert!(told.contains(part), "{told}");
    }
    let sepay = adapter_by_name("sepay_hmac").unwrap();
    let sent = delivery(&[], br#"{"transferAmount":"0"}"#);
    let told = advice_on_reading(sepay, &sent, Unusable::BadAmount).en;
    assert!(told.contains("transferAmount: \"0\"") && !told.contains("quotes off"));
    let missing = advice_on_reading(sepay, &sent, Unusable::MissingField("id"));
    assert_eq!(missing, Unusable::MissingField("id").advice());
}
