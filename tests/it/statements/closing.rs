//! A statement that agrees with the books closes the days it covers.

use phocho::domain::day::Window;
use phocho::domain::ids::{MerchantId, SourceId};
use phocho::store::reach::Reach;
use phocho::store::statements::closed_days;
use phocho::store::{accounts, sources};
use serde_json::json;

use super::{Desk, XML, at_nine, counts, yesterday};
use crate::database::{Database, on_both_engines};
use crate::stalls::{Stall, open, stall};
use crate::statement::{Sheet, moved};

on_both_engines!(
    a_statement_that_agrees_and_is_whole_closes_its_days,
    days_stay_open_while_anything_differs_or_nothing_proves_it_whole,
    a_source_is_closed_on_a_day_when_all_its_accounts_are,
    the_last_approval_closes_the_days,
);

const DAY: &str = "2026-03-15";

async fn closed(desk: &Desk, stall: Stall) -> Vec<String> {
    let window = Window::new("2026-03-01".parse().unwrap(), "2026-03-31".parse().unwrap());
    let mut tx = desk.market.store().begin_read().await.unwrap();
    let reach = Reach::Merchant(stall.merchant);
    let days = closed_days::of_account(&mut tx, reach, stall.account, window.unwrap()).await;
    days.unwrap().iter().map(ToString::to_string).collect()
}

/// The statement of a stall over three days, of which the last is not over.
fn three_days() -> Sheet {
    Sheet {
        first: "2026-03-14",
        last: "2026-03-16",
        ..yesterday(vec![moved(DAY, 45_000, "FT1", "bun oc")])
    }
}

async fn a_statement_that_agrees_and_is_whole_closes_its_days(database: Database) {
    let desk = Desk::open(&database).await;
    desk.tell(1, 45_000, "bun oc", at_nine(1)).await;
    let sheet = three_days();
    let report = desk.reconcile(&sheet).await;
    assert_eq!(counts(&report), [1, 0, 0, 0]);
    assert_eq!(report["statement"]["closed_days"], 2);
    assert_eq!(closed(&desk, desk.stall).await, ["2026-03-14", DAY]);
    // Of how many accounts: this one, of the one that is in use.
    let window = Window::new("2026-03-01".parse().unwrap(), "2026-03-31".parse().unwrap());
    let mut tx = desk.market.store().begin_read().await.unwrap();
    let own = Reach::Merchant(desk.stall.merchant);
    for (reach, wanted) in [
        (Reach::Everything, vec![("2026-03-14", 1), (DAY, 1)]),
        (own, vec![("2026-03-14", 1), (DAY, 1)]),
        (
            Reach::Merchant(MerchantId::from_uuid(uuid::Uuid::nil())),
            Vec::new(),
        ),
    ] {
        let counts = closed_days::counts(&mut tx, reach, window.unwrap()).await;
        let wanted: Vec<_> = wanted
            .into_iter()
            .map(|(day, accounts)| (day.parse().unwrap(), accounts))
            .collect();
        assert_eq!(counts.unwrap(), wanted, "{reach:?}");
        let accounts = accounts::count_approved(&mut tx, reach).await.unwrap();
        assert_eq!(accounts, i64::from(!wanted.is_empty()), "{reach:?}");
    }
    tx.rollback().await.unwrap();
    // Nobody else learns of it.
    let other = stall(desk.market.store(), 2, open()).await;
    let stranger = Stall {
        account: desk.stall.account,
        ..other
    };
    assert_eq!(closed(&desk, stranger).await, [""; 0]);
    // A day is closed once: the statement that did keeps it.
    let again = Sheet {
        first: DAY,
        ..sheet
    };
    let report = desk.reconcile(&again).await;
    assert_eq!(report["statement"]["closed_days"], 0);
    let alerts = desk.market.get(&desk.first, "/v1/alerts").await.good();
    assert_eq!(alerts["data"], json!([]));
    desk.check().await;
}

async fn days_stay_open_while_anything_differs_or_nothing_proves_it_whole(database: Database) {
    let desk = Desk::open(&database).await;
    desk.tell(1, 45_000, "bun oc", at_nine(1)).await;
    let whole = three_days();
    let bare = Sheet {
        opening: None,
        ..whole.clone()
    };
    let mut more = whole.clone();
    more.movements.push(moved(DAY, 1_000, "FT9", "che"));
    let mut other = whole.clone();
    other.movements[0].amount = 44_000;
    let mut none = whole.clone();
    none.movements.clear();
    for (name, sheet, balance) in [
        ("no balances", bare, "none"),
        ("a line that we do not know", more, "controlled"),
        ("another amount", other, "controlled"),
        (
            "a transaction that the bank does not know",
            none,
            "controlled",
        ),
    ] {
        let report = desk.reconcile(&sheet).await;
        let statement = &report["statement"];
        assert_eq!(statement["balance"], balance, "{name}");
        assert_eq!(statement["closed_days"], 0, "{name}");
    }
    assert_eq!(closed(&desk, desk.stall).await, [""; 0]);
    desk.check().await;
}

async fn a_source_is_closed_on_a_day_when_all_its_accounts_are(database: Database) {
    let desk = Desk::open(&database).await;
    let other = stall(desk.market.store(), 2, open()).await;
    let source = SourceId::from_uuid(uuid::Uuid::from_u128(u128::from(b's')));
    let mut tx = desk.market.store().begin_write().await.unwrap();
    let bound = sources::bind_account(&mut tx, source, other.account, crate::stalls::opening());
    bound.await.unwrap();
    tx.commit().await.unwrap();
    let days = async || {
        let mut tx = desk.market.store().begin_read().await.unwrap();
        let window = Window::new("2026-03-15".parse().unwrap(), "2026-03-31".parse().unwrap());
        let days = closed_days::of_source(&mut tx, source, window.unwrap()).await;
        days.unwrap()
    };
    let empty = Sheet {
        movements: Vec::new(),
        ..three_days()
    };
    desk.reconcile(&empty).await;
    assert_eq!(days().await, []);
    let path = format!("/v1/statements?account_id={}", other.account);
    let sheet = Sheet {
        account: crate::stalls::account_number(2),
        ..empty
    };
    let trader = desk.market.trader(other).await;
    desk.market
        .upload(&trader, &path, sheet.camt(), &XML)
        .await
        .good();
    assert_eq!(days().await, [DAY.parse().unwrap()]);
}

async fn the_last_approval_closes_the_days(database: Database) {
    let desk = Desk::open(&database).await;
    let report = desk.reconcile(&three_days()).await;
    assert_eq!(counts(&report), [0, 1, 0, 0]);
    let path = format!("/v1/statements/{}", super::id(&report));
    let body = json!({"lines": [1]});
    let proposal = desk
        .market
        .post(&desk.trader, &format!("{path}/proposals"), &body)
        .await;
    let proposal = proposal.good();
    let approve = format!(
        "/v1/statement-proposals/{}/approve",
        proposal["id"].as_str().unwrap()
    );
    desk.market.step(&desk.first, &approve).await.good();
    assert_eq!(closed(&desk, desk.stall).await, ["2026-03-14", DAY]);
    let statement = desk.market.get(&desk.trader, &path).await.good();
    assert_eq!(statement["closed_days"], 2);
    assert_eq!(
        (&statement["matched"], &statement["missing_here"]),
        (&json!(1), &json!(0))
    );
    desk.check().await;
}
