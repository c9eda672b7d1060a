//! What a bank that follows our contract learns from the answer about a notice that is stored
//! and of no use, on both engines.

use phocho::banks::standard_signature;
use serde_json::{Value, json};

use crate::database::{Database, on_both_engines};
use crate::notices::{SECRET as SEPAY_SECRET, sepay};
use crate::operation::number;
use crate::street::{ACCOUNT, Street};

on_both_engines!(
    an_unusable_notice_is_answered_with_its_reason_and_may_be_corrected,
    another_telling_of_a_movement_is_answered_as_a_conflict,
    a_vendor_is_answered_in_its_own_form_whatever_was_wrong,
    what_tells_of_no_movement_is_answered_as_ignored,
    a_sender_of_camt_054_learns_the_same_from_the_answer,
);

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const REFERENCE: &str = "TH7K2M9XQ4";
const PAYMENTS: &str = "SELECT COUNT(*) FROM payments";

fn notice(id: &str) -> Value {
    json!({
        "type": "bank.transaction.credited",
        "data": {
            "transaction_id": id, "account_number": ACCOUNT, "direction": "credit",
            "amount": 45_000, "currency": "VND", "content": REFERENCE,
            "booked_at": "2026-03-16T09:29:52+07:00",
        },
    })
}

async fn tell(street: &Street, id: &str, body: &str) -> Value {
    tell_as(street, "application/json", id, body).await
}

async fn tell_as(street: &Street, kind: &str, id: &str, body: &str) -> Value {
    let time = street.clock.now().timestamp().to_string();
    let signature = standard_signature(SECRET, id, &time, body.as_bytes()).unwrap();
    let headers = [
        ("content-type", kind.to_owned()),
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", time),
        ("webhook-signature", signature),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value));
    let (status, answer) = street.deliver("bank", &headers, body).await;
    assert_eq!(status, 200, "{answer}");
    serde_json::from_str(&answer).unwrap()
}

async fn street(database: &Database) -> Street {
    street_of(database, "standard_webhooks").await
}

async fn street_of(database: &Database, adapter: &str) -> Street {
    let street = Street::open(database.store().await).await;
    street.source("bank", adapter, SECRET, None).await;
    street.code(REFERENCE, None).await;
    street
}

async fn an_unusable_notice_is_answered_with_its_reason_and_may_be_corrected(database: Database) {
    let street = street(&database).await;
    let with = |field: &str, value: Value| {
        let mut changed = notice("FT1");
        changed["data"][field] = value;
        changed.to_string()
    };
    let reversed = with("direction", json!("debit")).replace("credited", "reversed");
    let good = notice("FT1").to_string();
    for (place, (body, code)) in [
        (with("amount", json!("45000")), "bad_amount"),
        (good.replace("45000", "45000.00"), "bad_amount"),
        (with("amount", json!(0)), "bad_amount"),
        (with("amount", json!(-45_000)), "bad_amount"),
        (with("currency", Value::Null), "missing_field"),
        (with("currency", json!("USD")), "other_currency"),
        (with("booked_at", json!("2026-03-16T09:29:52")), "bad_field"),
        (with("direction", json!("debit")), "contradiction"),
        (with("account_number", json!("999")), "account_not_bound"),
        (reversed, "missing_field"),
        (format!("[{good}]"), "malformed_body"),
        ("hello".to_owned(), "malformed_body"),
        (String::new(), "malformed_body"),
    ]
    .into_iter()
    .enumerate()
    {
        let wanted = json!({"success": true, "state": "quarantined", "code": code});
        // A retry is answered alike.
        for _ in 0..2 {
            assert_eq!(tell(&street, &format!("m{place}"), &body).await, wanted);
        }
    }
    assert_eq!(number(&database, PAYMENTS).await, 0);
    assert_eq!(tell(&street, "m1", &good).await, json!({"success": true}));
    assert_eq!(number(&database, PAYMENTS).await, 1);
}

async fn another_telling_of_a_movement_is_answered_as_a_conflict(database: Database) {
    let street = street(&database).await;
    let first = notice("FT1").to_string();
    let plain = json!({"success": true});
    assert_eq!(tell(&street, "m1", &first).await, plain);
    let text = first.replace(REFERENCE, "bun oc");
    assert_eq!(tell(&street, "m2", &text).await, plain, "only the text");
    for (from, to) in [("45000", "46000"), ("09:29:52", "09:29:53")] {
        let other = first.replace(from, to);
        let wanted = json!({"success": true, "state": "conflict", "code": "other_facts"});
        assert_eq!(tell(&street, "m3", &other).await, wanted, "{to}");
    }
    assert_eq!(number(&database, PAYMENTS).await, 1);
}

async fn a_vendor_is_answered_in_its_own_form_whatever_was_wrong(database: Database) {
    let street = street(&database).await;
    street
        .source("sepay", "sepay_hmac", SEPAY_SECRET, None)
        .await;
    for (amount, account) in [(45_000, ACCOUNT), (46_000, ACCOUNT), (45_000, "999")] {
        let (headers, body) = sepay(1, amount, REFERENCE, account, 10);
        let (status, answer) = street.deliver("sepay", &headers, &body).await;
        assert_eq!((status, answer.as_str()), (200, r#"{"success":true}"#));
    }
}

async fn what_tells_of_no_movement_is_answered_as_ignored(database: Database) {
    let street = street(&database).await;
    let good = notice("FT1").to_string();
    let ignored = json!({"success": true, "state": "ignored", "code": "other_event"});
    for kind in [
        "bank.transaction.credit",
        "BANK.TRANSACTION.CREDITED",
        "Ping",
    ] {
        let body = good.replace("bank.transaction.credited", kind);
        for _ in 0..2 {
            assert_eq!(tell(&street, "m1", &body).await, ignored, "{kind}");
        }
    }
    let plain = json!({"success": true});
    assert_eq!(tell(&street, "m2", r#"{"type":"ping"}"#).await, plain);
    let debit = good
        .replace("credited", "debited")
        .replace("\"credit\"", "\"debit\"");
    assert_eq!(tell(&street, "m3", &debit).await, plain);
    assert_eq!(number(&database, PAYMENTS).await, 0);
}

async fn a_sender_of_camt_054_learns_the_same_from_the_answer(database: Database) {
    let street = street_of(&database, "camt054").await;
    let good = format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08\">\
         <BkToCstmrDbtCdtNtfctn><Ntfctn><Acct><Id><Othr><Id>{ACCOUNT}</Id></Othr></Id></Acct>\
         <Ntry><Amt Ccy=\"VND\">45000</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
         <BookgDt><Dt>2026-03-16</Dt></BookgDt><AcctSvcrRef>FT1</AcctSvcrRef><NtryDtls><TxDtls>\
         <RmtInf><Ustrd>{REFERENCE}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry></Ntfctn>\
         </BkToCstmrDbtCdtNtfctn></Document>"
    );
    let plain = json!({"success": true});
    for (from, to, state) in [
        ("BOOK", "PDNG", Some(("ignored", "not_booked"))),
        (">45000<", ">45.5<", Some(("quarantined", "bad_amount"))),
        (
            "camt.054.001.08",
            "camt.054.001.14",
            Some(("quarantined", "other_message")),
        ),
        (ACCOUNT, "999", Some(("quarantined", "account_not_bound"))),
        ("", "", None),
        ("", "", None),
        (">45000<", ">46000<", Some(("conflict", "other_facts"))),
    ] {
        let body = good.replace(from, to);
        let wanted = state.map_or_else(
            || plain.clone(),
            |(state, code)| json!({"success": true, "state": state, "code": code}),
        );
        let told = tell_as(&street, "application/xml", "m1", &body).await;
        assert_eq!(told, wanted, "{to}");
    }
    assert_eq!(number(&database, PAYMENTS).await, 1);
}
