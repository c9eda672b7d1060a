//! The other side of the table: notices as banks send them, signed with real secrets in the
//! real forms.
//!
//! One file for each format that [`crate::banks`] takes, written from the vendor's side: what
//! is signed here shares no code with what verifies it there.

mod acb;
mod camt054;
mod casso_v1;
mod casso_v2;
mod momo_ipn;
mod pay2s;
mod payos;
mod private_key;
mod sepay_apikey;
mod sepay_hmac;
pub mod sepay_list;
mod standard_webhooks;
#[cfg(test)]
mod tests;
mod vietqr_vn;
mod vnpay_ipn;
mod zalopay_callback;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use serde_json::Value;
use sha2::{Sha256, Sha512};

use crate::banks::{Delivery, Secret};
use crate::domain::day::vietnam_offset;

pub use private_key::{PrivateKey, SigningAlgorithm};

/// How banks write a local time.
const LOCAL_TIME: &str = "%Y-%m-%d %H:%M:%S";
/// The type of every body.
const JSON: (&str, &str) = ("content-type", "application/json");

/// A credit that a bank tells of.
#[derive(Clone, Debug)]
pub struct Credit<'a> {
    /// The bank's own number.
    pub number: u64,
    /// The merchant's account.
    pub account: &'a str,
    /// đồng.
    pub amount_vnd: i64,
    /// The transfer text.
    pub content: String,
    /// What the order was opened for, in formats that name an order.
    pub order: &'a str,
    /// When it was booked.
    pub booked_at: DateTime<Utc>,
    /// What became of it.
    pub state: CreditState,
}

/// What became of a credit, in formats that tell of more than money received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreditState {
    /// The money is there.
    Booked,
    /// The payer's bank turned it down; another try may follow.
    Failed,
}

/// What a sender proves itself with.
#[derive(Debug)]
pub enum Proof {
    /// What it shares with us.
    Shared(Secret),
    /// What it alone has; we know the public half.
    Private(Box<PrivateKey>),
}

/// Who signs, and with what.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// What the bank is called.
    pub bank: &'a str,
    /// What it proves itself with.
    pub proof: &'a Proof,
    /// What else belongs to the source, such as a terminal's code.
    pub config: &'a BTreeMap<String, String>,
    /// What the login gave, in formats that log in.
    pub token: Option<&'a str>,
}

impl Sender<'_> {
    /// The secret as a key; of a login the password.
    fn key(&self) -> &str {
        match self.proof {
            Proof::Shared(Secret::Text(text)) => text.expose_secret(),
            Proof::Shared(Secret::Login { password, .. }) => password.expose_secret(),
            // Nothing can be signed with a public key, and a private one is no text.
            Proof::Shared(Secret::PublicKey { .. }) | Proof::Private(_) => "",
        }
    }

    /// A setting of the source, empty where it is absent.
    fn setting(&self, name: &str) -> &str {
        self.config.get(name).map_or("", String::as_str)
    }
}

/// A notice ready to be sent.
#[derive(Clone, Debug)]
pub struct Signed {
    /// `POST` or `GET`.
    pub method: &'static str,
    /// What follows the source's address: a path, or a query with its `?`.
    pub below: String,
    /// Header names and values.
    pub headers: Vec<(&'static str, String)>,
    /// The bytes that were signed.
    pub body: String,
}

impl Signed {
    /// A body of JSON for the source's own address.
    fn json(headers: Vec<(&'static str, String)>, body: String) -> Self {
        let mut all = vec![(JSON.0, JSON.1.to_owned())];
        all.extend(headers);
        Self {
            method: "POST",
            below: String::new(),
            headers: all,
            body,
        }
    }

    /// Where it is sent to, below the service's address.
    pub(super) fn target(&self, source: &str) -> String {
        format!("/v1/callbacks/{source}{}", self.below)
    }

    /// The notice as it arrives at the address of a source.
    pub(super) fn delivery(&self, source: &str) -> Delivery {
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes()));
        let body = self.body.clone().into_bytes();
        Delivery::new(self.method, &self.target(source), headers, body)
    }
}

/// What a sender learns from an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It is stored.
    Stored,
    /// It was not believed: nothing is stored.
    Refused,
    /// Nothing is stored now; it is to be sent again.
    Later,
    /// The answer says neither.
    Unclear,
}

impl Told {
    /// What most vendors read from the HTTP status alone.
    pub(super) fn by_status(status: u16, _: &Value) -> Self {
        match status {
            200..=299 => Self::Stored,
            429 | 503 => Self::Later,
            400..=499 => Self::Refused,
            _ => Self::Unclear,
        }
    }
}

/// What the notices of a format can be proved with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenProofs {
    /// A secret that both sides know.
    Shared,
    /// That, or a private key in its place.
    SharedOrPrivate,
}

/// How the notices of one format are made and how their answers read.
pub struct Format {
    /// The adapter that takes them.
    pub adapter: &'static str,
    /// Makes the notice of credits, sent at a moment; of one credit unless
    /// [`takes_several`](Self::takes_several).
    pub sign: fn(&Sender<'_>, &[Credit<'_>], DateTime<Utc>) -> Signed,
    /// The identity of a credit's transaction inside the source.
    pub identity: fn(&Sender<'_>, &Credit<'_>) -> String,
    /// What an answer says, from its status and its JSON.
    pub told: fn(u16, &Value) -> Told,
    /// The login that gives a token, where notices need one.
    pub log_in: Option<fn(&Sender<'_>) -> Signed>,
    /// Whether the moment of sending is signed, so that an old notice is refused.
    pub signs_time: bool,
    /// Whether one notice may tell of several credits.
    pub takes_several: bool,
    /// Whether a notice can tell of a payment that failed.
    pub tells_failures: bool,
    /// What its notices are proved with.
    pub proofs: TakenProofs,
    /// A credit as it stands in the list that the vendor offers beside its notices, where it
    /// offers one; the first argument is what the bank is called.
    pub row: Option<fn(&str, &Credit<'_>) -> Value>,
}

impl Format {
    /// A format of plain notices: one booked credit each, answered by the HTTP status.
    const fn plain(
        adapter: &'static str,
        sign: fn(&Sender<'_>, &[Credit<'_>], DateTime<Utc>) -> Signed,
        identity: fn(&Sender<'_>, &Credit<'_>) -> String,
    ) -> Self {
        Self {
            adapter,
            sign,
            identity,
            told: Told::by_status,
            log_in: None,
            signs_time: false,
            takes_several: false,
            tells_failures: false,
            proofs: TakenProofs::Shared,
            row: None,
        }
    }
}

/// Every format there is, in the order of [`crate::banks::ADAPTERS`].
pub(super) static FORMATS: [Format; 13] = [
    standard_webhooks::FORMAT,
    sepay_hmac::FORMAT,
    payos::FORMAT,
    sepay_apikey::FORMAT,
    casso_v2::FORMAT,
    casso_v1::FORMAT,
    pay2s::FORMAT,
    vietqr_vn::FORMAT,
    vnpay_ipn::FORMAT,
    momo_ipn::FORMAT,
    zalopay_callback::FORMAT,
    acb::FORMAT,
    camt054::FORMAT,
];

/// Finds the format of an adapter.
pub fn format_of(adapter: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.adapter == adapter)
}

/// The token in the answer to a login.
pub fn token_in(answer: &Value) -> Option<&str> {
    answer.get("access_token")?.as_str()
}

/// The one credit of a notice that tells of no more.
fn single<'a, 'b>(credits: &'a [Credit<'b>]) -> &'a Credit<'b> {
    credits.first().expect("a notice tells of a credit")
}

/// A moment in Vietnam.
fn local(at: DateTime<Utc>) -> String {
    let local = at.with_timezone(&vietnam_offset());
    local.format(LOCAL_TIME).to_string()
}

/// The bank's reference of a credit.
fn reference(credit: &Credit<'_>) -> String {
    format!("FT{:014}", credit.number)
}

fn hmac_sha256(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hmac_sha512(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha512>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
