//! ZaloPay.

use super::*;

pub fn credentials() -> Credentials {
    let mut credentials = Credentials::new(Secret::text(SECRET));
    credentials.config.insert("app_id".into(), "990001".into());
    credentials
}

const DATA: &str = r#"{"app_id":990001,"app_trans_id":"260316_TH7K2M9XQ4","app_user":"Nguyễn","amount":45000,"embed_data":"{}","zp_trans_id":260316000002700,"server_time":1773628194370}"#;

fn digest(secret: &str, data: &[u8]) -> String {
    hex::encode(hmac(secret.as_bytes(), &[data]))
}

fn with_mac(data: &str, mac: &str) -> Delivery {
    let body = serde_json::json!({"data": data, "mac": mac, "type": 1}).to_string();
    delivery(&[], body.as_bytes())
}

fn signed(data: &str) -> Delivery {
    with_mac(data, &digest(SECRET, data.as_bytes()))
}

pub fn genuine() -> Delivery {
    signed(DATA)
}

/// Variants of a genuine notice.
pub(super) fn variants() -> Variants {
    let mut variants = Variants::of("zalopay_callback", credentials(), &genuine());
    let good = digest(SECRET, DATA.as_bytes());
    let mismatch = Refused(Refusal::SignatureMismatch);
    for (name, mac) in damaged(&good) {
        variants.add(name, with_mac(DATA, &mac), mismatch);
    }
    let escaped = serde_json::to_string(DATA).unwrap();
    for (name, mac) in [
        ("another secret", digest(OTHER_SECRET, DATA.as_bytes())),
        ("no secret", digest("", DATA.as_bytes())),
        (
            "the text with its quotes",
            digest(SECRET, escaped.as_bytes()),
        ),
        (
            "SHA-512",
            hex::encode(hmac_sha512(SECRET.as_bytes(), &[DATA.as_bytes()])),
        ),
    ] {
        variants.add(name, with_mac(DATA, &mac), mismatch);
    }
    for (from, to) in [
        ("990001", "990002"),
        ("TH7K2M9XQ4", "TH3D8W5RNC"),
        ("45000", "450000"),
        ("2700", "2701"),
        ("1773628194370", "1773628194371"),
        ("Nguyễn", "Tran"),
        (",", ", "),
        ("{}", "[]"),
        ("45000", "45000.0"),
    ] {
        variants.add(to, with_mac(&DATA.replace(from, to), &good), mismatch);
    }
    add_bodies(&mut variants, &good);
    add_unusable(&mut variants);
    variants
}

#[test]
fn a_zalopay_mac_covers_its_text_as_it_reads_once() {
    variants().check();
}

fn add_bodies(variants: &mut Variants, good: &str) {
    let body = String::from_utf8(genuine().body).unwrap();
    let ambiguous_body = Refused(Refusal::AmbiguousBody);
    for (name, body) in ambiguous(&body) {
        variants.add(name, delivery(&[], &body), ambiguous_body);
    }
    for (name, twice) in [
        ("the text twice", r#""data":"{}","#),
        ("the text twice, escaped", r#""d\u0061ta":"{}","#),
        ("the mac twice", r#""mac":"00","#),
    ] {
        let body = body.replacen('{', &format!("{{{twice}"), 1);
        variants.add(name, delivery(&[], body.as_bytes()), ambiguous_body);
    }
    // What is signed can still be read in two ways.
    for (name, data) in ambiguous(DATA) {
        if let Ok(data) = String::from_utf8(data) {
            variants.add(name, signed(&data), ambiguous_body);
        }
    }
    let twice = DATA.replacen('{', r#"{"\u0061mount":1,"#, 1);
    variants.add("the amount twice, signed", signed(&twice), ambiguous_body);
    for (body, refusal) in [
        (String::new(), Refusal::MalformedBody),
        ("[]".into(), Refusal::MalformedBody),
        ("{}".into(), Refusal::MissingSignature),
        (
            r#"{"data":"{}","mac":""}"#.into(),
            Refusal::MissingSignature,
        ),
        (
            r#"{"data":"{}","mac":null}"#.into(),
            Refusal::MissingSignature,
        ),
        (r#"{"data":"{}","mac":0}"#.into(), Refusal::MissingSignature),
        (format!(r#"{{"mac":"{good}"}}"#), Refusal::MalformedBody),
        (
            format!(r#"{{"data":null,"mac":"{good}"}}"#),
            Refusal::MalformedBody,
        ),
        (
            format!(r#"{{"data":{DATA},"mac":"{good}"}}"#),
            Refusal::MalformedBody,
        ),
        (
            format!(r#"{{"data":[],"mac":"{good}"}}"#),
            Refusal::MalformedBody,
        ),
    ] {
        variants.add(&body, delivery(&[], body.as_bytes()), Refused(refusal));
    }
    let mut read = genuine();
    read.method = "GET".into();
    variants.add("a GET", read, Refused(Refusal::WrongMethod));
}

/// Signed, and another shop's or nothing that can be booked.
fn add_unusable(variants: &mut Variants) {
    for app in [
        "990002",
        "\"99000\"",
        "null",
        "990001.0",
        "9.90001e5",
        "-990001",
        "[990001]",
    ] {
        let other = signed(&DATA.replace("990001", app));
        variants.add(app, other, Refused(Refusal::OtherTerminal));
    }
    for amount in BAD_AMOUNTS
        .into_iter()
        .chain(["\"45000\"", "45000.0", "-45000"])
    {
        let delivery = signed(&DATA.replace("45000", amount));
        variants.add(amount, delivery, Kept(Unusable::BadAmount));
    }
    for (from, to, why) in [
        (
            "260316000002700",
            "null",
            Unusable::MissingField("zp_trans_id"),
        ),
        (
            "260316000002700",
            "2.6e14",
            Unusable::BadField("zp_trans_id"),
        ),
        (
            "\"260316_TH7K2M9XQ4\"",
            "\"\"",
            Unusable::MissingField("app_trans_id"),
        ),
        ("TH7K2M9XQ4", "\\u0000", Unusable::BadField("app_trans_id")),
        (
            "1773628194370",
            "\"2026\"",
            Unusable::BadField("server_time"),
        ),
        (DATA, "not JSON", Unusable::MalformedBody),
        (DATA, "[]", Unusable::MalformedBody),
        (DATA, "", Unusable::MalformedBody),
    ] {
        variants.add(to, signed(&DATA.replace(from, to)), Kept(why));
    }
}
