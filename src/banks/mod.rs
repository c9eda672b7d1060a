//! Banks' signed notices: verification and normalisation.
//!
//! One file for each format, behind the one trait [`Adapter`]. An adapter is pure: headers,
//! raw bytes, secrets and the time in; [`Verified`] facts or a named [`Refusal`] out. Nothing
//! outside this module can build a [`Verified`], and only that type reaches the store.
//!
//! A new format is one new file and one line in [`ADAPTERS`].

mod acb;
mod advice;
mod camt054;
mod casso_v1;
mod casso_v2;
mod claim;
mod contract;
mod delivery;
mod der;
mod diagnosis;
mod fields;
mod history;
mod javascript;
pub mod json;
mod jws;
mod momo_ipn;
mod pay2s;
mod payos;
mod public_key;
mod query;
mod sepay_apikey;
mod sepay_hmac;
mod sepay_list;
mod setup;
mod signature;
mod standard_webhooks;
mod verdict;
mod vietqr_vn;
mod vnpay_ipn;
mod zalopay_callback;

use chrono::{DateTime, Utc};
use fields::Fields;
use json::{Json, JsonError, Object};

use crate::domain::credit::BankFact;
use crate::domain::trial::Tells;

pub use claim::Claim;
pub use contract::standard_signature;
pub use delivery::{Credentials, Delivery, Media, Secret};
pub use diagnosis::{
    Diagnosis, advice_on_nothing, advice_on_reading, diagnose, remarks_on_delivery,
};
pub use history::{History, HistoryFault, HistoryPage, HistoryQuery, HistoryRow};
pub use public_key::{KeyAlgorithm, fingerprint, pem_base64};
pub use setup::CredentialsFault;
pub use verdict::{
    Answer, Call, NoticeKind, Outcome, Reading, Refusal, Remark, Unread, Unusable, Verified,
    VerifiedWith,
};

/// How one vendor's notices are verified, read and answered. No format inherits a way to prove
/// or to answer.
pub trait Adapter: Send + Sync {
    /// The stable name that a source is configured with, such as `sepay_hmac`.
    fn name(&self) -> &'static str;

    /// Where below the source's address the vendor calls; for most the address itself.
    fn paths(&self) -> &'static [&'static str] {
        &[""]
    }

    /// What a body is written in.
    fn media(&self) -> Media {
        Media::Json
    }

    /// The methods that are answered in the vendor's form; what comes by another is not read.
    fn methods(&self) -> &'static [&'static str] {
        &["POST"]
    }

    /// Whether the body is declared as what the format is written in.
    fn takes_type_of(&self, delivery: &Delivery) -> bool {
        delivery.is_declared_as(self.media())
    }

    /// Why a delivery is not even read, if it came in a way that the vendor does not send.
    fn unread(&self, delivery: &Delivery) -> Option<Unread> {
        if !self.methods().contains(&delivery.method.as_str()) {
            Some(Unread::OtherMethod(self.methods()))
        } else if !self.takes_type_of(delivery) {
            Some(Unread::OtherMedia(self.media()))
        } else {
            None
        }
    }

    /// The largest body that is read; most formats tell of one movement or a few.
    fn body_max_bytes(&self) -> usize {
        NOTICE_MAX_BYTES
    }

    /// Whether a notice names the account that it speaks of. A source of a format that names
    /// none is bound to one account only.
    fn names_account(&self) -> bool;

    /// Proves over the raw bytes that the vendor sent this, then reads it.
    ///
    /// A refusal means that nothing may be written. What is authentic but cannot be used is
    /// no refusal but [`Reading::Unusable`]: it is kept and shown to people.
    fn verify(
        &self,
        delivery: &Delivery,
        credentials: &Credentials,
        now: DateTime<Utc>,
    ) -> Result<Verified, Refusal>;

    /// The answer that this vendor expects.
    fn acknowledge(&self, outcome: &Outcome, call: Call<'_>) -> Answer;

    /// Whether notices can be judged with these credentials.
    fn check(&self, credentials: &Credentials) -> Result<(), CredentialsFault>;

    /// A secret of this format made from random bytes; none where the vendor makes it.
    fn make_secret(&self, random: &[u8; SECRET_BYTES]) -> Option<Secret>;

    /// How the history of its transactions is fetched; most vendors offer none.
    fn history(&self) -> Option<&'static History> {
        None
    }

    /// What the format can tell: the checks of a trial.
    fn tells(&self) -> Tells {
        Tells::MOST
    }

    /// The headers that carry the proof, as far as a trial can say what is wrong with one.
    fn headers(&self) -> &'static [HeaderForm] {
        &[]
    }

    /// What is signed before the body, where it is the header fields of a notice.
    fn signed_before(&self, _delivery: &Delivery) -> Option<String> {
        None
    }

    /// The fields of a notice, where the contract is ours: any other is passed over.
    fn fields(&self) -> &'static [(&'static str, [&'static str; 2])] {
        &[]
    }

    /// The form of a field, in Vietnamese and in English, where the contract is ours.
    fn form_of(&self, field: &str) -> Option<[&'static str; 2]> {
        let fields = self.fields().iter();
        fields.copied().find(|it| it.0 == field).map(|it| it.1)
    }

    /// The signatures that a trial's refused delivery shows, with what each could have been
    /// made of; none for formats that sign nothing.
    fn claims(&self, _delivery: &Delivery, _credentials: &Credentials) -> Vec<Claim> {
        Vec::new()
    }
}

/// A header of a format, and what stands in it.
#[derive(Clone, Copy, Debug)]
pub struct HeaderForm {
    /// Its name in lower case.
    pub name: &'static str,
    /// Its value.
    pub value: HeaderValue,
}

/// What stands in a header that carries a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderValue {
    /// A Unix time in whole seconds.
    UnixSeconds,
    /// Milliseconds and a signature: `t=…,v1=…`.
    TimedSignature,
    /// Printable ASCII.
    Text,
}

/// The largest notice of a few movements: far above any that is known.
pub const NOTICE_MAX_BYTES: usize = 64 * 1024;
/// The largest notice of a format that tells of many movements at once.
pub const BATCH_MAX_BYTES: usize = 1024 * 1024;

/// Random bytes of a secret that is made here.
pub const SECRET_BYTES: usize = 32;

/// Every adapter there is.
pub static ADAPTERS: &[&dyn Adapter] = &[
    &standard_webhooks::StandardWebhooks,
    &sepay_hmac::SepayHmac,
    &payos::Payos,
    &sepay_apikey::SepayApikey,
    &casso_v2::CassoV2,
    &casso_v1::CassoV1,
    &pay2s::Pay2s,
    &vietqr_vn::VietqrVn,
    &vnpay_ipn::VnpayIpn,
    &momo_ipn::MomoIpn,
    &zalopay_callback::ZalopayCallback,
    &acb::Acb,
    &camt054::Camt054,
];

/// Finds the adapter that a source is configured with.
pub fn adapter_by_name(name: &str) -> Option<&'static dyn Adapter> {
    ADAPTERS
        .iter()
        .copied()
        .find(|adapter| adapter.name() == name)
}

/// Refuses every method but POST.
fn require_post(delivery: &Delivery) -> Result<(), Refusal> {
    if delivery.method == "POST" {
        Ok(())
    } else {
        Err(Refusal::WrongMethod)
    }
}

/// Refuses a signed time too far from `now`, either way. Whole seconds, as in the formats.
fn require_fresh(
    sent_at_unix_s: i64,
    credentials: &Credentials,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let distance_s = now.timestamp().abs_diff(sent_at_unix_s);
    if distance_s <= u64::from(credentials.tolerance_s) {
        Ok(())
    } else {
        Err(Refusal::StaleTimestamp)
    }
}

/// The same for formats that sign milliseconds.
fn require_fresh_ms(
    sent_at_unix_ms: i64,
    credentials: &Credentials,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let distance_ms = now.timestamp_millis().abs_diff(sent_at_unix_ms);
    if distance_ms <= u64::from(credentials.tolerance_s) * 1000 {
        Ok(())
    } else {
        Err(Refusal::StaleTimestamp)
    }
}

/// Reads a header's Unix time: plain digits without a leading zero.
fn unix_seconds(header: &str) -> Result<i64, Refusal> {
    unix_time(header, 12)
}

/// The same in milliseconds.
fn unix_milliseconds(text: &str) -> Result<i64, Refusal> {
    unix_time(text, 15)
}

fn unix_time(text: &str, most_digits: usize) -> Result<i64, Refusal> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || text.len() > most_digits || text.starts_with('0') {
        return Err(Refusal::MalformedHeader);
    }
    text.parse().map_err(|_| Refusal::MalformedHeader)
}

/// Reads a body whose raw bytes were proven. What two readers could understand differently
/// is refused although it is signed; what is no JSON at all is the vendor's mistake.
fn proven_json(body: &[u8]) -> Result<Result<Json, Unusable>, Refusal> {
    match json::read(body) {
        Ok(value) => Ok(Ok(value)),
        Err(JsonError::Ambiguous(_)) => Err(Refusal::AmbiguousBody),
        Err(JsonError::Syntax) => Ok(Err(Unusable::MalformedBody)),
    }
}

/// Reads a body that has to be understood before it can be proved.
fn unproven_json(body: &[u8]) -> Result<Json, Refusal> {
    json::read(body).map_err(|error| match error {
        JsonError::Ambiguous(_) => Refusal::AmbiguousBody,
        JsonError::Syntax => Refusal::MalformedBody,
    })
}

/// The signature that a body carries as one of its fields.
fn signature_in<'a>(body: &'a Object, name: &str) -> Result<&'a str, Refusal> {
    let signature = body.get(name).and_then(Json::as_text);
    signature
        .filter(|text| !text.is_empty())
        .ok_or(Refusal::MissingSignature)
}

/// The objects in the array under `name`, for formats that tell of several movements at once.
fn listed_objects<'a>(body: &'a Json, name: &'static str) -> Result<Vec<Fields<'a>>, Unusable> {
    let body = body.as_object().ok_or(Unusable::MalformedBody)?;
    Fields::of(body).objects(name)
}

/// Believes and reads a delivery that is proven by the source's secret in a header.
fn read_shown(
    delivery: &Delivery,
    header: &str,
    scheme: &str,
    credentials: &Credentials,
    read: fn(&Json) -> Result<Reading, Unusable>,
) -> Result<Verified, Refusal> {
    require_post(delivery)?;
    let verified_with = signature::shown_token(delivery, header, scheme, credentials)?;
    let body = proven_json(&delivery.body)?;
    let reading = reading_of(body.and_then(|body| read(&body)));
    Ok(Verified::new(reading, verified_with))
}

/// A reading of an authentic body: what cannot be used is quarantined.
fn reading_of(facts: Result<Reading, Unusable>) -> Reading {
    facts.unwrap_or_else(Reading::Unusable)
}

/// The movements of a notice, or what it is without any.
fn reading_with(facts: Vec<BankFact>, without: NoticeKind) -> Reading {
    if facts.is_empty() {
        Reading::Nothing(without)
    } else {
        Reading::Transactions(facts)
    }
}
