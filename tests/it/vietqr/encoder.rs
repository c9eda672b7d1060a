//! What the encoder refuses.

use std::collections::BTreeMap;

use phocho::vietqr::{Fields, Reason, encode};

use super::input;

const BASE: &str =
    r#""initiation":"11","bin":"970436","account":"1","currency":"704","country":"VN""#;

#[test]
fn the_encoder_refuses_what_the_strict_reader_would() {
    let long = "x".repeat(100);
    for (extra, wanted) in [
        (r#""amount":"0""#.to_owned(), Reason::AmountZero),
        (
            r#""amount":"50000.00""#.to_owned(),
            Reason::AmountMinorUnits,
        ),
        (
            r#""merchant_name":"Phở""#.to_owned(),
            Reason::MerchantNameCharset,
        ),
        (
            r#""merchant_name":"""#.to_owned(),
            Reason::MerchantNameLength,
        ),
        (r#""service":"""#.to_owned(), Reason::ServiceCode),
        (r#""additional":{}"#.to_owned(), Reason::LengthZero),
        (
            r#""additional":{"purpose":""}"#.to_owned(),
            Reason::AdditionalLength,
        ),
        (
            r#""additional":{"other":{"08":"x"}}"#.to_owned(),
            Reason::AdditionalDuplicate,
        ),
        (
            r#""additional":{"other":{"5":"x"}}"#.to_owned(),
            Reason::TagNotNumeric,
        ),
        (
            format!(r#""additional":{{"other":{{"50":"{}"}}}}"#, &long[..96]),
            Reason::AdditionalLength,
        ),
        (
            format!(r#""additional":{{"other":{{"50":"{long}"}}}}"#),
            Reason::AdditionalLength,
        ),
        (r#""language":{}"#.to_owned(), Reason::LanguageTemplate),
        (
            r#""other_tags":{"54":"1"}"#.to_owned(),
            Reason::DuplicateTag,
        ),
        (
            r#""other_tags":{"63":"ABCD"}"#.to_owned(),
            Reason::DuplicateTag,
        ),
        (
            r#""other_tags":{"0a":"1"}"#.to_owned(),
            Reason::TagNotNumeric,
        ),
        (r#""other_tags":{"80":""}"#.to_owned(), Reason::LengthZero),
        (
            format!(r#""other_tags":{{"80":"{long}"}}"#),
            Reason::PayloadTooLong,
        ),
    ] {
        let fault = encode(&input(&format!("{{{BASE},{extra}}}"))).unwrap_err();
        assert_eq!(fault.reason, wanted, "{extra}");
    }
}

#[test]
fn a_code_has_a_bounded_length() {
    let many: BTreeMap<String, String> = (80..86)
        .map(|tag| (tag.to_string(), "x".repeat(99)))
        .collect();
    let fields = Fields {
        other_tags: many,
        ..input(&format!("{{{BASE}}}"))
    };
    assert_eq!(encode(&fields).unwrap_err().reason, Reason::PayloadTooLong);
}

#[test]
fn a_code_needs_its_required_objects() {
    for (json, wanted) in [
        ("{}".to_owned(), Reason::RequiredTagMissing),
        (
            format!("{{{}}}", BASE.replace(r#""bin":"970436","#, "")),
            Reason::BeneficiaryMissing,
        ),
        (
            format!("{{{}}}", BASE.replace(r#""account":"1","#, "")),
            Reason::BeneficiaryMissing,
        ),
        (
            format!("{{{}}}", BASE.replace("970436", "999999")),
            Reason::BinUnknown,
        ),
        (
            format!("{{{}}}", BASE.replace(r#":"704""#, r#":"840""#)),
            Reason::Currency,
        ),
    ] {
        assert_eq!(encode(&input(&json)).unwrap_err().reason, wanted, "{json}");
    }
}
