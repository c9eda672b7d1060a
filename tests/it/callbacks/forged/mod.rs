//! Forged and damaged variants of a genuine notice, thirty or more for each format: none is
//! believed, and each fails for its own reason.

mod acb;
mod camt;
mod casso;
mod keys;
mod momo;
mod tokens;
mod vietqr;
mod vnpay;
mod zalopay;

use phocho::banks::{
    ADAPTERS, Adapter, Credentials, Delivery, KeyAlgorithm, Reading, Refusal, Secret, Unusable,
    VerifiedWith,
};

use super::signing::*;

/// What must become of a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Not believed.
    Refused(Refusal),
    /// Believed and of no use: kept for people, never money.
    Kept(Unusable),
}

use Fate::{Kept, Refused};

/// A variant of a genuine delivery.
pub struct Variant {
    pub name: String,
    pub delivery: Delivery,
    fate: Fate,
}

/// Variants of one genuine delivery.
pub struct Variants {
    pub adapter: &'static str,
    pub credentials: Credentials,
    pub genuine: Delivery,
    pub all: Vec<Variant>,
}

/// All variants of all formats.
pub fn corpus() -> Vec<Variants> {
    let of_keys = KeyAlgorithm::ALL.iter().copied().map(keys::variants);
    let mut corpus: Vec<_> = of_keys.chain(tokens::all()).collect();
    corpus.extend([
        camt::variants(),
        casso::variants(),
        momo::variants(),
        vietqr::logins(),
        vietqr::tokens(),
        vnpay::variants(),
        zalopay::variants(),
    ]);
    corpus
}

impl Variant {
    /// Whether nothing proves it; else it is proved, and of no use.
    pub fn is_forged(&self) -> bool {
        matches!(self.fate, Refused(_))
    }
}

impl Variants {
    /// The genuine delivery itself has to be money.
    fn of(adapter: &'static str, credentials: Credentials, genuine: &Delivery) -> Self {
        let verified = judge(adapter, &credentials, genuine);
        let reading = verified.expect(adapter).into_reading();
        assert!(matches!(reading, Reading::Transactions(_)), "{adapter}");
        Self {
            adapter,
            credentials,
            genuine: genuine.clone(),
            all: Vec::new(),
        }
    }

    fn add(&mut self, name: &str, delivery: Delivery, fate: Fate) {
        let name = name.to_owned();
        self.all.push(Variant {
            name,
            delivery,
            fate,
        });
    }

    #[track_caller]
    fn check(self) {
        assert!(self.all.len() >= 30, "{}", self.all.len());
        for variant in self.all {
            let found = match judge(self.adapter, &self.credentials, &variant.delivery) {
                Err(refusal) => Refused(refusal),
                Ok(verified) => match verified.into_reading() {
                    Reading::Unusable(why) => Kept(why),
                    other => panic!("{}: {other:?}", variant.name),
                },
            };
            assert_eq!(found, variant.fate, "{}: {}", self.adapter, variant.name);
        }
    }
}

/// Ways to write an amount that is none, with `amount` as it was written.
const BAD_AMOUNTS: [&str; 18] = [
    "1e5",
    "1E5",
    "1e400",
    "45000.5",
    "45000.000000000001",
    "45.000",
    "-0",
    "0",
    "9223372036854775808",
    "18446744073709551616",
    "1000000000001",
    "\"45,000\"",
    "\"0x10\"",
    "\"\"",
    "\"1e5\"",
    "true",
    "[45000]",
    "{}",
];

/// What a body becomes so that two readers could understand it differently.
fn ambiguous(body: &str) -> Vec<(&'static str, Vec<u8>)> {
    let inside = |more: &str| body.replacen('{', &format!("{{{more},"), 1).into_bytes();
    let utf16 = body.encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        ("equal keys", inside(r#""x":1,"x":2"#)),
        ("equal keys, one escaped", inside(r#""x":1,"\u0078":2"#)),
        (
            "equal keys deep inside",
            inside(r#""x":[{"__proto__":1,"__proto__":1}]"#),
        ),
        ("half a surrogate pair", inside(r#""x":"\ud83d""#)),
        (
            "not UTF-8",
            [b"{\"x\":\"\xff\",", &body.as_bytes()[1..]].concat(),
        ),
        (
            "a byte order mark",
            [b"\xef\xbb\xbf", body.as_bytes()].concat(),
        ),
        ("UTF-16", [b"\xff\xfe".to_vec(), utf16].concat()),
        ("endless nesting", b"[".repeat(50_000)),
    ]
}

/// What a hexadecimal digest becomes so that it is none, or another one.
fn damaged(digest: &str) -> Vec<(&'static str, String)> {
    let last = if digest.ends_with('0') { '1' } else { '0' };
    let but_last = &digest[..digest.len() - 1];
    vec![
        ("upper case", digest.to_uppercase()),
        ("one digit short", but_last.to_owned()),
        ("one byte short", digest[..digest.len() - 2].to_owned()),
        ("one byte long", format!("{digest}00")),
        ("the last digit differs", format!("{but_last}{last}")),
        ("a prefix", digest[..16].to_owned()),
        ("space before", format!(" {digest}")),
        ("space after", format!("{digest} ")),
        ("twice", format!("{digest}{digest}")),
        ("twice with a comma", format!("{digest},{digest}")),
        ("a name before it", format!("sha256={digest}")),
        ("zeros", "0".repeat(digest.len())),
        ("a word", "null".to_owned()),
    ]
}

#[test]
fn every_format_is_believed_by_two_live_secrets_and_no_third() {
    for (adapter, credentials, genuine) in genuine_notices() {
        let with = |current: &Secret, previous: Option<&Secret>| {
            let mut credentials = credentials.clone();
            credentials.current = current.clone();
            credentials.previous = previous.cloned();
            let verified = judge(adapter, &credentials, &genuine);
            verified.map(|verified| verified.verified_with())
        };
        let (good, other) = (&credentials.current, &other_secret(&credentials));
        assert_eq!(
            with(good, Some(other)),
            Ok(VerifiedWith::Current),
            "{adapter}"
        );
        assert_eq!(
            with(other, Some(good)),
            Ok(VerifiedWith::Previous),
            "{adapter}"
        );
        assert!(with(other, None).is_err(), "{adapter}");
        assert!(with(other, Some(other)).is_err(), "{adapter}");
    }
}

#[test]
fn a_weak_secret_believes_nothing_not_even_what_it_signs() {
    for adapter in ADAPTERS {
        for weak in ["", "short", "fifteen-letters"] {
            for weak in [Secret::text(weak), Secret::login("vendor", "eleven-byte")] {
                let mut credentials = settings_of_all();
                credentials.current = weak;
                assert!(adapter.check(&credentials).is_err());
                for (_, _, genuine) in genuine_notices() {
                    let verdict = adapter.verify(&genuine, &credentials, now());
                    assert!(verdict.is_err(), "{}", adapter.name());
                }
            }
        }
    }
}

#[test]
fn a_notice_is_believed_by_its_own_format_only() {
    for (name, mut credentials, genuine) in genuine_notices() {
        credentials.config = settings_of_all().config;
        for adapter in ADAPTERS {
            let verdict = adapter.verify(&genuine, &credentials, now());
            assert_eq!(
                verdict.is_ok(),
                adapter.name() == name,
                "{name} {}",
                adapter.name()
            );
        }
    }
}

#[test]
fn a_format_needs_its_settings_and_takes_no_others() {
    for (name, credentials, genuine) in genuine_notices() {
        let adapter: &dyn Adapter = *ADAPTERS.iter().find(|it| it.name() == name).unwrap();
        adapter.check(&credentials).unwrap();
        let mut more = credentials.clone();
        more.config.insert("more".into(), "x".into());
        assert!(adapter.check(&more).is_err(), "{name}");
        for setting in credentials.config.keys() {
            for value in [None, Some("")] {
                let mut less = credentials.clone();
                less.config.remove(setting);
                less.config
                    .extend(value.map(|value| (setting.clone(), value.to_owned())));
                assert!(adapter.check(&less).is_err(), "{name}: {setting}");
                let refusal = judge(name, &less, &genuine).err();
                assert_eq!(refusal, Some(Refusal::UnusableSecret), "{name}: {setting}");
            }
        }
    }
}

/// A genuine notice of every format that this folder speaks of, with what it is judged by.
fn genuine_notices() -> Vec<(&'static str, Credentials, Delivery)> {
    vec![
        (
            "sepay_apikey",
            tokens::credentials(),
            tokens::sepay(tokens::TOKEN),
        ),
        (
            "casso_v1",
            tokens::credentials(),
            tokens::casso(tokens::TOKEN),
        ),
        ("pay2s", tokens::credentials(), tokens::pay2s(tokens::TOKEN)),
        ("acb", tokens::credentials(), tokens::acb(tokens::TOKEN)),
        ("casso_v2", casso::credentials(), casso::genuine()),
        ("vnpay_ipn", vnpay::credentials(), vnpay::genuine()),
        ("momo_ipn", momo::credentials(), momo::genuine()),
        (
            "zalopay_callback",
            zalopay::credentials(),
            zalopay::genuine(),
        ),
        ("vietqr_vn", vietqr::credentials(), vietqr::genuine()),
    ]
}

/// A genuine notice of every format there is, and what in it proves its sender: a digest or a
/// token.
pub fn all_genuine() -> Vec<(&'static str, Credentials, Delivery, String)> {
    let mut all = genuine_notices();
    all.extend([
        (
            "standard_webhooks",
            standard_credentials(),
            standard_now(STANDARD_BODY.as_bytes()),
        ),
        (
            "sepay_hmac",
            sepay_credentials(),
            sepay_now(SEPAY_BODY.as_bytes()),
        ),
        (
            "payos",
            payos_credentials(),
            payos(PAYOS_DATA, PAYOS_SIGNED),
        ),
    ]);
    let all = all.into_iter().map(|(adapter, credentials, genuine)| {
        let proof = proof_in(&genuine);
        (adapter, credentials, genuine, proof)
    });
    all.collect()
}

fn proof_in(genuine: &Delivery) -> String {
    let headers = genuine.headers().iter().map(|(_, value)| value.as_slice());
    let sent = headers.chain([genuine.query.as_bytes(), &genuine.body]);
    let sent: Vec<_> = sent.map(String::from_utf8_lossy).collect();
    let words = sent.iter().flat_map(|text| {
        text.split(|letter: char| !letter.is_ascii_digit() && !('a'..='f').contains(&letter))
    });
    let digest = words.max_by_key(|word| word.len()).unwrap();
    if digest.len() >= 64 {
        return digest.to_owned();
    }
    let token = sent.iter().any(|text| text.contains(tokens::TOKEN));
    let base64 = sent.iter().find_map(|text| text.strip_prefix("v1,"));
    let shown = if token { Some(tokens::TOKEN) } else { base64 };
    shown.expect("a proof").to_owned()
}

/// The settings of all formats at once, with a secret of the usual form.
fn settings_of_all() -> Credentials {
    let mut all = Credentials::new(Secret::text(SECRET));
    for (_, credentials, _) in genuine_notices() {
        all.config.extend(credentials.config);
    }
    all
}

fn other_secret(credentials: &Credentials) -> Secret {
    match &credentials.current {
        Secret::Text(_) => Secret::text(OTHER_SECRET),
        Secret::Login { username, .. } => Secret::login(username, OTHER_SECRET),
        Secret::PublicKey { .. } => panic!("no key here"),
    }
}
