//! Fields to text.

use super::crc::checksum;
use super::fault::{Fault, Reason};
use super::fields::{Additional, Fields, Language};
use super::frame::MAX_PAYLOAD;
use super::judge::Judge;
use super::rules;
use super::tlv;

/// The identifier of NAPAS's scheme, 38-00.
pub(super) const GUID: &str = "A000000727";

/// The root tags that have a field of their own, and the checksum.
pub(super) fn is_named(tag: &str) -> bool {
    matches!(tag, "00" | "01" | "38") || ("52"..="64").contains(&tag)
}

/// Writes a code with its objects in the canonical order: 00, 01, 38, 52 to 62, 64, the
/// others ascending, 63.
///
/// Refuses whatever the strict reader would refuse, so that nobody prints a code that some
/// bank's app turns down.
pub fn encode(fields: &Fields) -> Result<String, Fault> {
    check(fields)?;
    let mut out = String::with_capacity(192);
    tlv::write(&mut out, "00", "01");
    write(&mut out, "01", fields.initiation.as_deref());
    tlv::write(&mut out, "38", &beneficiary(fields));
    for (tag, value) in [
        ("52", &fields.mcc),
        ("53", &fields.currency),
        ("54", &fields.amount),
        ("55", &fields.tip_indicator),
        ("56", &fields.fee_fixed),
        ("57", &fields.fee_percent),
        ("58", &fields.country),
        ("59", &fields.merchant_name),
        ("60", &fields.merchant_city),
        ("61", &fields.postal_code),
    ] {
        write(&mut out, tag, value.as_deref());
    }
    if let Some(additional) = &fields.additional {
        tlv::write(&mut out, "62", &additional_data(additional)?);
    }
    if let Some(language) = &fields.language {
        tlv::write(&mut out, "64", &second_language(language));
    }
    for (tag, value) in &fields.other_tags {
        tlv::write(&mut out, tag, value);
    }
    out.push_str("6304");
    let crc = checksum(&out);
    for shift in [12, 8, 4, 0] {
        out.push(char::from(
            b"0123456789ABCDEF"[usize::from(crc >> shift & 0xF)],
        ));
    }
    if out.chars().count() > MAX_PAYLOAD {
        return Err(Fault::whole(Reason::PayloadTooLong));
    }
    Ok(out)
}

/// The strict reader's checks, in its order.
fn check(fields: &Fields) -> Result<(), Fault> {
    let judge = &mut Judge::strict();
    let no_beneficiary = fields.bin.is_none() && fields.account.is_none();
    for (path, missing) in [
        ("01", fields.initiation.is_none()),
        ("38", no_beneficiary && fields.service.is_none()),
        ("53", fields.currency.is_none()),
        ("58", fields.country.is_none()),
    ] {
        if missing {
            return Err(Fault::object(Reason::RequiredTagMissing, path));
        }
    }
    rules::initiation(fields)?;
    rules::beneficiary(fields, judge)?;
    rules::transaction(fields, judge)?;
    if let Some(additional) = &fields.additional {
        rules::additional(additional, judge)?;
        others(&additional.other, |tag| ("01"..="09").contains(&tag)).map_err(|reason| {
            Fault::object(
                match reason {
                    Reason::DuplicateTag => Reason::AdditionalDuplicate,
                    Reason::PayloadTooLong => Reason::AdditionalLength,
                    reason => reason,
                },
                "62",
            )
        })?;
    }
    if let Some(language) = &fields.language {
        rules::language(language)?;
    }
    others(&fields.other_tags, is_named).map_err(Fault::whole)
}

/// Objects given by tag: two digits, none that a field of its own writes, 1 to 99 characters.
fn others(
    objects: &std::collections::BTreeMap<String, String>,
    is_named: impl Fn(&str) -> bool,
) -> Result<(), Reason> {
    for (tag, value) in objects {
        if !tlv::is_tag(tag) {
            return Err(Reason::TagNotNumeric);
        }
        if is_named(tag) {
            return Err(Reason::DuplicateTag);
        }
        if value.is_empty() {
            return Err(Reason::LengthZero);
        }
        if value.chars().count() > tlv::MAX_VALUE {
            return Err(Reason::PayloadTooLong);
        }
    }
    Ok(())
}

fn write(out: &mut String, tag: &str, value: Option<&str>) {
    if let Some(value) = value {
        tlv::write(out, tag, value);
    }
}

fn beneficiary(fields: &Fields) -> String {
    let mut account = String::with_capacity(40);
    write(&mut account, "00", fields.bin.as_deref());
    write(&mut account, "01", fields.account.as_deref());
    let mut out = String::with_capacity(80);
    tlv::write(&mut out, "00", GUID);
    tlv::write(&mut out, "01", &account);
    write(&mut out, "02", fields.service.as_deref());
    out
}

fn additional_data(additional: &Additional) -> Result<String, Fault> {
    let mut objects: Vec<(&str, &str)> = additional
        .labels()
        .into_iter()
        .chain([("62-09", additional.consumer_data_request.as_deref())])
        .filter_map(|(path, value)| Some((path.trim_start_matches("62-"), value?)))
        .collect();
    objects.extend(
        additional
            .other
            .iter()
            .map(|(t, v)| (t.as_str(), v.as_str())),
    );
    objects.sort_unstable();
    let mut out = String::with_capacity(112);
    for (tag, value) in objects {
        tlv::write(&mut out, tag, value);
    }
    if out.is_empty() {
        return Err(Fault::object(Reason::LengthZero, "62"));
    }
    if out.chars().count() > tlv::MAX_VALUE {
        return Err(Fault::object(Reason::AdditionalLength, "62"));
    }
    Ok(out)
}

fn second_language(language: &Language) -> String {
    let mut out = String::with_capacity(64);
    write(&mut out, "00", language.preference.as_deref());
    write(&mut out, "01", language.name.as_deref());
    write(&mut out, "02", language.city.as_deref());
    out
}
