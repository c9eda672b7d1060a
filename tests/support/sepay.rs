//! SePay's notices as SePay would send them, signed, and the list beside them.

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use phocho::cli::bank::sepay_list;
use phocho::cli::bank::sepay_list::server::{Ledger, SepayServer};
use phocho::cli::bank::{Credit, CreditState};
use serde_json::{Value, json};
use sha2::Sha256;

/// A credit that SePay tells of.
#[derive(Clone, Copy, Debug)]
pub struct SepayNotice<'a> {
    /// The vendor's number of it.
    pub id: u64,
    /// The number in the bank's own reference.
    pub bank_number: u64,
    /// Đồng.
    pub amount: i64,
    /// The transfer text.
    pub content: &'a str,
    /// To which account.
    pub account: &'a str,
    /// The bank's time.
    pub booked_at: DateTime<Utc>,
}

/// A second of 09:29 on 16 March 2026 in Hanoi.
pub fn second(second: u32) -> DateTime<Utc> {
    format!("2026-03-16T02:29:{second:02}Z").parse().unwrap()
}

impl SepayNotice<'_> {
    /// Headers and body, signed with a secret at a moment.
    pub fn signed(self, secret: &str, at: DateTime<Utc>) -> (Vec<(String, String)>, String) {
        let local = self.booked_at + TimeDelta::hours(7);
        let body = json!({
            "id": self.id,
            "gateway": "MBBank",
            "transactionDate": local.format("%Y-%m-%d %H:%M:%S").to_string(),
            "accountNumber": self.account,
            "subAccount": null,
            "code": null,
            "content": self.content,
            "transferType": "in",
            "transferAmount": self.amount,
            "accumulated": 0,
            "referenceCode": format!("FT{}", self.bank_number),
            "description": "",
        })
        .to_string();
        (headers(secret, at, &body), body)
    }
}

/// The headers that prove a body.
pub fn headers(secret: &str, at: DateTime<Utc>, body: &str) -> Vec<(String, String)> {
    let timestamp = at.timestamp();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{timestamp}.{body}").as_bytes());
    let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    vec![
        ("content-type".to_owned(), "application/json".to_owned()),
        ("x-sepay-signature".to_owned(), signature),
        ("x-sepay-timestamp".to_owned(), timestamp.to_string()),
    ]
}

/// The token that the simulated list knows.
pub const TOKEN: &str = "a-token-of-this-test";

/// A list with nothing in it, on a free port, that may be asked as often as one likes.
pub async fn list_server() -> SepayServer {
    let mut ledger = Ledger::new(TOKEN);
    ledger.per_second = None;
    let at = "127.0.0.1:0".parse().unwrap();
    SepayServer::start(at, ledger).await.unwrap()
}

/// A row of the list, with the reference that a [`SepayNotice`] of the same number has.
pub fn row(id: u64, account: &str, amount_vnd: i64, text: &str, at: DateTime<Utc>) -> Value {
    let credit = Credit {
        number: id,
        account,
        amount_vnd,
        content: text.to_owned(),
        order: "",
        booked_at: at,
        state: CreditState::Booked,
    };
    let mut row = sepay_list::row("MBBank", &credit);
    row["reference_number"] = json!(format!("FT{id}"));
    row
}
