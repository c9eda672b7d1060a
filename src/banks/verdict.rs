//! What becomes of a delivery, and what the vendor is told.

use chrono::{DateTime, Utc};

use super::delivery::Media;
use crate::domain::credit::BankFact;

/// An authentic delivery, read. Only an adapter can build one: it is the proof that the
/// vendor's signature was checked.
#[derive(Clone, Debug)]
pub struct Verified {
    reading: Reading,
    delivery_id: Option<String>,
    proved_by: VerifiedWith,
}

impl Verified {
    /// To be called after the signature was found good, nowhere else.
    pub(in crate::banks) fn new(reading: Reading, verified_with: VerifiedWith) -> Self {
        Self {
            reading,
            delivery_id: None,
            proved_by: verified_with,
        }
    }

    /// Adds the name of the delivery, for formats that have one.
    pub(in crate::banks) fn named(mut self, delivery_id: &str) -> Self {
        self.delivery_id = Some(delivery_id.to_owned());
        self
    }

    /// What it says.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// What it says, taken out.
    pub fn into_reading(self) -> Reading {
        self.reading
    }

    /// The vendor's name of this delivery: says nothing about the transaction inside.
    pub fn delivery_id(&self) -> Option<&str> {
        self.delivery_id.as_deref()
    }

    /// Which secret proved it.
    pub fn verified_with(&self) -> VerifiedWith {
        self.proved_by
    }
}

/// Which secret proved a delivery; tells when a rotation is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifiedWith {
    /// The secret in use.
    Current,
    /// The one before it.
    Previous,
    /// The sender's public key.
    PublicKey,
}

impl VerifiedWith {
    /// `current`, `previous` or `public_key`, as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Previous => "previous",
            Self::PublicKey => "public_key",
        }
    }
}

/// What an authentic delivery says.
#[derive(Clone, Debug)]
pub enum Reading {
    /// Movements, at least one. Each has its own outcome; ask
    /// [`BankFact::is_booked`] which of them become transactions.
    Transactions(Vec<BankFact>),
    /// Nothing about money: acknowledged, and kept as a callback only.
    Nothing(NoticeKind),
    /// About the connection itself: answered with this, and nothing is kept.
    Handshake(Answer),
    /// Authentic, but its facts cannot be used: kept as quarantined and shown to people.
    Unusable(Unusable),
}

/// Why an authentic delivery says nothing about money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// A call that tries the connection.
    Ping,
    /// An event that concerns nobody here.
    OtherEvent,
    /// A notice without a single entry.
    Empty,
    /// A notice of entries none of which has moved money yet.
    NotBooked,
}

impl NoticeKind {
    /// A stable word for records and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::OtherEvent => "other_event",
            Self::Empty => "no_transactions",
            Self::NotBooked => "not_booked",
        }
    }

    /// What its sender should know; one who tries the connection learns it from the success.
    pub const fn remark(self) -> Option<Remark> {
        match self {
            Self::Ping => None,
            Self::OtherEvent | Self::Empty | Self::NotBooked => {
                Some(Remark::Ignored(self.as_str()))
            }
        }
    }
}

/// Why an authentic delivery cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Not the kind of document that the vendor describes.
    #[error("the body is not what the format describes")]
    MalformedBody,
    /// A document of another kind or version than the format's.
    #[error("the message is of another kind or version than the format reads")]
    OtherMessage,
    /// A required field is missing or empty.
    #[error("the required field {0} is missing")]
    MissingField(&'static str),
    /// A field holds another type or form than the format has.
    #[error("the field {0} has an unreadable value")]
    BadField(&'static str),
    /// Not a whole number of đồng, zero, negative or beyond the largest amount.
    #[error("the amount is not a whole number of đồng in range")]
    BadAmount,
    /// Money other than đồng.
    #[error("the currency is not VND")]
    OtherCurrency,
    /// The event and the direction contradict each other.
    #[error("the kind of event and the direction contradict each other")]
    Contradiction,
}

impl Unusable {
    /// A stable word for records and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedBody => "malformed_body",
            Self::OtherMessage => "other_message",
            Self::MissingField(_) => "missing_field",
            Self::BadField(_) => "bad_field",
            Self::BadAmount => "bad_amount",
            Self::OtherCurrency => "other_currency",
            Self::Contradiction => "contradiction",
        }
    }

    /// The field it is about, where there is one.
    pub const fn field(self) -> Option<&'static str> {
        match self {
            Self::MissingField(field) | Self::BadField(field) => Some(field),
            Self::MalformedBody
            | Self::OtherMessage
            | Self::BadAmount
            | Self::OtherCurrency
            | Self::Contradiction => None,
        }
    }
}

/// Why a delivery is not believed. The caller learns only that it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// A header that the format requires is absent.
    #[error("a required header is missing")]
    MissingHeader,
    /// A header that must be single is there more than once.
    #[error("a header is repeated")]
    RepeatedHeader,
    /// A header's value does not have the format's form.
    #[error("a header is malformed")]
    MalformedHeader,
    /// The body carries no signature.
    #[error("the signature is missing")]
    MissingSignature,
    /// The signature does not fit the bytes.
    #[error("the signature does not match")]
    SignatureMismatch,
    /// The signed time is too far from ours.
    #[error("the timestamp is outside the window")]
    StaleTimestamp,
    /// Two readers could understand the signed text differently.
    #[error("the body can be read in more than one way")]
    AmbiguousBody,
    /// The signed text cannot be found in the body.
    #[error("the body is malformed")]
    MalformedBody,
    /// The static token is missing or wrong.
    #[error("the token is wrong")]
    BadToken,
    /// The login is missing or wrong.
    #[error("the credentials are wrong")]
    BadCredentials,
    /// The delivery names another terminal or partner than the source's.
    #[error("the delivery belongs to another terminal")]
    OtherTerminal,
    /// The sender's address is none of the source's.
    #[error("the address is none of the source's")]
    OtherAddress,
    /// The sender showed no client certificate of the source.
    #[error("the client certificate is missing or another one")]
    OtherCertificate,
    /// The format does not use this method.
    #[error("the method is not the format's")]
    WrongMethod,
    /// The secret that we hold is too short or not in the format's form, or a setting that is
    /// part of the proof is absent: nothing can be believed.
    #[error("the configured secret or settings cannot be used")]
    UnusableSecret,
}

impl Refusal {
    /// A format's own word for a secret that fits nothing.
    pub(in crate::banks) fn instead_of_mismatch(self, word: Self) -> Self {
        match self {
            Self::SignatureMismatch => word,
            other => other,
        }
    }

    /// A stable word for records, counters and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MissingHeader => "missing_header",
            Self::RepeatedHeader => "repeated_header",
            Self::MalformedHeader => "malformed_header",
            Self::MissingSignature => "missing_signature",
            Self::SignatureMismatch => "signature_mismatch",
            Self::StaleTimestamp => "stale_timestamp",
            Self::AmbiguousBody => "ambiguous_body",
            Self::MalformedBody => "malformed_body",
            Self::BadToken => "bad_token",
            Self::BadCredentials => "bad_credentials",
            Self::OtherTerminal => "other_terminal",
            Self::OtherAddress => "other_address",
            Self::OtherCertificate => "other_certificate",
            Self::WrongMethod => "wrong_method",
            Self::UnusableSecret => "unusable_secret",
        }
    }
}

/// What became of a delivery, as far as its vendor is concerned. An unknown order or another
/// amount is our affair: to the vendor such a notice is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Durably recorded, the first time. The receipt is our id of the first transaction, for
    /// vendors that want one.
    Stored {
        /// Our id of the transaction.
        receipt: Option<String>,
    },
    /// Recorded before; the receipt is the same as then.
    Repeated {
        /// Our id of the transaction.
        receipt: Option<String>,
    },
    /// Authentic but unusable; recorded for people, and not to be sent again.
    Quarantined(Unusable),
    /// Not believed; nothing was recorded.
    Refused(Refusal),
    /// Nothing could be recorded now; to be sent again.
    Unavailable,
}

/// The call that is answered, as far as an answer has to speak of it.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The vendor's name of the delivery; none of one that was not believed.
    pub delivery_id: Option<&'a str>,
    /// The present.
    pub now: DateTime<Utc>,
    /// What a sender should know although its notice is stored; our own contract says it.
    pub remark: Option<Remark>,
}

/// Why a delivery is not read: its vendor does not send like that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It calls by these methods.
    OtherMethod(&'static [&'static str]),
    /// It sends bodies of this kind.
    OtherMedia(Media),
}

/// Why a stored notice changes nothing as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remark {
    /// Kept for people, for this reason; it is no money.
    Quarantined(&'static str),
    /// Its movement was told before with other facts, and the first telling stands.
    Conflict,
    /// It tells of no movement, for this reason.
    Ignored(&'static str),
}

impl Remark {
    /// Two stable words: what it came to, and why.
    const fn words(self) -> [&'static str; 2] {
        match self {
            Self::Quarantined(why) => ["quarantined", why],
            Self::Conflict => ["conflict", "other_facts"],
            Self::Ignored(why) => ["ignored", why],
        }
    }
}

/// An HTTP answer in the vendor's form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// JSON, or empty.
    pub body: String,
    /// After how many seconds the vendor should try again.
    pub retry_after_s: Option<u32>,
}

impl Answer {
    /// The type of every body that is not empty.
    pub const CONTENT_TYPE: &'static str = "application/json";

    /// How long a vendor is asked to wait when nothing could be stored.
    pub const RETRY_AFTER_S: u32 = 5;

    /// An answer with a JSON body.
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            body: body.into(),
            retry_after_s: None,
        }
    }

    /// An answer without a body.
    pub(in crate::banks) fn empty(status: u16) -> Self {
        Self::json(status, "")
    }

    /// The same answer, and when to try again.
    pub(in crate::banks) fn later(self) -> Self {
        Self {
            retry_after_s: Some(Self::RETRY_AFTER_S),
            ..self
        }
    }

    /// The answer of most formats: 200 with `{"success":true}`, a uniform 401 that tells a
    /// forger nothing, 503 when nothing was stored.
    pub(in crate::banks) fn usual(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Stored { .. } | Outcome::Repeated { .. } | Outcome::Quarantined(_) => {
                Self::json(200, r#"{"success":true}"#)
            }
            Outcome::Refused(_) => Self::json(401, r#"{"success":false}"#),
            Outcome::Unavailable => Self::json(503, r#"{"success":false}"#).later(),
        }
    }

    /// The same, and beside a success what is wrong with the notice: for a sender who should
    /// learn it from the answer.
    pub(in crate::banks) fn with_remark(outcome: &Outcome, remark: Option<Remark>) -> Self {
        let usual = Self::usual(outcome);
        match remark.filter(|_| usual.status == 200) {
            Some(remark) => {
                let [state, code] = remark.words();
                let body = format!(r#"{{"success":true,"state":"{state}","code":"{code}"}}"#);
                Self { body, ..usual }
            }
            None => usual,
        }
    }
}
