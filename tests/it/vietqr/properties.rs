//! What holds for every input.

use phocho::vietqr::{
    Additional, Fields, Language, Payload, Reason, decode, emvco, encode, read_leniently,
};
use proptest::prelude::*;

use super::{input, sealed, with};

fn label() -> impl Strategy<Value = Option<String>> {
    prop::option::weighted(0.3, "[ -~]{1,25}")
}

prop_compose! {
    fn additional()(
        bill_number in label(),
        store_label in label(),
        purpose in label(),
        consumer_data_request in prop::option::weighted(0.3, "A?M?E"),
        other in prop::collection::btree_map("[1-9][0-9]", "[ -~À-ỹ]{1,6}", 0..2),
    ) -> Option<Additional> {
        let additional = Additional {
            bill_number,
            store_label,
            purpose,
            consumer_data_request,
            other,
            ..Additional::default()
        };
        (additional != Additional::default()).then_some(additional)
    }
}

prop_compose! {
    fn language()(
        preference in "[A-Za-z]{2}",
        name in "[ -~À-ỹ🍜]{1,25}",
        city in prop::option::of("[ -~À-ỹ]{1,15}"),
    ) -> Language {
        Language { preference: Some(preference), name: Some(name), city }
    }
}

prop_compose! {
    fn fields()(
        initiation in "1[12]",
        bin in prop::sample::select(vec!["970436", "546034", "963388"]),
        account in "[A-Za-z0-9]{1,19}",
        service in prop::option::of(prop::sample::select(vec!["QRIBFTTA", "QRPUSH"])),
        mcc in prop::option::of("[0-9]{4}"),
        amount in prop::option::of(r"[1-9][0-9]{0,11}\.?"),
        fee in prop::sample::select(vec![
            (None, None, None),
            (Some("01"), None, None),
            (Some("02"), Some("5000"), None),
            (Some("03"), None, Some("00.01")),
        ]),
        merchant_name in label(),
        additional in additional(),
        language in prop::option::of(language()),
        other_tags in prop::collection::btree_map("(0[2-9]|[12][0-9]|[4][0-9]|6[5-9]|[7-9][0-9])", "[ -~À-ỹ]{1,30}", 0..3),
    ) -> Fields {
        Fields {
            initiation: Some(initiation),
            bin: Some(bin.to_owned()),
            account: Some(account),
            service: service.map(str::to_owned),
            mcc,
            currency: Some("704".to_owned()),
            amount,
            tip_indicator: fee.0.map(str::to_owned),
            fee_fixed: fee.1.map(str::to_owned),
            fee_percent: fee.2.map(str::to_owned),
            country: Some("VN".to_owned()),
            merchant_name,
            additional,
            language,
            other_tags,
            ..Fields::default()
        }
    }
}

proptest! {
    #[test]
    fn what_is_encoded_decodes_to_the_same(fields in fields()) {
        match encode(&fields) {
            Ok(payload) => {
                prop_assert_eq!(decode(&payload), Ok(fields.clone()));
                let json = serde_json::to_string(&fields).unwrap();
                prop_assert_eq!(input(&json), fields.clone());
                let scanned = read_leniently(&payload).unwrap();
                prop_assert_eq!(scanned.fields, fields.clone());
                prop_assert!(scanned.tolerated.is_empty());
                prop_assert!(emvco::read(&payload).is_ok());
                let typed = Payload::from_fields(fields).unwrap();
                prop_assert_eq!(Payload::parse(&payload), Ok(typed));
            }
            Err(fault) => {
                // Only lengths that add up are not kept by the generator.
                let reason = fault.reason;
                prop_assert!(
                    matches!(
                        reason,
                        Reason::AdditionalLength | Reason::PayloadTooLong
                    ),
                    "{:?}", fault
                );
            }
        }
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in r"\PC{0,200}", digits in "[0-9À🍜]{0,60}") {
        for text in [text.clone(), format!("00{text}"), format!("000201{digits}"), sealed(&format!("000201{digits}"))] {
            let strict = decode(&text);
            let lenient = read_leniently(&text);
            let generic = emvco::read(&text);
            let _ = emvco::read_leniently(&text);
            if let Ok(fields) = strict {
                prop_assert_eq!(lenient.map(|scanned| scanned.fields), Ok(fields));
                prop_assert!(generic.is_ok());
            }
        }
    }

    #[test]
    fn a_changed_character_is_never_read_without_its_checksum(
        fields in fields(), place in any::<prop::sample::Index>(), other in "[ -~]"
    ) {
        let Ok(payload) = encode(&fields) else { return Ok(()) };
        let (at, old) = payload.char_indices().nth(place.index(payload.chars().count())).unwrap();
        let changed = format!("{}{other}{}", &payload[..at], &payload[at + old.len_utf8()..]);
        if !changed.eq_ignore_ascii_case(&payload) {
            prop_assert!(decode(&changed).is_err());
            prop_assert!(read_leniently(&changed).is_err());
            prop_assert!(emvco::read(&changed).is_err());
        }
    }

    #[test]
    fn whatever_is_inside_a_sealed_frame_strict_implies_lenient(
        tag in "(38|52|54|55|59|60|61|62|64)", value in r"([0-9]{4}|[ -~]{1,4}|0[0-9]0[1-9][ -~]{1,9}|[À-ỹ]{1,5}){1,3}"
    ) {
        let tag: &'static str = ["38", "52", "54", "55", "59", "60", "61", "62", "64"].into_iter().find(|t| *t == tag).unwrap();
        let payload = with(&[(tag, &value)]);
        let strict = decode(&payload);
        let lenient = read_leniently(&payload);
        match (strict, lenient) {
            (Ok(fields), lenient) => {
                let scanned = lenient.unwrap();
                prop_assert_eq!(&scanned.fields, &fields);
                prop_assert!(scanned.tolerated.is_empty());
                prop_assert_eq!(encode(&fields).map(|text| decode(&text)), Ok(Ok(fields)));
            }
            (Err(fault), Ok(scanned)) => prop_assert_eq!(scanned.tolerated.first(), Some(&fault)),
            (Err(_), Err(_)) => {}
        }
    }
}
