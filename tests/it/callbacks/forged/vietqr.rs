//! VietQR VN: its login, and the token that stands for it.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use phocho::banks::adapter_by_name;
use serde_json::Value;

use super::*;

const USERNAME: &str = "vietqr-test";
const PASSWORD: &str = "p:ss wörd-tests";

pub fn credentials() -> Credentials {
    Credentials::new(Secret::login(USERNAME, PASSWORD))
}

const BODY: &str = r#"{"transactionid":"0314","transactiontime":1773628180000,"referencenumber":"FT1","amount":45000.0,"content":"TH7K2M9XQ4","bankaccount":"1030000000117","transType":"C","orderId":""}"#;

fn basic(username: &str, password: &str) -> String {
    format!(
        "Basic {}",
        STANDARD.encode(format!("{username}:{password}"))
    )
}

fn login(headers: &[(&str, &str)]) -> Delivery {
    let mut delivery = delivery(headers, b"");
    delivery.path = "/v1/callbacks/x/api/token_generate".into();
    delivery
}

/// The token that a login gives, at a moment.
fn token_at(credentials: &Credentials, password: &str, seconds: i64) -> String {
    let header = basic(USERNAME, password);
    let adapter = adapter_by_name("vietqr_vn").unwrap();
    let verified = adapter.verify(
        &login(&[("authorization", &header)]),
        credentials,
        now() + TimeDelta::seconds(seconds),
    );
    match verified.unwrap().into_reading() {
        Reading::Handshake(answer) => {
            let answer: Value = serde_json::from_str(&answer.body).unwrap();
            answer["access_token"].as_str().unwrap().to_owned()
        }
        other => panic!("{other:?}"),
    }
}

fn token() -> String {
    token_at(&credentials(), PASSWORD, 0)
}

fn with(authorization: &str, body: &[u8]) -> Delivery {
    let mut delivery = delivery(&[("authorization", authorization)], body);
    delivery.path = "/v1/callbacks/x/bank/api/transaction-sync".into();
    delivery
}

pub fn genuine() -> Delivery {
    with(&format!("Bearer {}", token()), BODY.as_bytes())
}

/// Variants of a genuine login.
pub(super) fn logins() -> Variants {
    let mut variants = Variants::of("vietqr_vn", credentials(), &genuine());
    let good = basic(USERNAME, PASSWORD);
    let encoded = good.strip_prefix("Basic ").unwrap();
    for (name, header) in [
        ("empty", String::new()),
        ("no credentials", "Basic ".into()),
        ("only a colon", basic("", "")),
        ("no password", basic(USERNAME, "")),
        ("the password to its colon", basic(USERNAME, "p")),
        ("no name", basic("", PASSWORD)),
        ("another name", basic("admin", PASSWORD)),
        ("upper-case name", basic(&USERNAME.to_uppercase(), PASSWORD)),
        (
            "a letter less",
            basic(USERNAME, &PASSWORD[..PASSWORD.len() - 1]),
        ),
        ("a letter more", basic(USERNAME, &format!("{PASSWORD}x"))),
        ("space after", basic(USERNAME, &format!("{PASSWORD} "))),
        ("NUL after", basic(USERNAME, &format!("{PASSWORD}\0"))),
        (
            "upper-case password",
            basic(USERNAME, &PASSWORD.to_uppercase()),
        ),
        ("letters without marks", basic(USERNAME, "p:ss word-tests")),
        (
            "decomposed letters",
            basic(USERNAME, "p:ss wo\u{308}rd-tests"),
        ),
        ("swapped", basic(PASSWORD, USERNAME)),
        ("another source's", basic(USERNAME, OTHER_SECRET)),
        (
            "the published secret",
            basic(USERNAME, "your-256-bit-secret"),
        ),
        ("a pattern", basic("*", "*")),
        ("lower-case scheme", good.replace("Basic", "basic")),
        ("no scheme", encoded.to_owned()),
        ("two spaces", good.replace("Basic ", "Basic  ")),
        ("space at the end", format!("{good} ")),
        (
            "not encoded",
            format!("Basic {USERNAME}:{PASSWORD}").replace('ö', "o"),
        ),
        ("no padding", good.trim_end_matches('=').to_owned()),
        (
            "encoded for addresses",
            format!(
                "Basic {}",
                URL_SAFE_NO_PAD.encode(format!("{USERNAME}:{PASSWORD}"))
            ),
        ),
        (
            "encoded twice",
            format!("Basic {}", STANDARD.encode(encoded)),
        ),
        ("no base64", "Basic %%%%".into()),
        (
            "Latin-1",
            format!(
                "Basic {}",
                STANDARD.encode(b"vietqr-test:p:ss w\xf6rd-test")
            ),
        ),
        ("twice with a comma", format!("{good},{good}")),
        ("a token", format!("Bearer {}", token())),
        ("a bearer", format!("Bearer {encoded}")),
    ] {
        let delivery = login(&[("authorization", &header)]);
        variants.add(name, delivery, Refused(Refusal::BadCredentials));
    }
    let pair = ("authorization", good.as_str());
    for (name, headers, refusal) in [
        ("no header", vec![], Refusal::BadCredentials),
        ("twice", vec![pair, pair], Refusal::RepeatedHeader),
        (
            "a tab",
            vec![("authorization", "Basic\tx")],
            Refusal::MalformedHeader,
        ),
        (
            "in another header",
            vec![("x-authorization", good.as_str())],
            Refusal::BadCredentials,
        ),
    ] {
        variants.add(name, login(&headers), Refused(refusal));
    }
    let mut read = login(&[pair]);
    read.method = "GET".into();
    variants.add("a GET", read, Refused(Refusal::WrongMethod));
    variants
}

#[test]
fn a_vietqr_login_is_one_exact_name_and_password() {
    logins().check();
}

/// A JWT as a library would make it.
fn jwt(header: &str, key: &[u8]) -> String {
    let payload = format!(r#"{{"sub":"{USERNAME}","exp":{}}}"#, NOW + 300);
    let text = [header, &payload]
        .map(|part| URL_SAFE_NO_PAD.encode(part))
        .join(".");
    let mac = hmac(key, &[text.as_bytes()]);
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac))
}

/// Variants of a notice with a genuine token.
pub(super) fn tokens() -> Variants {
    let mut variants = Variants::of("vietqr_vn", credentials(), &genuine());
    let good = token();
    let (end, mac) = good.split_once('.').unwrap();
    let later = (NOW + 3_000).to_string();
    let plain = |key: &str| hex::encode(hmac(key.as_bytes(), &[end.as_bytes()]));
    let other = Credentials::new(Secret::login(USERNAME, OTHER_SECRET));
    for (name, token) in [
        ("empty", String::new()),
        ("a word", "not-a-token".into()),
        ("a letter more", format!("{good}x")),
        ("a byte more", format!("{good}00")),
        ("a letter less", good[..good.len() - 1].to_owned()),
        ("upper case", good.to_uppercase()),
        ("space before", format!(" {good}")),
        ("space after", format!("{good} ")),
        ("no dot", good.replace('.', "")),
        ("two dots", good.replace('.', "..")),
        ("a third part", format!("{good}.{mac}")),
        ("no mac", format!("{end}.")),
        ("no end", format!(".{mac}")),
        ("a later end", format!("{later}.{mac}")),
        ("a zero before", format!("0{good}")),
        ("a plus before", format!("+{good}")),
        ("a fraction", format!("{end}.0.{mac}")),
        (
            "signed with the password",
            format!("{end}.{}", plain(PASSWORD)),
        ),
        ("signed with the name", format!("{end}.{}", plain(USERNAME))),
        ("signed with nothing", format!("{end}.{}", plain(""))),
        ("another source's", token_at(&other, OTHER_SECRET, 0)),
        ("just ended", token_at(&credentials(), PASSWORD, -300)),
        ("long ended", token_at(&credentials(), PASSWORD, -86_400)),
        ("alg none", jwt(r#"{"alg":"none"}"#, b"")),
        (
            "the published secret",
            jwt(r#"{"alg":"HS256"}"#, b"your-256-bit-secret"),
        ),
        (
            "a JWT with the password",
            jwt(r#"{"alg":"HS256"}"#, PASSWORD.as_bytes()),
        ),
        (
            "a path as key id",
            jwt(r#"{"alg":"HS256","kid":"../../dev/null"}"#, b""),
        ),
        (
            "SQL as key id",
            jwt(r#"{"alg":"HS256","kid":"x' UNION SELECT ''"}"#, b""),
        ),
        (
            "a key by address",
            jwt(r#"{"alg":"RS256","jku":"https://127.0.0.1/k"}"#, b"k"),
        ),
        ("twice with a comma", format!("{good},{good}")),
    ] {
        let delivery = with(&format!("Bearer {token}"), BODY.as_bytes());
        variants.add(name, delivery, Refused(Refusal::BadToken));
    }
    for (name, header) in [
        ("no scheme", good.clone()),
        ("lower-case scheme", format!("bearer {good}")),
        ("basic", basic(USERNAME, PASSWORD)),
        (
            "a token as basic",
            format!("Basic {}", STANDARD.encode(&good)),
        ),
    ] {
        variants.add(
            name,
            with(&header, BODY.as_bytes()),
            Refused(Refusal::BadToken),
        );
    }
    let mut elsewhere = with("x", BODY.as_bytes());
    elsewhere.query = format!("access_token={good}");
    variants.add("in the query", elsewhere, Refused(Refusal::BadToken));
    add_bodies(&mut variants, &good);
    variants
}

#[test]
fn a_vietqr_token_is_ours_and_of_these_five_minutes() {
    tokens().check();
}

fn add_bodies(variants: &mut Variants, good: &str) {
    let telling = |body: &[u8]| with(&format!("Bearer {good}"), body);
    for (name, body) in ambiguous(BODY) {
        variants.add(name, telling(&body), Refused(Refusal::AmbiguousBody));
    }
    for more in [
        r#""bankAccount":"1030000000117","#,
        r#""transactionId":"0314","#,
        r#""transactionTime":1773628180000,"#,
        r#""bankAccount":null,"#,
    ] {
        let body = BODY.replacen('{', &format!("{{{more}"), 1);
        let refused = Refused(Refusal::AmbiguousBody);
        variants.add(more, telling(body.as_bytes()), refused);
    }
    for amount in BAD_AMOUNTS {
        let body = BODY.replace("45000.0", amount);
        let kept = Kept(Unusable::BadAmount);
        variants.add(amount, telling(body.as_bytes()), kept);
    }
    for (from, to, why) in [
        (
            "\"bankaccount\":",
            "\"x\":",
            Unusable::MissingField("bankaccount"),
        ),
        (
            "\"bankaccount\":",
            "\"BankAccount\":",
            Unusable::MissingField("bankaccount"),
        ),
        (
            "\"transactionid\":\"0314\"",
            "\"transactionId\":1",
            Unusable::BadField("transactionId"),
        ),
        ("\"FT1\"", "\"\"", Unusable::MissingField("referencenumber")),
        ("\"C\"", "\"X\"", Unusable::BadField("transType")),
        ("\"C\"", "\"CD\"", Unusable::BadField("transType")),
        ("\"C\",", "\"\",", Unusable::MissingField("transType")),
        (
            "1773628180000",
            "\"yesterday\"",
            Unusable::BadField("transactiontime"),
        ),
        ("TH7K2M9XQ4", "\\u0000", Unusable::BadField("content")),
        (BODY, "[]", Unusable::MalformedBody),
        (BODY, "", Unusable::MalformedBody),
    ] {
        let body = BODY.replace(from, to);
        variants.add(to, telling(body.as_bytes()), Kept(why));
    }
}

#[test]
fn a_vietqr_token_lives_as_long_as_its_login_and_five_minutes() {
    let adapter = adapter_by_name("vietqr_vn").unwrap();
    for (age_s, live) in [(0, true), (299, true), (300, false), (301, false)] {
        let judged_at = now() + TimeDelta::seconds(age_s);
        let verdict = adapter.verify(&genuine(), &credentials(), judged_at);
        assert_eq!(verdict.is_ok(), live, "{age_s}");
    }
    let mut rotated = Credentials::new(Secret::login(USERNAME, OTHER_SECRET));
    assert!(judge("vietqr_vn", &rotated, &genuine()).is_err());
    rotated.previous = Some(Secret::login(USERNAME, PASSWORD));
    for password in [OTHER_SECRET, PASSWORD] {
        let header = format!("Bearer {}", token_at(&rotated, password, 0));
        let verified = judge("vietqr_vn", &rotated, &with(&header, BODY.as_bytes()));
        assert!(verified.is_ok(), "{password}");
    }
    let published = Credentials::new(Secret::login(USERNAME, "your-256-bit-secret"));
    assert!(adapter.check(&published).is_err());
    for (username, usable) in [("", false), ("a:b", false), ("a b", true)] {
        let login = Credentials::new(Secret::login(username, PASSWORD));
        assert_eq!(adapter.check(&login).is_ok(), usable, "{username}");
    }
}
