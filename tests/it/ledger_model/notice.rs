//! Tellings as their sources send them, signed, or list them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use phocho::banks::{HistoryRow, adapter_by_name};
use phocho::domain::day::{to_rfc3339, vietnam_offset};
use serde_json::json;

use super::movement::{Fact, Way, moment};
use super::sequence::{SOURCES, Source, Telling};
use super::world::{SECRET, Stall};
use crate::callbacks::standard_v1;
use crate::sepay;
use crate::street::now;

impl Stall {
    /// A source's own number, unlike those about other stalls.
    fn number_of(&self, number: u64) -> u64 {
        self.number * 1_000 + number
    }

    /// A telling as its source sends it: the source's name, headers and body.
    pub fn sign(&self, telling: &Telling) -> (&'static str, Vec<(String, String)>, String) {
        let number = self.number_of(telling.number);
        let (_, name, _) = SOURCES[telling.source as usize];
        match telling.source {
            Source::Sepay => {
                let body = self.sepay_body(number, &telling.fact);
                (name, sepay::headers(SECRET, now(), &body), body)
            }
            Source::Apikey => {
                let key = ("authorization".to_owned(), format!("Apikey {SECRET}"));
                // This channel numbers the movements in its own way.
                let body = self.sepay_body(number + 500, &telling.fact);
                (name, vec![key], body)
            }
            Source::Bank => {
                let body = self.bank_body(number, &telling.fact);
                (name, bank_headers(number, &body), body)
            }
            Source::Acb => {
                let key = ("x-api-key".to_owned(), SECRET.to_owned());
                (name, vec![key], self.acb_body(number, &telling.fact))
            }
        }
    }

    /// A telling as it stands in SePay's list.
    pub fn listed(&self, telling: &Telling) -> HistoryRow {
        let fact = &telling.fact;
        let number = self.number_of(telling.number);
        let mut row = sepay::row(
            number,
            &self.account,
            fact.amount_vnd,
            &fact.text,
            moment(fact.at_second),
        );
        row["reference_number"] = json!(fact.reference);
        if fact.way == Way::Out {
            row["amount_out"] = row["amount_in"].take();
            row["amount_in"] = json!("0.00");
        }
        let answer = json!({"status": 200, "error": null, "transactions": [row]});
        let history = adapter_by_name("sepay_hmac").unwrap().history().unwrap();
        let page = (history.read)(answer.to_string().as_bytes()).unwrap();
        page.rows.into_iter().next().unwrap()
    }

    fn sepay_body(&self, number: u64, fact: &Fact) -> String {
        json!({
            "id": number,
            "gateway": "MBBank",
            "transactionDate": local(fact),
            "accountNumber": self.account,
            "subAccount": null,
            "code": null,
            "content": fact.text,
            "transferType": match fact.way { Way::In => "in", Way::Out => "out" },
            "transferAmount": fact.amount_vnd,
            "accumulated": 0,
            "referenceCode": fact.reference,
            "description": "",
        })
        .to_string()
    }

    fn bank_body(&self, number: u64, fact: &Fact) -> String {
        let takes_back = fact.takes_back.map(|it| self.number_of(it * 10));
        let kind = match (takes_back, fact.way) {
            (Some(_), _) => "bank.transaction.reversed",
            (None, Way::In) => "bank.transaction.credited",
            (None, Way::Out) => "bank.transaction.debited",
        };
        json!({
            "type": kind,
            "data": {
                "transaction_id": format!("T{number}"),
                "account_number": self.account,
                "virtual_account": null,
                "direction": fact.way.word(),
                "amount": fact.amount_vnd,
                "currency": "VND",
                "content": fact.text,
                "bank_reference": fact.reference,
                "reverses_transaction_id": takes_back.map(|it| format!("T{it}")),
                "booked_at": to_rfc3339(moment(fact.at_second)),
            },
        })
        .to_string()
    }

    /// What is taken back is told once more, as corrected.
    fn acb_body(&self, number: u64, fact: &Fact) -> String {
        let takes_back = fact.takes_back.map(|it| self.number_of(it * 10));
        let (status, is_in) = match takes_back {
            Some(_) => ("ERRORCORRECTED", fact.way == Way::Out),
            None => ("COMPLETED", fact.way == Way::In),
        };
        let movement = json!({
            "transactionStatus": status,
            "transactionCode": takes_back.unwrap_or(number).to_string(),
            "accountNumber": self.account,
            "transactionDate": to_rfc3339(moment(fact.at_second)),
            "debitOrCredit": if is_in { "CREDIT" } else { "DEBIT" },
            "amount": fact.amount_vnd,
            "transactionContent": fact.text,
            "transactionEntityAttribute": {"referenceNumber": fact.reference},
        });
        json!({
            "requestTrace": format!("ACB-{number}"),
            "requestParameters": {
                "request": {
                    "requestMeta": {"requestCode": "TRANSACTION_UPDATE"},
                    "requestParams": {"transactions": [movement]},
                },
            },
        })
        .to_string()
    }
}

fn local(fact: &Fact) -> String {
    let local = moment(fact.at_second).with_timezone(&vietnam_offset());
    local.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// The stored form of the bank's secret.
pub fn bank_secret() -> String {
    format!("whsec_{}", STANDARD.encode(SECRET))
}

fn bank_headers(number: u64, body: &str) -> Vec<(String, String)> {
    let (id, timestamp) = (format!("msg_{number}"), now().timestamp().to_string());
    let signature = standard_v1(SECRET.as_bytes(), &id, &timestamp, body.as_bytes());
    vec![
        ("webhook-id".to_owned(), id),
        ("webhook-timestamp".to_owned(), timestamp),
        ("webhook-signature".to_owned(), signature),
    ]
}
