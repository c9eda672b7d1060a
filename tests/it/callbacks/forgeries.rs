//! What must never be believed.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use phocho::banks::{ADAPTERS, Credentials, Delivery, Reading, Refusal, Secret, VerifiedWith};
use phocho::domain::credit::BankFact;
use proptest::prelude::*;

use super::signing::*;

fn refused(adapter: &str, credentials: &Credentials, delivery: &Delivery) -> Option<Refusal> {
    judge(adapter, credentials, delivery).err()
}

fn facts(adapter: &str, credentials: &Credentials, delivery: &Delivery) -> Option<Vec<BankFact>> {
    match judge(adapter, credentials, delivery).ok()?.into_reading() {
        Reading::Transactions(facts) => Some(facts),
        _ => None,
    }
}

#[test]
fn a_sepay_signature_is_one_exact_text() {
    let (time, body) = (NOW.to_string(), SEPAY_BODY.as_bytes());
    let digest = sepay_digest(SECRET, &time, body);
    let other_hash = hex::encode(hmac(SECRET.as_bytes(), &[body]));
    for (name, signature) in [
        ("no prefix", digest.clone()),
        ("upper-case prefix", format!("SHA256={digest}")),
        ("another algorithm's name", format!("sha512={digest}")),
        ("upper case", format!("sha256={}", digest.to_uppercase())),
        ("cut", format!("sha256={}", &digest[..62])),
        ("odd", format!("sha256={}", &digest[..63])),
        ("longer", format!("sha256={digest}00")),
        ("space before", format!(" sha256={digest}")),
        ("space after", format!("sha256={digest} ")),
        ("space inside", format!("sha256= {digest}")),
        (
            "two with a comma",
            format!("sha256={digest},sha256={digest}"),
        ),
        (
            "base64",
            format!("sha256={}", STANDARD.encode(hex::decode(&digest).unwrap())),
        ),
        ("empty", "sha256=".to_owned()),
        ("the body alone", format!("sha256={other_hash}")),
        (
            "another secret",
            format!("sha256={}", sepay_digest(OTHER_SECRET, &time, body)),
        ),
        (
            "an empty secret",
            format!("sha256={}", sepay_digest("", &time, body)),
        ),
    ] {
        let headers = [
            ("x-sepay-timestamp", &*time),
            ("x-sepay-signature", &*signature),
        ];
        let refusal = refused(
            "sepay_hmac",
            &sepay_credentials(),
            &delivery(&headers, body),
        );
        assert_eq!(refusal, Some(Refusal::SignatureMismatch), "{name}");
    }
    assert_eq!(
        refused("sepay_hmac", &sepay_credentials(), &sepay_now(body)),
        None
    );
}

#[test]
fn a_header_is_there_once_and_in_one_form() {
    let body = SEPAY_BODY.as_bytes();
    for time in [
        " 1773628200",
        "1773628200 ",
        "+1773628200",
        "-1773628200",
        "1773628200.0",
        "01773628200",
        "1773628200000",
        "0x69b76a68",
        "1e9",
        "١٧٧٣٦٢٨٢٠٠",
        "2026-03-16T02:30:00Z",
        "17736\t28200",
    ] {
        let refusal = refused("sepay_hmac", &sepay_credentials(), &sepay(time, body));
        assert_eq!(refusal, Some(Refusal::MalformedHeader), "{time}");
    }
    let (time, signature) = (
        NOW.to_string(),
        format!("sha256={}", sepay_digest(SECRET, &NOW.to_string(), body)),
    );
    let pair = [
        ("x-sepay-timestamp", &*time),
        ("x-sepay-signature", &*signature),
    ];
    for (name, headers, wanted) in [
        ("no signature", vec![pair[0]], Refusal::MissingHeader),
        ("no timestamp", vec![pair[1]], Refusal::MissingHeader),
        (
            "empty timestamp",
            vec![("x-sepay-timestamp", ""), pair[1]],
            Refusal::MissingHeader,
        ),
        (
            "empty signature",
            vec![pair[0], ("x-sepay-signature", "")],
            Refusal::MissingHeader,
        ),
        (
            "signature twice",
            vec![pair[0], pair[1], pair[1]],
            Refusal::RepeatedHeader,
        ),
        (
            "twice in other case",
            vec![pair[0], pair[1], ("X-SEPAY-TIMESTAMP", &*time)],
            Refusal::RepeatedHeader,
        ),
    ] {
        let refusal = refused(
            "sepay_hmac",
            &sepay_credentials(),
            &delivery(&headers, body),
        );
        assert_eq!(refusal, Some(wanted), "{name}");
    }
    let mut read = sepay_now(body);
    read.method = "GET".into();
    assert_eq!(
        refused("sepay_hmac", &sepay_credentials(), &read),
        Some(Refusal::WrongMethod)
    );
}

#[test]
fn freshness_ends_after_exactly_the_tolerance_either_way() {
    for (distance, fresh) in [
        (0, true),
        (299, true),
        (300, true),
        (301, false),
        (86_400, false),
        (-299, true),
        (-300, true),
        (-301, false),
        (-86_400, false),
    ] {
        let time = (NOW - distance).to_string();
        let wanted = (!fresh).then_some(Refusal::StaleTimestamp);
        let sepay = sepay(&time, SEPAY_BODY.as_bytes());
        assert_eq!(
            refused("sepay_hmac", &sepay_credentials(), &sepay),
            wanted,
            "{distance}"
        );
        let body = STANDARD_BODY.as_bytes();
        let signature = standard_v1(SECRET.as_bytes(), "msg_1", &time, body);
        let standard = standard("msg_1", &time, &signature, body);
        let refusal = refused("standard_webhooks", &standard_credentials(), &standard);
        assert_eq!(refusal, wanted, "{distance}");
    }
}

#[test]
fn a_weak_secret_of_ours_proves_nothing() {
    for secret in ["", "short", "fifteen-letters"] {
        let weak = Credentials::new(Secret::text(secret));
        let body = SEPAY_BODY.as_bytes();
        let time = NOW.to_string();
        let signature = format!("sha256={}", sepay_digest(secret, &time, body));
        let headers = [
            ("x-sepay-timestamp", &*time),
            ("x-sepay-signature", &*signature),
        ];
        let refusal = refused("sepay_hmac", &weak, &delivery(&headers, body));
        assert_eq!(refusal, Some(Refusal::UnusableSecret), "{secret}");
    }
    for key in [&b""[..], &[1; 23], &[1; 65]] {
        let secret = format!("whsec_{}", STANDARD.encode(key));
        let weak = Credentials::new(Secret::text(secret));
        let (time, body) = (NOW.to_string(), STANDARD_BODY.as_bytes());
        let signature = standard_v1(key, "msg_1", &time, body);
        let delivery = standard("msg_1", &time, &signature, body);
        assert!(
            refused("standard_webhooks", &weak, &delivery).is_some(),
            "{}",
            key.len()
        );
    }
}

#[test]
fn a_previous_secret_is_good_while_it_is_kept() {
    let mut rotated = Credentials::new(Secret::text(OTHER_SECRET));
    let genuine = sepay_now(SEPAY_BODY.as_bytes());
    assert_eq!(
        refused("sepay_hmac", &rotated, &genuine),
        Some(Refusal::SignatureMismatch)
    );
    rotated.previous = Some(Secret::text(SECRET));
    let verified = judge("sepay_hmac", &rotated, &genuine).unwrap();
    assert_eq!(verified.verified_with(), VerifiedWith::Previous);
}

#[test]
fn a_bank_needs_one_good_signature_under_its_own_label() {
    let (time, body) = (NOW.to_string(), STANDARD_BODY.as_bytes());
    let credentials = standard_credentials();
    let v1 = standard_v1(SECRET.as_bytes(), "msg_1", &time, body);
    let v1a = standard_v1a("msg_1", &time, body);
    let digest = v1.strip_prefix("v1,").unwrap();
    let public = credentials.ed25519_public_key.as_deref().unwrap();
    let public = STANDARD
        .decode(public.strip_prefix("whpk_").unwrap())
        .unwrap();
    let url_safe = URL_SAFE
        .encode(STANDARD.decode(digest).unwrap())
        .replace('=', "");
    for (name, signature, wanted) in [
        ("v1", v1.clone(), Some(VerifiedWith::Current)),
        ("v1a", v1a.clone(), Some(VerifiedWith::PublicKey)),
        (
            "a bad one first",
            format!("v1,AAAA v1a,AAAA {v1}"),
            Some(VerifiedWith::Current),
        ),
        (
            "an unknown label first",
            format!("v9,AAAA {v1a}"),
            Some(VerifiedWith::PublicKey),
        ),
        (
            "the public key as a shared one",
            standard_v1(&public, "msg_1", &time, body),
            None,
        ),
        ("a shared digest as v1a", format!("v1a,{digest}"), None),
        ("a public signature as v1", v1a.replace("v1a,", "v1,"), None),
        ("upper-case label", v1.replace("v1,", "V1,"), None),
        ("no label", digest.to_owned(), None),
        ("commas between", format!("v9,AAAA,{v1}"), None),
        (
            "URL-safe base64 without padding",
            format!("v1,{url_safe}"),
            None,
        ),
        (
            "hex",
            format!("v1,{}", hex::encode(STANDARD.decode(digest).unwrap())),
            None,
        ),
        (
            "another id",
            standard_v1(SECRET.as_bytes(), "msg_2", &time, body),
            None,
        ),
        (
            "the secret's text as key",
            standard_v1(
                format!("whsec_{}", STANDARD.encode(SECRET)).as_bytes(),
                "msg_1",
                &time,
                body,
            ),
            None,
        ),
        (
            "a key of zeros",
            standard_v1(&[0; 32], "msg_1", &time, body),
            None,
        ),
        ("no key", standard_v1(b"", "msg_1", &time, body), None),
        ("seventeen", format!("{}{v1}", "v1,AAAA ".repeat(16)), None),
    ] {
        let delivery = standard("msg_1", &time, &signature, body);
        let verdict = judge("standard_webhooks", &credentials, &delivery);
        let with = verdict.ok().map(|verified| verified.verified_with());
        assert_eq!(with, wanted, "{name}");
    }
    let mut no_key = standard_credentials();
    no_key.ed25519_public_key = None;
    let by_key = standard("msg_1", &time, &v1a, body);
    assert!(judge("standard_webhooks", &no_key, &by_key).is_err());
}

#[test]
fn a_payos_text_that_can_be_cut_elsewhere_is_refused() {
    let genuine = facts(
        "payos",
        &payos_credentials(),
        &payos(PAYOS_DATA, PAYOS_SIGNED),
    )
    .unwrap();
    assert_eq!(genuine[0].dedupe_key, "payos:a9c3:FT1");
    // The payer chose the text, and somebody who saw the notice moves what stands behind it
    // into a field that is not read: another link and reference would be another payment.
    let payer = "CS&orderCode=1&paymentLinkId=b&reference=FT2";
    let signed = PAYOS_SIGNED.replace("CS TH7K2M9XQ4", payer);
    let moved = PAYOS_DATA
        .replace("CS TH7K2M9XQ4", "CS")
        .replace("93700", "1")
        .replace("a9c3", "b")
        .replace(
            "FT1",
            "FT2&orderCode=93700&paymentLinkId=a9c3&reference=FT1",
        );
    let honest = PAYOS_DATA.replace("CS TH7K2M9XQ4", payer);
    for (name, data) in [("moved", moved), ("as the vendor sent it", honest)] {
        let refusal = refused("payos", &payos_credentials(), &payos(&data, &signed));
        assert_eq!(refusal, Some(Refusal::AmbiguousBody), "{name}");
    }
    // An ampersand alone is what people write.
    for text in ["Tom & Jerry", "A&B = C", "x&y=z", "a=1", "&", "=&="] {
        let signed = PAYOS_SIGNED.replace("CS TH7K2M9XQ4", text);
        let data = PAYOS_DATA.replace("CS TH7K2M9XQ4", text);
        let read = facts("payos", &payos_credentials(), &payos(&data, &signed));
        assert_eq!(read.unwrap()[0].content.as_deref(), Some(text), "{text}");
    }
    for key in ["a=b", "a&b", "a&amount"] {
        let data = PAYOS_DATA.replace("\"desc\"", &format!("\"{key}\":\"\",\"desc\""));
        let refusal = refused("payos", &payos_credentials(), &payos(&data, PAYOS_SIGNED));
        assert_eq!(refusal, Some(Refusal::AmbiguousBody), "{key}");
    }
}

#[test]
fn a_payos_text_prints_values_as_javascript_does() {
    // Between transactionDateTime and virtualAccountName in the order of keys.
    let signed = |more: &str| {
        PAYOS_SIGNED.replace(
            "&virtualAccountName=",
            &format!("&{more}&virtualAccountName="),
        )
    };
    for (field, text) in [
        (r#""u":1.50"#, "u=1.5"),
        (r#""u":1e21"#, "u=1e+21"),
        (r#""u":-0"#, "u=0"),
        (r#""u":true"#, "u=true"),
        (r#""u":"undefined""#, "u="),
        (r#""u":"null""#, "u="),
        (r#""u":[]"#, "u=[]"),
        (
            r#""u":[{"b":"é/","a":1.0},{"d":null}]"#,
            r#"u=[{"a":1,"b":"é/"},{"d":null}]"#,
        ),
    ] {
        let data = PAYOS_DATA.replace("\"desc\"", &format!("{field},\"desc\""));
        let delivery = payos(&data, &signed(text));
        assert!(
            facts("payos", &payos_credentials(), &delivery).is_some(),
            "{field}"
        );
    }
}

#[test]
fn a_payos_body_without_its_signed_part_is_refused() {
    for (body, wanted) in [
        ("", Refusal::MalformedBody),
        ("[]", Refusal::MalformedBody),
        ("{}", Refusal::MissingSignature),
        (r#"{"data":{},"signature":null}"#, Refusal::MissingSignature),
        (r#"{"data":{},"signature":1}"#, Refusal::MissingSignature),
        (r#"{"signature":"00"}"#, Refusal::MalformedBody),
        (r#"{"data":"x","signature":"00"}"#, Refusal::MalformedBody),
        (
            r#"{"data":{},"signature":"00"}"#,
            Refusal::SignatureMismatch,
        ),
        (
            r#"{"data":{},"data":{},"signature":"00"}"#,
            Refusal::AmbiguousBody,
        ),
        (
            r#"{"data":{"a":1,"\u0061":2},"signature":"00"}"#,
            Refusal::AmbiguousBody,
        ),
    ] {
        let delivery = delivery(&[], body.as_bytes());
        assert_eq!(
            refused("payos", &payos_credentials(), &delivery),
            Some(wanted),
            "{body}"
        );
    }
}

#[test]
fn a_signed_body_with_two_meanings_is_refused() {
    for (name, body) in [
        ("equal keys", br#"{"amount":1,"amount":2}"#.to_vec()),
        (
            "equal after unescaping",
            br#"{"amount":1,"\u0061mount":2}"#.to_vec(),
        ),
        (
            "equal keys deep inside",
            br#"{"a":[{"__proto__":1,"__proto__":1}]}"#.to_vec(),
        ),
        ("half a surrogate pair", br#"{"content":"\ud83d"}"#.to_vec()),
        ("not UTF-8", b"{\"content\":\"\xff\"}".to_vec()),
        (
            "byte order mark",
            [b"\xef\xbb\xbf", SEPAY_BODY.as_bytes()].concat(),
        ),
        ("endless nesting", b"[".repeat(50_000)),
    ] {
        let wanted = Some(Refusal::AmbiguousBody);
        let refusal = refused("sepay_hmac", &sepay_credentials(), &sepay_now(&body));
        assert_eq!(refusal, wanted, "{name}");
        let refusal = refused(
            "standard_webhooks",
            &standard_credentials(),
            &standard_now(&body),
        );
        assert_eq!(refusal, wanted, "{name}");
    }
}

/// Changes one bit of the body.
fn flip(delivery: &Delivery, bit: usize) -> Delivery {
    let mut flipped = delivery.clone();
    flipped.body[bit / 8] ^= 1 << (bit % 8);
    flipped
}

#[test]
fn no_bit_of_a_signed_body_can_be_changed() {
    for (adapter, credentials, genuine) in [
        (
            "sepay_hmac",
            sepay_credentials(),
            sepay_now(SEPAY_BODY.as_bytes()),
        ),
        (
            "standard_webhooks",
            standard_credentials(),
            standard_now(STANDARD_BODY.as_bytes()),
        ),
    ] {
        assert!(facts(adapter, &credentials, &genuine).is_some());
        for bit in 0..genuine.body.len() * 8 {
            let refusal = refused(adapter, &credentials, &flip(&genuine, bit));
            assert_eq!(
                refusal,
                Some(Refusal::SignatureMismatch),
                "{adapter}: bit {bit}"
            );
        }
    }
    // payOS leaves everything around `data` unsigned; none of it means anything.
    let genuine = payos(PAYOS_DATA, PAYOS_SIGNED);
    let wanted = facts("payos", &payos_credentials(), &genuine);
    assert!(wanted.is_some());
    for bit in 0..genuine.body.len() * 8 {
        let flipped = flip(&genuine, bit);
        if judge("payos", &payos_credentials(), &flipped).is_ok() {
            let read = facts("payos", &payos_credentials(), &flipped);
            assert_eq!(read, wanted, "bit {bit}");
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_have_a_verdict(
        body in prop::collection::vec(any::<u8>(), 0..300),
        header in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let names = [
            "webhook-id", "webhook-timestamp", "webhook-signature", "x-sepay-timestamp",
            "x-sepay-signature", "x-casso-signature", "secure-token", "authorization",
        ];
        let headers = names.map(|name| (name.to_owned(), header.clone()));
        let mut delivery = Delivery::new("POST", "/", headers, body.clone());
        delivery.query = String::from_utf8_lossy(&body).into_owned();
        for method in ["POST", "GET"] {
            delivery.method = method.to_owned();
            for adapter in ADAPTERS {
                let refused = judge(adapter.name(), &standard_credentials(), &delivery).is_err();
                prop_assert!(refused);
            }
        }
        // The same bytes, signed: read or quarantined, never a panic.
        let _ = judge("sepay_hmac", &sepay_credentials(), &sepay_now(&body));
        let _ = judge("standard_webhooks", &standard_credentials(), &standard_now(&body));
    }
}
