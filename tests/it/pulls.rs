//! Fetching what notices missed, from a simulated SePay over the network, on both engines.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use phocho::cli::bank::sepay_list::Order;
use phocho::cli::bank::sepay_list::server::{ListFault, SepayServer};
use phocho::domain::access::UserRole;
use phocho::domain::network::PrivateAddresses;
use phocho::flows::check_books;
use phocho::flows::pull::{FAILING_AFTER, PULL_FAILING, PULL_UNREADABLE, Pace, Pulled, Puller};
use phocho::http::AppState;
use phocho::outbound::Outbound;
use phocho::store::reach::Reach;
use phocho::store::{Store, alerts};
use reqwest::Method;
use serde_json::{Value, json};

use crate::database::{Database, on_both_engines};
use crate::notices::payments_of;
use crate::sepay::{SepayNotice, TOKEN, list_server, row};
use crate::state::fresh_state;
use crate::street::{ACCOUNT, ACCOUNT_ID, Street, now};

on_both_engines!(
    two_hours_without_notices_are_found_whole_and_late_notices_change_nothing,
    a_cut_list_is_read_whole_in_either_order,
    a_second_with_more_rows_than_a_page_is_named_and_not_passed_over,
    a_row_that_shows_late_is_found_and_what_cannot_be_used_spoils_nothing,
    a_row_and_a_notice_are_compared_by_what_both_tell,
    a_row_that_its_notice_names_like_another_transaction_is_shown_to_a_person_once,
    what_goes_wrong_is_tried_again_then_named,
    a_source_that_cannot_be_pulled_for_long_is_alerted_about_until_it_can,
    fetching_takes_two_administrators_and_no_token_is_shown,
    addresses_that_a_stranger_could_misuse_are_refused,
    one_instance_pulls_a_source_at_a_time,
    delays_are_shown_by_how_a_transaction_came,
);

const SECRET: &str = "a-secret-of-this-test-0012";
const REFERENCE: &str = "TH7K2M9XQ4";

/// A street with a SePay source, a simulated SePay, and who fetches.
struct Scene {
    street: Street,
    server: SepayServer,
    puller: Puller,
    state: AppState,
    /// The path of the source.
    source: String,
    admins: [String; 2],
}

fn pace() -> Pace {
    Pace {
        between: Duration::ZERO,
        pauses: vec![Duration::from_millis(1); 2],
        longest_wait: Duration::from_secs(2),
        ..Pace::default()
    }
}

fn puller(state: &AppState, private: PrivateAddresses) -> Puller {
    let outbound = Outbound::new(private, Duration::from_millis(400));
    let (ledger, intake) = (state.ledger.clone(), state.intake.clone());
    Puller::new(ledger, intake, outbound, state.clock.clone(), pace())
}

async fn prepare(store: Store) -> Scene {
    let mut kept = None;
    let street = Street::open_with(store, |state| {
        state.private_addresses = PrivateAddresses::Allowed;
        kept = Some(state.clone());
    })
    .await;
    let state = kept.unwrap();
    street.code(REFERENCE, None).await;
    street.source("sepay", "sepay_hmac", SECRET, None).await;
    let admins = [
        street.person(UserRole::Admin).await,
        street.person(UserRole::Admin).await,
    ];
    let (_, list) = street.get(&admins[0], "/v1/sources").await;
    let source = format!("/v1/sources/{}", list["data"][0]["id"].as_str().unwrap());
    Scene {
        server: list_server().await,
        puller: puller(&state, PrivateAddresses::Allowed),
        street,
        state,
        source,
        admins,
    }
}

/// The same with fetching switched on.
async fn scene(store: Store) -> Scene {
    let scene = prepare(store).await;
    let (status, pull) = scene.set(&scene.server.address, TOKEN).await;
    assert_eq!(status, 200, "{pull}");
    let (status, pull) = scene.act(1, "approve-pull-setting").await;
    assert_eq!(status, 200, "{pull}");
    scene
}

impl Scene {
    async fn set(&self, base_url: &str, token: &str) -> (u16, Value) {
        let body = json!({"base_url": base_url, "token": token});
        let path = format!("{}/pull-setting", self.source);
        self.street
            .ask(&self.admins[0], Method::PUT, &path, Some(&body))
            .await
    }

    /// Lets an administrator do something to the source.
    async fn act(&self, admin: usize, what: &str) -> (u16, Value) {
        let path = format!("{}/{what}", self.source);
        self.street
            .ask(&self.admins[admin], Method::POST, &path, None)
            .await
    }

    /// Pulls whatever is due; what became of the one source, if it was.
    async fn pull(&self) -> Option<Pulled> {
        self.puller.run(false).await.unwrap().into_values().next()
    }

    /// Pulls after the usual time.
    async fn pull_later(&self) -> Pulled {
        self.street.clock.advance(TimeDelta::minutes(5));
        self.pull().await.expect("the source is due")
    }

    async fn shown(&self) -> Value {
        self.street.get(&self.admins[0], &self.source).await.1["pull"].clone()
    }

    async fn notice(&self, id: u64, amount: i64, text: &str, booked_at: DateTime<Utc>) {
        deliver(&self.street, notice(id, amount, text, booked_at)).await;
    }

    async fn open_alerts(&self) -> Vec<String> {
        let mut tx = self.street.store.begin_read().await.unwrap();
        let open = alerts::list_open(&mut tx, Reach::Everything, None, 10).await;
        open.unwrap().into_iter().map(|alert| alert.kind).collect()
    }
}

fn notice(id: u64, amount: i64, content: &str, booked_at: DateTime<Utc>) -> SepayNotice<'_> {
    SepayNotice {
        id,
        bank_number: id,
        amount,
        content,
        account: ACCOUNT,
        booked_at,
    }
}

async fn deliver(street: &Street, notice: SepayNotice<'_>) {
    let (headers, body) = notice.signed(SECRET, street.clock.now());
    let answer = street.deliver("sepay", &headers, &body).await;
    assert_eq!(answer.0, 200, "{answer:?}");
}

/// What the payments say, whoever told of them.
async fn paid(street: &Street) -> Vec<String> {
    let breaches = check_books::check(&street.store, 10).await.unwrap();
    assert_eq!(breaches, []);
    let paid = payments_of(street).await.into_iter();
    let mut told: Vec<_> = paid
        .map(|one| {
            let (at, sums) = (one.occurred_at, (one.received_vnd, one.sale_vnd));
            format!(
                "{at} {} {sums:?} {} {}",
                one.identity, one.flags, one.standing
            )
        })
        .collect();
    told.sort();
    told
}

async fn two_hours_without_notices_are_found_whole_and_late_notices_change_nothing(
    database: Database,
) {
    let scene = scene(database.store().await).await;
    let (state, _folder) = fresh_state().await;
    let told = Street::open(state.ledger.store.clone()).await;
    told.code(REFERENCE, None).await;
    told.source("sepay", "sepay_hmac", SECRET, None).await;
    let sales: Vec<_> = (0..24_u64)
        .map(|place| {
            let at = now() + TimeDelta::minutes(5 * i64::try_from(place).unwrap());
            (place + 1, 20_000 + i64::try_from(place).unwrap() * 1000, at)
        })
        .collect();
    let text = format!("{REFERENCE} bun oc");
    assert_eq!(scene.pull().await, Some(Pulled::default()), "at the start");
    for (id, amount, at) in &sales {
        scene.server.book(row(*id, ACCOUNT, *amount, &text, *at));
        deliver(&told, notice(*id, *amount, &text, *at)).await;
    }
    scene.street.clock.advance(TimeDelta::hours(2));
    let found = scene.pull().await.unwrap();
    assert_eq!(found.new, 24);
    let books = paid(&scene.street).await;
    assert_eq!((books.len(), &books), (24, &paid(&told).await));
    for (id, amount, at) in &sales {
        scene.notice(*id, *amount, &text, *at).await;
    }
    assert_eq!(paid(&scene.street).await, books);
    assert_eq!(scene.pull_later().await, Pulled::default());
    let shown = scene.shown().await;
    assert_eq!(shown["accounts"][0]["since_id"], 24);
    assert_eq!(
        (&shown["rows_pulled"], &shown["failures"]),
        (&json!(24), &json!(0))
    );
}

async fn a_cut_list_is_read_whole_in_either_order(database: Database) {
    let scene = scene(database.store().await).await;
    let mut booked = 0;
    for (order, more) in [
        (Order::OldestFirst, 25),
        (Order::NewestFirst, 25),
        (Order::NewestFirst, 1),
    ] {
        for _ in 0..more {
            booked += 1;
            // Two of them in each second.
            let at = now() + TimeDelta::seconds(i64::try_from(booked / 2).unwrap());
            scene
                .server
                .book(row(booked * 300, ACCOUNT, 30_000, REFERENCE, at));
        }
        scene.server.with(|ledger| {
            ledger.list.order = order;
            ledger.list.page_max = 10;
        });
        assert_eq!(scene.pull_later().await.new, more);
        assert_eq!(
            paid(&scene.street).await.len(),
            usize::try_from(booked).unwrap()
        );
    }
    // The first time it asks from the day on which the account was bound; later by number.
    let asked = scene
        .server
        .with(|ledger| std::mem::take(&mut ledger.asked));
    assert!(
        asked[0].contains("transaction_date_min=2026-03-16"),
        "{asked:?}"
    );
    assert!(!asked[0].contains("since_id"), "{asked:?}");
    assert_eq!(scene.pull_later().await, Pulled::default());
    let asked = scene
        .server
        .with(|ledger| std::mem::take(&mut ledger.asked));
    assert!(asked[0].contains("since_id=15100"), "{asked:?}");
}

async fn a_second_with_more_rows_than_a_page_is_named_and_not_passed_over(database: Database) {
    let scene = scene(database.store().await).await;
    let book = |number: u64, after: i64| {
        let at = now() + TimeDelta::seconds(after);
        scene
            .server
            .book(row(number * 300, ACCOUNT, 30_000, REFERENCE, at));
    };
    // The vendor gives fewer rows a page than we ask for.
    scene.server.with(|ledger| {
        ledger.list.order = Order::NewestFirst;
        ledger.list.page_max = 10;
    });
    // All of a list may be of one second.
    (1..=2).for_each(|number| book(number, 0));
    assert_eq!(scene.pull_later().await.new, 2);
    assert_eq!(scene.shown().await["last_error"], Value::Null);
    (3..=5).for_each(|number| book(number, 1));
    (6..=17).for_each(|number| book(number, 2));
    (18..=20).for_each(|number| book(number, 3));
    for _again in 0..2 {
        scene.pull_later().await;
        let shown = scene.shown().await;
        assert_eq!(shown["last_error"], "too_many_pages", "{shown:#}");
    }
    scene.server.with(|ledger| ledger.list.page_max = 13);
    scene.pull_later().await;
    assert_eq!(scene.shown().await["last_error"], Value::Null);
    assert_eq!(paid(&scene.street).await.len(), 20);
}

async fn a_row_that_shows_late_is_found_and_what_cannot_be_used_spoils_nothing(database: Database) {
    let scene = scene(database.store().await).await;
    let at = now();
    scene.server.book(row(50, ACCOUNT, 30_000, REFERENCE, at));
    assert_eq!(scene.pull_later().await.new, 1);
    let mut broken = row(52, ACCOUNT, 30_000, REFERENCE, at);
    broken["amount_in"] = json!("thirty");
    scene.server.book(broken);
    scene.server.book(row(49, ACCOUNT, 31_000, REFERENCE, at));
    scene.server.book(row(50, ACCOUNT, 30_000, REFERENCE, at));
    scene.server.book(row(51, "999", 30_000, REFERENCE, at));
    scene.server.with(|ledger| ledger.list.all_accounts = true);
    let wanted = Pulled {
        new: 1,
        unreadable: 1,
        foreign: 1,
    };
    assert_eq!(scene.pull_later().await, wanted);
    assert_eq!(scene.open_alerts().await, [PULL_UNREADABLE]);
    assert_eq!(paid(&scene.street).await.len(), 2);
    scene.pull_later().await;
    assert_eq!(scene.open_alerts().await, [PULL_UNREADABLE]);
    assert_eq!(paid(&scene.street).await.len(), 2);
}

async fn a_row_and_a_notice_are_compared_by_what_both_tell(database: Database) {
    let scene = scene(database.store().await).await;
    let text = format!("{REFERENCE} bun oc");
    let at = now() - TimeDelta::minutes(1);
    // The list knows less than the notice, and the other way round.
    for (id, first_pulled) in [(1, false), (2, true)] {
        let mut bare = row(id, ACCOUNT, 30_000, "another text", at);
        bare["reference_number"] = Value::Null;
        if first_pulled {
            bare["transaction_content"] = json!(text);
            scene.server.book(bare);
            scene.pull_later().await;
            scene.notice(id, 30_000, &text, at).await;
        } else {
            scene.notice(id, 30_000, &text, at).await;
            scene.server.book(bare);
            scene.pull_later().await;
        }
    }
    assert_eq!(scene.open_alerts().await, [""; 0]);
    assert_eq!(paid(&scene.street).await.len(), 2);
    // Another amount is no way of telling the same.
    scene.server.book(row(3, ACCOUNT, 30_000, REFERENCE, at));
    scene.pull_later().await;
    scene.notice(3, 31_000, REFERENCE, at).await;
    scene.notice(4, 30_000, REFERENCE, at).await;
    scene.server.book(row(4, ACCOUNT, 31_000, REFERENCE, at));
    for _again in 0..2 {
        scene.pull_later().await;
        assert_eq!(scene.open_alerts().await, ["transaction.conflict"; 2]);
    }
    assert_eq!(paid(&scene.street).await.len(), 4);
}

async fn a_row_that_its_notice_names_like_another_transaction_is_shown_to_a_person_once(
    database: Database,
) {
    let scene = scene(database.store().await).await;
    let other = "second";
    scene.street.source(other, "sepay_hmac", SECRET, None).await;
    let at = now() - TimeDelta::minutes(1);
    let mut bare = row(1, ACCOUNT, 30_000, "cut short", at);
    bare["reference_number"] = Value::Null;
    scene.server.book(bare);
    scene.pull_later().await;
    let whole = notice(1, 30_000, REFERENCE, at);
    let (headers, body) = SepayNotice { id: 8, ..whole }.signed(SECRET, scene.street.clock.now());
    assert_eq!(scene.street.deliver(other, &headers, &body).await.0, 200);
    assert_eq!(scene.open_alerts().await, [""; 0]);
    for _again in 0..2 {
        scene.notice(1, 30_000, "cut short", at).await;
        let open = scene.open_alerts().await;
        assert_eq!(open, ["transaction.reference_disputed"]);
    }
    // Both count until a person has looked, who is not asked again.
    assert_eq!(paid(&scene.street).await.len(), 1);
    let (_, alerts) = scene.street.get(&scene.admins[0], "/v1/alerts").await;
    let path = format!(
        "/v1/alerts/{}/settle",
        alerts["data"][0]["id"].as_str().unwrap()
    );
    let note = json!({"note": "Hai khoản khác nhau."});
    let admin = &scene.admins[0];
    let (status, settled) = scene
        .street
        .ask(admin, Method::POST, &path, Some(&note))
        .await;
    assert_eq!(status, 200, "{settled}");
    scene.notice(1, 30_000, "cut short", at).await;
    assert_eq!(scene.open_alerts().await, [""; 0]);
}

async fn what_goes_wrong_is_tried_again_then_named(database: Database) {
    let scene = scene(database.store().await).await;
    let slow = ListFault::Late(Duration::from_secs(1));
    for (fault, attempts, error) in [
        (ListFault::Status(500), 3, "server_error"),
        (ListFault::TooMany(0), 3, "too_many_requests"),
        (ListFault::TooMany(60), 1, "too_many_requests"),
        (slow, 3, "timed_out"),
        (ListFault::Malformed, 1, "malformed_answer"),
        (ListFault::VendorError, 1, "vendor_error"),
        (ListFault::Redirect, 1, "redirected"),
        (ListFault::Status(401), 1, "token_refused"),
        (ListFault::Status(404), 1, "unexpected_status"),
    ] {
        scene.server.with(|ledger| {
            ledger.asked.clear();
            ledger.faults = vec![fault; 3].into();
        });
        scene.pull_later().await;
        assert_eq!(scene.shown().await["last_error"], error, "{fault:?}");
        let asked = scene.server.with(|ledger| ledger.asked.len());
        assert_eq!(asked, attempts, "{fault:?}");
    }
    // Two failures in a row are nothing when the third attempt works.
    let at = now();
    scene.server.book(row(1, ACCOUNT, 30_000, REFERENCE, at));
    scene.server.with(|ledger| {
        ledger.faults = vec![ListFault::Status(503), ListFault::TooMany(1)].into();
    });
    assert_eq!(scene.pull_later().await.new, 1);
    assert_eq!(scene.shown().await["last_error"], Value::Null);
    let plain = scene.server.address.replace("http://", "https://");
    for (base_url, error) in [
        (plain.as_str(), "tls"),
        ("http://127.0.0.1:1", "unreachable"),
    ] {
        scene.set(base_url, TOKEN).await;
        scene.act(1, "approve-pull-setting").await;
        scene.pull_later().await;
        assert_eq!(scene.shown().await["last_error"], error);
    }
    // What was entered when it was allowed is not asked when it is refused.
    let strict = puller(&scene.state, PrivateAddresses::Refused);
    scene.street.clock.advance(TimeDelta::minutes(5));
    strict.run(false).await.unwrap();
    assert_eq!(scene.shown().await["last_error"], "private_address");
}

async fn a_source_that_cannot_be_pulled_for_long_is_alerted_about_until_it_can(database: Database) {
    let scene = scene(database.store().await).await;
    let fail = || {
        scene.server.with(|ledger| {
            ledger.faults = vec![ListFault::Status(500); 3].into();
        });
    };
    let first = scene.street.clock.now() + TimeDelta::minutes(5);
    for _ in 0..8 {
        fail();
        scene.pull_later().await;
        let long = scene.street.clock.now() - first >= FAILING_AFTER;
        let wanted: &[&str] = if long { &[PULL_FAILING] } else { &[] };
        assert_eq!(scene.open_alerts().await, wanted);
    }
    let shown = scene.shown().await;
    assert_eq!(shown["failures"], 8);
    assert_eq!(shown["failing_since"], "2026-03-16T09:35:00+07:00");
    scene.pull_later().await;
    assert_eq!(scene.open_alerts().await, [""; 0]);
    let shown = scene.shown().await;
    assert_eq!(
        (
            &shown["failures"],
            &shown["failing_since"],
            &shown["last_error"]
        ),
        (&json!(0), &Value::Null, &Value::Null)
    );
}

async fn fetching_takes_two_administrators_and_no_token_is_shown(database: Database) {
    let scene = prepare(database.store().await).await;
    assert_eq!(scene.shown().await, Value::Null);
    assert_eq!(scene.act(0, "approve-pull-setting").await.0, 404);
    assert_eq!(scene.act(0, "pull").await.0, 409);
    let (status, pull) = scene.set(&scene.server.address, TOKEN).await;
    assert_eq!((status, &pull["base_url"]), (200, &Value::Null));
    assert_eq!(pull["next_base_url"], scene.server.address);
    assert_eq!(scene.puller.run(true).await.unwrap().len(), 0, "it waits");
    let (status, problem) = scene.act(0, "approve-pull-setting").await;
    assert_eq!(
        (status, &problem["code"]),
        (403, &json!("second_person_required"))
    );
    let (status, pull) = scene.act(1, "approve-pull-setting").await;
    assert_eq!((status, &pull["next_base_url"]), (200, &Value::Null));
    assert_eq!(pull["base_url"], scene.server.address);
    assert_eq!(
        scene.act(1, "approve-pull-setting").await.0,
        409,
        "nothing waits"
    );
    assert_eq!(scene.pull().await, Some(Pulled::default()), "at once");
    assert_eq!(scene.pull().await, None, "not again so soon");
    scene.street.clock.advance(TimeDelta::seconds(1));
    let (status, pull) = scene.act(0, "pull").await;
    assert_eq!(status, 202, "{pull}");
    assert_eq!(scene.pull().await, Some(Pulled::default()), "asked for");
    let (_, source) = scene.street.get(&scene.admins[0], &scene.source).await;
    for document in [&pull, &source] {
        assert!(!document.to_string().contains(TOKEN), "{document}");
    }
    // A new token waits again, and the old one works until then.
    assert_eq!(scene.set(&scene.server.address, "other").await.0, 200);
    scene.pull_later().await;
    assert_eq!(scene.shown().await["last_error"], Value::Null);
    let staff = scene.street.person(UserRole::Staff).await;
    let setting = format!("{}/pull-setting", scene.source);
    for (method, path) in [
        (Method::PUT, setting.clone()),
        (Method::DELETE, setting.clone()),
        (Method::POST, format!("{}/pull", scene.source)),
        (
            Method::POST,
            format!("{}/approve-pull-setting", scene.source),
        ),
    ] {
        let body = json!({"base_url": scene.server.address, "token": TOKEN});
        let body = Some(&body).filter(|_| method == Method::PUT);
        let (status, _) = scene.street.ask(&staff, method.clone(), &path, body).await;
        assert_eq!(status, 403, "{method} {path}");
        let unknown = path.replace(
            &scene.source,
            "/v1/sources/src_01920000000070008000000000000009",
        );
        let admin = &scene.admins[0];
        let (status, _) = scene
            .street
            .ask(admin, method.clone(), &unknown, body)
            .await;
        assert_eq!(status, 404, "{method} {unknown}");
    }
    for (admin, wanted) in [(0, 204), (1, 404)] {
        let token = &scene.admins[admin];
        let (status, _) = scene
            .street
            .ask(token, Method::DELETE, &setting, None)
            .await;
        assert_eq!(status, wanted);
    }
    assert_eq!(
        scene.puller.run(true).await.unwrap().len(),
        0,
        "it was forgotten"
    );
}

async fn addresses_that_a_stranger_could_misuse_are_refused(database: Database) {
    let scene = prepare(database.store().await).await;
    for (base_url, token, pointer, code) in [
        ("http://my.sepay.vn", TOKEN, "/base_url", "insecure_address"),
        ("https://user@my.sepay.vn", TOKEN, "/base_url", "wrong_form"),
        ("file:///etc/passwd", TOKEN, "/base_url", "wrong_form"),
        ("https://my.sepay.vn", "", "/token", "wrong_form"),
        ("https://my.sepay.vn", "a b", "/token", "wrong_form"),
        ("https://my.sepay.vn", "a\r\nX: y", "/token", "wrong_form"),
    ] {
        let (status, problem) = scene.set(base_url, token).await;
        let error = &problem["errors"][0];
        let found = (status, &error["pointer"], &error["code"]);
        assert_eq!(
            found,
            (422, &json!(pointer), &json!(code)),
            "{base_url} {problem}"
        );
    }
    // Where private addresses are not allowed, as usual.
    let usual = Street {
        address: crate::street::serve(AppState {
            private_addresses: PrivateAddresses::Refused,
            ..scene.state.clone()
        })
        .await,
        store: scene.street.store.clone(),
        client: reqwest::Client::new(),
        clock: scene.street.clock.clone(),
    };
    let path = format!("{}/pull-setting", scene.source);
    for base_url in [
        "http://127.0.0.1:9",
        "https://10.0.0.1",
        "https://169.254.169.254",
    ] {
        let body = json!({"base_url": base_url, "token": TOKEN});
        let asked = usual.ask(&scene.admins[0], Method::PUT, &path, Some(&body));
        let (status, problem) = asked.await;
        assert_eq!(
            (status, &problem["errors"][0]["code"]),
            (422, &json!("private_address"))
        );
    }
    scene.street.source("bank", "casso_v1", SECRET, None).await;
    let (_, list) = scene.street.get(&scene.admins[0], "/v1/sources").await;
    let rows = list["data"].as_array().unwrap();
    let casso = rows.iter().find(|row| row["name"] == "bank").unwrap();
    let path = format!("/v1/sources/{}/pull-setting", casso["id"].as_str().unwrap());
    let body = json!({"base_url": "https://my.sepay.vn", "token": TOKEN});
    let asked = scene
        .street
        .ask(&scene.admins[0], Method::PUT, &path, Some(&body));
    let (status, problem) = asked.await;
    assert_eq!(
        (status, &problem["errors"][0]["code"]),
        (422, &json!("no_history"))
    );
}

async fn one_instance_pulls_a_source_at_a_time(database: Database) {
    let scene = scene(database.store().await).await;
    for place in 1..=40 {
        scene
            .server
            .book(row(place, ACCOUNT, 30_000, REFERENCE, now()));
    }
    let other = puller(&scene.state, PrivateAddresses::Allowed);
    let slow = ListFault::Late(Duration::from_millis(200));
    scene
        .server
        .with(|ledger| ledger.faults = vec![slow].into());
    let (one, two) = tokio::join!(scene.puller.run(true), other.run(true));
    let done = [one.unwrap().len(), two.unwrap().len()];
    assert_eq!(done.iter().sum::<usize>(), 1, "{done:?}");
    assert_eq!(paid(&scene.street).await.len(), 40);
    // One that stops leaves the source to the next one at once.
    scene.puller.stop();
    scene.street.clock.advance(TimeDelta::minutes(5));
    scene.puller.run(false).await.unwrap();
    assert_eq!(scene.shown().await["last_error"], Value::Null);
    assert_eq!(other.run(false).await.unwrap().len(), 1);
}

async fn delays_are_shown_by_how_a_transaction_came(database: Database) {
    let scene = scene(database.store().await).await;
    for (id, seconds) in [(1, 2), (2, 2), (3, 2), (4, 90)] {
        let at = scene.street.clock.now() - TimeDelta::seconds(seconds);
        scene.notice(id, 30_000, REFERENCE, at).await;
        scene.notice(id, 30_000, REFERENCE, at).await;
    }
    let at = now() - TimeDelta::hours(3);
    scene.server.book(row(5, ACCOUNT, 30_000, REFERENCE, at));
    scene.pull().await;
    let path = format!("{}/delays", scene.source);
    let (status, delays) = scene.street.get(&scene.admins[0], &path).await;
    assert_eq!(status, 200, "{delays}");
    assert_eq!(
        (&delays["from"], &delays["to"]),
        (&json!("2026-02-17"), &json!("2026-03-16"))
    );
    let [told, pulled] = &delays["kinds"].as_array().unwrap()[..] else {
        panic!("{delays}")
    };
    let figures = |kind: &Value| {
        let name = kind["kind"].as_str().unwrap().to_owned();
        let ends = ["transactions", "p50_s", "p95_s", "p99_s"].map(|it| kind[it].as_i64());
        (name, ends.map(Option::unwrap_or_default))
    };
    // What waits in the queue for a moment counts, too: two seconds become three.
    assert_eq!(figures(told), ("callback".to_owned(), [4, 3, 120, 120]));
    assert_eq!(
        figures(pulled),
        ("pulled".to_owned(), [1, 14_400, 14_400, 14_400])
    );
    let (_, none) = scene
        .street
        .get(
            &scene.admins[0],
            &format!("{path}?from=2026-03-15&to=2026-03-15"),
        )
        .await;
    assert_eq!(none["kinds"], json!([]));
    let unknown = "/v1/sources/src_01920000000070008000000000000009/delays";
    let seller = scene.street.seller(false).await;
    for (token, path, wanted) in [
        (
            &scene.admins[0],
            format!("{path}?from=2026-03-17&to=2026-03-16"),
            400,
        ),
        (&scene.admins[0], format!("{path}?from=2001-01-01"), 400),
        (&scene.admins[0], format!("{path}?from=16/03/2026"), 400),
        (&scene.admins[0], unknown.to_owned(), 404),
        (&seller, path.clone(), 403),
    ] {
        assert_eq!(scene.street.get(token, &path).await.0, wanted, "{path}");
    }
    assert_eq!(ACCOUNT_ID, scene.shown().await["accounts"][0]["account_id"]);
}
