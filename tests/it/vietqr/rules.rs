//! Each rule, by codes built to keep and to break it.

use phocho::vietqr::{Fault, Place, Reason, decode, read_leniently};

use super::{object, reason, sealed, with};

#[test]
fn each_object_keeps_its_rule() {
    let refused = |reason| Some(reason);
    for (tag, value, wanted) in [
        ("00", "02", refused(Reason::PayloadFormat)),
        ("01", "", refused(Reason::RequiredTagMissing)),
        ("01", "1", refused(Reason::InitiationMethod)),
        ("38", "", refused(Reason::RequiredTagMissing)),
        ("52", "5812", None),
        ("52", "58a2", refused(Reason::MccFormat)),
        ("52", "５８１２", refused(Reason::MccFormat)),
        ("53", "", refused(Reason::RequiredTagMissing)),
        ("54", "", None),
        ("54", "1", None),
        ("54", "50000.", None),
        ("54", "9999999999999", None),
        ("54", "99999999999999", refused(Reason::AmountLength)),
        ("54", "1..", refused(Reason::AmountFormat)),
        ("54", ".", refused(Reason::AmountFormat)),
        ("54", ".5", refused(Reason::AmountFormat)),
        ("54", "50,000", refused(Reason::AmountFormat)),
        ("54", "50 000", refused(Reason::AmountFormat)),
        ("54", "５０", refused(Reason::AmountFormat)),
        ("54", "0.", refused(Reason::AmountZero)),
        ("54", "0.00", refused(Reason::AmountZero)),
        ("54", "1.5", refused(Reason::AmountMinorUnits)),
        ("55", "00", refused(Reason::TipIndicator)),
        ("56", "5000", refused(Reason::FeeUnexpected)),
        ("57", "5.00", refused(Reason::FeeUnexpected)),
        ("58", "", refused(Reason::RequiredTagMissing)),
        ("58", "vn", refused(Reason::Country)),
        ("59", "ABCDEFGHIJKLMNOPQRSTUVWXY", None),
        (
            "59",
            "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            refused(Reason::MerchantNameLength),
        ),
        ("59", "A\tB", refused(Reason::MerchantNameCharset)),
        ("60", "HO CHI MINH    ", None),
        ("60", "Hà Nội", refused(Reason::MerchantCityLength)),
        ("61", "12345678901", refused(Reason::PostalCodeLength)),
        ("61", "1000₫", refused(Reason::PostalCodeLength)),
    ] {
        assert_eq!(reason(&with(&[(tag, value)])), wanted, "{tag} = {value:?}");
    }
}

#[test]
fn each_object_of_a_template_keeps_its_rule() {
    let refused = |reason| Some(reason);
    for (tag, value, wanted) in [
        ("62", "0803***", None),
        ("62", "0801a0801b", refused(Reason::AdditionalDuplicate)),
        ("62", "0802a", refused(Reason::NestedTlv)),
        ("62", "0800", refused(Reason::NestedTlv)),
        ("62", "0801\u{7F}", refused(Reason::AdditionalCharset)),
        ("62", "0903AME", None),
        ("62", "0903AMA", refused(Reason::ConsumerDataRequest)),
        ("62", "0904AMEA", refused(Reason::ConsumerDataRequest)),
        ("62", "0901a", refused(Reason::ConsumerDataRequest)),
        ("64", "0002vi0103Phở", None),
        ("64", "0002vi", refused(Reason::LanguageTemplate)),
        ("64", "0103Phở", refused(Reason::LanguageTemplate)),
        ("64", "0002v10103Phở", refused(Reason::LanguageTemplate)),
        ("64", "0001v0103Phở", refused(Reason::LanguageTemplate)),
        (
            "64",
            "0002vi0103Phở0216Thành phố Hà Nội",
            refused(Reason::LanguageTemplate),
        ),
        (
            "64",
            "0002vi0103Phở0301x",
            refused(Reason::LanguageTemplate),
        ),
        ("64", "0002vi0103Phở0103Bún", refused(Reason::DuplicateTag)),
        ("64", "0002vi0104Phở", refused(Reason::NestedTlv)),
        ("99", "bất cứ gì", None),
    ] {
        assert_eq!(reason(&with(&[(tag, value)])), wanted, "{tag} = {value:?}");
    }
}

#[test]
fn a_beneficiary_has_the_scheme_a_known_bank_and_an_account() {
    for (name, value, wanted) in [
        ("no scheme", "0110000697043602 04", Reason::NestedTlv),
        (
            "no scheme",
            "0127000697043601130011009950446",
            Reason::GuidMissing,
        ),
        (
            "scheme in lower case",
            "0010a0000007270127000697043601130011009950446",
            Reason::GuidMismatch,
        ),
        (
            "no bank",
            "0010A000000727011701130011009950446",
            Reason::BeneficiaryMissing,
        ),
        (
            "no inner object",
            "0010A00000072701040006",
            Reason::NestedTlv,
        ),
        (
            "bank twice",
            "0010A000000727013700069704360006970436011300110099504460208QRIBFTTA",
            Reason::DuplicateTag,
        ),
        (
            "scheme twice",
            "0010A0000007270010A000000727",
            Reason::DuplicateTag,
        ),
        (
            "a stranger",
            "0010A00000072701270006970436011300110099504460301x",
            Reason::BeneficiaryStructure,
        ),
        (
            "letters in the bank",
            "0010A0000007270127000697043X01130011009950446",
            Reason::BinFormat,
        ),
        (
            "an account with a dash",
            "0010A0000007270127000697043601130011-09950446",
            Reason::AccountCharset,
        ),
        (
            "an account with Đ",
            "0010A000000727012700069704360113001100995044Đ",
            Reason::AccountCharset,
        ),
        (
            "an unknown service",
            "0010A00000072701270006970436011300110099504460206QRSELL",
            Reason::ServiceCode,
        ),
    ] {
        assert_eq!(reason(&with(&[("38", value)])), Some(wanted), "{name}");
    }
    let free_order = "0208QRIBFTTA012701130011009950446000697043600 10A000000727".replace(' ', "");
    assert_eq!(reason(&with(&[("38", &free_order)])), None, "any order");
}

#[test]
fn fees_are_announced_and_given() {
    for (indicator, fixed, percent, wanted) in [
        ("01", "", "", None),
        ("02", "5000", "", None),
        ("03", "", "99.99", None),
        ("03", "", "5", None),
        ("03", "", "05.5", None),
        ("01", "", "5.00", Some(Reason::FeeUnexpected)),
        ("02", "", "", Some(Reason::FeeMissing)),
        ("02", "5000", "5.00", Some(Reason::FeeUnexpected)),
        ("02", "", "5.00", Some(Reason::FeeMissing)),
        ("02", "5k", "", Some(Reason::AmountFormat)),
        ("02", "0", "", Some(Reason::AmountZero)),
        ("03", "5000", "", Some(Reason::FeeMissing)),
        ("03", "5000", "5.00", Some(Reason::FeeUnexpected)),
        ("03", "", "0.00", Some(Reason::FeePercent)),
        ("03", "", "100", Some(Reason::FeePercent)),
        ("03", "", "1.234", Some(Reason::FeePercent)),
        ("03", "", ".5", Some(Reason::FeePercent)),
        ("03", "", "-1.0", Some(Reason::FeePercent)),
        ("03", "", "1..", Some(Reason::FeePercent)),
    ] {
        let payload = with(&[("55", indicator), ("56", fixed), ("57", percent)]);
        assert_eq!(
            reason(&payload),
            wanted,
            "{indicator} {fixed:?} {percent:?}"
        );
    }
}

#[test]
fn the_checksum_has_its_place_and_its_form() {
    let good = with(&[]);
    let body = &good[..good.len() - 8];
    let crc = &good[good.len() - 4..];
    assert_eq!(reason(&good), None);
    for (name, payload, wanted) in [
        ("missing", body.to_owned(), Reason::CrcMissing),
        ("empty", format!("{body}6300"), Reason::LengthZero),
        (
            "short",
            format!("{body}6303{}", &crc[..3]),
            Reason::CrcLength,
        ),
        (
            "not hexadecimal",
            format!("{body}6304G{}", &crc[..3]),
            Reason::CrcNotHex,
        ),
        (
            "signed",
            format!("{body}6304+{}", &crc[..3]),
            Reason::CrcNotHex,
        ),
        ("full width", format!("{body}6304１234"), Reason::CrcNotHex),
        (
            "cut",
            good[..good.len() - 1].to_owned(),
            Reason::TlvTruncated,
        ),
        (
            "followed by a line end",
            format!("{good}\n"),
            Reason::TrailingData,
        ),
        (
            "in the middle",
            format!("{}{}", sealed("000201"), &good[6..]),
            Reason::TrailingData,
        ),
    ] {
        assert_eq!(reason(&payload), Some(wanted), "{name}");
        assert!(read_leniently(&payload).is_err(), "{name}");
    }
}

#[test]
fn length_counts_before_anything_else() {
    let filler = object("80", &"ở".repeat(99));
    let fill = |count: usize, rest: usize| {
        let tags = ["80", "81", "82", "83", "84"];
        let mut body: String = tags[..count]
            .iter()
            .map(|tag| filler.replacen("80", tag, 1))
            .collect();
        body.push_str(&object("90", &"x".repeat(rest)));
        body
    };
    let base = with(&[]).chars().count();
    let body = with(&[]);
    let body = &body[..body.len() - 8];
    // Three fillers of 103 characters, and one that reaches the limit.
    let rest = 512 - base - 3 * 103 - 4;
    let longest = sealed(&format!("{body}{}", fill(3, rest)));
    assert_eq!(longest.chars().count(), 512);
    assert_eq!(reason(&longest), None);
    let over = sealed(&format!("{body}{}", fill(3, rest + 1)));
    assert_eq!(reason(&over), Some(Reason::PayloadTooLong));
    assert_eq!(reason(&"x".repeat(513)), Some(Reason::PayloadTooLong));
    assert_eq!(reason(&"x".repeat(512)), Some(Reason::FirstTagNot00));
}

#[test]
fn the_checks_come_in_a_fixed_order() {
    let broken = with(&[("53", "840"), ("62", "0802a"), ("64", "xx")]);
    assert_eq!(reason(&broken), Some(Reason::Currency));
    let broken = with(&[("62", "0802a"), ("64", "xx")]);
    assert_eq!(
        decode(&broken),
        Err(Fault {
            reason: Reason::NestedTlv,
            place: Place::Object("62")
        })
    );
    let broken = with(&[("01", "13"), ("58", "")]);
    assert_eq!(reason(&broken), Some(Reason::RequiredTagMissing));
}
