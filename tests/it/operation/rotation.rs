//! A secret that is changed while notices come: none is refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use phocho::domain::access::UserRole;
use phocho::domain::txn_ref::TxnRef;
use reqwest::Method;
use serde_json::{Value, json};

use super::count;
use crate::database::{Database, on_both_engines};
use crate::sepay::SepayNotice;
use crate::street::{ACCOUNT, ACCOUNT_ID, Street, now};

on_both_engines!(no_notice_is_refused_while_a_secret_is_changed);

/// Codes that the notices are for, as a day's sales of many stalls are.
const CODES: u8 = 25;

/// Notices of one run.
const NOTICES: u32 = 400;
/// Senders that post at the same time.
const SENDERS: u32 = 8;

/// The reference of the code that a notice is for.
fn reference(number: u32) -> String {
    let code = u8::try_from(number % u32::from(CODES)).unwrap();
    TxnRef::from_random([code; 7]).to_string()
}

/// Posts notice after notice, each signed with the secret that the vendor has at that moment,
/// and counts the answers that are no success.
async fn send(
    street: &Street,
    secrets: &[String; 2],
    sent: &AtomicU32,
    (changes_at, all): (u32, u32),
) -> u32 {
    let mut refused = 0;
    loop {
        let number = sent.fetch_add(1, Ordering::SeqCst);
        if number >= all {
            return refused;
        }
        // The vendor changes over some time after the new secret was put in use, one sender
        // after the other: around that moment both are in use.
        let uses_new = number >= changes_at + all / 4 + (number % SENDERS) * 3;
        let notice = SepayNotice {
            id: number.into(),
            bank_number: number.into(),
            amount: 10_000,
            content: &reference(number),
            account: ACCOUNT,
            booked_at: now(),
        };
        let secret = &secrets[usize::from(uses_new)];
        let (headers, body) = notice.signed(secret, street.clock.now());
        let (status, _) = street.deliver("sepay", &headers, &body).await;
        refused += u32::from(status != 200);
    }
}

async fn ask(street: &Street, token: &str, path: &str, body: &Value) -> Value {
    let (status, answer) = street.ask(token, Method::POST, path, Some(body)).await;
    assert!((200..300).contains(&status), "{path}: {answer}");
    answer
}

async fn no_notice_is_refused_while_a_secret_is_changed(database: Database) {
    let all = count("PHOCHO_TEST_ROTATION", NOTICES);
    let street = Street::open(database.store().await).await;
    for code in 0..CODES {
        street.code(&reference(code.into()), None).await;
    }
    let one = street.person(UserRole::Admin).await;
    let other = street.person(UserRole::Admin).await;
    let wish = json!({"name": "sepay", "adapter": "sepay_hmac", "account_ids": [ACCOUNT_ID]});
    let issued = ask(&street, &one, "/v1/sources", &wish).await;
    let path = format!("/v1/sources/{}", issued["source"]["id"].as_str().unwrap());
    ask(&street, &other, &format!("{path}/approve"), &json!({})).await;
    let rotated = ask(&street, &one, &format!("{path}/rotate"), &json!({})).await;
    let secret = |issued: &Value| issued["secret"].as_str().unwrap().to_owned();
    let secrets = [secret(&issued), secret(&rotated)];
    let (sent, changes_at) = (Arc::new(AtomicU32::new(0)), all / 3);
    let approve = async {
        while sent.load(Ordering::SeqCst) < changes_at {
            tokio::task::yield_now().await;
        }
        let approve = format!("{path}/approve-secret");
        ask(&street, &other, &approve, &json!({"overlap_s": 3600})).await;
        sent.load(Ordering::SeqCst)
    };
    let senders = (0..SENDERS).map(|_| send(&street, &secrets, &sent, (changes_at, all)));
    let (in_use_after, refused) = tokio::join!(approve, futures_util::future::join_all(senders));
    assert!(in_use_after < changes_at + all / 4, "put in use under way");
    assert_eq!(refused.iter().sum::<u32>(), 0, "of {all}");
    let (_, source) = street.get(&one, &path).await;
    for used in ["secret_last_used_at", "previous_secret_last_used_at"] {
        assert!(source[used].is_string(), "{used}: both were in use");
    }
    let (_, delays) = street.get(&one, &format!("{path}/delays")).await;
    assert_eq!(
        delays["kinds"][0]["transactions"], all,
        "each made one transaction"
    );
}
