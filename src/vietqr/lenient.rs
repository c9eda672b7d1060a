//! Text to fields, putting up with what banks and common libraries really print.
//!
//! Tolerated, each because the meaning stays certain: a checksum in lower case, empty root
//! objects, a bank that our table does not know, `.00` after an amount, an amount of zero on
//! a reusable code, additional data over 25 characters, diacritics in plain text, and the
//! beneficiary's length counted wrongly. A wrong checksum is never tolerated. The result is
//! [`Fields`], not a `Payload`: it may not be printed again.

use super::decode::{self, Beneficiary};
use super::fault::{Fault, Reason};
use super::fields::Fields;
use super::judge::Judge;
use super::tlv::{self, Objects};

/// What a lenient reading found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// What the code says, as it stands there.
    pub fields: Fields,
    /// What is wrong with it, in the order of the checks; empty for a code that the strict
    /// reader accepts.
    pub tolerated: Vec<Fault>,
}

/// Reads a scanned code.
pub fn read_leniently(payload: &str) -> Result<Scanned, Fault> {
    let mut judge = Judge::lenient();
    let fields = decode::read(payload, &mut judge)?;
    Ok(Scanned {
        fields,
        tolerated: judge.into_forgiven(),
    })
}

/// Whether a fault of object 38 may come from a wrong length of 38-01.
pub(super) fn is_length_slip(reason: Reason) -> bool {
    matches!(reason, Reason::NestedTlv | Reason::BeneficiaryStructure)
}

/// Reads object 38 without believing the length of 38-01: some libraries miscount it, or
/// count the service code in. Bank, account and service state their own lengths and must fill
/// the rest exactly, so only one reading is possible.
pub(super) fn flat_beneficiary(value: &str) -> Option<Beneficiary<'_>> {
    let rest = value.strip_prefix("0010A00000072701")?;
    if !tlv::is_tag(rest.get(..2)?) {
        return None;
    }
    let objects: Vec<_> = Objects::new(&rest[2..]).collect::<Result<_, _>>().ok()?;
    let (bin, account, service) = match objects.as_slice() {
        [bin, account] => (bin, account, None),
        [bin, account, service] => (bin, account, Some(service)),
        _ => return None,
    };
    let service_fits = service.is_none_or(|service| service.tag == "02");
    (bin.tag == "00" && account.tag == "01" && service_fits).then_some(Beneficiary {
        bin: Some(bin.value),
        account: Some(account.value),
        service: service.map(|service| service.value),
    })
}
