//! The outer frame of any EMVCo code: root objects, then the checksum, then nothing.

use super::crc::checksum;
use super::fault::{Fault, Reason};
use super::judge::Judge;
use super::tlv::{Object, Objects};

/// The most characters a whole code may have (EMVCo merchant-presented mode).
pub const MAX_PAYLOAD: usize = 512;

/// Reads the root objects without the checksum, which is verified, and refuses repeated ones
/// and another payload format than 01.
pub fn read<'a>(payload: &'a str, judge: &mut Judge) -> Result<Vec<Object<'a>>, Fault> {
    // 512 characters of four bytes: a longer text need not be counted.
    if payload.len() > 4 * MAX_PAYLOAD || payload.chars().count() > MAX_PAYLOAD {
        return Err(Fault::whole(Reason::PayloadTooLong));
    }
    if payload.is_empty() {
        return Err(Fault::whole(Reason::Empty));
    }
    if !payload.starts_with("00") {
        return Err(Fault::at(Reason::FirstTagNot00, 0));
    }
    let mut reader = Objects::new(payload);
    let mut objects: Vec<Object<'a>> = Vec::with_capacity(16);
    let crc = loop {
        let object = reader
            .next()
            .ok_or(Fault::whole(Reason::CrcMissing))
            .flatten()?;
        if object.value.is_empty() {
            let fault = Fault::at(Reason::LengthZero, object.at);
            if object.tag == "63" {
                return Err(fault);
            }
            judge.forgive(fault)?;
        }
        if object.tag == "63" {
            break object;
        }
        objects.push(object);
    };
    if !reader.rest().is_empty() {
        return Err(Fault::at(Reason::TrailingData, reader.position()));
    }
    verify(payload, crc, judge)?;
    refuse_repeats(&objects, Reason::DuplicateTag)?;
    // An empty object, forgiven above, says as little as an absent one.
    objects.retain(|object| !object.value.is_empty());
    let format = objects.first().map(|first| (first.tag, first.value));
    if format != Some(("00", "01")) {
        return Err(Fault::object(Reason::PayloadFormat, "00"));
    }
    Ok(objects)
}

/// Refuses the second of two objects with the same tag.
pub fn refuse_repeats(objects: &[Object<'_>], reason: Reason) -> Result<(), Fault> {
    let mut seen = [false; 100];
    for object in objects {
        let tag: usize = object.tag.parse().expect("a tag is two digits");
        if seen[tag] {
            return Err(Fault::at(reason, object.at));
        }
        seen[tag] = true;
    }
    Ok(())
}

/// A wrong checksum is never forgiven, a right one in lower case may be.
fn verify(payload: &str, crc: Object<'_>, judge: &mut Judge) -> Result<(), Fault> {
    if crc.value.chars().count() != 4 {
        return Err(Fault::object(Reason::CrcLength, "63"));
    }
    let stated = Some(crc.value)
        .filter(|value| value.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .and_then(|value| u16::from_str_radix(value, 16).ok())
        .ok_or(Fault::object(Reason::CrcNotHex, "63"))?;
    if stated != checksum(&payload[..crc.value_byte]) {
        return Err(Fault::object(Reason::CrcMismatch, "63"));
    }
    if crc.value.bytes().any(|byte| byte.is_ascii_lowercase()) {
        judge.forgive(Fault::object(Reason::CrcLowercase, "63"))?;
    }
    Ok(())
}
