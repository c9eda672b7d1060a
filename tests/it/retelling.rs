//! One transfer told in other words, or at another time: the books say the same in whatever
//! order the tellings came, and a person's decision stays.

use phocho::domain::day::to_rfc3339;
use phocho::flows::check_books;
use phocho::store::reach::Reach;
use phocho::store::{payments, transactions};
use serde_json::{Value, json};

use crate::database::{Database, on_both_engines};
use crate::linking::{REFERENCE, TELLING, Telling, street, tell};
use crate::street::Street;

on_both_engines!(
    a_later_telling_finds_the_code_that_the_first_ones_text_had_lost,
    a_later_telling_that_names_another_code_leaves_the_credit_to_its_trader,
    the_same_number_told_in_other_words_is_read_again,
    what_a_trader_said_of_a_credit_stays_whatever_is_told_later,
    the_earliest_time_counts_and_moves_the_sums_to_its_day,
    tellings_that_differ_end_in_the_same_books_in_any_order,
);

const OTHER: &str = "TH3D8W5RNC";

/// A transfer that its bank's reference links.
const NAMED: Telling = Telling {
    bank_reference: Some("FT1"),
    ..TELLING
};
const LOST: Telling = Telling {
    text: "CHUYEN TIEN",
    ..NAMED
};
const SECOND: Telling = Telling {
    source: "second",
    ..NAMED
};

/// Payments that count, waiting items, payments and sale of each day.
async fn books(street: &Street) -> Value {
    let mut tx = street.store.begin_read().await.unwrap();
    let all = transactions::list(&mut tx, Reach::Everything, None, None, 100);
    let all = all.await.unwrap().into_iter().map(|row| {
        json!([
            row.amount_vnd,
            row.bank_reference,
            to_rfc3339(row.occurred_at)
        ])
    });
    let all: Vec<Value> = all.collect();
    let filter = payments::PaymentFilter::default();
    let paid = payments::list(&mut tx, Reach::Everything, filter, None, 100);
    let paid = paid.await.unwrap().into_iter();
    let paid = paid.filter(|paid| paid.standing != "voided").map(|paid| {
        let explanation: Value = serde_json::from_str(&paid.explanation).unwrap();
        json!([
            paid.flags,
            paid.sale_vnd,
            paid.local_day,
            to_rfc3339(paid.occurred_at),
            explanation
        ])
    });
    let mut paid: Vec<Value> = paid.collect();
    paid.sort_by_key(Value::to_string);
    tx.rollback().await.unwrap();
    let breaches = check_books::check(&street.store, 10).await.unwrap();
    assert_eq!(breaches, []);
    let seller = street.seller(false).await;
    let mut waiting = Vec::new();
    for item in street.get(&seller, "/v1/suspense").await.1["data"]
        .as_array()
        .unwrap()
    {
        waiting.push(item["verdict"]["code"].clone());
    }
    json!({"transactions": all, "payments": paid, "waiting": waiting})
}

async fn a_later_telling_finds_the_code_that_the_first_ones_text_had_lost(database: Database) {
    let street = street(database).await;
    tell(&street, LOST).await;
    let before = books(&street).await;
    assert_eq!(before["payments"], json!([]), "{before:#}");
    assert_eq!(before["waiting"].as_array().unwrap().len(), 1);
    tell(&street, SECOND).await;
    let after = books(&street).await;
    assert_eq!(after["waiting"], json!([]), "{after:#}");
    assert_eq!(after["payments"][0][4]["reference"], REFERENCE);
    let seller = street.seller(false).await;
    let (_, settled) = street.get(&seller, "/v1/suspense?state=settled").await;
    assert_eq!(settled["data"][0]["outcome"], "named_later", "{settled:#}");
    assert_eq!(settled["data"][0]["settled_by"], "source:second");
}

async fn a_later_telling_that_names_another_code_leaves_the_credit_to_its_trader(
    database: Database,
) {
    let street = street(database).await;
    street.code(OTHER, None).await;
    tell(&street, NAMED).await;
    let seller = street.seller(false).await;
    let payment = street.get(&seller, "/v1/payments").await.1["data"][0].clone();
    let other = Telling {
        text: OTHER,
        ..SECOND
    };
    tell(&street, other).await;
    let after = books(&street).await;
    assert_eq!(after["payments"], json!([]), "{after:#}");
    let (_, waiting) = street.get(&seller, "/v1/suspense").await;
    let reason = &waiting["data"][0]["verdict"]["code"];
    assert_eq!(reason, "several_references", "{waiting:#}");
    let id = payment["id"].as_str().unwrap();
    let (_, voided) = street.get(&seller, &format!("/v1/payments/{id}")).await;
    assert_eq!(voided["status"], "voided", "{voided:#}");
    assert_eq!(voided["sale_vnd"], 0);
    let admin = street.person(phocho::domain::access::UserRole::Admin).await;
    let (_, alerts) = street.get(&admin, "/v1/alerts").await;
    assert_eq!(alerts["data"][0]["kind"], "payment.voided", "{alerts:#}");
    assert_eq!(alerts["data"][0]["subject"], id);
    let (_, events) = street.get(&seller, "/v1/events").await;
    let kinds = events["data"].as_array().unwrap().iter();
    let kinds: Vec<_> = kinds.map(|event| event["kind"].clone()).collect();
    let wanted = [
        "payment.settled",
        "payment.voided",
        "alert.raise",
        "suspense.opened",
    ];
    assert_eq!(kinds, wanted);
}

async fn the_same_number_told_in_other_words_is_read_again(database: Database) {
    let street = street(database).await;
    tell(&street, LOST).await;
    for _again in 0..2 {
        tell(&street, NAMED).await;
        let after = books(&street).await;
        assert_eq!(after["waiting"], json!([]), "{after:#}");
        assert_eq!(after["payments"].as_array().unwrap().len(), 1);
    }
}

async fn what_a_trader_said_of_a_credit_stays_whatever_is_told_later(database: Database) {
    let street = street(database).await;
    let seller = street.seller(false).await;
    tell(&street, LOST).await;
    let (_, waiting) = street.get(&seller, "/v1/suspense").await;
    let item = waiting["data"][0]["id"].as_str().unwrap();
    let path = format!("/v1/suspense/{item}/settle");
    let settled = street
        .post(&seller, &path, &json!({"not_a_sale": true}))
        .await;
    assert_eq!(settled.0, 200, "{}", settled.1);
    tell(&street, SECOND).await;
    let after = books(&street).await;
    assert_eq!(
        (&after["payments"], &after["waiting"]),
        (&json!([]), &json!([]))
    );
    let (_, settled) = street.get(&seller, "/v1/suspense?state=settled").await;
    assert_eq!(settled["data"][0]["outcome"], "not_a_sale");
}

async fn the_earliest_time_counts_and_moves_the_sums_to_its_day(database: Database) {
    let street = street(database).await;
    let late = Telling {
        at: "2026-03-17 00:00:05",
        ..NAMED
    };
    tell(&street, late).await;
    let early = Telling {
        at: "2026-03-16 23:59:58",
        ..SECOND
    };
    tell(&street, early).await;
    let after = books(&street).await;
    assert_eq!(after["payments"][0][2], "2026-03-16", "{after:#}");
    let seller = street.seller(false).await;
    let outlet = street.get(&seller, "/v1/outlets").await.1["data"][0]["id"].clone();
    let outlet = outlet.as_str().unwrap();
    for (day, count) in [("2026-03-16", 1), ("2026-03-17", 0)] {
        let path = format!("/v1/outlets/{outlet}/day-summary?day={day}");
        let (_, summary) = street.get(&seller, &path).await;
        assert_eq!(summary["payments"], count, "{summary:#}");
    }
}

/// All orders of some things.
fn orders<T: Copy>(all: &[T]) -> Vec<Vec<T>> {
    let Some((first, rest)) = all.split_first() else {
        return vec![Vec::new()];
    };
    let mut orders_of_all = Vec::new();
    for order in orders(rest) {
        for place in 0..=order.len() {
            let mut order = order.clone();
            order.insert(place, *first);
            orders_of_all.push(order);
        }
    }
    orders_of_all
}

async fn tellings_that_differ_end_in_the_same_books_in_any_order(database: Database) {
    let street = street(database).await;
    street.code(OTHER, None).await;
    let early = Telling {
        source: "second",
        at: "2026-03-16 09:19:30",
        text: "th7k2 m9xq4 BUN OC",
        ..NAMED
    };
    let nameless = Telling {
        source: "third",
        text: "bun oc",
        at: "2026-03-16 09:21:00",
        ..NAMED
    };
    let other = Telling {
        id: 9,
        text: OTHER,
        source: "third",
        ..NAMED
    };
    for (round, told) in [
        [LOST, early, nameless],
        [NAMED, early, nameless],
        [LOST, early, other],
        [NAMED, NAMED, other],
    ]
    .into_iter()
    .enumerate()
    {
        let mut seen: Option<String> = None;
        for (turn, order) in orders(&told).into_iter().enumerate() {
            let turn = u64::try_from(round * 10 + turn).unwrap();
            // Another amount is another transfer: the orders do not touch each other.
            let amount = 20_000 + i64::try_from(turn).unwrap();
            for telling in &order {
                let id = telling.id + turn * 100;
                let telling = Telling {
                    id,
                    amount,
                    ..*telling
                };
                tell(&street, telling).await;
            }
            let all = of_amount(&street, amount).await;
            let seen = seen.get_or_insert_with(|| all.clone());
            assert_eq!(*seen, all, "{order:?}");
        }
    }
}

/// Everything about the one transfer of an amount, without its amount.
async fn of_amount(street: &Street, amount: i64) -> String {
    let mut tx = street.store.begin_read().await.unwrap();
    let all = transactions::list(&mut tx, Reach::Everything, None, None, 1_000);
    let all = all.await.unwrap();
    let mut all = all.iter().filter(|row| row.amount_vnd == amount);
    let (row, None) = (all.next().unwrap(), all.next()) else {
        panic!("one transfer was stored twice");
    };
    let filter = payments::PaymentFilter::default();
    let paid = payments::list(&mut tx, Reach::Everything, filter, None, 1_000);
    let paid = paid.await.unwrap().into_iter();
    let paid = paid.filter(|paid| paid.transaction_id == row.id && paid.standing != "voided");
    let paid: Vec<_> = paid
        .map(|paid| (paid.occurred_at, paid.local_day, paid.explanation))
        .collect();
    tx.rollback().await.unwrap();
    let seller = street.seller(false).await;
    let (_, waiting) = street.get(&seller, "/v1/suspense?limit=200").await;
    let waiting = waiting["data"].as_array().unwrap().iter();
    let waiting: Vec<_> = waiting
        .filter(|item| item["amount_vnd"] == amount)
        .map(|item| {
            format!(
                "{} {} {}",
                item["verdict"], item["evidence"], item["rejected"]
            )
        })
        .collect();
    format!("{} {} {paid:?} {waiting:?}", row.occurred_at, row.content)
}
