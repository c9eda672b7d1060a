//! Several sources that tell of the same money: each transfer is in the books once, whoever
//! tells of it first and however it is written.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use phocho::domain::access::UserRole;
use phocho::entropy::Entropy;
use phocho::flows::check_books;
use phocho::store::reach::Reach;
use phocho::store::{payments, retention, transactions};
use serde_json::json;

use crate::database::{Database, on_both_engines};
use crate::street::{ACCOUNT, Street, now};

on_both_engines!(
    two_equal_transfers_told_twice_by_two_sources_are_two,
    a_telling_without_a_reference_is_linked_by_its_text_and_day,
    one_reference_told_twice_by_two_sources_waits_once_for_a_person,
    a_masked_text_links_as_before,
    one_reference_with_two_amounts_counts_twice_and_is_shown_to_a_person,
    the_order_of_the_tellings_changes_nothing,
    two_instances_that_are_told_of_one_transfer_at_once_store_it_once,
);

const SECRET: &str = "a-secret-of-this-test-0011";
const SOURCES: [&str; 3] = ["first", "second", "third"];
pub const REFERENCE: &str = "TH7K2M9XQ4";

/// What a source says of a transfer.
#[derive(Clone, Copy, Debug)]
pub struct Telling {
    pub source: &'static str,
    /// The source's own number.
    pub id: u64,
    pub amount: i64,
    pub text: &'static str,
    pub bank_reference: Option<&'static str>,
    /// Local.
    pub at: &'static str,
}

pub const TELLING: Telling = Telling {
    source: "first",
    id: 1,
    amount: 45_000,
    text: "TH7K2M9XQ4 bún ốc",
    bank_reference: None,
    at: "2026-03-16 09:20:00",
};

pub async fn street(database: Database) -> Street {
    let street = Street::open(database.store().await).await;
    street.code(REFERENCE, None).await;
    for name in SOURCES {
        street.source(name, "sepay_apikey", SECRET, None).await;
    }
    street
}

pub async fn tell(street: &Street, telling: Telling) {
    let body = json!({
        "id": telling.id,
        "transactionDate": telling.at,
        "accountNumber": ACCOUNT,
        "content": telling.text,
        "transferType": "in",
        "transferAmount": telling.amount,
        "referenceCode": telling.bank_reference,
    });
    let headers = [("authorization".to_owned(), format!("Apikey {SECRET}"))];
    let answer = street
        .deliver(telling.source, &headers, &body.to_string())
        .await;
    assert_eq!(answer.0, 200, "{answer:?}");
}

/// For each amount, what became of it: sorted, so that it does not show who was first.
async fn books(street: &Street) -> BTreeMap<i64, Vec<String>> {
    let mut tx = street.store.begin_read().await.unwrap();
    let all = transactions::list(&mut tx, Reach::Everything, None, None, 10_000);
    let all = all.await.unwrap();
    let filter = payments::PaymentFilter::default();
    let paid = payments::list(&mut tx, Reach::Everything, filter, None, 10_000);
    let paid = paid.await.unwrap();
    let mut books: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for one in all {
        let payment = paid.iter().find(|paid| paid.transaction_id == one.id);
        let payment = payment.map(|paid| (&paid.standing, paid.sale_vnd, &paid.flags));
        let what = format!("{:?} {payment:?}", one.duplicate_of_id.is_some());
        books.entry(one.amount_vnd).or_default().push(what);
    }
    for rows in books.values_mut() {
        rows.sort();
    }
    let breaches = check_books::check(&street.store, 10).await.unwrap();
    assert_eq!(breaches, []);
    books
}

async fn sizes(street: &Street) -> Vec<usize> {
    books(street).await.values().map(Vec::len).collect()
}

async fn two_equal_transfers_told_twice_by_two_sources_are_two(database: Database) {
    let street = street(database).await;
    for (source, id) in [("first", 1), ("second", 7), ("first", 2), ("second", 8)] {
        for _again in 0..2 {
            let telling = Telling {
                source,
                id,
                ..TELLING
            };
            tell(&street, telling).await;
        }
    }
    assert_eq!(sizes(&street).await, [2]);
    // The third source hears of both, and of one that nobody else knows.
    for id in 1..=3 {
        let telling = Telling {
            source: "third",
            id,
            ..TELLING
        };
        tell(&street, telling).await;
    }
    assert_eq!(sizes(&street).await, [3]);
}

async fn a_telling_without_a_reference_is_linked_by_its_text_and_day(database: Database) {
    let street = street(database).await;
    let named = Telling {
        bank_reference: Some("FT1"),
        ..TELLING
    };
    tell(&street, named).await;
    let second = Telling {
        source: "second",
        ..TELLING
    };
    let upper = Telling {
        text: "TH7K2M9XQ4 BUN\r\nOC",
        at: "2026-03-16 23:59:59",
        ..second
    };
    tell(&street, upper).await;
    assert_eq!(sizes(&street).await, [1]);
    // It now has that reference for everybody, in whatever text.
    let third = Telling {
        source: "third",
        text: "TH7K2M9XQ4",
        ..named
    };
    tell(&street, third).await;
    assert_eq!(sizes(&street).await, [1]);
    for (id, other) in [
        (
            2,
            Telling {
                at: "2026-03-17 00:00:00",
                ..second
            },
        ),
        (
            3,
            Telling {
                text: "TH7K2M9XQ4 bun oc 2",
                ..second
            },
        ),
        (
            4,
            Telling {
                bank_reference: Some("FT2"),
                ..second
            },
        ),
    ] {
        tell(&street, Telling { id, ..other }).await;
    }
    assert_eq!(sizes(&street).await, [4]);
}

async fn one_reference_told_twice_by_two_sources_waits_once_for_a_person(database: Database) {
    let street = street(database).await;
    let named = Telling {
        bank_reference: Some("FT1"),
        ..TELLING
    };
    for (source, id) in [("first", 1), ("first", 2), ("second", 1), ("second", 2)] {
        let telling = Telling {
            source,
            id,
            ..named
        };
        tell(&street, telling).await;
    }
    let wanted = [
        r#"false Some(("counts", 45000, ""))"#,
        r#"true Some(("duplicate_suspected", 0, "duplicate_suspected"))"#,
    ];
    assert_eq!(books(&street).await[&45_000], wanted);
}

async fn one_reference_with_two_amounts_counts_twice_and_is_shown_to_a_person(database: Database) {
    let street = street(database).await;
    let named = Telling {
        bank_reference: Some("FT1"),
        ..TELLING
    };
    let split = Telling {
        id: 2,
        amount: 46_000,
        ..named
    };
    let admin = street.person(UserRole::Admin).await;
    let alerts = async || {
        let (_, alerts) = street.get(&admin, "/v1/alerts").await;
        let alerts = alerts["data"].as_array().unwrap().iter();
        let kinds = alerts.map(|alert| alert["kind"].as_str().unwrap().to_owned());
        kinds.collect::<Vec<_>>()
    };
    // One that tells both means both.
    for telling in [named, split] {
        tell(&street, telling).await;
    }
    assert_eq!(alerts().await, [""; 0]);
    let other = Telling {
        source: "second",
        amount: 47_000,
        ..named
    };
    for _again in 0..2 {
        tell(&street, other).await;
        assert_eq!(alerts().await, ["transaction.amount_differs"]);
    }
    assert_eq!(sizes(&street).await, [1, 1, 1]);
}

async fn a_masked_text_links_as_before(database: Database) {
    let street = street(database).await;
    tell(&street, TELLING).await;
    let mut tx = street.store.begin_write().await.unwrap();
    let later = now() + TimeDelta::days(91);
    let masked = retention::mask_texts(&mut tx, later, 10, later).await;
    assert_eq!(masked.unwrap(), 1);
    tx.commit().await.unwrap();
    let telling = Telling {
        source: "second",
        ..TELLING
    };
    tell(&street, telling).await;
    assert_eq!(sizes(&street).await, [1]);
}

/// Draws what a few sources say of some transfers of one amount.
fn some_tellings(chance: &Entropy, amount: i64) -> Vec<Telling> {
    let draw = |below: usize| usize::from(chance.bytes::<1>()[0]) % below;
    let kinds = [
        ("TH7K2M9XQ4 bún ốc", None),
        ("th7k2m9xq4 BUN-OC", None),
        ("TH7K2M9XQ4 Bun oc", Some("FT1")),
        ("TH7K2M9XQ4 bun oc", Some("FT2")),
        ("chuyen tien", None),
        ("CHUYEN TIEN", Some("FT3")),
    ];
    (0..7)
        .map(|place| {
            let (text, bank_reference) = kinds[draw(kinds.len())];
            Telling {
                source: SOURCES[draw(SOURCES.len())],
                id: u64::try_from(amount).unwrap() * 10 + place,
                amount,
                text,
                bank_reference,
                at: TELLING.at,
            }
        })
        .collect()
}

/// The same tellings in another order, one of them twice.
fn mixed(chance: &Entropy, mut tellings: Vec<Telling>) -> Vec<Telling> {
    tellings.push(tellings[usize::from(chance.bytes::<1>()[0]) % tellings.len()]);
    tellings.sort_by_cached_key(|_| chance.bytes::<8>());
    tellings
}

async fn the_order_of_the_tellings_changes_nothing(database: Database) {
    let street = street(database).await;
    let chance = Entropy::seeded(20_260_316);
    let orders = 4;
    for round in 0..8 {
        let first = 10_000 + round * 1000;
        let drawn = some_tellings(&chance, first);
        for order in 0..orders {
            // Another amount is another transfer: the orders do not touch each other.
            for telling in mixed(&chance, drawn.clone()) {
                let amount = first + order;
                let id = telling.id + u64::try_from(order).unwrap() * 100;
                let telling = Telling {
                    id,
                    amount,
                    ..telling
                };
                tell(&street, telling).await;
            }
        }
        let books = books(&street).await;
        let unpriced = |rows: &[String], amount: i64| -> Vec<String> {
            let rows = rows.iter();
            rows.map(|row| row.replace(&amount.to_string(), "all"))
                .collect()
        };
        let wanted = unpriced(&books[&first], first);
        for order in 1..orders {
            let amount = first + order;
            assert_eq!(unpriced(&books[&amount], amount), wanted, "{drawn:?}");
        }
    }
}

async fn two_instances_that_are_told_of_one_transfer_at_once_store_it_once(database: Database) {
    let one = street(database).await;
    let other = Street {
        address: crate::street::serve(crate::state::state_over(one.store.clone())).await,
        store: one.store.clone(),
        client: reqwest::Client::new(),
        clock: one.clock.clone(),
    };
    for round in 0..20 {
        let amount = 30_000 + round;
        let id = u64::try_from(round).unwrap();
        let first = Telling {
            id,
            amount,
            ..TELLING
        };
        // One of them knows the bank's reference.
        let second = Telling {
            source: "second",
            bank_reference: (round % 2 == 0).then_some("FT1"),
            ..first
        };
        tokio::join!(tell(&one, first), tell(&other, second));
    }
    assert_eq!(sizes(&one).await, [1; 20]);
}
