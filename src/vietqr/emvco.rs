//! The generic reader: any scheme of the EMVCo merchant-presented standard (PromptPay, Pix,
//! VNPAY and the rest), shown object by object.

use super::fault::Fault;
use super::frame;
use super::judge::Judge;
use super::tlv;

/// One root object of a code of any scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Two digits.
    pub tag: String,
    /// What it holds.
    pub value: Value,
}

/// What a root object holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text; also the value of a template that is not made of objects.
    Text(String),
    /// The tags and values of a template, in order.
    Template(Vec<(String, String)>),
}

/// Reads the objects in the order in which they stand, without the checksum (tag 63), which
/// must be right.
pub fn read(payload: &str) -> Result<Vec<Entry>, Fault> {
    entries(payload, &mut Judge::strict())
}

/// Like [`read`], putting up with empty root objects, which are left out, and a checksum in
/// lower case; gives the faults put up with.
pub fn read_leniently(payload: &str) -> Result<(Vec<Entry>, Vec<Fault>), Fault> {
    let mut judge = Judge::lenient();
    let entries = entries(payload, &mut judge)?;
    Ok((entries, judge.into_forgiven()))
}

fn entries(payload: &str, judge: &mut Judge) -> Result<Vec<Entry>, Fault> {
    let objects = frame::read(payload, judge)?;
    Ok(objects
        .iter()
        .map(|object| Entry {
            tag: object.tag.to_owned(),
            value: value(object.tag, object.value),
        })
        .collect())
}

fn value(tag: &str, text: &str) -> Value {
    let inner = is_template(tag).then(|| tlv::template(text)).flatten();
    match inner {
        None => Value::Text(text.to_owned()),
        Some(objects) => Value::Template(
            objects
                .iter()
                .map(|object| (object.tag.to_owned(), object.value.to_owned()))
                .collect(),
        ),
    }
}

/// The tags that the standard reserves for templates: merchant accounts, additional data,
/// the second language, and those open to anyone.
fn is_template(tag: &str) -> bool {
    ("26"..="51").contains(&tag) || matches!(tag, "62" | "64") || ("80"..="99").contains(&tag)
}

impl serde::Serialize for Entry {
    /// `[tag, text]` or `[tag, [[tag, text], …]]`.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.value {
            Value::Text(text) => (&self.tag, text).serialize(serializer),
            Value::Template(objects) => (&self.tag, objects).serialize(serializer),
        }
    }
}
