//! VNPAY.

use super::*;

pub fn credentials() -> Credentials {
    let mut credentials = Credentials::new(Secret::text(SECRET));
    credentials
        .config
        .insert("vnp_TmnCode".into(), "TAYHO001".into());
    credentials
}

const QUERY: &str = "vnp_Amount=4500000&vnp_BankTranNo=VNP1&vnp_OrderInfo=Ph%E1%BB%9F+TH7K2M9XQ4&vnp_PayDate=20260316092935&vnp_ResponseCode=00&vnp_TmnCode=TAYHO001&vnp_TransactionNo=144&vnp_TransactionStatus=00&vnp_TxnRef=TH7K2M9XQ42700";

fn hash(secret: &str, signed: &str) -> String {
    hex::encode(hmac_sha512(secret.as_bytes(), &[signed.as_bytes()]))
}

fn get(query: &str) -> Delivery {
    let mut delivery = delivery(&[], b"");
    delivery.method = "GET".into();
    query.clone_into(&mut delivery.query);
    delivery
}

fn with_hash(query: &str, hash: &str) -> Delivery {
    get(&format!("{query}&vnp_SecureHash={hash}"))
}

/// A query that is signed as it is.
fn signed(query: &str) -> Delivery {
    with_hash(query, &hash(SECRET, query))
}

pub fn genuine() -> Delivery {
    signed(QUERY)
}

/// Variants of a genuine notice.
pub(super) fn variants() -> Variants {
    let mut variants = Variants::of("vnpay_ipn", credentials(), &genuine());
    let good = hash(SECRET, QUERY);
    let mismatch = Refused(Refusal::SignatureMismatch);
    for (name, hash) in damaged(&good) {
        variants.add(name, with_hash(QUERY, &hash), mismatch);
    }
    let sha256 = hex::encode(hmac(SECRET.as_bytes(), &[QUERY.as_bytes()]));
    let decoded = QUERY.replace("Ph%E1%BB%9F+", "Phở ");
    let backwards: Vec<_> = QUERY.split('&').rev().collect();
    for (name, hash) in [
        ("another secret", hash(OTHER_SECRET, QUERY)),
        ("no secret", hash("", QUERY)),
        ("SHA-256", sha256),
        ("decoded values", hash(SECRET, &decoded)),
        ("unsorted", hash(SECRET, &backwards.join("&"))),
        ("an ampersand more", hash(SECRET, &format!("{QUERY}&"))),
        (
            "the percent signs",
            hash(SECRET, &QUERY.replace('%', "%25")),
        ),
    ] {
        variants.add(name, with_hash(QUERY, &hash), mismatch);
    }
    for (from, to) in [
        ("4500000", "45000000"),
        ("=VNP1", "=VNP2"),
        ("TH7K2M9XQ4&", "TH3D8W5RNC&"),
        ("20260316092935", "20260316092936"),
        ("ResponseCode=00", "ResponseCode=24"),
        ("TAYHO001", "TAYHO002"),
        ("TransactionNo=144", "TransactionNo=145"),
        ("TransactionStatus=00", "TransactionStatus=02"),
        ("42700", "427009"),
        ("&vnp_PayDate=20260316092935", ""),
        ("vnp_BankTranNo=VNP1", "vnp_BankTranNo=VNP1&vnp_Note=x"),
        ("vnp_Amount=4500000&", "vnp_amount=4500000&"),
    ] {
        variants.add(to, with_hash(&QUERY.replace(from, to), &good), mismatch);
    }
    add_ambiguous(&mut variants, &good);
    add_unusable(&mut variants);
    variants
}

#[test]
fn a_vnpay_hash_covers_every_parameter_that_counts() {
    variants().check();
}

fn add_ambiguous(variants: &mut Variants, good: &str) {
    let refused = Refused(Refusal::AmbiguousBody);
    for more in [
        "vnp_Amount=4500000",
        "vnp_Amount=100",
        "vnp_Amount=",
        "vnp_amount=100",
        "vnp%5FAmount=100",
        "%76np_Amount=100",
        "vnp_Amount[]=100",
        "vnp_SecureHash=00",
        "utm=1&utm=2",
        "a=%",
        "a=%zz",
        "a=%ff",
        "a=%ed%a0%bd",
        "=x",
    ] {
        let after = with_hash(QUERY, &format!("{good}&{more}"));
        variants.add(more, after, refused);
        let before = with_hash(&format!("{more}&{QUERY}"), good);
        variants.add(more, before, refused);
    }
    let missing = Refused(Refusal::MissingSignature);
    variants.add("no hash", get(QUERY), missing);
    variants.add("an empty hash", with_hash(QUERY, ""), missing);
    variants.add("no query", get(""), missing);
    let mut both = genuine();
    both.body = b"vnp_Amount=100".to_vec();
    variants.add("a body too", both, refused);
    for method in ["POST", "HEAD", "get"] {
        let mut other = genuine();
        other.method = method.into();
        variants.add(method, other, Refused(Refusal::WrongMethod));
    }
    let mut in_header = delivery(&[("vnp_SecureHash", good)], b"");
    (in_header.method, in_header.query) = ("GET".into(), QUERY.to_owned());
    variants.add("the hash in a header", in_header, missing);
}

/// Signed, and another terminal's or nothing that can be booked.
fn add_unusable(variants: &mut Variants) {
    for terminal in ["TAYHO002", "tayho001", "TAYHO001+", "%00", "TAYHO0011"] {
        let other = signed(&QUERY.replace("TAYHO001", terminal));
        variants.add(terminal, other, Refused(Refusal::OtherTerminal));
    }
    let nobody = signed(&QUERY.replace("vnp_TmnCode=TAYHO001&", ""));
    variants.add("no terminal", nobody, Refused(Refusal::OtherTerminal));
    for amount in [
        "1e7",
        "4500000.0",
        "45000.00",
        "4500050",
        "-4500000",
        "-0",
        "0",
        "00",
        "000",
        "04500000",
        "+4500000",
        "%2B4500000",
        "0x4500000",
        "9223372036854775808",
        "922337203685477580800",
        "100000000000100",
        "%EF%BC%94500",
    ] {
        let query = QUERY.replace("4500000", amount);
        variants.add(amount, signed(&query), Kept(Unusable::BadAmount));
    }
    for (from, to, why) in [
        (
            "vnp_Amount=4500000&",
            "",
            Unusable::MissingField("vnp_Amount"),
        ),
        ("=144", "=", Unusable::MissingField("vnp_TransactionNo")),
        ("=TH7K2M9XQ42700", "=%00", Unusable::BadField("vnp_TxnRef")),
        (
            "20260316092935",
            "20260230092935",
            Unusable::BadField("vnp_PayDate"),
        ),
        (
            "vnp_ResponseCode=00&",
            "",
            Unusable::MissingField("vnp_ResponseCode"),
        ),
        (
            "vnp_BankTranNo",
            "vnp_CurrCode=USD&vnp_BankTranNo",
            Unusable::OtherCurrency,
        ),
    ] {
        let query = QUERY.replace(from, to);
        let kept: Vec<_> = query.split('&').filter(|it| !it.ends_with('=')).collect();
        let mut sorted = kept.clone();
        sorted.sort_unstable();
        let delivery = with_hash(&query, &hash(SECRET, &sorted.join("&")));
        variants.add(to, delivery, Kept(why));
    }
}

#[test]
fn a_vnpay_text_is_signed_as_sent_or_as_written_anew() {
    let good = hash(SECRET, QUERY);
    for (name, query) in [
        ("spaces as percent", QUERY.replace('+', "%20")),
        (
            "lower-case escapes",
            QUERY.replace("%E1%BB%9F", "%e1%bb%9f"),
        ),
        ("unescaped", QUERY.replace("%E1%BB%9F", "ở")),
        (
            "empty ones are not signed",
            format!("{QUERY}&vnp_CardType="),
        ),
        ("other names are not signed", format!("utm=1&{QUERY}")),
        (
            "the algorithm's name is not signed",
            format!("{QUERY}&vnp_SecureHashType=x"),
        ),
    ] {
        let verdict = judge("vnpay_ipn", &credentials(), &with_hash(&query, &good));
        assert!(verdict.is_ok(), "{name}");
    }
    // Marks that writers of forms treat differently, signed as they were sent.
    let marks = QUERY.replace("Ph%E1%BB%9F", "!'()*~");
    let verified = judge("vnpay_ipn", &credentials(), &signed(&marks)).unwrap();
    let Reading::Transactions(facts) = verified.into_reading() else {
        panic!("no payment");
    };
    assert_eq!(facts[0].content.as_deref(), Some("!'()*~ TH7K2M9XQ4"));
}
