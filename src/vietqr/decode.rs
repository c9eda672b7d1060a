//! Text to fields, strictly.

use super::encode::{GUID, is_named};
use super::fault::{Fault, Reason};
use super::fields::{Additional, Fields, Language};
use super::frame::{self, refuse_repeats};
use super::judge::Judge;
use super::lenient;
use super::rules;
use super::tlv::{self, Object};

/// Reads a code and refuses it at the first fault, checking in this order: length, root
/// objects up to 63, checksum, repeated objects, format, required objects, 01, 38, 52 to 61,
/// 62, 64.
pub fn decode(payload: &str) -> Result<Fields, Fault> {
    read(payload, &mut Judge::strict())
}

/// The one routine behind the strict and the lenient reader.
pub(super) fn read(payload: &str, judge: &mut Judge) -> Result<Fields, Fault> {
    let objects = frame::read(payload, judge)?;
    let find = |tag| objects.iter().find(|object| object.tag == tag).copied();
    for path in ["01", "38", "53", "58"] {
        find(path).ok_or(Fault::object(Reason::RequiredTagMissing, path))?;
    }
    let text = |tag| find(tag).map(|object| object.value.to_owned());
    let mut fields = Fields {
        initiation: text("01"),
        mcc: text("52"),
        currency: text("53"),
        amount: text("54"),
        tip_indicator: text("55"),
        fee_fixed: text("56"),
        fee_percent: text("57"),
        country: text("58"),
        merchant_name: text("59"),
        merchant_city: text("60"),
        postal_code: text("61"),
        ..Fields::default()
    };
    rules::initiation(&fields)?;
    let beneficiary = beneficiary(find("38").map_or("", |object| object.value), judge)?;
    fields.bin = beneficiary.bin.map(str::to_owned);
    fields.account = beneficiary.account.map(str::to_owned);
    fields.service = beneficiary.service.map(str::to_owned);
    rules::beneficiary(&fields, judge)?;
    rules::transaction(&fields, judge)?;
    if let Some(object) = find("62") {
        let additional = additional(object.value)?;
        rules::additional(&additional, judge)?;
        fields.additional = Some(additional);
    }
    if let Some(object) = find("64") {
        let language = language(object.value)?;
        rules::language(&language)?;
        fields.language = Some(language);
    }
    fields.other_tags = objects
        .iter()
        .filter(|object| !is_named(object.tag))
        .map(|object| (object.tag.to_owned(), object.value.to_owned()))
        .collect();
    Ok(fields)
}

/// What object 38 holds, before the rules of its values.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Beneficiary<'a> {
    /// 38-01-00.
    pub bin: Option<&'a str>,
    /// 38-01-01.
    pub account: Option<&'a str>,
    /// 38-02.
    pub service: Option<&'a str>,
}

fn beneficiary<'a>(value: &'a str, judge: &mut Judge) -> Result<Beneficiary<'a>, Fault> {
    let fault = match beneficiary_template(value) {
        Ok(read) => return Ok(read),
        Err(fault) => fault,
    };
    match lenient::flat_beneficiary(value) {
        Some(flat) if lenient::is_length_slip(fault.reason) => {
            judge.forgive(fault)?;
            Ok(flat)
        }
        _ => Err(fault),
    }
}

fn beneficiary_template(value: &str) -> Result<Beneficiary<'_>, Fault> {
    let misplaced = |path| Fault::object(Reason::BeneficiaryStructure, path);
    let mut read = Beneficiary::default();
    let (mut guid, mut account) = (None, None);
    for object in template(value, "38", Reason::DuplicateTag)? {
        match object.tag {
            "00" => guid = Some(object.value),
            "01" => account = Some(object.value),
            "02" => read.service = Some(object.value),
            _ => return Err(misplaced("38")),
        }
    }
    match guid {
        None => return Err(Fault::object(Reason::GuidMissing, "38-00")),
        Some(GUID) => {}
        Some(_) => return Err(Fault::object(Reason::GuidMismatch, "38-00")),
    }
    let account = account.ok_or(Fault::object(Reason::BeneficiaryMissing, "38-01"))?;
    for object in template(account, "38-01", Reason::DuplicateTag)? {
        match object.tag {
            "00" => read.bin = Some(object.value),
            "01" => read.account = Some(object.value),
            _ => return Err(misplaced("38-01")),
        }
    }
    Ok(read)
}

fn additional(value: &str) -> Result<Additional, Fault> {
    let mut additional = Additional::default();
    for object in template(value, "62", Reason::AdditionalDuplicate)? {
        additional.set(object.tag, object.value);
    }
    Ok(additional)
}

fn language(value: &str) -> Result<Language, Fault> {
    let mut language = Language::default();
    for object in template(value, "64", Reason::DuplicateTag)? {
        let place = match object.tag {
            "00" => &mut language.preference,
            "01" => &mut language.name,
            "02" => &mut language.city,
            _ => return Err(Fault::object(Reason::LanguageTemplate, "64")),
        };
        *place = Some(object.value.to_owned());
    }
    Ok(language)
}

fn template<'a>(
    value: &'a str,
    path: &'static str,
    repeated: Reason,
) -> Result<Vec<Object<'a>>, Fault> {
    let objects = tlv::template(value).ok_or(Fault::object(Reason::NestedTlv, path))?;
    let repeats = refuse_repeats(&objects, repeated);
    // Positions inside a template mean nothing to the reader of the message.
    repeats.map_err(|_| Fault::object(repeated, path))?;
    Ok(objects)
}
