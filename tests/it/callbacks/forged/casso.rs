//! Casso, version 2.

use phocho::banks::NoticeKind;
use phocho::domain::credit::{Direction, FactOutcome};

use super::*;

pub fn credentials() -> Credentials {
    Credentials::new(Secret::text(SECRET))
}

const BODY: &str = r#"{"error":0,"data":{"id":92800,"reference":"FT1","description":"TH7K2M9XQ4 à/","amount":45000,"transactionDateTime":"2026-03-16 09:29:30","accountNumber":"1030000000117","virtualAccountNumber":"","counterAccountName":null}}"#;

/// The same with its keys sorted, as it is signed.
const SIGNED: &str = r#"{"data":{"accountNumber":"1030000000117","amount":45000,"counterAccountName":null,"description":"TH7K2M9XQ4 à/","id":92800,"reference":"FT1","transactionDateTime":"2026-03-16 09:29:30","virtualAccountNumber":""},"error":0}"#;

const TIME: i64 = NOW * 1000;

fn digest(secret: &str, time: &str, signed: &str) -> String {
    let parts = [time.as_bytes(), b".", signed.as_bytes()];
    hex::encode(hmac_sha512(secret.as_bytes(), &parts))
}

fn with_header(header: &str, body: &[u8]) -> Delivery {
    delivery(&[("X-Casso-Signature", header)], body)
}

fn at(time: &str, body: &[u8], signed: &str) -> Delivery {
    let digest = digest(SECRET, time, signed);
    with_header(&format!("t={time},v1={digest}"), body)
}

pub fn genuine() -> Delivery {
    at(&TIME.to_string(), BODY.as_bytes(), SIGNED)
}

fn signed_anew(from: &str, to: &str, signed_to: &str) -> Delivery {
    assert!(BODY.contains(from) && SIGNED.contains(from), "{from}");
    let (body, signed) = (BODY.replace(from, to), SIGNED.replace(from, signed_to));
    at(&TIME.to_string(), body.as_bytes(), &signed)
}

/// Variants of a genuine notice.
pub(super) fn variants() -> Variants {
    let mut variants = Variants::of("casso_v2", credentials(), &genuine());
    let (time, body) = (TIME.to_string(), BODY.as_bytes());
    let good = digest(SECRET, &time, SIGNED);
    let mismatch = Refused(Refusal::SignatureMismatch);
    for (name, digest) in damaged(&good) {
        variants.add(
            name,
            with_header(&format!("t={time},v1={digest}"), body),
            mismatch,
        );
    }
    let sha256 = hex::encode(hmac(
        SECRET.as_bytes(),
        &[time.as_bytes(), b".", SIGNED.as_bytes()],
    ));
    for (name, digest) in [
        ("another secret", digest(OTHER_SECRET, &time, SIGNED)),
        ("no secret", digest("", &time, SIGNED)),
        ("SHA-256", sha256),
        ("as it was sent", digest(SECRET, &time, BODY)),
        ("data alone", digest(SECRET, &time, SIGNED.split_at(8).1)),
        (
            "no time",
            hex::encode(hmac_sha512(SECRET.as_bytes(), &[SIGNED.as_bytes()])),
        ),
        (
            "slashes escaped",
            digest(SECRET, &time, &SIGNED.replace('/', "\\/")),
        ),
        (
            "letters escaped",
            digest(SECRET, &time, &SIGNED.replace('à', "\\u00e0")),
        ),
    ] {
        variants.add(
            name,
            with_header(&format!("t={time},v1={digest}"), body),
            mismatch,
        );
    }
    add_headers(&mut variants, &time, &good);
    for (from, to) in [
        ("45000", "450000"),
        ("92800", "92801"),
        ("FT1", "FT2"),
        ("1030000000117", "1030000000118"),
        ("09:29:30", "09:29:31"),
        ("TH7K2M9XQ4", "TH3D8W5RNC"),
        ("null", "\"\""),
        ("\"error\":0", "\"error\":0,\"more\":1"),
    ] {
        let body = BODY.replace(from, to);
        variants.add(to, at(&time, body.as_bytes(), SIGNED), mismatch);
    }
    for (name, body) in ambiguous(BODY) {
        variants.add(
            name,
            at(&time, &body, SIGNED),
            Refused(Refusal::AmbiguousBody),
        );
    }
    for body in ["", "[]", "null"] {
        let delivery = at(&time, body.as_bytes(), body);
        variants.add(body, delivery, Refused(Refusal::MalformedBody));
    }
    add_unusable(&mut variants);
    variants
}

#[test]
fn a_casso_signature_covers_the_time_and_the_whole_body() {
    variants().check();
}

fn add_headers(variants: &mut Variants, time: &str, good: &str) {
    let body = BODY.as_bytes();
    for header in [
        good.to_owned(),
        format!("v1={good}"),
        format!("v1={good},t={time}"),
        format!("T={time},v1={good}"),
        format!("t={time},v2={good}"),
        format!("t={time}, v1={good}"),
        format!("t={time};v1={good}"),
        format!("t= {time},v1={good}"),
        format!("t=0{time},v1={good}"),
        format!("t=+{time},v1={good}"),
        format!("t={time}.0,v1={good}"),
        format!("t=1e12,v1={good}"),
        format!("t={time}000,v1={good}"),
    ] {
        let refusal = Refusal::MalformedHeader;
        variants.add(&header, with_header(&header, body), Refused(refusal));
    }
    let header = format!("t={time},v1={good}");
    let pair = ("x-casso-signature", header.as_str());
    let twice = delivery(&[pair, pair], body);
    variants.add("twice", twice, Refused(Refusal::RepeatedHeader));
    for (name, headers) in [("no header", vec![]), ("empty", vec![(pair.0, "")])] {
        let refusal = Refusal::MissingHeader;
        variants.add(name, delivery(&headers, body), Refused(refusal));
    }
    let mut read = genuine();
    read.method = "GET".into();
    variants.add("a GET", read, Refused(Refusal::WrongMethod));
    for distance_ms in [300_001, -300_001, 86_400_000] {
        let time = (TIME - distance_ms).to_string();
        let stale = at(&time, body, SIGNED);
        variants.add(&time, stale, Refused(Refusal::StaleTimestamp));
    }
}

/// Signed, and nothing that can be booked.
fn add_unusable(variants: &mut Variants) {
    for (written, printed) in [
        ("1e5", "100000"),
        ("45000.0", "45000"),
        ("45000.5", "45000.5"),
        ("-0", "0"),
        ("0", "0"),
        ("9223372036854775808", "9223372036854776000"),
        ("\"45000\"", "\"45000\""),
        ("true", "true"),
    ] {
        let fate = Kept(Unusable::BadAmount);
        variants.add(written, signed_anew("45000", written, printed), fate);
    }
    for (from, to, why) in [
        ("92800", "null", Unusable::MissingField("id")),
        (
            "\"1030000000117\"",
            "null",
            Unusable::MissingField("accountNumber"),
        ),
        (
            "09:29:30",
            "09:29",
            Unusable::BadField("transactionDateTime"),
        ),
        ("TH7K2M9XQ4", "\\u0000", Unusable::BadField("description")),
    ] {
        variants.add(to, signed_anew(from, to, to), Kept(why));
    }
}

#[test]
fn a_casso_time_is_fresh_for_exactly_the_tolerance() {
    for (distance_ms, fresh) in [(299_999, true), (300_000, true), (-300_000, true)] {
        let time = (TIME - distance_ms).to_string();
        let delivery = at(&time, BODY.as_bytes(), SIGNED);
        let verdict = judge("casso_v2", &credentials(), &delivery);
        assert_eq!(verdict.is_ok(), fresh, "{distance_ms}");
    }
}

#[test]
fn casso_numbers_its_test_call_zero() {
    for (amount, wanted) in [("45000", Some(FactOutcome::Ignored)), ("-45000", None)] {
        let signed = SIGNED.replace("92800", "0").replace("45000", amount);
        let body = BODY.replace("92800", "0").replace("45000", amount);
        let delivery = at(&TIME.to_string(), body.as_bytes(), &signed);
        let verified = judge("casso_v2", &credentials(), &delivery).unwrap();
        match (verified.into_reading(), wanted) {
            (Reading::Transactions(facts), Some(outcome)) => {
                assert_eq!(facts[0].outcome, outcome);
                assert!(!facts[0].is_booked());
            }
            (Reading::Nothing(NoticeKind::Ping), None) => {}
            (other, _) => panic!("{amount}: {other:?}"),
        }
    }
    let out = signed_anew("45000", "-45000", "-45000");
    let verified = judge("casso_v2", &credentials(), &out).unwrap();
    let Reading::Transactions(facts) = verified.into_reading() else {
        panic!("no movement");
    };
    assert_eq!(
        (facts[0].direction, facts[0].amount.get()),
        (Direction::Debit, 45_000)
    );
}
