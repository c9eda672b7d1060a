//! The registry over HTTP: zones, merchants, outlets and accounts, on both engines.

use axum::Router;
use axum::http::Method;
use chrono::{DateTime, TimeDelta, Utc};
use phocho::clock::Clock;
use phocho::domain::outlet::OutletState;
use phocho::flows::access::first_start;
use phocho::http::{AppState, router};
use phocho::store::reach::Reach;
use phocho::store::{audit, events, outlets};
use serde_json::{Value, json};

use crate::database::{Database, on_both_engines};
use crate::service::{Answer, ask};
use crate::state::state_over;

on_both_engines!(
    the_first_zones_are_registered_once,
    a_zone_code_is_taken_once_and_faults_are_named,
    a_merchant_comes_in_by_two_persons,
    a_merchant_is_corrected_only_before_it_is_handed_in,
    a_change_on_an_old_version_is_refused,
    of_two_approvals_at_a_time_one_takes_effect,
    an_outlet_opens_after_its_test_and_only_while_its_merchant_is_active,
    the_first_account_is_effective_at_once_and_the_next_waits_a_day,
    staff_reach_only_their_zones_and_a_merchant_only_itself,
    lists_are_paged_and_show_no_personal_numbers,
    every_change_is_audited_and_told_without_personal_data,
);

/// A service over a test's database at a fixed time, with an administrator and two members
/// of the staff who see every zone.
pub struct Office {
    pub state: AppState,
    pub service: Router,
    pub admin: String,
    pub maker: String,
    pub checker: String,
}

fn at() -> DateTime<Utc> {
    "2026-03-16T02:30:00Z".parse().unwrap()
}

pub fn id(document: &Value) -> String {
    document["id"].as_str().unwrap().to_owned()
}

pub fn household(tax_code: &str) -> Value {
    json!({
        "kind": "household",
        "name": "Bún ốc Phủ Tây Hồ",
        "representative": "Nguyễn Thị Đào",
        "tax_code": tax_code,
        "phone": "0912 345 678",
    })
}

pub fn account(merchant: &str, digits: &str) -> Value {
    json!({
        "merchant_id": merchant,
        "bank_bin": "970436",
        "account_number": digits,
        "holder_name": "Nguyễn Thị Đào",
        "holder_kind": "household",
        "registered_name": "Nguyễn Thị Đào",
        "name_checked": true,
    })
}

impl Office {
    pub async fn open(database: &Database) -> Self {
        let mut state = state_over(database.store().await);
        state.clock = Clock::fixed(at());
        let link = first_start(&state.ledger.store, &state.entropy, at()).await;
        let link = link.unwrap().unwrap().reveal().to_string();
        let mut office = Self {
            service: router(state.clone()),
            state,
            admin: String::new(),
            maker: String::new(),
            checker: String::new(),
        };
        let token = office
            .post("", "/v1/first-token", &json!({"link": link}))
            .await;
        token.good()["secret"]
            .as_str()
            .unwrap()
            .clone_into(&mut office.admin);
        office.maker = office.staff(&Value::Null).await;
        office.checker = office.staff(&Value::Null).await;
        office
    }

    pub async fn staff(&self, zones: &Value) -> String {
        let body = json!({"name": "Đào", "role": "staff", "zone_ids": zones});
        let user = self.post(&self.admin, "/v1/users", &body).await.good();
        self.token(&json!({"label": "bàn 1", "user_id": id(&user)}))
            .await
    }

    pub async fn token(&self, body: &Value) -> String {
        let issued = self.post(&self.admin, "/v1/tokens", body).await.good();
        issued["secret"].as_str().unwrap().to_owned()
    }

    pub async fn send(
        &self,
        method: Method,
        token: &str,
        path: &str,
        more: Option<&Value>,
    ) -> Answer {
        self.send_if(method, token, path, more, None).await
    }

    pub async fn send_if(
        &self,
        method: Method,
        token: &str,
        path: &str,
        body: Option<&Value>,
        version: Option<&str>,
    ) -> Answer {
        let headers = version.map(|version| ("if-match", version));
        let (method, headers) = (method.as_str(), headers.as_slice());
        ask(&self.service, (method, path), token, body, headers).await
    }

    pub async fn get(&self, token: &str, path: &str) -> Answer {
        self.send(Method::GET, token, path, None).await
    }

    pub async fn post(&self, token: &str, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, token, path, Some(body)).await
    }

    pub async fn step(&self, token: &str, thing: &str, step: &str) -> Answer {
        let kind = match thing.get(..3).unwrap() {
            "mer" => "merchants",
            "out" => "outlets",
            _ => "accounts",
        };
        let path = format!("/v1/{kind}/{thing}/{step}");
        self.send(Method::POST, token, &path, None).await
    }

    pub async fn merchant(&self, tax_code: &str) -> String {
        let body = household(tax_code);
        id(&self.post(&self.maker, "/v1/merchants", &body).await.good())
    }

    pub async fn active_merchant(&self, tax_code: &str) -> String {
        let merchant = self.merchant(tax_code).await;
        self.step(&self.maker, &merchant, "submit").await.good();
        let review = self.step(&self.checker, &merchant, "start-review");
        review.await.good();
        self.step(&self.checker, &merchant, "approve").await.good();
        merchant
    }

    /// The ids of the first zones.
    pub async fn zones(&self) -> Vec<String> {
        let path = "/v1/zones/first-list";
        self.send(Method::POST, &self.admin, path, None)
            .await
            .good();
        let listed = self.get(&self.maker, "/v1/zones").await.good();
        listed["data"].as_array().unwrap().iter().map(id).collect()
    }

    pub async fn outlet(&self, merchant: &str, zone: &str, stall: &str) -> String {
        let body = json!({
            "merchant_id": merchant, "zone_id": zone, "stall_label": stall, "trade": "bún ốc",
        });
        id(&self.post(&self.maker, "/v1/outlets", &body).await.good())
    }
}

async fn the_first_zones_are_registered_once(database: Database) {
    let office = Office::open(&database).await;
    let path = "/v1/zones/first-list";
    office
        .send(Method::POST, &office.maker, path, None)
        .await
        .is(403, "forbidden");
    let first = office.send(Method::POST, &office.admin, path, None).await;
    let count = first.good()["registered"].as_u64().unwrap();
    assert!(count > 1);
    let second = office.send(Method::POST, &office.admin, path, None).await;
    assert_eq!(second.good()["registered"], 0);
    let pilots = office.get(&office.maker, "/v1/zones?role=pilot").await;
    let pilots = pilots.good();
    let codes: Vec<_> = pilots["data"].as_array().unwrap().iter().collect();
    assert_eq!(codes.len(), 2);
    let one = office
        .get(&office.maker, &format!("/v1/zones/{}", id(codes[0])))
        .await;
    assert_eq!(&one.good(), codes[0]);
    office
        .get(&office.maker, "/v1/zones?role=other")
        .await
        .is(400, "invalid_query");
    office
        .get(
            &office.maker,
            "/v1/zones/zon_01920000000070008000000000000001",
        )
        .await
        .is(404, "not_found");
}

async fn a_zone_code_is_taken_once_and_faults_are_named(database: Database) {
    let office = Office::open(&database).await;
    let mut zone = json!({
        "code": "TH-NC", "kind": "street", "name": "Phố Nhật Chiêu", "role": "comparison",
        "wards": [{"ward": "Tây Hồ", "from": "2025-07-01", "to": null}],
    });
    let made = office.post(&office.admin, "/v1/zones", &zone).await;
    assert_eq!(made.status, 201);
    assert_eq!(made.body["wards"], zone["wards"]);
    let again = office.post(&office.admin, "/v1/zones", &zone).await;
    again.is(409, "already_exists");
    assert_eq!(again.pointers(), ["/code"]);
    zone["code"] = json!("th");
    zone["kind"] = json!("river");
    zone["wards"] = json!([{"ward": null, "from": "2025-07-02", "to": "2025-07-01"}]);
    let faulty = office.post(&office.admin, "/v1/zones", &zone).await;
    faulty.is(422, "invalid_fields");
    assert_eq!(faulty.pointers(), ["/code", "/kind", "/wards"]);
}

async fn a_merchant_comes_in_by_two_persons(database: Database) {
    let office = Office::open(&database).await;
    let merchant = office.merchant("001080012345").await;
    let double = office
        .post(&office.checker, "/v1/merchants", &household("001080012345"))
        .await;
    double.is(409, "already_exists");
    assert_eq!(double.pointers(), ["/tax_code"]);
    office
        .step(&office.maker, &merchant, "approve")
        .await
        .is(409, "wrong_state");
    office.step(&office.maker, &merchant, "submit").await.good();
    let review = office.step(&office.maker, &merchant, "start-review").await;
    assert_eq!(review.good()["state"], "under_review");
    office
        .step(&office.maker, &merchant, "approve")
        .await
        .is(403, "second_person_required");
    let active = office.step(&office.checker, &merchant, "approve").await;
    assert_eq!(active.headers["etag"], "\"4\"");
    let active = active.good();
    assert_eq!(active["state"], "active");
    assert_ne!(active["submitted_by"], active["approved_by"]);
    let path = format!("/v1/merchants/{merchant}/close");
    let without = office
        .post(&office.maker, &path, &json!({"reason": " "}))
        .await;
    without.is(422, "invalid_fields");
    assert_eq!(without.pointers(), ["/reason"]);
    let closed = office
        .post(&office.maker, &path, &json!({"reason": "Nghỉ bán"}))
        .await;
    let closed = closed.good();
    assert_eq!(
        (&closed["state"], &closed["reason"]),
        (&json!("closed"), &json!("Nghỉ bán"))
    );
    office
        .step(&office.checker, &merchant, "resume")
        .await
        .is(409, "wrong_state");
}

async fn a_merchant_is_corrected_only_before_it_is_handed_in(database: Database) {
    let office = Office::open(&database).await;
    let merchant = office.merchant("001080012345").await;
    office.merchant("001080012347").await;
    let path = format!("/v1/merchants/{merchant}");
    let put = |body: Value| {
        let (office, path) = (&office, &path);
        async move {
            office
                .send(Method::PUT, &office.maker, path, Some(&body))
                .await
        }
    };
    let corrected = put(household("001080012346")).await.good();
    assert_eq!(corrected["tax_code"], "001080012346");
    assert_eq!(corrected["phone"], "0912345678");
    let read = office.get(&office.maker, &path).await.good();
    assert_eq!(read, corrected);
    put(household("001080012347"))
        .await
        .is(409, "already_exists");
    let mut faulty = household("0100109106");
    faulty["name"] = json!("");
    let faulty = put(faulty).await;
    faulty.is(422, "invalid_fields");
    assert_eq!(faulty.pointers(), ["/name", "/tax_code"]);
    office.step(&office.maker, &merchant, "submit").await.good();
    put(household("001080012345")).await.is(409, "wrong_state");
}

async fn a_change_on_an_old_version_is_refused(database: Database) {
    let office = Office::open(&database).await;
    let merchant = office.merchant("001080012345").await;
    let path = format!("/v1/merchants/{merchant}/submit");
    for (version, status, code) in [
        ("\"2\"", 412, Some("precondition_failed")),
        ("1", 400, Some("invalid_header")),
        ("W/\"1\"", 400, Some("invalid_header")),
        ("\"1\"", 200, None),
        ("\"1\"", 412, Some("precondition_failed")),
    ] {
        let answer = office
            .send_if(Method::POST, &office.maker, &path, None, Some(version))
            .await;
        let found = (answer.status, answer.body["code"].as_str());
        assert_eq!(found, (status, code), "{version}");
    }
}

async fn of_two_approvals_at_a_time_one_takes_effect(database: Database) {
    let office = Office::open(&database).await;
    let merchant = office.merchant("001080012345").await;
    office.step(&office.maker, &merchant, "submit").await.good();
    let review = office.step(&office.maker, &merchant, "start-review");
    review.await.good();
    let (first, second) = tokio::join!(
        office.step(&office.checker, &merchant, "approve"),
        office.step(&office.admin, &merchant, "approve"),
    );
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200);
    assert!([409, 412].contains(&statuses[1]), "{statuses:?}");
    let path = format!("/v1/merchants/{merchant}");
    assert_eq!(office.get(&office.maker, &path).await.good()["version"], 4);
}

async fn an_outlet_opens_after_its_test_and_only_while_its_merchant_is_active(database: Database) {
    let office = Office::open(&database).await;
    let merchant = office.merchant("001080012345").await;
    let zones = office.zones().await;
    let outlet = office.outlet(&merchant, &zones[0], "Sạp 12").await;
    let mut body = json!({
        "merchant_id": merchant, "zone_id": zones[0], "stall_label": "Sạp 12", "trade": "xôi",
    });
    let double = office.post(&office.maker, "/v1/outlets", &body).await;
    double.is(409, "already_exists");
    assert_eq!(double.pointers(), ["/stall_label"]);
    body["zone_id"] = json!("zon_01920000000070008000000000000001");
    let nowhere = office.post(&office.maker, "/v1/outlets", &body).await;
    nowhere.is(422, "invalid_fields");
    assert_eq!(nowhere.pointers(), ["/zone_id"]);
    office
        .step(&office.maker, &outlet, "open")
        .await
        .is(409, "wrong_state");

    let mut tx = office.state.ledger.store.begin_write().await.unwrap();
    let tested = OutletState::Tested { tested_at: at() };
    let moved = outlets::update_state(&mut tx, outlet.parse().unwrap(), 1, tested).await;
    assert!(moved.unwrap());
    tx.commit().await.unwrap();
    let early = office.step(&office.maker, &outlet, "open").await;
    early.is(409, "wrong_state");
    assert_eq!(early.body["errors"][0]["code"], "merchant_not_active");

    office.step(&office.maker, &merchant, "submit").await.good();
    let review = office.step(&office.maker, &merchant, "start-review");
    review.await.good();
    office
        .step(&office.checker, &merchant, "approve")
        .await
        .good();
    for (step, state) in [
        ("open", "open"),
        ("pause", "paused"),
        ("resume", "open"),
        ("close", "closed"),
    ] {
        let after = office.step(&office.maker, &outlet, step).await.good();
        assert_eq!(after["state"], state);
        let path = format!("/v1/outlets/{outlet}");
        assert_eq!(office.get(&office.maker, &path).await.good(), after);
    }
}

async fn the_first_account_is_effective_at_once_and_the_next_waits_a_day(database: Database) {
    let office = Office::open(&database).await;
    let merchant = office.active_merchant("001080012345").await;
    let first = account(&merchant, "0011001234567");
    let first = office
        .post(&office.maker, "/v1/accounts", &first)
        .await
        .good();
    assert_eq!(first["holder_name"], "NGUYEN THI DAO");
    assert_eq!(first["warnings"], json!([]));
    office
        .step(&office.maker, &id(&first), "approve")
        .await
        .is(403, "second_person_required");
    let approved = office.step(&office.checker, &id(&first), "approve").await;
    assert_eq!(approved.good()["effective_at"], "2026-03-16T09:30:00+07:00");

    // It waits although it does not say that it takes another's place.
    let second = account(&merchant, "0011001234568");
    let second = office
        .post(&office.maker, "/v1/accounts", &second)
        .await
        .good();
    let approved = office.step(&office.checker, &id(&second), "approve").await;
    assert_eq!(approved.good()["effective_at"], "2026-03-17T09:30:00+07:00");
    let objected = office.step(&office.maker, &id(&second), "reject").await;
    assert_eq!(objected.good()["state"], "rejected");
    office.state.clock.advance(TimeDelta::hours(1));
    office
        .step(&office.maker, &id(&first), "reject")
        .await
        .is(409, "wrong_state");

    let taken = office
        .post(
            &office.maker,
            "/v1/accounts",
            &account(&merchant, "0011001234567"),
        )
        .await;
    taken.is(409, "already_exists");
    assert_eq!(taken.pointers(), ["/account_number"]);
    let other = office.merchant("001080012346").await;
    let mut foreign = account(&other, "0011001234569");
    foreign["replaces_id"] = json!(id(&first));
    let foreign = office.post(&office.maker, "/v1/accounts", &foreign).await;
    foreign.is(422, "invalid_fields");
    assert_eq!(foreign.pointers(), ["/replaces_id"]);
    let retired = office.step(&office.maker, &id(&first), "retire").await;
    assert_eq!(retired.good()["state"], "retired");
}

async fn staff_reach_only_their_zones_and_a_merchant_only_itself(database: Database) {
    let office = Office::open(&database).await;
    let zones = office.zones().await;
    let (here, there) = (
        office.merchant("001080012345").await,
        office.merchant("001080012346").await,
    );
    let outlet_here = office.outlet(&here, &zones[0], "Sạp 1").await;
    let stall_there = office.outlet(&there, &zones[1], "Sạp 1").await;
    let money_there = account(&there, "0011001234567");
    let money_there = office
        .post(&office.maker, "/v1/accounts", &money_there)
        .await;
    let money_there = id(&money_there.good());
    let neighbour = office.staff(&json!([zones[0]])).await;
    let trader = office
        .token(&json!({"label": "bàn 1", "merchant_id": here}))
        .await;
    for caller in [&neighbour, &trader] {
        for (path, seen) in [
            (format!("/v1/merchants/{here}"), true),
            (format!("/v1/merchants/{there}"), false),
            (format!("/v1/outlets/{outlet_here}"), true),
            (format!("/v1/outlets/{stall_there}"), false),
            (format!("/v1/accounts/{money_there}"), false),
        ] {
            let answer = office.get(caller, &path).await;
            if seen {
                answer.good();
            } else {
                answer.is(404, "not_found");
            }
        }
        for (path, wanted) in [
            ("/v1/merchants", vec![here.clone()]),
            ("/v1/outlets", vec![outlet_here.clone()]),
            ("/v1/accounts", vec![]),
        ] {
            let listed = office.get(caller, path).await.good();
            let listed: Vec<_> = listed["data"].as_array().unwrap().iter().map(id).collect();
            assert_eq!(listed, wanted, "{path}");
        }
    }
    office
        .step(&neighbour, &there, "submit")
        .await
        .is(404, "not_found");
    office
        .step(&trader, &here, "submit")
        .await
        .is(403, "forbidden");
    let body = json!({
        "merchant_id": here, "zone_id": zones[1], "stall_label": "Sạp 9", "trade": "xôi",
    });
    let outside = office.post(&neighbour, "/v1/outlets", &body).await;
    assert_eq!(outside.pointers(), ["/zone_id"]);
    let body = account(&there, "0011001234568");
    let outside = office.post(&neighbour, "/v1/accounts", &body).await;
    assert_eq!(outside.pointers(), ["/merchant_id"]);
}

async fn lists_are_paged_and_show_no_personal_numbers(database: Database) {
    let office = Office::open(&database).await;
    let mut wanted = Vec::new();
    for last in 5..8 {
        let merchant = office.merchant(&format!("00108001234{last}")).await;
        let digits = format!("001100123456{last}");
        let body = account(&merchant, &digits);
        office
            .post(&office.maker, "/v1/accounts", &body)
            .await
            .good();
        wanted.push(merchant);
    }
    wanted.sort();
    let mut path = "/v1/merchants?limit=2&state=draft&name=phu%20tay".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = office.get(&office.maker, &path).await.good();
        for row in page["data"].as_array().unwrap() {
            let tax_code = row["tax_code"].as_str().unwrap();
            assert!(tax_code.starts_with('…') && tax_code.chars().count() == 4);
            assert_eq!(row["phone"], "…678");
            seen.push(id(row));
        }
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/v1/merchants?limit=2&state=draft&name=phu%20tay&cursor={cursor}");
        let other = format!("/v1/merchants?limit=2&cursor={cursor}");
        office
            .get(&office.maker, &other)
            .await
            .is(400, "invalid_cursor");
    }
    assert_eq!(seen, wanted);
    let accounts = office
        .get(&office.maker, "/v1/accounts?state=pending")
        .await;
    let accounts = accounts.good();
    let accounts = accounts["data"].as_array().unwrap();
    assert_eq!(accounts.len(), 3);
    for row in accounts {
        assert!(row["account_number"].as_str().unwrap().starts_with("…456"));
    }
}

async fn every_change_is_audited_and_told_without_personal_data(database: Database) {
    let office = Office::open(&database).await;
    let merchant = office.active_merchant("001080012345").await;
    let body = account(&merchant, "0011001234567");
    let money = id(&office
        .post(&office.maker, "/v1/accounts", &body)
        .await
        .good());
    let mut tx = office.state.ledger.store.begin_read().await.unwrap();
    let entries = audit::list(&mut tx, "main", 0, 100).await.unwrap();
    let owner = Reach::Merchant(merchant.parse().unwrap());
    let told = events::list(&mut tx, owner, None, 0, 100).await.unwrap();
    let wanted = [
        ("merchant.register", &merchant),
        ("merchant.submit", &merchant),
        ("merchant.start_review", &merchant),
        ("merchant.approve", &merchant),
        ("account.request", &money),
    ];
    let told_kinds: Vec<_> = told
        .iter()
        .map(|it| (it.kind.as_str(), &it.subject))
        .collect();
    assert_eq!(told_kinds, wanted);
    let audited = entries.iter().map(|it| (it.action.as_str(), &it.subject));
    let audited: Vec<_> = audited.filter(|it| wanted.contains(it)).collect();
    assert_eq!(audited, wanted);
    let texts = told.iter().map(|it| &it.payload);
    let ours = entries
        .iter()
        .filter(|it| it.subject == merchant || it.subject == money);
    for text in texts.chain(ours.map(|it| &it.detail)) {
        for personal in ["001080012345", "912345678", "0011001234567", "Đào"] {
            assert!(!text.contains(personal), "{text}");
        }
    }
    // A refused change leaves no trace.
    drop(tx);
    let refused = office.step(&office.maker, &money, "approve").await;
    refused.is(403, "second_person_required");
    let mut tx = office.state.ledger.store.begin_read().await.unwrap();
    let after = audit::list(&mut tx, "main", 0, 100).await.unwrap();
    assert_eq!(after.len(), entries.len());
    let found = phocho::store::accounts::find(&mut tx, Reach::Everything, money.parse().unwrap());
    assert_eq!(found.await.unwrap().unwrap().version, 1);
}
