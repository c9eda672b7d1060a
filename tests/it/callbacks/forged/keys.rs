//! Public keys of our own contract: one algorithm for each, whatever a notice says.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use phocho::banks::KeyAlgorithm;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};

use super::*;

const RSA: &str = include_str!("../../../data/keys/rsa_2048.pem");
const RSA_OTHER: &str = include_str!("../../../data/keys/rsa_2048_other.pem");
const WEAK: &str = include_str!("../../../data/keys/rsa_1024.pem");
const P256: &str = include_str!("../../../data/keys/p256.pem");
const ED25519: &str = include_str!("../../../data/keys/ed25519.pem");
const RSA_KEY: &str = include_str!("../../../data/keys/rsa_2048.key.pem");
const RSA_OTHER_KEY: &str = include_str!("../../../data/keys/rsa_2048_other.key.pem");
const P256_KEY: &str = include_str!("../../../data/keys/p256.key.pem");
const ED25519_KEY: &str = include_str!("../../../data/keys/ed25519.key.pem");

const ID: &str = "msg_1";

fn inside(pem: &str) -> Vec<u8> {
    let lines = pem.lines().filter(|line| !line.starts_with('-'));
    STANDARD.decode(lines.collect::<String>()).unwrap()
}

fn rsa(pem: &str, padding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
    let key = RsaKeyPair::from_pkcs8(&inside(pem)).unwrap();
    let mut signature = vec![0; key.public().modulus_len()];
    let random = SystemRandom::new();
    key.sign(padding, &random, message, &mut signature).unwrap();
    signature
}

fn p256(message: &[u8]) -> Vec<u8> {
    let (random, key) = (SystemRandom::new(), inside(P256_KEY));
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key, &random).unwrap();
    key.sign(&random, message).unwrap().as_ref().to_vec()
}

fn ed25519(message: &[u8]) -> Vec<u8> {
    let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&inside(ED25519_KEY)).unwrap();
    key.sign(message).as_ref().to_vec()
}

fn text_of(id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    [format!("{id}.{timestamp}.").as_bytes(), body].concat()
}

/// A detached JWS with this protected header, signed by `sign`.
fn jws(header: &str, message: &[u8], sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let header = URL_SAFE_NO_PAD.encode(header);
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(message));
    let signature = URL_SAFE_NO_PAD.encode(sign(signed.as_bytes()));
    format!("jws,{header}..{signature}")
}

/// The key of an algorithm, as PEM.
fn public(algorithm: KeyAlgorithm) -> &'static str {
    match algorithm {
        KeyAlgorithm::JwsEs256 => P256,
        KeyAlgorithm::JwsEddsa => ED25519,
        _ => RSA,
    }
}

/// The label and the signature of an algorithm's own key.
fn signature(algorithm: KeyAlgorithm, message: &[u8]) -> String {
    let standard =
        |label: &str, signature: Vec<u8>| format!("{label},{}", STANDARD.encode(signature));
    match algorithm {
        KeyAlgorithm::RsaPss => standard("rsa-pss-sha256", rsa(RSA_KEY, &RSA_PSS_SHA256, message)),
        KeyAlgorithm::RsaPkcs1 => {
            standard("rsa-pkcs1-sha256", rsa(RSA_KEY, &RSA_PKCS1_SHA256, message))
        }
        KeyAlgorithm::JwsRs256 => jws(r#"{"alg":"RS256","kid":"1"}"#, message, |it| {
            rsa(RSA_KEY, &RSA_PKCS1_SHA256, it)
        }),
        KeyAlgorithm::JwsPs256 => jws(r#"{"alg":"PS256"}"#, message, |it| {
            rsa(RSA_KEY, &RSA_PSS_SHA256, it)
        }),
        KeyAlgorithm::JwsEs256 => jws(r#"{"alg":"ES256"}"#, message, p256),
        KeyAlgorithm::JwsEddsa => jws(r#"{"alg":"EdDSA"}"#, message, ed25519),
    }
}

fn credentials(algorithm: KeyAlgorithm) -> Credentials {
    Credentials::new(Secret::public_key(algorithm.as_str(), public(algorithm)))
}

/// A notice with this in its signature header.
fn notice(signature: &str) -> Delivery {
    standard(ID, &NOW.to_string(), signature, STANDARD_BODY.as_bytes())
}

fn genuine_text() -> Vec<u8> {
    text_of(ID, &NOW.to_string(), STANDARD_BODY.as_bytes())
}

/// Signatures that belong to another algorithm, key or text.
fn foreign(algorithm: KeyAlgorithm) -> Vec<(String, String)> {
    let message = genuine_text();
    let mut all = Vec::new();
    for other in KeyAlgorithm::ALL {
        let good = signature(*other, &message);
        if *other != algorithm {
            all.push((format!("{other}"), good.clone()));
        }
        let (_, bare) = good.split_once(',').unwrap();
        for label in ["rsa-pss-sha256", "rsa-pkcs1-sha256", "jws", "v1", "v1a"] {
            let relabelled = format!("{label},{bare}");
            if relabelled.split_once(',') != signature(algorithm, &message).split_once(',')
                && !(*other == algorithm && good.starts_with(&format!("{label},")))
            {
                all.push((format!("{other} as {label}"), relabelled));
            }
        }
    }
    let pem = public(algorithm);
    for (name, key) in [
        ("the key's text as a secret", pem.as_bytes().to_vec()),
        (
            "the key's text without its end",
            pem.trim().as_bytes().to_vec(),
        ),
        ("the key's bytes as a secret", inside(pem)),
        ("no secret", Vec::new()),
    ] {
        let digest = hmac(&key, &[&message]);
        all.push((name.to_owned(), format!("v1,{}", STANDARD.encode(&digest))));
        let forged = |it: &[u8]| hmac(&key, &[it]);
        for header in [
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"RS256"}"#,
            r#"{"alg":"ES256"}"#,
        ] {
            all.push((format!("{name} in {header}"), jws(header, &message, forged)));
        }
    }
    let other_rsa = |it: &[u8]| rsa(RSA_OTHER_KEY, &RSA_PSS_SHA256, it);
    let other = STANDARD.encode(other_rsa(&message));
    all.push(("another key".into(), format!("rsa-pss-sha256,{other}")));
    let header = r#"{"alg":"PS256"}"#;
    all.push(("another key's JWS".into(), jws(header, &message, other_rsa)));
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"None"}"#, "{}"] {
        all.push((header.into(), jws(header, &message, |_| Vec::new())));
    }
    for (name, text) in [
        ("of another body", text_of(ID, &NOW.to_string(), b"{}")),
        (
            "of another id",
            text_of("msg_2", &NOW.to_string(), STANDARD_BODY.as_bytes()),
        ),
        (
            "of another time",
            text_of(ID, "1773628201", STANDARD_BODY.as_bytes()),
        ),
        ("of the body alone", STANDARD_BODY.as_bytes().to_vec()),
        ("of nothing", Vec::new()),
    ] {
        all.push((name.into(), signature(algorithm, &text)));
    }
    all
}

/// What becomes of a genuine signature in other hands.
fn spoilt(algorithm: KeyAlgorithm) -> Vec<(&'static str, String)> {
    let good = signature(algorithm, &genuine_text());
    let (label, bare) = good.split_once(',').unwrap();
    let url_safe = bare.replace('+', "-").replace('/', "_").replace('=', "");
    let mut all = vec![
        ("stripped", format!("{label},")),
        ("the label alone", label.to_owned()),
        ("no label", bare.to_owned()),
        ("upper case", format!("{},{bare}", label.to_uppercase())),
        ("cut", good[..good.len() - 4].to_owned()),
        ("longer", format!("{good}AAAA")),
        ("twice in one", format!("{label},{bare},{bare}")),
        ("under v1", format!("v1,{bare}")),
        ("seventeen", format!("{}{good}", "v1,AAAA ".repeat(16))),
    ];
    if algorithm.as_str().starts_with("jws") {
        let (header, signature) = bare.split_once("..").unwrap();
        let padded = URL_SAFE.encode(URL_SAFE_NO_PAD.decode(signature).unwrap());
        all.push(("signature stripped", format!("jws,{header}..")));
        all.push(("header stripped", format!("jws,..{signature}")));
        all.push(("attached", format!("jws,{header}.e30.{signature}")));
        all.push((
            "other header",
            format!("jws,{}..{signature}", URL_SAFE_NO_PAD.encode("{}")),
        ));
        if padded.contains('=') {
            all.push(("padded", format!("jws,{header}..{padded}")));
        }
    } else {
        all.push(("URL-safe", format!("{label},{url_safe}")));
        let hex = hex::encode(STANDARD.decode(bare).unwrap());
        all.push(("hex", format!("{label},{hex}")));
    }
    all
}

/// Variants of a notice that is signed by an algorithm.
pub(super) fn variants(algorithm: KeyAlgorithm) -> Variants {
    let credentials = credentials(algorithm);
    let good = signature(algorithm, &genuine_text());
    let mut variants = Variants::of("standard_webhooks", credentials, &notice(&good));
    for (name, text) in foreign(algorithm) {
        variants.add(&name, notice(&text), Refused(Refusal::SignatureMismatch));
    }
    for (name, text) in spoilt(algorithm) {
        let refusal = match name {
            "seventeen" => Refusal::MalformedHeader,
            _ => Refusal::SignatureMismatch,
        };
        variants.add(name, notice(&text), Refused(refusal));
    }
    let time = NOW.to_string();
    let header = ("webhook-signature", good.as_str());
    let names = [("webhook-id", ID), ("webhook-timestamp", &*time)];
    let body = STANDARD_BODY.as_bytes();
    let sent = |more: &[(&str, &str)]| delivery(&[&names[..], more].concat(), body);
    for (name, headers, refusal) in [
        ("no signature header", vec![], Refusal::MissingHeader),
        (
            "two signature headers",
            vec![header, header],
            Refusal::RepeatedHeader,
        ),
        (
            "a wrong one first",
            vec![("webhook-signature", "v1,AAAA"), header],
            Refusal::RepeatedHeader,
        ),
    ] {
        variants.add(name, sent(&headers), Refused(refusal));
    }
    let old = (NOW - 301).to_string();
    let stale = signature(algorithm, &text_of(ID, &old, body));
    let stale = standard(ID, &old, &stale, body);
    variants.add("stale", stale, Refused(Refusal::StaleTimestamp));
    variants
}

#[test]
fn a_key_proves_by_its_one_algorithm_and_no_message_chooses_another() {
    for algorithm in KeyAlgorithm::ALL {
        variants(*algorithm).check();
    }
}

#[test]
fn no_bit_of_what_a_key_signed_can_be_changed() {
    for algorithm in [KeyAlgorithm::JwsEs256, KeyAlgorithm::JwsEddsa] {
        let good = notice(&signature(algorithm, &genuine_text()));
        for bit in (0..good.body.len() * 8).step_by(7) {
            let mut flipped = good.clone();
            flipped.body[bit / 8] ^= 1 << (bit % 8);
            let verdict = judge("standard_webhooks", &credentials(algorithm), &flipped);
            assert_eq!(verdict.err(), Some(Refusal::SignatureMismatch), "{bit}");
        }
    }
}

#[test]
fn a_weak_or_unreadable_key_believes_nothing() {
    let signature = signature(KeyAlgorithm::RsaPss, &genuine_text());
    for (algorithm, key) in [
        ("rsa_pss_sha256", WEAK),
        ("rsa_pss_sha256", ""),
        ("rsa_pss_sha256", RSA_KEY),
        ("rsa_pss_sha256", P256),
        ("none", RSA),
        ("", RSA),
        ("hmac", RSA),
    ] {
        let weak = Credentials::new(Secret::public_key(algorithm, key));
        for adapter in ADAPTERS {
            assert!(adapter.check(&weak).is_err(), "{algorithm}");
        }
        let verdict = judge("standard_webhooks", &weak, &notice(&signature));
        assert_eq!(verdict.err(), Some(Refusal::UnusableSecret), "{algorithm}");
    }
}

#[test]
fn a_key_follows_a_secret_and_a_secret_a_key() {
    let (time, body) = (NOW.to_string(), STANDARD_BODY.as_bytes());
    let secret = standard_credentials().current;
    let by_secret = notice(&standard_v1(SECRET.as_bytes(), ID, &time, body));
    let by_key = notice(&signature(KeyAlgorithm::JwsPs256, &genuine_text()));
    let key = credentials(KeyAlgorithm::JwsPs256).current;
    let other = Secret::public_key("jws_ps256", RSA_OTHER);
    for (current, previous, of_secret, of_key) in [
        (
            &key,
            Some(&secret),
            Some(VerifiedWith::Previous),
            Some(VerifiedWith::Current),
        ),
        (
            &secret,
            Some(&key),
            Some(VerifiedWith::Current),
            Some(VerifiedWith::Previous),
        ),
        (&other, Some(&key), None, Some(VerifiedWith::Previous)),
        (&other, None, None, None),
        (&key, None, None, Some(VerifiedWith::Current)),
    ] {
        let mut credentials = Credentials::new(current.clone());
        credentials.previous = previous.cloned();
        for (delivery, wanted) in [(&by_secret, of_secret), (&by_key, of_key)] {
            let verdict = judge("standard_webhooks", &credentials, delivery);
            assert_eq!(verdict.ok().map(|it| it.verified_with()), wanted);
        }
    }
}
