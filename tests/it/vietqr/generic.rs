//! The generic reader of any EMVCo scheme.

use phocho::vietqr::{Reason, emvco};
use serde_json::json;

use super::{object, sealed};

#[test]
fn the_generic_reader_shows_a_template_only_where_its_value_is_one() {
    let read = |tag: &str, value: &str| {
        let payload = sealed(&format!("000201{}", object(tag, value)));
        let entries = emvco::read(&payload).unwrap();
        serde_json::to_value(&entries[1]).unwrap()
    };
    let template = json!([["05", "***"]]);
    for (tag, value, wanted) in [
        ("26", "0503***", template.clone()),
        ("51", "0503***", template.clone()),
        ("62", "0503***", template.clone()),
        ("99", "0503***", template),
        ("25", "0503***", json!("0503***")),
        ("52", "0503***", json!("0503***")),
        ("65", "0503***", json!("0503***")),
        ("26", "0504***", json!("0504***")),
        ("26", "0500", json!("0500")),
        ("80", "046", json!("046")),
        ("64", "0103Phở", json!([["01", "Phở"]])),
    ] {
        assert_eq!(read(tag, value), json!([tag, wanted]), "{tag} = {value}");
    }
}

#[test]
fn the_generic_reader_keeps_the_frame_of_the_standard() {
    for (name, payload, wanted) in [
        ("empty", String::new(), Reason::Empty),
        ("another format", sealed("000202"), Reason::PayloadFormat),
        (
            "twice",
            sealed("00020153037045303704"),
            Reason::DuplicateTag,
        ),
        ("no checksum", "000201".to_owned(), Reason::CrcMissing),
        ("empty object", sealed("0002016200"), Reason::LengthZero),
        ("format empty", sealed("0000"), Reason::LengthZero),
    ] {
        assert_eq!(emvco::read(&payload).unwrap_err().reason, wanted, "{name}");
    }
    let (entries, faults) = emvco::read_leniently(&sealed("0002016200")).unwrap();
    assert_eq!((entries.len(), faults[0].reason), (1, Reason::LengthZero));
    let first_gone = emvco::read_leniently(&sealed("0000530201"));
    assert_eq!(first_gone.unwrap_err().reason, Reason::PayloadFormat);
}
