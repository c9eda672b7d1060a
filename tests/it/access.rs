//! Who may call: from the first start to a revoked token, over HTTP, on both engines.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use chrono::{DateTime, TimeDelta, Utc};
use phocho::clock::Clock;
use phocho::domain::establishment::Trade;
use phocho::domain::ids::{AlertId, MerchantId, OutletId, UserId, ZoneId};
use phocho::domain::merchant::{MerchantKind, MerchantState};
use phocho::domain::money::Vnd;
use phocho::domain::outlet::OutletState;
use phocho::domain::phone::Phone;
use phocho::domain::tax_code::TaxCode;
use phocho::domain::text::{PersonName, TradeName};
use phocho::domain::zone::ZoneSeed;
use phocho::flows::access::first_start;
use phocho::http::{AppState, router};
use phocho::store::alerts::{self, NewAlert};
use phocho::store::merchants::{Merchant, MerchantProfile};
use phocho::store::outlets::Outlet;
use phocho::store::{audit, merchants, outlets, zones};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::{Database, on_both_engines};
use crate::service::{self, Answer, ask};
use crate::stalls::zone_of;
use crate::state::state_over;

on_both_engines!(
    the_first_start_gives_one_way_in,
    a_new_start_ends_the_old_link_until_a_token_was_used,
    a_request_without_a_good_token_is_refused_alike,
    a_known_caller_of_the_wrong_role_is_forbidden,
    a_revoked_token_fails_on_the_next_request,
    an_unknown_and_a_foreign_token_are_the_same_404,
    a_token_is_made_only_for_a_holder_that_exists,
    a_user_is_made_only_with_good_fields,
    the_last_use_is_kept_to_the_minute,
    a_repeated_key_gives_the_first_answer_once,
    of_concurrent_requests_with_one_key_one_takes_effect,
    a_refused_request_leaves_its_key_free,
    the_audit_record_names_each_change_newest_first,
    alerts_are_counted_and_paged_within_the_callers_zones,
);

/// A service over a test's database, at a fixed time.
struct App {
    state: AppState,
    service: Router,
}

fn at() -> DateTime<Utc> {
    "2026-03-16T02:30:00Z".parse().unwrap()
}

impl App {
    async fn start(database: &Database) -> Self {
        let mut state = state_over(database.store().await);
        state.clock = Clock::fixed(at());
        let service = router(state.clone());
        Self { state, service }
    }

    async fn link(&self) -> Option<String> {
        let now = self.state.clock.now();
        let store = &self.state.ledger.store;
        let link = first_start(store, &self.state.entropy, now).await.unwrap();
        link.map(|link| link.reveal().to_string())
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        service::send(&self.service, request).await
    }

    async fn get(&self, token: &str, path: &str) -> Answer {
        ask(&self.service, ("GET", path), token, None, &[]).await
    }

    async fn delete(&self, token: &str, path: &str) -> Answer {
        ask(&self.service, ("DELETE", path), token, None, &[]).await
    }

    async fn post(&self, token: &str, path: &str, body: &Value) -> Answer {
        self.post_with(token, path, body, None).await
    }

    async fn post_with(&self, token: &str, path: &str, body: &Value, key: Option<&str>) -> Answer {
        let headers = key.map(|key| ("idempotency-key", key));
        let headers = headers.as_slice();
        ask(&self.service, ("POST", path), token, Some(body), headers).await
    }

    async fn redeem(&self, link: &str) -> Answer {
        self.post("", "/v1/first-token", &json!({"link": link}))
            .await
    }

    /// The secret of the first administrator's token.
    async fn admin(&self) -> String {
        let link = self.link().await.expect("a first link");
        let answer = self.redeem(&link).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.body["secret"].as_str().unwrap().to_owned()
    }

    /// The id and a token's secret of a new member of the staff.
    async fn staff(&self, admin: &str, zones: &Value) -> (String, String) {
        let body = json!({"name": "Đào", "role": "staff", "zone_ids": zones});
        let user = self.post(admin, "/v1/users", &body).await;
        assert_eq!(user.status, 201, "{user:?}");
        let user = user.body["id"].as_str().unwrap().to_owned();
        let issued = self.token(admin, &json!({"user_id": user})).await;
        (user, issued["secret"].as_str().unwrap().to_owned())
    }

    async fn token(&self, admin: &str, holder: &Value) -> Value {
        let mut body = json!({"label": "máy 1"});
        for (name, value) in holder.as_object().unwrap() {
            body[name] = value.clone();
        }
        let issued = self.post(admin, "/v1/tokens", &body).await;
        assert_eq!(issued.status, 201, "{issued:?}");
        issued.body
    }
}

async fn the_first_start_gives_one_way_in(database: Database) {
    let app = App::start(&database).await;
    let link = app.link().await.unwrap();
    app.redeem("phl_00").await.is(401, "unauthenticated");
    app.redeem(&link.replace("phl_", "phk_"))
        .await
        .is(401, "unauthenticated");
    let answer = app.redeem(&link).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    let secret = answer.body["secret"].as_str().unwrap();
    let users = app.get(secret, "/v1/users").await;
    assert_eq!(users.body["data"][0]["role"], "admin");
    assert_eq!(users.body["data"].as_array().unwrap().len(), 1);
    app.redeem(&link).await.is(401, "unauthenticated");
    assert_eq!(app.link().await, None, "somebody has access");
}

async fn a_new_start_ends_the_old_link_until_a_token_was_used(database: Database) {
    let app = App::start(&database).await;
    let (old, new) = (app.link().await.unwrap(), app.link().await.unwrap());
    app.redeem(&old).await.is(401, "unauthenticated");
    app.state.clock.advance(TimeDelta::hours(24));
    app.redeem(&new).await.is(401, "unauthenticated");
    let last = app.link().await.unwrap();
    let admin = app.redeem(&last).await;
    let admin = admin.body["secret"].as_str().unwrap();
    let users = app.get(admin, "/v1/users").await;
    assert_eq!(users.body["data"].as_array().unwrap().len(), 1, "one admin");
}

async fn a_request_without_a_good_token_is_refused_alike(database: Database) {
    let app = App::start(&database).await;
    let admin = app.admin().await;
    let mut altered = admin.clone();
    altered.replace_range(
        10..11,
        if admin[10..].starts_with('a') {
            "b"
        } else {
            "a"
        },
    );
    let mut bodies = Vec::new();
    for (name, value) in [
        ("none", None),
        ("basic", Some("Basic YTpi".to_owned())),
        ("unknown", Some(format!("Bearer {altered}"))),
        ("a link", Some(format!("Bearer phl_{}", &admin[4..]))),
    ] {
        let mut request = Request::get("/v1/tokens");
        if let Some(value) = value {
            request = request.header("authorization", value);
        }
        let mut answer = app.send(request.body(Body::empty()).unwrap()).await;
        answer.is(401, "unauthenticated");
        assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer", "{name}");
        answer.body["request_id"].take();
        bodies.push(answer.body);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
}

async fn a_known_caller_of_the_wrong_role_is_forbidden(database: Database) {
    let app = App::start(&database).await;
    let admin = app.admin().await;
    let (_, staff) = app.staff(&admin, &Value::Null).await;
    let body = json!({"name": "Đào", "role": "admin"});
    app.post(&staff, "/v1/users", &body)
        .await
        .is(403, "forbidden");
    for path in ["/v1/users", "/v1/audit"] {
        app.get(&staff, path).await.is(403, "forbidden");
    }
    assert_eq!(app.get(&staff, "/v1/alerts").await.status, 200);
    let (_, merchant, _) = merchant_with_outlet(&app).await;
    let wish = json!({"merchant_id": merchant.to_string()});
    let token = app.token(&admin, &wish).await;
    let secret = token["secret"].as_str().unwrap();
    app.get(secret, "/v1/alerts").await.is(403, "forbidden");
    assert_eq!(app.get(secret, "/v1/tokens").await.status, 200);
}

async fn a_revoked_token_fails_on_the_next_request(database: Database) {
    let app = App::start(&database).await;
    let admin = app.admin().await;
    let (user, staff) = app.staff(&admin, &Value::Null).await;
    let tokens = app.get(&staff, "/v1/tokens").await;
    let own = tokens.body["data"].as_array().unwrap();
    assert_eq!((own.len(), &own[0]["user_id"]), (1, &json!(user)));
    let path = format!("/v1/tokens/{}", own[0]["id"].as_str().unwrap());
    let revoked = app.delete(&admin, &path).await;
    assert_eq!(revoked.status, 204, "{revoked:?}");
    app.get(&staff, "/v1/tokens")
        .await
        .is(401, "unauthenticated");
    let again = app.delete(&admin, &path).await;
    assert_eq!(again.status, 204, "twice is no fault");

    let expires = at() + TimeDelta::hours(1);
    let wish = json!({"user_id": user, "expires_at": expires.to_rfc3339()});
    let issued = app.token(&admin, &wish).await;
    let secret = issued["secret"].as_str().unwrap();
    assert_eq!(app.get(secret, "/v1/tokens").await.status, 200);
    app.state.clock.advance(TimeDelta::hours(1));
    app.get(secret, "/v1/tokens")
        .await
        .is(401, "unauthenticated");
}

async fn an_unknown_and_a_foreign_token_are_the_same_404(database: Database) {
    let app = App::start(&database).await;
    let admin = app.admin().await;
    let (_, staff) = app.staff(&admin, &Value::Null).await;
    let (user, _) = app.staff(&admin, &Value::Null).await;
    let foreign = app.token(&admin, &json!({"user_id": user})).await;
    let foreign = foreign["token"]["id"].as_str().unwrap().to_owned();
    let mut bodies = Vec::new();
    for id in [
        foreign.as_str(),
        "tok_01920000000070008000000000000001",
        "tok_x",
        "usr_01920000000070008000000000000001",
    ] {
        let mut answer = app.delete(&staff, &format!("/v1/tokens/{id}")).await;
        answer.is(404, "not_found");
        answer.body["request_id"].take();
        bodies.push(answer.body);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
}

/// A zone, a merchant and its outlet there, straight in the database: the registry is not
/// the matter here.
async fn merchant_with_outlet(app: &App) -> (ZoneId, MerchantId, OutletId) {
    let id = ZoneId::from_uuid(Uuid::from_u128(1));
    let zone = zone_of(&ZoneSeed::all()[0], id, at());
    let merchant = Merchant {
        id: MerchantId::from_uuid(Uuid::from_u128(2)),
        profile: MerchantProfile {
            kind: MerchantKind::Household,
            name: TradeName::parse("Bún ốc Phủ Tây Hồ").unwrap(),
            representative: PersonName::parse("Nguyễn Thị Đào").unwrap(),
            tax_code: TaxCode::parse("001190012345").unwrap(),
            phone: Phone::parse("0912345678").unwrap(),
        },
        state: MerchantState::Draft,
        created_by: UserId::from_uuid(Uuid::from_u128(1)),
        created_at: at(),
        updated_at: at(),
        version: 1,
    };
    let outlet = Outlet {
        id: OutletId::from_uuid(Uuid::from_u128(3)),
        merchant: merchant.id,
        zone: zone.id,
        establishment: None,
        stall_label: TradeName::parse("Số 5").unwrap(),
        trade: Trade::parse("bún ốc").unwrap(),
        state: OutletState::Planned,
        match_by_account: false,
        floor: Vnd::new(5_000).unwrap(),
        created_at: at(),
        version: 1,
    };
    let mut tx = app.state.ledger.store.begin_write().await.unwrap();
    assert!(zones::insert(&mut tx, &zone).await.unwrap());
    assert!(merchants::insert(&mut tx, &merchant).await.unwrap());
    assert!(outlets::insert(&mut tx, &outlet).await.unwrap());
    tx.commit().await.unwrap();
    (zone.id, merchant.id, outlet.id)
}

async fn a_token_is_made_only_for_a_holder_that_exists(database: Database) {
    let app = App::start(&database).await;
    let admin = app.admin().await;
    let (_, merchant, outlet) = merchant_with_outlet(&app).await;
    let (merchant, outlet) = (merchant.to_string(), outlet.to_string());
    let nobody = "mer_01920000000070008000000000000009";
    let no_user = "usr_01920000000070008000000000000009";
    for (wish, pointer, code) in [
        (json!({"label": "a"}), "", "one_holder"),
        (
            json!({"label": "a", "user_id": no_user}),
            "",
            "unknown_holder",
        ),
        (
            json!({"label": "a", "merchant_id": nobody}),
            "",
            "unknown_holder",
        ),
        (
            json!({"label": "a", "merchant_id": nobody, "outlet_id": outlet}),
            "",
            "unknown_holder",
        ),
        (
            json!({"label": "a", "user_id": no_user, "merchant_id": merchant}),
            "",
            "one_holder",
        ),
        (json!({"label": "a", "outlet_id": outlet}), "", "one_holder"),
        (
            json!({"label": "", "merchant_id": merchant}),
            "/label",
            "empty",
        ),
        (
            json!({"label": "a", "merchant_id": "usr_1"}),
            "/merchant_id",
            "wrong_form",
        ),
        (
            json!({"label": "a", "merchant_id": merchant, "expires_at": at().to_rfc3339()}),
            "/expires_at",
            "in_the_past",
        ),
        (
            json!({"label": "a", "merchant_id": merchant, "role": "admin"}),
            "/role",
            "unknown_field",
        ),
    ] {
        let answer = app.post(&admin, "/v1/tokens", &wish).await;
        answer.is(422, "invalid_fields");
        let error = &answer.body["errors"][0];
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&json!(pointer), &json!(code)),
            "{wish}"
        );
    }
    let wish = json!({"merchant_id": merchant, "outlet_id": outlet});
    let device = app.token(&admin, &wish).await;
    assert_eq!(device["token"]["outlet_id"], json!(outlet));
    let trader = app.token(&admin, &json!({"merchant_id": merchant})).await;
    let trader = trader["secret"].as_str().unwrap();
    let seen = app.get(trader, "/v1/tokens").await;
    assert_eq!(seen.body["data"].as_array().unwrap().len(), 2);
    let till = app
        .get(device["secret"].as_str().unwrap(), "/v1/tokens")
        .await;
    assert_eq!(till.body["data"].as_array().unwrap().len(), 1);
    let path = format!("/v1/tokens/{}", device["token"]["id"].as_str().unwrap());
    let revoked = app.delete(trader, &path).await;
    assert_eq!(revoked.status, 204, "a lost till");
}

async fn a_user_is_made_only_with_good_fields(database: Database) {
    let app = App::start(&database).await;
    let admin = app.admin().await;
    let zone = "zon_01920000000070008000000000000009";
    for (wish, pointer, code) in [
        (
            json!({"name": "\u{200b}", "role": "staff"}),
            "/name",
            "wrong_character",
        ),
        (
            json!({"name": "Đào", "role": "root"}),
            "/role",
            "unknown_word",
        ),
        (
            json!({"name": "Đào", "role": "staff", "zone_ids": ["TH-QK"]}),
            "/zone_ids/0",
            "wrong_form",
        ),
        (
            json!({"name": "Đào", "role": "staff", "zone_ids": [zone]}),
            "/zone_ids/0",
            "unknown_zone",
        ),
    ] {
        let answer = app.post(&admin, "/v1/users", &wish).await;
        answer.is(422, "invalid_fields");
        let error = &answer.body["errors"][0];
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&json!(pointer), &json!(code)),
            "{wish}"
        );
    }
    let users = app.get(&admin, "/v1/users").await;
    assert_eq!(users.body["data"].as_array().unwrap().len(), 1);
}

async fn the_last_use_is_kept_to_the_minute(database: Database) {
    let app = App::start(&database).await;
    let admin = app.admin().await;
    for (after_s, wanted) in [
        (0, "2026-03-16T09:30:00+07:00"),
        (59, "2026-03-16T09:30:00+07:00"),
        (1, "2026-03-16T09:31:00+07:00"),
    ] {
        app.state.clock.advance(TimeDelta::seconds(after_s));
        let tokens = app.get(&admin, "/v1/tokens").await;
        assert_eq!(tokens.body["data"][0]["last_used_at"], json!(wanted));
    }
}

async fn a_repeated_key_gives_the_first_answer_once(database: Database) {
    let app = App::start(&database).await;
    let admin = app.admin().await;
    let (user, _) = app.staff(&admin, &Value::Null).await;
    let body = json!({"label": "máy 1", "user_id": user});
    let key = Some("8e03978e-40d5-43e8-bc93-6894a57f9324");
    let first = app.post_with(&admin, "/v1/tokens", &body, key).await;
    assert_eq!(first.status, 201, "{first:?}");
    assert!(!first.headers.contains_key("idempotent-replayed"));
    let again = app.post_with(&admin, "/v1/tokens", &body, key).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.headers["content-type"], "application/json");
    let count = async || {
        let tokens = app.get(&admin, "/v1/tokens?limit=200").await;
        tokens.body["data"].as_array().unwrap().len()
    };
    assert_eq!(count().await, 3);

    let other = json!({"label": "máy 2", "user_id": user});
    app.post_with(&admin, "/v1/tokens", &other, key)
        .await
        .is(422, "idempotency_key_reused");
    app.post_with(&admin, "/v1/tokens", &body, Some("a b"))
        .await
        .is(400, "invalid_header");
    // The key of another operation, and of another caller, is another key.
    let person = json!({"name": "Đào", "role": "admin"});
    let person = app.post_with(&admin, "/v1/users", &person, key).await;
    assert_eq!(person.status, 201);
    let second = app
        .token(&admin, &json!({"user_id": person.body["id"]}))
        .await;
    let second = second["secret"].as_str().unwrap();
    let theirs = app.post_with(second, "/v1/tokens", &body, key).await;
    assert_ne!(theirs.body["secret"], first.body["secret"]);
    app.state.clock.advance(TimeDelta::hours(72));
    let late = app.post_with(&admin, "/v1/tokens", &other, key).await;
    assert_eq!(late.status, 201, "forgotten after 72 hours");
}

async fn of_concurrent_requests_with_one_key_one_takes_effect(database: Database) {
    // Two instances over one database: neither knows what runs in the other.
    let app = App::start(&database).await;
    let other = App::start(&database).await;
    let admin = app.admin().await;
    let body = json!({"name": "Đào", "role": "staff"});
    let requests = (0..6).map(|number| {
        let app = if number % 2 == 0 { &app } else { &other };
        app.post_with(&admin, "/v1/users", &body, Some("k"))
    });
    let mut ids = std::collections::BTreeSet::new();
    for answer in futures_of(requests).await {
        match answer.status {
            201 => drop(ids.insert(answer.body["id"].to_string())),
            409 => answer.is(409, "idempotency_key_in_use"),
            _ => panic!("{answer:?}"),
        }
    }
    assert_eq!(ids.len(), 1, "{ids:?}");
    let users = app.get(&admin, "/v1/users").await;
    assert_eq!(users.body["data"].as_array().unwrap().len(), 2);
}

/// Runs futures at the same time on this task.
async fn futures_of<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.map(Box::pin).collect();
    let mut outputs = Vec::new();
    std::future::poll_fn(|context| {
        running.retain_mut(|future| match future.as_mut().poll(context) {
            std::task::Poll::Ready(output) => {
                outputs.push(output);
                false
            }
            std::task::Poll::Pending => true,
        });
        if running.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    outputs
}

async fn a_refused_request_leaves_its_key_free(database: Database) {
    let app = App::start(&database).await;
    let admin = app.admin().await;
    let zone = "zon_01920000000070008000000000000009";
    let bad = json!({"name": "Đào", "role": "staff", "zone_ids": [zone]});
    app.post_with(&admin, "/v1/users", &bad, Some("k"))
        .await
        .is(422, "invalid_fields");
    let good = json!({"name": "Đào", "role": "staff"});
    let answer = app.post_with(&admin, "/v1/users", &good, Some("k")).await;
    assert_eq!(answer.status, 201, "{answer:?}");
}

async fn the_audit_record_names_each_change_newest_first(database: Database) {
    let app = App::start(&database).await;
    let admin = app.admin().await;
    let (user, _) = app.staff(&admin, &Value::Null).await;
    let mut actions = Vec::new();
    let mut path = "/v1/audit?limit=2".to_owned();
    loop {
        let page = app.get(&admin, &path).await;
        assert_eq!(page.status, 200, "{page:?}");
        for entry in page.body["data"].as_array().unwrap() {
            actions.push(entry["action"].as_str().unwrap().to_owned());
        }
        match page.body["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/audit?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    let wanted = [
        "token.create",
        "user.create",
        "token.create",
        "user.create",
        "access.first_link",
    ];
    assert_eq!(actions, wanted);
    let of_user = app.get(&admin, &format!("/v1/audit?subject={user}")).await;
    let entries = of_user.body["data"].as_array().unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["detail"]["role"], "staff");
    assert!(!of_user.body.to_string().contains(&admin), "no secret");
    let none = app.get(&admin, "/v1/audit?chain=none").await;
    assert_eq!(none.body["data"], json!([]));
    let mut tx = app.state.ledger.store.begin_read().await.unwrap();
    assert_eq!(audit::first_break(&mut tx, "main").await.unwrap(), None);
}

async fn alerts_are_counted_and_paged_within_the_callers_zones(database: Database) {
    let app = App::start(&database).await;
    let admin = app.admin().await;
    let (_, everywhere) = app.staff(&admin, &Value::Null).await;
    let (zone, _, _) = merchant_with_outlet(&app).await;
    let (user, there) = app.staff(&admin, &json!([zone.to_string()])).await;
    let seen = app.get(&there, "/v1/alerts").await;
    assert_eq!(seen.status, 200, "{user}");
    let (_, nowhere) = app.staff(&admin, &json!([])).await;
    let mut tx = app.state.ledger.store.begin_write().await.unwrap();
    for number in 1..=3 {
        let alert = NewAlert {
            id: AlertId::from_uuid(Uuid::from_u128(number)),
            kind: "conflict",
            subject: "btx_1",
            merchant: None,
            detail: "{\"n\":1}",
            now: at(),
        };
        alerts::raise(&mut tx, &alert).await.unwrap();
    }
    tx.commit().await.unwrap();
    let first = app.get(&everywhere, "/v1/alerts?limit=2").await;
    assert_eq!(first.body["open_count"], 3, "{first:?}");
    assert_eq!(first.body["data"].as_array().unwrap().len(), 2);
    assert_eq!(first.body["data"][0]["detail"]["n"], 1);
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let path = format!("/v1/alerts?limit=2&cursor={cursor}");
    let second = app.get(&everywhere, &path).await;
    assert_eq!(second.body["data"].as_array().unwrap().len(), 1);
    assert_eq!(second.body["has_more"], false);
    let none = app.get(&nowhere, "/v1/alerts").await;
    assert_eq!(
        (&none.body["open_count"], &none.body["data"]),
        (&json!(0), &json!([]))
    );
    app.get(&nowhere, &path).await.is(400, "invalid_cursor");
}
