//! What people and banks do at the same instant, over real HTTP on both engines: one is first,
//! the other learns of it, and nothing is doubled.

use chrono::TimeDelta;
use phocho::domain::access::UserRole;
use serde_json::{Value, json};

use crate::database::{Database, on_both_engines};
use crate::doubts::{self, books_are_right, decide, open_alerts, rows, step, waiting};
use crate::payment_moves::propose;
use crate::reversals::{self, Fact, credit, debit, give_back, payment_id, state_of};
use crate::street::Street;

on_both_engines!(
    of_two_who_approve_one_doubt_one_is_first,
    of_two_who_settle_a_doubt_at_once_one_is_first,
    of_two_who_decide_one_move_one_is_first,
    of_two_who_decide_one_reversal_one_is_first,
    a_record_and_its_debit_at_the_same_instant_belong_together_once,
    a_notice_told_twice_while_its_doubt_is_settled_is_told_once,
);

/// Rounds of each; they are numbered from 1, as banks number.
const ROUNDS: u64 = 20;
const PRINTED: &str = "TH7K2M9XQ4";

/// Checks that of two answers one worked and the other tells of the first one.
fn one_was_first((one, other): ((u16, Value), (u16, Value)), round: u64) {
    let mut statuses = [one.0, other.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{round}: {one:?} {other:?}");
    let late = if one.0 == 409 { one.1 } else { other.1 };
    assert_eq!(late["code"], "wrong_state", "{round}");
}

/// Three people who may decide.
async fn three(street: &Street) -> [String; 3] {
    [
        street.person(UserRole::Staff).await,
        street.person(UserRole::Staff).await,
        street.person(UserRole::Staff).await,
    ]
}

/// Tells of money in two ways: in even rounds under two numbers, in odd ones with two amounts.
async fn tell_twice(street: &Street, round: u64) {
    let (first, second) = (2 * round, 2 * round + 1);
    doubts::tell(street, (first, round), 60_000, PRINTED).await;
    if round.is_multiple_of(2) {
        doubts::tell(street, (second, round), 60_000, PRINTED).await;
    } else {
        doubts::tell(street, (first, round), 70_000, PRINTED).await;
    }
}

/// How many payments count, how many are voided, and how many credits wait for the trader.
async fn sizes(street: &Street, seller: &str) -> [usize; 3] {
    let payments = rows(street, seller, "/v1/payments?limit=200").await;
    let are = |status: &str| {
        let payments = payments.iter();
        payments.filter(|one| one["status"] == status).count()
    };
    let waiting = rows(street, seller, "/v1/suspense?limit=200").await;
    [are("settled"), are("voided"), waiting.len()]
}

async fn of_two_who_approve_one_doubt_one_is_first(database: Database) {
    let (street, seller) = doubts::street(database).await;
    street.code(PRINTED, None).await;
    let [maker, one, other] = three(&street).await;
    for round in 1..=ROUNDS {
        tell_twice(&street, round).await;
        let doubt = waiting(&street, &maker).await;
        let (status, proposed) = decide(&street, &maker, &doubt, "other_money").await;
        assert_eq!(status, 200, "{proposed}");
        let answers = tokio::join!(
            step(&street, &one, &doubt, "approve"),
            step(&street, &other, &doubt, "approve"),
        );
        one_was_first(answers, round);
    }
    // Of each double both count; the other amount of each conflict waits for its trader.
    assert_eq!(sizes(&street, &seller).await, [30, 0, 10]);
    assert_eq!(open_alerts(&street).await, 0);
    books_are_right(&street).await;
}

async fn of_two_who_settle_a_doubt_at_once_one_is_first(database: Database) {
    let (street, seller) = doubts::street(database).await;
    street.code(PRINTED, None).await;
    let [maker, one, other] = three(&street).await;
    let mut same = 0;
    for round in 1..=ROUNDS {
        tell_twice(&street, round).await;
        let doubt = waiting(&street, &maker).await;
        let (status, proposed) = decide(&street, &maker, &doubt, "other_money").await;
        assert_eq!(status, 200, "{proposed}");
        // Whoever rejects leaves it open, for whoever says that it is the same money.
        let (approved, rejected) = tokio::join!(
            step(&street, &one, &doubt, "approve"),
            step(&street, &other, &doubt, "reject"),
        );
        let is_open = rejected.0 == 200;
        one_was_first((approved, rejected), round);
        if is_open {
            let answers = tokio::join!(
                decide(&street, &one, &doubt, "same_money"),
                decide(&street, &other, &doubt, "same_money"),
            );
            assert_eq!((answers.0.0, answers.1.0), (200, 200), "{answers:?}");
            assert_eq!(answers.0.1, answers.1.1, "both read what the first said");
            same += usize::from(!round.is_multiple_of(2));
        }
    }
    // A second amount that is the same money leaves nothing behind.
    let left: usize = sizes(&street, &seller).await.iter().sum();
    assert_eq!(left + same, usize::try_from(ROUNDS).unwrap() * 2);
    assert_eq!(open_alerts(&street).await, 0);
    books_are_right(&street).await;
}

async fn of_two_who_decide_one_move_one_is_first(database: Database) {
    let (street, seller) = doubts::street(database).await;
    street.code(PRINTED, None).await;
    let [maker, one, other] = three(&street).await;
    let there = street.second_outlet().await.to_string();
    let mut moved = 0;
    for round in 1..=ROUNDS {
        doubts::tell(&street, (round, round), 60_000, PRINTED).await;
        let payments = rows(&street, &seller, "/v1/payments?limit=200").await;
        let mut here = payments
            .iter()
            .filter(|one| one["status"] == "settled" && one["outlet_id"] != there.as_str());
        let payment = here.next().unwrap()["id"].as_str().unwrap();
        let body = json!({"outlet_id": there, "case": "KN-1"});
        let proposal = propose(&street, &maker, payment, &body).await;
        let second = if round.is_multiple_of(2) {
            "approve"
        } else {
            "reject"
        };
        let answers = tokio::join!(
            step(&street, &one, &proposal, "approve"),
            step(&street, &other, &proposal, second),
        );
        let (_, stands) = street.get(&maker, &proposal).await;
        moved += usize::from(stands["state"] == "approved");
        one_was_first(answers, round);
    }
    let all = usize::try_from(ROUNDS).unwrap();
    assert!(moved >= all / 2);
    assert_eq!(sizes(&street, &seller).await, [all, moved, 0]);
    books_are_right(&street).await;
}

async fn of_two_who_decide_one_reversal_one_is_first(database: Database) {
    let street = reversals::street(database).await;
    let (one, other) = (street.seller(false).await, street.seller(false).await);
    reversals::tell(&street, credit("p", 900_000, PRINTED)).await;
    let amount = |round: u64| 1_000 + i64::try_from(round).unwrap();
    let mut records = Vec::new();
    for round in 1..=ROUNDS {
        records.push(give_back(&street, &one, amount(round)).await.0);
    }
    // So late that nothing belongs together by itself.
    street.clock.advance(TimeDelta::days(20));
    let mut returned = 0;
    for (round, record) in (1..=ROUNDS).zip(&records) {
        let id = format!("d{round}");
        let out = Fact {
            at: street.clock.now(),
            ..debit(&id, amount(round))
        };
        reversals::tell(&street, out).await;
        let among = rows(&street, &one, &format!("{record}/candidates")).await;
        let body = json!({"transaction_id": among[0]["transaction_id"]});
        let path = format!("{record}/match");
        let answers = if round.is_multiple_of(2) {
            tokio::join!(
                street.post(&one, &path, &body),
                street.post(&other, &path, &body),
            )
        } else {
            tokio::join!(
                street.post(&one, &path, &body),
                step(&street, &other, record, "cancel"),
            )
        };
        one_was_first(answers, round);
        if state_of(&street, &one, record).await == "confirmed" {
            returned += amount(round);
        }
    }
    let payments = rows(&street, &one, "/v1/payments").await;
    assert_eq!(payments[0]["returned_vnd"], returned, "{payments:?}");
    books_are_right(&street).await;
}

async fn a_record_and_its_debit_at_the_same_instant_belong_together_once(database: Database) {
    let street = reversals::street(database).await;
    let seller = street.seller(false).await;
    reversals::tell(&street, credit("p", 900_000, PRINTED)).await;
    let payment = payment_id(&street, &seller).await;
    let mut returned = 0;
    for round in 1..=ROUNDS {
        let amount = 1_000 + i64::try_from(round).unwrap();
        let id = format!("d{round}");
        let out = Fact {
            at: street.clock.now(),
            ..debit(&id, amount)
        };
        let ((record, _), ()) = tokio::join!(
            give_back(&street, &seller, amount),
            reversals::tell(&street, out),
        );
        assert_eq!(state_of(&street, &seller, &record).await, "confirmed");
        returned += amount;
    }
    let all = rows(&street, &seller, "/v1/reversals?limit=200").await;
    assert_eq!(u64::try_from(all.len()).unwrap(), ROUNDS);
    let mut movements: Vec<_> = all
        .iter()
        .map(|one| one["movement_id"].to_string())
        .collect();
    movements.sort_unstable();
    movements.dedup();
    assert_eq!(movements.len(), all.len(), "each debit confirms one record");
    let (_, payment) = street
        .get(&seller, &format!("/v1/payments/{payment}"))
        .await;
    assert_eq!(payment["returned_vnd"], returned);
    books_are_right(&street).await;
}

async fn a_notice_told_twice_while_its_doubt_is_settled_is_told_once(database: Database) {
    let (street, seller) = doubts::street(database).await;
    street.code(PRINTED, None).await;
    let [maker, checker, _] = three(&street).await;
    for round in 1..=ROUNDS {
        let (first, second) = (2 * round, 2 * round + 1);
        doubts::tell(&street, (first, round), 60_000, PRINTED).await;
        // In even rounds what is told again is a double, in odd ones a conflict.
        let again = if round.is_multiple_of(2) {
            ((second, round), 60_000)
        } else {
            ((first, round), 70_000)
        };
        let tell = || doubts::tell(&street, again.0, again.1, PRINTED);
        tell().await;
        let doubt = waiting(&street, &maker).await;
        // Half of each are other money, said so by two persons.
        let is_other = round % 4 < 2;
        let (status, answer) = if is_other {
            let (status, proposed) = decide(&street, &maker, &doubt, "other_money").await;
            assert_eq!(status, 200, "{proposed}");
            let deciding = step(&street, &checker, &doubt, "approve");
            tokio::join!(deciding, tell(), tell()).0
        } else {
            let deciding = decide(&street, &maker, &doubt, "same_money");
            tokio::join!(deciding, tell(), tell()).0
        };
        assert_eq!(
            (status, &answer["state"]),
            (200, &json!("settled")),
            "{answer}"
        );
        assert!(rows(&street, &maker, "/v1/doubts").await.is_empty());
        assert_eq!(open_alerts(&street).await, 0, "{round}");
    }
    // Of the doubles five count and five are voided; of the conflicts five wait.
    assert_eq!(sizes(&street, &seller).await, [25, 5, 5]);
    let all = rows(&street, &maker, "/v1/doubts?state=settled&limit=200").await;
    assert_eq!(u64::try_from(all.len()).unwrap(), ROUNDS);
    books_are_right(&street).await;
}
