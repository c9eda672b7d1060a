//! The codec against published codes; below it, every rule broken by a code built for it, the
//! encoder's refusals, the generic reader and properties.

mod encoder;
mod generic;
mod properties;
mod rules;

use std::collections::BTreeMap;

use phocho::vietqr::{Fields, Reason, checksum, decode, emvco, encode, read_leniently};
use serde_json::Value;

/// The published vectors: `valid` or `invalid`.
pub fn vectors(kind: &str) -> Vec<Value> {
    let file = include_str!("../data/vietqr_vectors.json");
    let mut all: Value = serde_json::from_str(file).unwrap();
    let Value::Array(list) = all[kind].take() else {
        panic!("{kind} is a list");
    };
    assert!(!list.is_empty());
    list
}

fn text<'a>(vector: &'a Value, key: &str) -> &'a str {
    vector[key].as_str().unwrap()
}

/// Ends a code with its right checksum.
fn sealed(body: &str) -> String {
    let body = format!("{body}6304");
    format!("{body}{:04X}", checksum(&body))
}

fn object(tag: &str, value: &str) -> String {
    format!("{tag}{:02}{value}", value.chars().count())
}

/// A good code as its root objects, to be broken one object at a time.
fn good() -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("00", "01".to_owned()),
        ("01", "12".to_owned()),
        (
            "38",
            "0010A00000072701270006970436011300110099504460208QRIBFTTA".to_owned(),
        ),
        ("53", "704".to_owned()),
        ("54", "50000".to_owned()),
        ("58", "VN".to_owned()),
    ])
}

/// The good code with these objects instead; an empty value takes the object away.
fn with(changes: &[(&'static str, &str)]) -> String {
    let mut objects = good();
    for (tag, value) in changes {
        objects.insert(tag, (*value).to_owned());
    }
    let body: String = objects
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(tag, value)| object(tag, value))
        .collect();
    sealed(&body)
}

fn reason(payload: &str) -> Option<Reason> {
    decode(payload).err().map(|fault| fault.reason)
}

fn input(json: &str) -> Fields {
    serde_json::from_str(json).unwrap()
}

#[test]
fn published_codes_decode_to_their_fields_and_encode_back() {
    for vector in vectors("valid") {
        let (id, payload) = (text(&vector, "id"), text(&vector, "payload"));
        if text(&vector, "profile") == "emvco" {
            let entries = emvco::read(payload).unwrap();
            let json = serde_json::to_value(&entries).unwrap();
            assert_eq!(json, vector["input"]["tlv"], "{id}");
            let fault = decode(payload).unwrap_err();
            assert_eq!(fault.reason, Reason::RequiredTagMissing, "{id}");
            continue;
        }
        let fields = decode(payload).unwrap();
        assert_eq!(
            serde_json::to_value(&fields).unwrap(),
            vector["input"],
            "{id}"
        );
        let input: Fields = serde_json::from_value(vector["input"].clone()).unwrap();
        assert_eq!(input, fields, "{id}");
        if text(&vector, "use") == "roundtrip" {
            assert_eq!(encode(&input).as_deref(), Ok(payload), "{id}");
        } else {
            assert_eq!(decode(&encode(&input).unwrap()), Ok(fields), "{id}");
        }
    }
}

#[test]
fn published_broken_codes_are_refused_with_their_reason() {
    for vector in vectors("invalid") {
        let fault = decode(text(&vector, "payload")).unwrap_err();
        let found = (fault.reason.as_str(), fault.reason.group().as_str());
        let wanted = (text(&vector, "reason"), text(&vector, "group"));
        assert_eq!(found, wanted, "{}", text(&vector, "id"));
    }
}

#[test]
fn the_lenient_reader_takes_what_real_codes_show_and_nothing_else() {
    for vector in vectors("invalid") {
        let id = text(&vector, "id");
        let read = read_leniently(text(&vector, "payload"));
        if vector["tolerant"] == true {
            let scanned = read.unwrap();
            let first = scanned.tolerated[0].reason.as_str();
            assert_eq!(first, text(&vector, "reason"), "{id}");
            assert!(scanned.fields.bin.is_some(), "{id}");
            assert!(scanned.fields.account.is_some(), "{id}");
        } else {
            let reason = read.unwrap_err().reason.as_str();
            assert_eq!(reason, text(&vector, "reason"), "{id}");
        }
    }
}

#[test]
fn a_miscounted_beneficiary_is_read_in_the_only_possible_way() {
    let slips: Vec<Fields> = vectors("invalid")
        .iter()
        .filter(|vector| ["nested_tlv", "beneficiary_structure"].contains(&text(vector, "reason")))
        .filter_map(|vector| read_leniently(text(vector, "payload")).ok())
        .map(|scanned| scanned.fields)
        .collect();
    let facts: Vec<_> = slips
        .iter()
        .map(|fields| [&fields.bin, &fields.account, &fields.service].map(Option::as_deref))
        .collect();
    let service = Some("QRIBFTTA");
    assert_eq!(
        facts,
        [
            [Some("970454"), Some("99AT00668RCWXA98XQ"), service],
            [Some("970422"), Some("0123456789020"), service],
        ]
    );
}
