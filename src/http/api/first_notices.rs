//! The first notice of a trial in our own formats: a body to sign and send.

use serde_json::json;

use crate::domain::day::to_rfc3339;
use crate::flows::trial::KnownTrial;

/// A camt.054 message that counts.
pub(crate) const MESSAGE: &str = include_str!("../../web/samples/camt054.xml");
/// What another notice than the sample says instead: number, account, text and both times.
const SAMPLED: [&str; 5] = [
    "FT26075000002",
    "1030000000117",
    "TH7K2M9XQ4 bun oc",
    "2026-03-16T09:29:52+07:00",
    "2026-03-16T09:29:55+07:00",
];
/// The movement's number.
const NUMBER: &str = "TRY-1";

/// A body that shows the first checks of a trial.
pub(crate) struct FirstNotice {
    /// The file that it is kept in.
    pub(crate) file: &'static str,
    /// What it is declared as.
    pub(crate) content_type: &'static str,
    /// The lines for a shell that show the other checks with the same program.
    pub(crate) rest: &'static str,
    /// The body.
    pub(crate) body: String,
}

impl FirstNotice {
    /// That of a trial, where the contract is ours. The same each time: it is a repeat, not
    /// another telling, if it is sent twice.
    pub(crate) fn of(trial: &KnownTrial) -> Option<Self> {
        match trial.adapter.name() {
            "standard_webhooks" => Some(Self {
                file: "notice.json",
                content_type: "application/json",
                rest: include_str!("../../web/samples/rest.sh"),
                body: event(trial),
            }),
            "camt054" => Some(Self {
                file: "notice.xml",
                content_type: "application/xml",
                rest: include_str!("../../web/samples/rest_camt.sh"),
                body: message(trial),
            }),
            _ => None,
        }
    }
}

fn event(trial: &KnownTrial) -> String {
    let notice = json!({
        "type": "bank.transaction.credited",
        "data": {
            "transaction_id": NUMBER,
            "account_number": trial.row.account_number,
            "direction": "credit",
            "amount": 45_000,
            "currency": "VND",
            "content": trial.row.reference,
            "booked_at": to_rfc3339(trial.row.created_at),
        },
    });
    notice.to_string()
}

fn message(trial: &KnownTrial) -> String {
    let (account, reference) = (&trial.row.account_number, &trial.row.reference);
    let at = &to_rfc3339(trial.row.created_at);
    let own = [NUMBER, account, reference, at, at];
    let message = SAMPLED.into_iter().zip(own);
    let message = message.fold(MESSAGE.to_owned(), |text, (sampled, own)| {
        text.replace(sampled, own)
    });
    message.trim_end().to_owned()
}
