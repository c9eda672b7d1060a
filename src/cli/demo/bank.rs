//! Banks of the sample data: what they send is signed with the real secrets in the real forms.

use std::collections::BTreeMap;
use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::banks::{Delivery, SECRET_BYTES};
use crate::domain::day::{to_rfc3339, vietnam_offset};
use crate::flows::receive_notice::Arrival;

/// How banks write a local time.
const LOCAL_TIME: &str = "%Y-%m-%d %H:%M:%S";

/// A bank or aggregator: the name of its source, the format it speaks, the bank's BIN.
pub(super) struct SampleBank {
    /// The name of its source.
    pub(super) source: &'static str,
    /// The adapter of its source.
    pub(super) adapter: &'static str,
    /// The BIN of the accounts it tells of.
    pub(super) bin: &'static str,
    /// What it is called.
    pub(super) name: &'static str,
}

/// One for each format that is taken.
pub(super) const BANKS: [SampleBank; 3] = [
    SampleBank {
        source: "mau-mbbank",
        adapter: "standard_webhooks",
        bin: "970422",
        name: "MBBank",
    },
    SampleBank {
        source: "mau-sepay",
        adapter: "sepay_hmac",
        bin: "970436",
        name: "Vietcombank",
    },
    SampleBank {
        source: "mau-payos",
        adapter: "payos",
        bin: "970448",
        name: "OCB",
    },
];

/// A credit that a bank tells of.
#[derive(Clone, Debug)]
pub(super) struct Credit<'a> {
    /// The bank's own number.
    pub(super) number: u64,
    /// The merchant's account.
    pub(super) account: &'a str,
    /// đồng.
    pub(super) amount_vnd: i64,
    /// The transfer text.
    pub(super) content: String,
    /// When it was booked.
    pub(super) booked_at: DateTime<Utc>,
}

/// A notice ready to be posted.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    /// Header names and values.
    pub(super) headers: Vec<(&'static str, String)>,
    /// The bytes that were signed.
    pub(super) body: String,
}

impl Signed {
    /// The notice as it arrives at the address of a source.
    pub(super) fn delivery(&self, source: &str) -> Delivery {
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes()));
        let path = format!("/v1/callbacks/{source}");
        Delivery::new("POST", &path, headers, self.body.clone().into_bytes())
    }
}

impl SampleBank {
    /// A secret in the form of its format.
    pub(super) fn secret_of(&self, random: &[u8; SECRET_BYTES]) -> String {
        match self.adapter {
            "standard_webhooks" => format!("whsec_{}", BASE64_STANDARD.encode(random)),
            _ => hex::encode(random),
        }
    }

    /// Where its notices arrive.
    pub(super) const fn arrival(&self) -> Arrival<'static> {
        Arrival {
            source: self.source,
            path_below: "",
            peer: "",
        }
    }

    /// The notice of a credit, sent at a moment.
    pub(super) fn notice(
        &self,
        secret: &str,
        credit: &Credit<'_>,
        sent_at: DateTime<Utc>,
    ) -> Signed {
        match self.adapter {
            "standard_webhooks" => standard(secret, credit, sent_at),
            "sepay_hmac" => self.sepay(secret, credit, sent_at),
            _ => payos(secret, credit),
        }
    }

    fn sepay(&self, secret: &str, credit: &Credit<'_>, sent_at: DateTime<Utc>) -> Signed {
        let body = json!({
            "id": credit.number,
            "gateway": self.name,
            "transactionDate": local(credit.booked_at),
            "accountNumber": credit.account,
            "subAccount": null,
            "code": null,
            "content": credit.content,
            "transferType": "in",
            "transferAmount": credit.amount_vnd,
            "accumulated": 0,
            "referenceCode": reference(credit),
            "description": "",
        })
        .to_string();
        let timestamp = sent_at.timestamp();
        let text = format!("{timestamp}.{body}");
        let signature = hex::encode(hmac(secret.as_bytes(), &text));
        Signed {
            headers: vec![
                ("content-type", "application/json".to_owned()),
                ("x-sepay-timestamp", timestamp.to_string()),
                ("x-sepay-signature", format!("sha256={signature}")),
            ],
            body,
        }
    }
}

fn standard(secret: &str, credit: &Credit<'_>, sent_at: DateTime<Utc>) -> Signed {
    let body = json!({
        "type": "bank.transaction.credited",
        "data": {
            "transaction_id": format!("MB{}", credit.number),
            "account_number": credit.account,
            "direction": "credit",
            "amount": credit.amount_vnd,
            "currency": "VND",
            "content": credit.content,
            "bank_reference": reference(credit),
            "virtual_account": null,
            "booked_at": to_rfc3339(credit.booked_at),
        },
    })
    .to_string();
    let (id, timestamp) = (format!("msg_{}", credit.number), sent_at.timestamp());
    let key = secret.trim_start_matches("whsec_");
    // A forged secret need not be base64: then its bytes are the key.
    let key = BASE64_STANDARD.decode(key).unwrap_or_else(|_| key.into());
    let signature = hmac(&key, &format!("{id}.{timestamp}.{body}"));
    let signature = format!("v1,{}", BASE64_STANDARD.encode(signature));
    Signed {
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("webhook-id", id),
            ("webhook-timestamp", timestamp.to_string()),
            ("webhook-signature", signature),
        ],
        body,
    }
}

fn payos(secret: &str, credit: &Credit<'_>) -> Signed {
    let data = BTreeMap::from([
        ("orderCode", json!(credit.number)),
        ("amount", json!(credit.amount_vnd)),
        ("description", json!(credit.content)),
        ("accountNumber", json!(credit.account)),
        ("reference", json!(reference(credit))),
        ("transactionDateTime", json!(local(credit.booked_at))),
        ("currency", json!("VND")),
        ("paymentLinkId", json!(format!("link-{}", credit.number))),
        ("code", json!("00")),
        ("desc", json!("success")),
    ]);
    let mut signed = String::new();
    for (place, (name, value)) in data.iter().enumerate() {
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let joint = if place == 0 { "" } else { "&" };
        write!(signed, "{joint}{name}={value}").expect("a text takes any length");
    }
    let signature = hex::encode(hmac(secret.as_bytes(), &signed));
    let body = json!({
        "code": "00",
        "desc": "success",
        "success": true,
        "data": data,
        "signature": signature,
    });
    Signed {
        headers: vec![("content-type", "application/json".to_owned())],
        body: body.to_string(),
    }
}

fn local(at: DateTime<Utc>) -> String {
    let local = at.with_timezone(&vietnam_offset());
    local.format(LOCAL_TIME).to_string()
}

fn reference(credit: &Credit<'_>) -> String {
    format!("FT{:014}", credit.number)
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::banks::{Credentials, Reading, Secret, adapter_by_name};

    #[test]
    fn what_a_sample_bank_signs_is_believed_and_what_another_key_signs_is_not() {
        let at: DateTime<Utc> = "2026-11-24T02:30:00Z".parse().unwrap();
        let credit = Credit {
            number: 7,
            account: "1030000000117",
            amount_vnd: 45_000,
            content: "TH7K2M9XQ4 bun oc".to_owned(),
            booked_at: at,
        };
        for bank in &BANKS {
            let adapter = adapter_by_name(bank.adapter).unwrap();
            let secret = bank.secret_of(&[7; SECRET_BYTES]);
            let credentials = Credentials::new(Secret::text(secret.clone()));
            assert_eq!(adapter.check(&credentials), Ok(()));
            let good = bank.notice(&secret, &credit, at).delivery(bank.source);
            let verified = adapter.verify(&good, &credentials, at).expect(bank.source);
            let Reading::Transactions(facts) = verified.reading() else {
                panic!("{}: {:?}", bank.source, verified.reading());
            };
            assert_eq!(facts[0].amount.get(), 45_000);
            assert_eq!(facts[0].account_number.as_deref(), Some("1030000000117"));
            assert_eq!(facts[0].occurred_at, at);
            let forged = bank.notice("another-secret-of-theirs", &credit, at);
            let forged = forged.delivery(bank.source);
            assert!(adapter.verify(&forged, &credentials, at).is_err());
        }
    }
}
