//! Money that goes back over HTTP, on both engines: banks' words in every order of arrival, and
//! what traders record.

use chrono::{DateTime, TimeDelta, Utc};
use phocho::banks::standard_signature;
use phocho::domain::access::UserRole;
use phocho::flows::check_books;
use phocho::store::rollups;
use serde_json::{Value, json};

use crate::database::{Database, on_both_engines};
use crate::sepay::second;
use crate::street::{ACCOUNT, Street, now};

on_both_engines!(
    every_order_of_arrival_ends_in_the_same_books,
    a_bank_takes_back_a_part_then_all_and_more_is_an_alert,
    a_word_that_names_nothing_known_waits_and_is_matched_by_hand,
    a_debit_under_the_credits_reference_takes_it_back,
    of_two_credits_that_are_named_the_one_of_the_amount_is_taken_back,
    a_bounced_debit_gives_nothing_back,
    a_record_counts_only_when_its_debit_comes,
    a_debit_before_the_record_and_the_banks_own_word_confirm_it,
    a_record_is_matched_by_hand_or_withdrawn,
    a_record_is_the_traders_and_stays_within_what_came,
    a_payment_on_its_way_back_is_not_moved,
    a_reversal_in_a_closed_day_is_a_numbered_revision,
    a_word_that_waits_for_a_day_is_an_alert_and_one_that_was_missed_is_found,
);

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SINGLE: &str = "TH3D8W5RNC";
const PRINTED: &str = "TH7K2M9XQ4";

/// A movement as a bank tells it.
#[derive(Clone, Copy, Debug)]
pub struct Fact<'a> {
    pub id: &'a str,
    pub kind: &'a str,
    pub amount: i64,
    pub content: &'a str,
    pub reference: Option<&'a str>,
    pub reverses: Option<&'a str>,
    pub at: DateTime<Utc>,
}

pub fn credit<'a>(id: &'a str, amount: i64, content: &'a str) -> Fact<'a> {
    Fact {
        id,
        kind: "credited",
        amount,
        content,
        reference: None,
        reverses: None,
        at: second(10),
    }
}

pub fn debit(id: &str, amount: i64) -> Fact<'_> {
    Fact {
        kind: "debited",
        at: second(40),
        ..credit(id, amount, "tra lai")
    }
}

fn reversal<'a>(id: &'a str, amount: i64, of: &'a str) -> Fact<'a> {
    Fact {
        kind: "reversed",
        reverses: Some(of),
        ..debit(id, amount)
    }
}

pub async fn street(database: Database) -> Street {
    let street = Street::open(database.store().await).await;
    for name in ["bank", "other"] {
        street.source(name, "standard_webhooks", SECRET, None).await;
    }
    street.code(SINGLE, Some(100_000)).await;
    street.code(PRINTED, None).await;
    street
}

async fn tell_by(street: &Street, source: &str, fact: Fact<'_>) {
    let direction = if fact.kind == "credited" {
        "credit"
    } else {
        "debit"
    };
    let body = json!({
        "type": format!("bank.transaction.{}", fact.kind),
        "data": {
            "transaction_id": fact.id,
            "account_number": ACCOUNT,
            "direction": direction,
            "amount": fact.amount,
            "currency": "VND",
            "content": fact.content,
            "bank_reference": fact.reference,
            "reverses_transaction_id": fact.reverses,
            "booked_at": fact.at.to_rfc3339(),
        },
    })
    .to_string();
    let stamp = street.clock.now().timestamp().to_string();
    let name = format!("msg_{}", fact.id);
    let signature = standard_signature(SECRET, &name, &stamp, body.as_bytes()).unwrap();
    let headers = [
        ("webhook-id", name),
        ("webhook-timestamp", stamp),
        ("webhook-signature", signature),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value));
    let (status, answer) = street.deliver(source, &headers, &body).await;
    assert_eq!(status, 200, "{answer}");
}

pub async fn tell(street: &Street, fact: Fact<'_>) {
    tell_by(street, "bank", fact).await;
}

async fn rows(street: &Street, token: &str, path: &str) -> Vec<Value> {
    let (status, page) = street.get(token, path).await;
    assert_eq!(status, 200, "{page}");
    page["data"].as_array().unwrap().clone()
}

/// Status, sale and what went back of the only payment that is not voided.
async fn stands(street: &Street, token: &str) -> (String, i64, i64) {
    let payments = rows(street, token, "/v1/payments").await;
    let [payment] = &payments[..] else {
        panic!("{payments:?}")
    };
    let number = |name: &str| payment[name].as_i64().unwrap();
    let status = payment["status"].as_str().unwrap().to_owned();
    (status, number("sale_vnd"), number("returned_vnd"))
}

fn is(status: &str, sale: i64, returned: i64) -> (String, i64, i64) {
    (status.to_owned(), sale, returned)
}

async fn books_are_right(street: &Street) {
    let mut tx = street.store.begin_read().await.unwrap();
    assert_eq!(rollups::differences(&mut tx, 10).await.unwrap(), []);
    drop(tx);
    assert_eq!(check_books::check(&street.store, 10).await.unwrap(), []);
}

async fn alerts(street: &Street) -> Vec<String> {
    let admin = street.person(UserRole::Admin).await;
    let alerts = rows(street, &admin, "/v1/alerts").await;
    let kind = |alert: &Value| alert["kind"].as_str().unwrap().to_owned();
    alerts.iter().map(kind).collect()
}

pub async fn payment_id(street: &Street, token: &str) -> String {
    let payments = rows(street, token, "/v1/payments").await;
    payments[0]["id"].as_str().unwrap().to_owned()
}

/// Records money given back and gives the path of the record.
pub async fn give_back(street: &Street, token: &str, amount: i64) -> (String, Value) {
    let payment = payment_id(street, token).await;
    let body = json!({"amount_vnd": amount, "nature": "customer_request"});
    let path = format!("/v1/payments/{payment}/reversals");
    let (status, record) = street.post(token, &path, &body).await;
    assert_eq!(status, 201, "{record}");
    let path = format!("/v1/reversals/{}", record["id"].as_str().unwrap());
    (path, record)
}

pub async fn state_of(street: &Street, token: &str, path: &str) -> String {
    let (status, record) = street.get(token, path).await;
    assert_eq!(status, 200, "{record}");
    record["state"].as_str().unwrap().to_owned()
}

/// Every order of four things.
fn orders() -> Vec<[usize; 4]> {
    let mut orders = Vec::new();
    for number in 0..256usize {
        let order = [number & 3, number >> 2 & 3, number >> 4 & 3, number >> 6];
        let all = (0..4).all(|thing| order.contains(&thing));
        orders.extend(all.then_some(order));
    }
    orders
}

/// The payment, the word that takes it back, and each of them told again by another source.
async fn every_order_of_arrival_ends_in_the_same_books(database: Database) {
    const LETTERS: &[u8] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";
    let street = street(database).await;
    let seller = street.seller(false).await;
    let orders = orders();
    assert_eq!(orders.len(), 24);
    for (turn, order) in orders.into_iter().enumerate() {
        let letter = char::from(LETTERS[turn]);
        let reference = format!("TH{letter}AAAAAA{letter}");
        let reference = format!("{reference}{}", "A".repeat(10 - reference.len()));
        let code = street.code(&reference, Some(100_000)).await;
        let (paid, back) = (format!("paid-{turn}"), format!("back-{turn}"));
        let (first, second) = (format!("FT1{turn}"), format!("FT2{turn}"));
        let paid = Fact {
            reference: Some(&first),
            ..credit(&paid, 107_000, &reference)
        };
        let back = Fact {
            reference: Some(&second),
            ..reversal(&back, 30_000, paid.id)
        };
        for thing in order {
            match thing {
                0 => tell(&street, paid).await,
                1 => tell(&street, back).await,
                2 => tell_by(&street, "other", paid).await,
                _ => tell_by(&street, "other", back).await,
            }
        }
        let payments = rows(&street, &seller, &format!("/v1/payments?code_id={code}")).await;
        let [payment] = &payments[..] else {
            panic!("{order:?}: {payments:?}")
        };
        let found = json!([
            payment["status"],
            payment["sale_vnd"],
            payment["returned_vnd"],
            payment["flags"],
            payment["counted_as"],
        ]);
        let wanted = json!([
            "partially_returned",
            77_000,
            30_000,
            ["overpaid"],
            "verified"
        ]);
        assert_eq!(found, wanted, "{order:?}");
    }
    let reversals = rows(&street, &seller, "/v1/reversals?limit=200").await;
    assert_eq!(reversals.len(), 24);
    for reversal in &reversals {
        assert_eq!(reversal["state"], "confirmed", "{reversal}");
        assert_eq!(reversal["matched_by"]["code"], "reference");
    }
    assert!(alerts(&street).await.is_empty());
    books_are_right(&street).await;
}

async fn a_bank_takes_back_a_part_then_all_and_more_is_an_alert(database: Database) {
    let street = street(database).await;
    let seller = street.seller(false).await;
    tell(&street, credit("p", 100_000, SINGLE)).await;
    assert_eq!(stands(&street, &seller).await, is("settled", 100_000, 0));
    tell(&street, reversal("r1", 40_000, "p")).await;
    assert_eq!(
        stands(&street, &seller).await,
        is("partially_returned", 60_000, 40_000)
    );
    tell(&street, reversal("r2", 60_000, "p")).await;
    assert_eq!(stands(&street, &seller).await, is("returned", 0, 100_000));
    assert!(alerts(&street).await.is_empty());
    tell(&street, reversal("r3", 1_000, "p")).await;
    assert_eq!(stands(&street, &seller).await, is("returned", 0, 100_000));
    assert_eq!(alerts(&street).await, ["payment.returned_too_much"]);
    let payment = payment_id(&street, &seller).await;
    let path = format!("/v1/payments/{payment}/reversals");
    assert_eq!(rows(&street, &seller, &path).await.len(), 3);
    let (_, events) = street.get(&seller, "/v1/events?after=0").await;
    let told = events["data"].as_array().unwrap().iter();
    let returned = told
        .filter(|event| event["type"] == "payment.returned" || event["kind"] == "payment.returned");
    assert_eq!(returned.count(), 2, "{events}");
    books_are_right(&street).await;
}

async fn a_word_that_names_nothing_known_waits_and_is_matched_by_hand(database: Database) {
    let street = street(database).await;
    let seller = street.seller(false).await;
    tell(&street, reversal("r", 30_000, "unheard")).await;
    tell(&street, credit("p", 100_000, SINGLE)).await;
    assert_eq!(stands(&street, &seller).await, is("settled", 100_000, 0));
    let waiting = rows(&street, &seller, "/v1/reversals?state=waiting").await;
    let [word] = &waiting[..] else {
        panic!("{waiting:?}")
    };
    assert_eq!(
        (&word["origin"], &word["payment_id"]),
        (&json!("bank"), &Value::Null)
    );
    let path = format!("/v1/reversals/{}", word["id"].as_str().unwrap());
    let among = rows(&street, &seller, &format!("{path}/candidates")).await;
    assert_eq!(among[0]["amount_vnd"], 100_000);
    let body = json!({"transaction_id": word["movement_id"]});
    let (status, problem) = street.post(&seller, &format!("{path}/match"), &body).await;
    assert_eq!(
        (status, &problem["errors"][0]["code"]),
        (422, &json!("no_candidate"))
    );
    let body = json!({"transaction_id": among[0]["transaction_id"]});
    let (status, matched) = street.post(&seller, &format!("{path}/match"), &body).await;
    assert_eq!(
        (status, &matched["state"]),
        (200, &json!("confirmed")),
        "{matched}"
    );
    assert_eq!(matched["matched_by"]["code"], "person");
    assert_eq!(
        stands(&street, &seller).await,
        is("partially_returned", 70_000, 30_000)
    );
    assert!(
        rows(&street, &seller, &format!("{path}/candidates"))
            .await
            .is_empty()
    );
    let (status, _) = street.post(&seller, &format!("{path}/match"), &body).await;
    assert_eq!(status, 409, "it waits no more");
    let (status, _) = street
        .post(&seller, &format!("{path}/cancel"), &json!({}))
        .await;
    assert_eq!(status, 409, "a bank's word is not the trader's to withdraw");
    books_are_right(&street).await;
}

async fn a_debit_under_the_credits_reference_takes_it_back(database: Database) {
    let street = street(database).await;
    let seller = street.seller(false).await;
    let paid = Fact {
        reference: Some("FT9"),
        ..credit("p", 100_000, SINGLE)
    };
    let back = Fact {
        reference: Some("FT9"),
        ..debit("d", 100_000)
    };
    let less = Fact {
        amount: 50_000,
        id: "e",
        ..back
    };
    tell_by(&street, "other", back).await;
    tell(&street, less).await;
    tell(&street, paid).await;
    assert_eq!(stands(&street, &seller).await, is("returned", 0, 100_000));
    books_are_right(&street).await;
}

async fn of_two_credits_that_are_named_the_one_of_the_amount_is_taken_back(database: Database) {
    let street = street(database).await;
    let seller = street.seller(false).await;
    // Each of the two banks numbers another credit so, and both tell of one reversal.
    tell(&street, credit("p", 101_000, PRINTED)).await;
    tell_by(&street, "other", credit("p", 100_000, PRINTED)).await;
    let back = Fact {
        reference: Some("FT9"),
        ..reversal("r", 100_000, "p")
    };
    for source in ["bank", "other"] {
        tell_by(&street, source, back).await;
    }
    let payments = rows(&street, &seller, "/v1/payments").await;
    let mut returned: Vec<_> = (payments.iter())
        .map(|payment| {
            (
                payment["received_vnd"].as_i64(),
                payment["returned_vnd"].as_i64(),
            )
        })
        .collect();
    returned.sort_unstable();
    let wanted = [(100_000, 100_000), (101_000, 0)];
    assert_eq!(
        returned,
        wanted.map(|(came, back)| (Some(came), Some(back)))
    );
    books_are_right(&street).await;
}

async fn a_bounced_debit_gives_nothing_back(database: Database) {
    let street = street(database).await;
    let seller = street.seller(false).await;
    tell(&street, credit("p", 100_000, SINGLE)).await;
    let (record, _) = give_back(&street, &seller, 20_000).await;
    let out = Fact {
        at: street.clock.now(),
        ..debit("d", 20_000)
    };
    tell(&street, out).await;
    assert_eq!(
        stands(&street, &seller).await,
        is("partially_returned", 80_000, 20_000)
    );
    tell(&street, reversal("bounce", 20_000, "d")).await;
    assert_eq!(stands(&street, &seller).await, is("settled", 100_000, 0));
    assert_eq!(state_of(&street, &seller, &record).await, "waiting");
    let again = Fact { id: "d2", ..out };
    tell(&street, again).await;
    assert_eq!(state_of(&street, &seller, &record).await, "confirmed");
    tell(&street, reversal("r", 30_000, "p")).await;
    tell(&street, reversal("r-undone", 30_000, "r")).await;
    assert_eq!(
        stands(&street, &seller).await,
        is("partially_returned", 80_000, 20_000)
    );
    books_are_right(&street).await;
}

async fn a_record_counts_only_when_its_debit_comes(database: Database) {
    let street = street(database).await;
    let seller = street.seller(false).await;
    tell(&street, credit("p", 100_000, PRINTED)).await;
    let (record, document) = give_back(&street, &seller, 20_000).await;
    assert_eq!(document["state"], "waiting");
    assert_eq!(stands(&street, &seller).await, is("settled", 100_000, 0));
    let at = street.clock.now() + TimeDelta::minutes(1);
    let other = Fact {
        at,
        ..debit("other", 20_001)
    };
    tell(&street, other).await;
    assert_eq!(state_of(&street, &seller, &record).await, "waiting");
    let out = Fact {
        at,
        ..debit("d", 20_000)
    };
    tell(&street, out).await;
    let (_, confirmed) = street.get(&seller, &record).await;
    assert_eq!(confirmed["state"], "confirmed");
    assert_eq!(confirmed["matched_by"]["code"], "amount");
    assert_eq!(
        stands(&street, &seller).await,
        is("partially_returned", 80_000, 20_000)
    );
    tell(&street, Fact { id: "d2", ..out }).await;
    assert_eq!(
        stands(&street, &seller).await,
        is("partially_returned", 80_000, 20_000)
    );
    books_are_right(&street).await;
}

async fn a_debit_before_the_record_and_the_banks_own_word_confirm_it(database: Database) {
    let street = street(database).await;
    let seller = street.seller(false).await;
    tell(&street, credit("p", 100_000, PRINTED)).await;
    tell(&street, debit("d", 20_000)).await;
    let (_, document) = give_back(&street, &seller, 20_000).await;
    assert_eq!(document["state"], "confirmed", "{document}");
    let (record, _) = give_back(&street, &seller, 30_000).await;
    tell(&street, reversal("r", 30_000, "p")).await;
    let (_, document) = street.get(&seller, &record).await;
    assert_eq!(
        (&document["state"], &document["matched_by"]["code"]),
        (&json!("confirmed"), &json!("reference"))
    );
    let covered = rows(&street, &seller, "/v1/reversals?state=covered").await;
    assert_eq!(covered.len(), 1);
    assert_eq!(
        stands(&street, &seller).await,
        is("partially_returned", 50_000, 50_000)
    );
    books_are_right(&street).await;
}

async fn a_record_is_matched_by_hand_or_withdrawn(database: Database) {
    let street = street(database).await;
    let seller = street.seller(false).await;
    tell(&street, credit("p", 100_000, PRINTED)).await;
    let (record, _) = give_back(&street, &seller, 20_000).await;
    let late = street.clock.now() + TimeDelta::days(20);
    street.clock.advance(TimeDelta::days(20));
    let out = Fact {
        at: late,
        ..debit("d", 20_000)
    };
    tell(&street, out).await;
    assert_eq!(state_of(&street, &seller, &record).await, "waiting");
    let among = rows(&street, &seller, &format!("{record}/candidates")).await;
    assert_eq!(among.len(), 1);
    let body = json!({"transaction_id": among[0]["transaction_id"]});
    let (status, _) = street
        .post(&seller, &format!("{record}/match"), &body)
        .await;
    assert_eq!(status, 200);
    assert_eq!(
        stands(&street, &seller).await,
        is("partially_returned", 80_000, 20_000)
    );
    let (second, _) = give_back(&street, &seller, 20_000).await;
    let (status, cancelled) = street
        .post(&seller, &format!("{second}/cancel"), &json!({}))
        .await;
    assert_eq!((status, &cancelled["state"]), (200, &json!("cancelled")));
    let (status, _) = street
        .post(&seller, &format!("{second}/cancel"), &json!({}))
        .await;
    assert_eq!(status, 409);
    let (status, _) = street
        .post(&seller, &format!("{record}/cancel"), &json!({}))
        .await;
    assert_eq!(status, 409, "its money went back");
    tell(&street, Fact { id: "d2", ..out }).await;
    assert_eq!(state_of(&street, &seller, &second).await, "cancelled");
    books_are_right(&street).await;
}

async fn a_record_is_the_traders_and_stays_within_what_came(database: Database) {
    let street = street(database).await;
    let (seller, till) = (street.seller(false).await, street.seller(true).await);
    let (staff, stranger) = (
        street.person(UserRole::Staff).await,
        street.stranger().await,
    );
    tell(&street, credit("p", 100_000, PRINTED)).await;
    let payment = payment_id(&street, &seller).await;
    let path = format!("/v1/payments/{payment}/reversals");
    let body = |amount: i64| json!({"amount_vnd": amount, "nature": "overpayment"});
    for (token, body, status, code) in [
        (&staff, body(1), 403, ""),
        (&stranger, body(1), 404, ""),
        (&seller, body(0), 422, "zero"),
        (&seller, body(-1), 422, "negative"),
        (&seller, body(100_001), 422, "return_too_much"),
        (
            &seller,
            json!({"amount_vnd": 1, "nature": "because"}),
            422,
            "unknown_word",
        ),
        (&seller, json!({"amount_vnd": 1}), 422, "missing_field"),
    ] {
        let (found, problem) = street.post(token, &path, &body).await;
        let named = problem["errors"][0]["code"].as_str().unwrap_or("");
        assert_eq!((found, named), (status, code), "{body} {problem}");
    }
    let (status, record) = street.post(&till, &path, &body(60_000)).await;
    assert_eq!(status, 201, "{record}");
    let (status, problem) = street.post(&till, &path, &body(40_001)).await;
    assert_eq!(status, 422, "{problem}");
    let one = format!("/v1/reversals/{}", record["id"].as_str().unwrap());
    let case = "?merchant_id=mer_00000000000000000000000000000014&case=KN-1";
    for (token, path, wanted) in [
        (&staff, one.clone(), 403),
        (&staff, format!("{one}{case}"), 200),
        (&stranger, one.clone(), 404),
        (&stranger, path.clone(), 404),
        (&staff, "/v1/reversals".to_owned(), 403),
        (&till, path.clone(), 200),
    ] {
        assert_eq!(street.get(token, &path).await.0, wanted, "{path}");
    }
    for step in ["cancel", "match"] {
        let body = if step == "match" {
            json!({"transaction_id": record["transaction_id"]})
        } else {
            json!({})
        };
        for (token, wanted) in [(&staff, 403), (&stranger, 404)] {
            let (status, problem) = street.post(token, &format!("{one}/{step}"), &body).await;
            assert_eq!(status, wanted, "{step} {problem}");
        }
    }
    let unknown = "/v1/reversals/rev_01920000000070008000000000000009";
    assert_eq!(street.get(&seller, unknown).await.0, 404);
    books_are_right(&street).await;
}

async fn a_payment_on_its_way_back_is_not_moved(database: Database) {
    let street = street(database).await;
    let seller = street.seller(false).await;
    let staff = street.person(UserRole::Staff).await;
    tell(&street, credit("p", 100_000, PRINTED)).await;
    let (record, _) = give_back(&street, &seller, 20_000).await;
    let payment = payment_id(&street, &seller).await;
    let path = format!("/v1/payments/{payment}/moves");
    let body = json!({"outlet_id": street.second_outlet().await.to_string(), "case": "KN-1"});
    let (status, problem) = street.post(&staff, &path, &body).await;
    assert_eq!(
        (status, &problem["errors"][0]["code"]),
        (409, &json!("return_waits")),
        "{problem}"
    );
    assert_eq!(
        street
            .post(&seller, &format!("{record}/cancel"), &json!({}))
            .await
            .0,
        200
    );
    assert_eq!(street.post(&staff, &path, &body).await.0, 201);
}

async fn a_reversal_in_a_closed_day_is_a_numbered_revision(database: Database) {
    let street = street(database).await;
    let admin = street.person(UserRole::Admin).await;
    tell(&street, credit("p", 100_000, PRINTED)).await;
    street.clock.advance(TimeDelta::days(8));
    let back = Fact {
        at: now() + TimeDelta::days(8),
        ..reversal("r", 40_000, "p")
    };
    tell(&street, back).await;
    let day = "from=2026-03-16&to=2026-03-16";
    let (status, figure) = street
        .get(&admin, &format!("/v1/adoption/indicators/C2?{day}"))
        .await;
    assert_eq!(status, 200, "{figure}");
    assert!(figure.to_string().contains("-40000"), "{figure}");
    books_are_right(&street).await;
}

async fn a_word_that_waits_for_a_day_is_an_alert_and_one_that_was_missed_is_found(
    database: Database,
) {
    use phocho::entropy::Entropy;
    use phocho::flows::attach_reversals::attach_waiting;
    let street = street(database.clone()).await;
    let seller = street.seller(false).await;
    tell(&street, reversal("lost", 1_000, "unheard")).await;
    tell(&street, reversal("missed", 30_000, "soon")).await;
    tell(&street, credit("p", 100_000, SINGLE)).await;
    // As if another instance had recorded the credit at the same moment, unseen.
    crate::operation::tamper(
        &database,
        "UPDATE transaction_evidence SET provider_txn_id = 'soon' WHERE provider_txn_id = 'p'",
    )
    .await;
    let look = async || {
        let now = street.clock.now();
        let found = attach_waiting(&street.store, now, &Entropy::System).await;
        found.unwrap()
    };
    assert_eq!(look().await, 1);
    assert_eq!(
        stands(&street, &seller).await,
        is("partially_returned", 70_000, 30_000)
    );
    assert!(alerts(&street).await.is_empty());
    street.clock.advance(TimeDelta::days(1));
    assert_eq!((look().await, look().await), (0, 0));
    assert_eq!(alerts(&street).await, ["reversal.unmatched"]);
    books_are_right(&street).await;
}
