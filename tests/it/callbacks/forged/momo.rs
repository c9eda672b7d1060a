//! MoMo.

use super::*;

const ACCESS_KEY: &str = "F8BBA842TEST";

pub fn credentials() -> Credentials {
    let mut credentials = Credentials::new(Secret::text(SECRET));
    credentials
        .config
        .insert("accessKey".into(), ACCESS_KEY.into());
    credentials
        .config
        .insert("partnerCode".into(), "MOMO1".into());
    credentials
}

const FIELDS: &str = r#""partnerCode":"MOMO1","orderId":"TH7K2M9XQ4-2700","requestId":"req-1","amount":45000,"orderInfo":"Phở TH7K2M9XQ4","orderType":"momo_wallet","transId":4088,"resultCode":0,"message":"Successful.","payType":"qr","responseTime":1773628193942,"extraData":"""#;

const SIGNED: &str = "accessKey=F8BBA842TEST&amount=45000&extraData=&message=Successful.&orderId=TH7K2M9XQ4-2700&orderInfo=Phở TH7K2M9XQ4&orderType=momo_wallet&partnerCode=MOMO1&payType=qr&requestId=req-1&responseTime=1773628193942&resultCode=0&transId=4088";

fn digest(secret: &str, signed: &str) -> String {
    hex::encode(hmac(secret.as_bytes(), &[signed.as_bytes()]))
}

fn with_signature(fields: &str, signature: &str) -> Delivery {
    let body = format!(r#"{{{fields},"signature":"{signature}"}}"#);
    delivery(&[], body.as_bytes())
}

fn signed(fields: &str, text: &str) -> Delivery {
    with_signature(fields, &digest(SECRET, text))
}

pub fn genuine() -> Delivery {
    signed(FIELDS, SIGNED)
}

/// A field changed and signed anew: as it is written and as it is signed.
fn signed_anew(name: &str, was: &str, is: &str, printed: &str) -> Delivery {
    let fields = FIELDS.replace(&format!("\"{name}\":{was}"), &format!("\"{name}\":{is}"));
    assert_ne!(fields, FIELDS, "{name}");
    let before = format!("{name}={}", was.trim_matches('"'));
    signed(
        &fields,
        &SIGNED.replace(&before, &format!("{name}={printed}")),
    )
}

/// Variants of a genuine notice.
pub(super) fn variants() -> Variants {
    let mut variants = Variants::of("momo_ipn", credentials(), &genuine());
    let good = digest(SECRET, SIGNED);
    let mismatch = Refused(Refusal::SignatureMismatch);
    for (name, signature) in damaged(&good) {
        variants.add(name, with_signature(FIELDS, &signature), mismatch);
    }
    let (_, without_key) = SIGNED.split_once('&').unwrap();
    for (name, text) in [
        ("no access key", without_key.to_owned()),
        ("an empty access key", SIGNED.replace(ACCESS_KEY, "")),
        (
            "another access key",
            SIGNED.replace(ACCESS_KEY, "F8BBA842OTHER"),
        ),
        ("encoded values", SIGNED.replace("ở TH", "%E1%BB%9F+TH")),
        ("decomposed letters", SIGNED.replace('ở', "o\u{31b}\u{309}")),
        ("a field more", format!("{SIGNED}&x=1")),
    ] {
        variants.add(name, signed(FIELDS, &text), mismatch);
    }
    for (name, secret) in [
        ("another secret", OTHER_SECRET),
        ("no secret", ""),
        ("the key", ACCESS_KEY),
    ] {
        let delivery = with_signature(FIELDS, &digest(secret, SIGNED));
        variants.add(name, delivery, mismatch);
    }
    for (from, to) in [
        ("45000", "450000"),
        ("-2700", "-27001"),
        ("req-1", "req-2"),
        ("Phở", "Bún"),
        ("momo_wallet", "card"),
        ("4088", "4089"),
        ("\"resultCode\":0", "\"resultCode\":9000"),
        ("Successful.", "OK"),
        ("\"qr\"", "\"app\""),
        ("1773628193942", "1773628193943"),
        ("\"extraData\":\"\"", "\"extraData\":\"x\""),
        ("MOMO1", "MOMO2"),
        ("45000", "4.5e4"),
        ("45000", "45000.0"),
    ] {
        variants.add(to, signed(&FIELDS.replace(from, to), SIGNED), mismatch);
    }
    add_bodies(&mut variants, &good);
    add_unusable(&mut variants);
    variants
}

#[test]
fn a_momo_signature_covers_its_thirteen_fields() {
    variants().check();
}

fn add_bodies(variants: &mut Variants, good: &str) {
    let body = format!(r#"{{{FIELDS},"signature":"{good}"}}"#);
    for (name, body) in ambiguous(&body) {
        variants.add(name, delivery(&[], &body), Refused(Refusal::AmbiguousBody));
    }
    for (name, twice) in [
        ("the amount twice", r#""amount":1,"#),
        ("the amount twice, escaped", r#""\u0061mount":1,"#),
        ("the signature twice", r#""signature":"x","#),
    ] {
        let body = body.replacen('{', &format!("{{{twice}"), 1);
        let refused = Refused(Refusal::AmbiguousBody);
        variants.add(name, delivery(&[], body.as_bytes()), refused);
    }
    for (body, refusal) in [
        ("", Refusal::MalformedBody),
        ("[]", Refusal::MalformedBody),
        ("{}", Refusal::MissingSignature),
        (r#"{"signature":null}"#, Refusal::MissingSignature),
        (r#"{"signature":""}"#, Refusal::MissingSignature),
        (r#"{"signature":1}"#, Refusal::MissingSignature),
        (r#"{"signature":"00","amount":[1]}"#, Refusal::MalformedBody),
        (
            r#"{"signature":"00","amount":true}"#,
            Refusal::MalformedBody,
        ),
    ] {
        variants.add(body, delivery(&[], body.as_bytes()), Refused(refusal));
    }
    // Who chose a text moves what stands behind it into the next field.
    let moved = FIELDS
        .replace("Successful.", "OK&orderId=TH3D8W5RNC")
        .replace("TH7K2M9XQ4-2700", "x&orderId=TH7K2M9XQ4-2700");
    variants.add(
        "a field inside another",
        signed(&moved, SIGNED),
        Refused(Refusal::AmbiguousBody),
    );
    let honest = signed_anew(
        "message",
        "\"Successful.\"",
        "\"A&orderId=B\"",
        "A&orderId=B",
    );
    variants.add(
        "the same as MoMo sent it",
        honest,
        Refused(Refusal::AmbiguousBody),
    );
    let mut by_header = delivery(&[("signature", good)], format!("{{{FIELDS}}}").as_bytes());
    variants.add(
        "in a header",
        by_header.clone(),
        Refused(Refusal::MissingSignature),
    );
    by_header.query = format!("signature={good}");
    variants.add(
        "in the query",
        by_header,
        Refused(Refusal::MissingSignature),
    );
    let mut read = genuine();
    read.method = "GET".into();
    variants.add("a GET", read, Refused(Refusal::WrongMethod));
}

/// Signed, and another partner's or nothing that can be booked.
fn add_unusable(variants: &mut Variants) {
    for (is, printed) in [
        ("\"MOMO2\"", "MOMO2"),
        ("\"momo1\"", "momo1"),
        ("\"\"", ""),
        ("1", "1"),
    ] {
        let other = signed_anew("partnerCode", "\"MOMO1\"", is, printed);
        variants.add(is, other, Refused(Refusal::OtherTerminal));
    }
    for amount in [
        "1e5",
        "45000.0",
        "-45000",
        "-0",
        "0",
        "9223372036854775808",
        "\"45000\"",
        "\"1e5\"",
    ] {
        let printed = amount.trim_matches('"');
        let delivery = signed_anew("amount", "45000", amount, printed);
        variants.add(amount, delivery, Kept(Unusable::BadAmount));
    }
    for (name, was, is, printed, why) in [
        (
            "transId",
            "4088",
            "null",
            "",
            Unusable::MissingField("transId"),
        ),
        (
            "transId",
            "4088",
            "40.5",
            "40.5",
            Unusable::BadField("transId"),
        ),
        (
            "resultCode",
            "0",
            "null",
            "",
            Unusable::MissingField("resultCode"),
        ),
        (
            "orderInfo",
            "\"Phở TH7K2M9XQ4\"",
            "\"\\u0000\"",
            "\0",
            Unusable::BadField("orderInfo"),
        ),
        (
            "orderId",
            "\"TH7K2M9XQ4-2700\"",
            "null",
            "",
            Unusable::MissingField("orderId"),
        ),
        (
            "responseTime",
            "1773628193942",
            "1773628193",
            "1773628193",
            Unusable::BadField("responseTime"),
        ),
    ] {
        variants.add(name, signed_anew(name, was, is, printed), Kept(why));
    }
}
