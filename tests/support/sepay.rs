//! SePay's notices as SePay would send them, signed.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

/// A credit that SePay tells of.
#[derive(Clone, Copy, Debug)]
pub struct SepayNotice<'a> {
    pub id: u64,
    pub amount: i64,
    pub content: &'a str,
    pub account: &'a str,
    /// The second of 09:29 on 16 March 2026 at which the bank booked it.
    pub second: u32,
}

impl SepayNotice<'_> {
    /// Headers and body, signed with a secret at a moment.
    pub fn signed(self, secret: &str, at: DateTime<Utc>) -> (Vec<(String, String)>, String) {
        let Self { id, second, .. } = self;
        let body = json!({
            "id": id,
            "gateway": "MBBank",
            "transactionDate": format!("2026-03-16 09:29:{second:02}"),
            "accountNumber": self.account,
            "subAccount": null,
            "code": null,
            "content": self.content,
            "transferType": "in",
            "transferAmount": self.amount,
            "accumulated": 0,
            "referenceCode": format!("FT{id}"),
            "description": "",
        })
        .to_string();
        let timestamp = at.timestamp();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{timestamp}.{body}").as_bytes());
        let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        let headers = vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("x-sepay-signature".to_owned(), signature),
            ("x-sepay-timestamp".to_owned(), timestamp.to_string()),
        ];
        (headers, body)
    }
}
