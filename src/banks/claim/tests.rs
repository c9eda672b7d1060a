use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

use super::*;
use crate::banks::signature::hmac_sha256;
use crate::banks::{adapter_by_name, standard_signature};

const RANDOM: [u8; 32] = [0xFB; 32];
const BODY: &str = "{\"b\":\"phở / bún\",\"a\":1}";

fn secret_of(adapter: &dyn Adapter) -> Secret {
    let made = adapter.make_secret(&RANDOM);
    made.unwrap_or_else(|| Secret::text(hex::encode(RANDOM)))
}

/// What explains the refusal of a delivery to an adapter.
fn explained(
    name: &str,
    headers: &[(&str, &str)],
    target: &str,
    body: &str,
) -> Result<Vec<Slip>, Refusal> {
    let adapter = adapter_by_name(name).unwrap();
    let mut credentials = Credentials::new(secret_of(adapter));
    for setting in ["vnp_TmnCode", "accessKey", "partnerCode", "app_id"] {
        credentials.config.insert(setting.into(), "24816395".into());
    }
    let headers = headers.iter();
    let headers = headers.map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
    let method = if target.contains('?') { "GET" } else { "POST" };
    let delivery = Delivery::new(method, target, headers, body.into());
    let now = chrono::DateTime::from_timestamp(1_773_628_200, 0).unwrap();
    match adapter.verify(&delivery, &credentials, now) {
        Ok(_) => Ok(Vec::new()),
        Err(refusal) => match slips(adapter, &delivery, &credentials, refusal) {
            none if none.is_empty() => Err(refusal),
            some => Ok(some),
        },
    }
}

const NOW: &str = "1773628200";

fn standard(signature: &str) -> Result<Vec<Slip>, Refusal> {
    let headers = [
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", NOW),
        ("webhook-signature", signature),
    ];
    explained("standard_webhooks", &headers, "/x", BODY)
}

/// The signature of a text under a key, in base64 behind its label.
fn v1(key: &[u8], text: &str) -> String {
    let mac = hmac_sha256(key, &[text.as_bytes()]);
    format!("v1,{}", BASE64_STANDARD.encode(mac))
}

#[test]
fn a_standard_signature_is_explained_by_the_slip_that_made_it() {
    let secret = format!("whsec_{}", BASE64_STANDARD.encode(RANDOM));
    let text = format!("msg_1.{NOW}.{BODY}");
    let good = standard_signature(&secret, "msg_1", NOW, BODY.as_bytes()).unwrap();
    assert_eq!(standard(&good), Ok(vec![]));
    let mac = hmac_sha256(&RANDOM, &[text.as_bytes()]);
    let signed = |text: String| v1(&RANDOM, &text);
    for (name, signature, wanted) in [
        ("no label", good[3..].to_owned(), &[Slip::WithoutLabel][..]),
        (
            "an equals sign",
            good.replacen(',', "=", 1),
            &[Slip::EqualsForComma],
        ),
        (
            "hexadecimal",
            format!("v1,{}", hex::encode(&mac)),
            &[Slip::HexForBase64],
        ),
        (
            "another alphabet",
            format!("v1,{}", BASE64_URL_SAFE_NO_PAD.encode(&mac)),
            &[Slip::LooseBase64],
        ),
        (
            "the whole secret as text",
            v1(secret.as_bytes(), &text),
            &[Slip::SecretAsText],
        ),
        (
            "the secret's base64 as text",
            v1(&secret.as_bytes()[6..], &text),
            &[Slip::SecretAsText],
        ),
        (
            "no time",
            signed(format!("msg_1.{BODY}")),
            &[Slip::WithoutTime],
        ),
        ("no id", signed(format!("{NOW}.{BODY}")), &[Slip::WithoutId]),
        (
            "no dots",
            signed(format!("msg_1{NOW}{BODY}")),
            &[Slip::WithoutDot],
        ),
        ("the body alone", signed(BODY.into()), &[Slip::BodyAlone]),
        ("a line end", signed(format!("{text}\n")), &[Slip::LineEnd]),
        (
            "written anew, sorted",
            signed(format!("msg_1.{NOW}.{{\"a\":1,\"b\":\"phở / bún\"}}")),
            &[Slip::BodyRewritten],
        ),
        (
            "written anew by Python",
            signed(format!(
                "msg_1.{NOW}.{{\"b\": \"ph\\u1edf / b\\u00fan\", \"a\": 1}}"
            )),
            &[Slip::BodyRewritten],
        ),
        (
            "written anew by PHP",
            signed(format!(
                "msg_1.{NOW}.{{\"b\":\"ph\\u1edf \\/ b\\u00fan\",\"a\":1}}"
            )),
            &[Slip::BodyRewritten],
        ),
        (
            "two slips",
            v1(secret.as_bytes(), BODY),
            &[Slip::SecretAsText, Slip::BodyAlone],
        ),
    ] {
        assert_eq!(standard(&signature), Ok(wanted.to_vec()), "{name}");
    }
    for unknown in [v1(b"another key", &text), "v1,".into(), "v1,====".into()] {
        assert_eq!(standard(&unknown), Err(Refusal::SignatureMismatch));
    }
}

#[test]
fn what_was_put_behind_the_body_after_signing_is_told_apart() {
    for (added, slip) in [
        ("\n", Slip::LineEnd),
        ("\r\n", Slip::LineEnd),
        (" ", Slip::SpaceAtEnd),
        ("\n ", Slip::SpaceAtEnd),
    ] {
        let texts = body_texts(b"1.", format!("{{}}{added}").as_bytes());
        let found = texts.iter().find(|(_, text)| text == b"1.{}");
        assert_eq!(found.map(|(slip, _)| *slip), Some(Some(slip)), "{added:?}");
    }
}

#[test]
fn a_hexadecimal_signature_is_explained_the_same_way() {
    let secret = hex::encode(RANDOM);
    let mac = |key: &[u8], text: &str| hmac_sha256(key, &[text.as_bytes()]);
    let text = format!("{NOW}.{BODY}");
    let good = mac(secret.as_bytes(), &text);
    for (name, signature, wanted) in [
        (
            "capital letters",
            hex::encode_upper(&good),
            Slip::CapitalHex,
        ),
        ("base64", BASE64_STANDARD.encode(&good), Slip::Base64ForHex),
        (
            "a decoded secret",
            hex::encode(mac(&RANDOM, &text)),
            Slip::SecretDecoded,
        ),
        (
            "a line end behind the secret",
            hex::encode(mac(format!("{secret}\n").as_bytes(), &text)),
            Slip::SecretLineEnd,
        ),
        (
            "the body alone",
            hex::encode(mac(secret.as_bytes(), BODY)),
            Slip::BodyAlone,
        ),
    ] {
        let signature = format!("sha256={signature}");
        let headers = [
            ("x-sepay-timestamp", NOW),
            ("x-sepay-signature", &signature),
        ];
        let found = explained("sepay_hmac", &headers, "/x", BODY);
        assert_eq!(found, Ok(vec![wanted]), "{name}");
    }
}

#[test]
fn what_a_format_signs_in_its_own_way_is_explained_too() {
    let secret = hex::encode(RANDOM);
    let mac = |text: &str| hex::encode(hmac_sha256(secret.as_bytes(), &[text.as_bytes()]));
    let payos = |signed: &str| {
        let data = r#"{"b":2,"a":"1"}"#;
        let body = format!(r#"{{"data":{data},"signature":"{}"}}"#, mac(signed));
        explained("payos", &[], "/x", &body)
    };
    assert_eq!(payos("b=2&a=1"), Ok(vec![Slip::NotSorted]));
    assert_eq!(payos(r#"{"b":2,"a":"1"}"#), Ok(vec![Slip::BodyAlone]));
    let momo = |signed: &str| {
        let body = format!(r#"{{"amount":1,"signature":"{}"}}"#, mac(signed));
        explained("momo_ipn", &[], "/x", &body)
    };
    let rest = "amount=1&extraData=&message=&orderId=&orderInfo=&orderType=&partnerCode=&payType=&requestId=&responseTime=&resultCode=&transId=";
    assert_eq!(momo(rest), Ok(vec![Slip::WithoutAccessKey]));
    let zalopay = |signed: &str| {
        let data = r#"{\"a\": 1}"#;
        let body = format!(r#"{{"data":"{data}","mac":"{}"}}"#, mac(signed));
        explained("zalopay_callback", &[], "/x", &body)
    };
    assert_eq!(zalopay(r#"{"a":1}"#), Ok(vec![Slip::BodyRewritten]));
    let vnpay = |signed: &str| {
        let hash = mac(signed);
        let target = format!("/x?vnp_B=a%20%C4%91&vnp_A=1&vnp_SecureHash={hash}");
        explained("vnpay_ipn", &[], &target, "")
    };
    for (signed, wanted) in [
        ("vnp_A=1&vnp_B=a%20%C4%91", vec![Slip::OtherAlgorithm]),
        (
            "vnp_A=1&vnp_B=a đ",
            vec![Slip::OtherAlgorithm, Slip::NotEncoded],
        ),
        (
            "vnp_B=a%20%C4%91&vnp_A=1",
            vec![Slip::OtherAlgorithm, Slip::NotSorted],
        ),
    ] {
        assert_eq!(vnpay(signed), Ok(wanted), "{signed}");
    }
    let casso = |signed: &str| {
        let header = format!("t=1773628200000,v1={}", mac(signed));
        explained("casso_v2", &[("x-casso-signature", &header)], "/x", BODY)
    };
    let as_sent = format!("1773628200000.{BODY}");
    let wanted = vec![Slip::OtherAlgorithm, Slip::NotSorted];
    assert_eq!(casso(&as_sent), Ok(wanted));
}

#[test]
fn a_secret_in_the_wrong_place_is_recognised_and_a_foreign_one_is_not() {
    let secret = hex::encode(RANDOM);
    let (bearer, bare) = (format!("Bearer {secret}"), secret.as_str());
    for (adapter, name, value) in [
        ("sepay_apikey", "authorization", bearer.as_str()),
        ("sepay_apikey", "x-api-key", bare),
        ("pay2s", "authorization", bare),
        ("casso_v1", "authorization", bare),
    ] {
        let found = explained(adapter, &[(name, value)], "/x", "{}");
        assert_eq!(found, Ok(vec![Slip::TokenElsewhere]), "{adapter} {name}");
        let foreign = explained(adapter, &[(name, "Bearer 0123456789abcdef")], "/x", "{}");
        assert_eq!(foreign, Err(Refusal::BadToken), "{adapter} {name}");
    }
}
