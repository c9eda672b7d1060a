//! Account links over HTTP: asked for, agreed to, live, broken, revoked, on both engines.

use chrono::{DateTime, TimeDelta, Utc};
use phocho::domain::access::UserRole;
use phocho::domain::ids::LinkId;
use phocho::entropy::Entropy;
use phocho::flows::watch_links::{LinkWatch, LinksWatched};
use phocho::store::reach::Reach;
use phocho::store::{account_links, alerts};
use reqwest::Method;
use serde_json::{Value, json};

use crate::database::{Database, on_both_engines};
use crate::sepay::SepayNotice;
use crate::street::{ACCOUNT, ACCOUNT_ID, Street, now};

on_both_engines!(
    a_link_lives_from_the_traders_consent_and_the_first_notice,
    a_link_breaks_with_its_source_and_heals_with_the_next_notice,
    a_consent_that_ends_is_told_of_once_and_then_breaks_the_link,
    a_revoked_link_takes_the_binding_away_until_a_new_consent,
    who_may_not_link_is_refused_by_name,
    a_link_is_asked_for_once_and_seen_by_its_own_only,
    links_are_filtered_and_paged_within_reach,
    of_two_that_look_at_a_time_one_warns,
);

const SECRET: &str = "a-secret-of-this-test-0001";
const REFERENCE: &str = "TH7K2M9XQ4";

/// A street whose source speaks for the seller's account.
struct Linked {
    street: Street,
    admin: String,
    seller: String,
    source: String,
}

impl Linked {
    async fn open(database: &Database) -> Self {
        let street = Street::open(database.store().await).await;
        street.source("sepay", "sepay_hmac", SECRET, None).await;
        street.code(REFERENCE, None).await;
        let admin = street.person(UserRole::Admin).await;
        let (_, sources) = street.get(&admin, "/v1/sources").await;
        Self {
            seller: street.seller(false).await,
            source: sources["data"][0]["id"].as_str().unwrap().to_owned(),
            street,
            admin,
        }
    }

    fn wish(&self) -> Value {
        json!({
            "account_id": ACCOUNT_ID,
            "source_id": self.source,
            "method": "aggregator_consent",
        })
    }

    async fn invite(&self) -> String {
        let (status, link) = self
            .street
            .post(&self.admin, "/v1/account-links", &self.wish())
            .await;
        assert_eq!(status, 201, "{link}");
        assert_eq!(
            (&link["state"], &link["consent"]),
            (&json!("invited"), &Value::Null)
        );
        link["id"].as_str().unwrap().to_owned()
    }

    /// The seller agrees until so many days from the beginning of the test.
    async fn agree(&self, id: &str, days: Option<i64>) -> Value {
        let expires_at = days.map(|days| now() + TimeDelta::days(days));
        let body = json!({"means": "app", "expires_at": expires_at});
        let path = format!("/v1/account-links/{id}/consent");
        let (status, link) = self.street.post(&self.seller, &path, &body).await;
        assert_eq!(status, 200, "{link}");
        link
    }

    async fn read(&self, id: &str) -> Value {
        let path = format!("/v1/account-links/{id}");
        let (status, link) = self.street.get(&self.seller, &path).await;
        assert_eq!(status, 200, "{link}");
        link
    }

    async fn state(&self, id: &str) -> String {
        self.read(id).await["state"].as_str().unwrap().to_owned()
    }

    /// A notice about the seller's account, signed now.
    async fn hear(&self, id: u64) {
        let notice = SepayNotice {
            id,
            bank_number: id,
            amount: 20_000,
            content: REFERENCE,
            account: ACCOUNT,
            booked_at: self.street.clock.now(),
        };
        let (headers, body) = notice.signed(SECRET, self.street.clock.now());
        let (status, answer) = self.street.deliver("sepay", &headers, &body).await;
        assert_eq!(status, 200, "{answer}");
    }

    async fn watch(&self, at: DateTime<Utc>) -> LinksWatched {
        self.street.clock.advance(at - self.street.clock.now());
        let watch = LinkWatch {
            store: &self.street.store,
            now: at,
            entropy: &Entropy::System,
        };
        watch.run().await.unwrap()
    }

    async fn audit(&self, subject: &str) -> Vec<(String, String)> {
        let path = format!("/v1/audit?subject={subject}");
        let (_, entries) = self.street.get(&self.admin, &path).await;
        let entries = entries["data"].as_array().unwrap().iter().rev();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        entries
            .map(|it| (text(&it["action"]), text(&it["actor"])))
            .collect()
    }
}

fn on_day(days: i64) -> DateTime<Utc> {
    now() + TimeDelta::days(days)
}

async fn a_link_lives_from_the_traders_consent_and_the_first_notice(database: Database) {
    let linked = Linked::open(&database).await;
    let merchant = "/v1/merchants/mer_00000000000000000000000000000014";
    let steps = async || linked.street.get(&linked.seller, merchant).await.1["onboarding"].clone();
    let before = steps().await;
    assert!(before["registered_at"].is_string(), "{before}");
    assert_eq!(
        (&before["linked_at"], &before["active_at"]),
        (&Value::Null, &Value::Null)
    );
    let id = linked.invite().await;
    // A notice proves the way and no consent.
    linked.hear(1).await;
    assert_eq!(linked.state(&id).await, "invited");
    let link = linked.agree(&id, Some(365)).await;
    assert_eq!(
        (&link["state"], &link["live_at"]),
        (&json!("consented"), &Value::Null)
    );
    assert_eq!(link["consent"]["means"], "app");
    linked.hear(2).await;
    let link = linked.read(&id).await;
    assert_eq!(
        (&link["state"], &link["version"]),
        (&json!("live"), &json!(3))
    );
    assert_eq!(link["live_at"], "2026-03-16T09:30:00+07:00");
    linked.hear(3).await;
    assert_eq!(linked.read(&id).await["version"], 3, "it is live already");
    let after = steps().await;
    assert_eq!(after["linked_at"], "2026-03-16T09:30:00+07:00");
    assert!(after["active_at"].is_string(), "{after}");
    let (_, list) = linked.street.get(&linked.admin, "/v1/merchants").await;
    assert_eq!(list["data"][0]["onboarding"], Value::Null);
    let entries = linked.audit(&id).await;
    let actions: Vec<_> = entries.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(actions, ["account_link.invite", "account_link.consent"]);
    let (_, events) = linked
        .street
        .get(&linked.seller, "/v1/events?limit=200")
        .await;
    let events = events["data"].as_array().unwrap().iter();
    let told: Vec<_> = events
        .filter(|event| event["subject"] == id.as_str())
        .map(|event| event["kind"].as_str().unwrap())
        .collect();
    // What a notice brought about is in the chain of whoever took it in, and told to all.
    let live = "account_link.live";
    assert_eq!(told, ["account_link.invite", "account_link.consent", live]);
    let (_, chain) = linked
        .street
        .get(&linked.admin, "/v1/audit?chain=test/intake&limit=200")
        .await;
    let entries = chain["data"].as_array().unwrap().iter();
    let entry = entries.into_iter().find(|it| it["action"] == live);
    assert_eq!(entry.unwrap()["actor"], "source:sepay");
}

async fn a_link_breaks_with_its_source_and_heals_with_the_next_notice(database: Database) {
    let linked = Linked::open(&database).await;
    let id = linked.invite().await;
    linked.agree(&id, None).await;
    assert_eq!(
        linked.watch(on_day(0)).await,
        LinksWatched::default(),
        "not live yet"
    );
    linked.hear(1).await;
    // Of one day it is not known how often it speaks: it is silent after eight weeks.
    assert_eq!(linked.watch(on_day(55)).await.broken, 0);
    assert_eq!(linked.watch(on_day(57)).await.broken, 1);
    let link = linked.read(&id).await;
    assert_eq!(
        (&link["state"], &link["cause"]["code"]),
        (&json!("broken"), &json!("silent"))
    );
    assert_eq!(link["live_at"], Value::Null);
    assert_eq!(linked.watch(on_day(57)).await.broken, 0);
    linked.hear(2).await;
    assert_eq!(linked.state(&id).await, "live");
    let path = format!("/v1/sources/{}", linked.source);
    let post = async |step| {
        linked
            .street
            .post(&linked.admin, &format!("{path}/{step}"), &json!({}))
            .await
    };
    assert_eq!(post("disable").await.0, 200);
    assert_eq!(linked.watch(on_day(58)).await.broken, 1);
    assert_eq!(linked.read(&id).await["cause"]["code"], "closed");
    assert_eq!(post("enable").await.0, 200);
    linked.hear(3).await;
    assert_eq!(linked.state(&id).await, "live");
    let broken = ("account_link.break".to_owned(), "phocho".to_owned());
    assert!(linked.audit(&id).await.contains(&broken));
}

async fn a_consent_that_ends_is_told_of_once_and_then_breaks_the_link(database: Database) {
    let linked = Linked::open(&database).await;
    let id = linked.invite().await;
    linked.agree(&id, Some(30)).await;
    linked.hear(1).await;
    let open = async || linked.street.get(&linked.admin, "/v1/alerts").await.1;
    assert_eq!(linked.watch(on_day(15)).await.warned, 0);
    assert_eq!(
        linked.watch(on_day(16)).await,
        LinksWatched {
            warned: 1,
            broken: 0
        }
    );
    assert_eq!(linked.watch(on_day(17)).await.warned, 0, "once");
    let page = open().await;
    let alert = &page["data"][0];
    assert_eq!(
        (&alert["kind"], &alert["subject"]),
        (&json!("account_link.expiring"), &json!(id))
    );
    assert_eq!(alert["detail"]["expires_at"], "2026-04-15T09:30:00+07:00");
    // Agreed anew: the alert is settled, and the next end is told of again.
    assert_eq!(linked.agree(&id, Some(60)).await["state"], "live");
    assert_eq!(open().await["open_count"], 0);
    assert_eq!(linked.watch(on_day(45)).await.warned, 0);
    assert_eq!(linked.watch(on_day(46)).await.warned, 1);
    let settle = format!(
        "/v1/alerts/{}/settle",
        open().await["data"][0]["id"].as_str().unwrap()
    );
    let note = json!({"note": "Đã gọi cho chị Đào"});
    assert_eq!(
        linked.street.post(&linked.admin, &settle, &note).await.0,
        200
    );
    assert_eq!(linked.watch(on_day(47)).await.warned, 0, "a person knows");
    linked.hear(2).await;
    assert_eq!(linked.watch(on_day(60)).await.broken, 1);
    let link = linked.read(&id).await;
    assert_eq!(
        (&link["state"], &link["cause"]["code"]),
        (&json!("broken"), &json!("expired"))
    );
    linked.hear(3).await;
    assert_eq!(linked.state(&id).await, "broken", "a notice is no consent");
    assert_eq!(linked.agree(&id, None).await["state"], "consented");
    linked.hear(4).await;
    assert_eq!(linked.state(&id).await, "live");
    assert_eq!(linked.watch(on_day(61)).await, LinksWatched::default());
}

async fn a_revoked_link_takes_the_binding_away_until_a_new_consent(database: Database) {
    let linked = Linked::open(&database).await;
    let id = linked.invite().await;
    linked.agree(&id, Some(10)).await;
    linked.hear(1).await;
    assert_eq!(linked.watch(on_day(1)).await.warned, 1);
    let revoke = format!("/v1/account-links/{id}/revoke");
    let (status, link) = linked
        .street
        .ask(&linked.seller, Method::POST, &revoke, None)
        .await;
    assert_eq!((status, &link["state"]), (200, &json!("revoked")), "{link}");
    assert_eq!(link["consent"], Value::Null);
    let (_, alerts) = linked.street.get(&linked.admin, "/v1/alerts").await;
    assert_eq!(alerts["open_count"], 0, "nobody needs to ask again");
    // The source no longer speaks for the account.
    let path = format!("/v1/sources/{}", linked.source);
    let (_, source) = linked.street.get(&linked.admin, &path).await;
    assert_eq!(source["account_ids"], json!([]));
    linked.hear(2).await;
    let (_, payments) = linked.street.get(&linked.seller, "/v1/payments").await;
    assert_eq!(payments["data"].as_array().unwrap().len(), 1);
    // Nobody binds it again without the trader.
    let bind = format!("{path}/accounts");
    let body = json!({"account_id": ACCOUNT_ID});
    let refused = linked.street.post(&linked.admin, &bind, &body).await;
    assert_eq!(
        (refused.0, &refused.1["errors"][0]["code"]),
        (409, &json!("no_consent"))
    );
    let again = linked.invite().await;
    assert_eq!(
        linked.street.post(&linked.admin, &bind, &body).await.0,
        409,
        "only asked"
    );
    linked.agree(&again, None).await;
    assert_eq!(linked.street.post(&linked.admin, &bind, &body).await.0, 200);
    linked.hear(3).await;
    assert_eq!(linked.state(&again).await, "live");
    for step in ["revoke", "consent"] {
        let path = format!("/v1/account-links/{id}/{step}");
        let body = json!({"means": "paper"});
        let body = (step == "consent").then_some(&body);
        let refused = linked
            .street
            .ask(&linked.admin, Method::POST, &path, body)
            .await;
        assert_eq!(
            (refused.0, &refused.1["code"]),
            (409, &json!("wrong_state"))
        );
    }
    let entries = linked.audit(&linked.source).await;
    assert!(entries.iter().any(|(action, _)| action == "source.unbind"));
}

async fn who_may_not_link_is_refused_by_name(database: Database) {
    let linked = Linked::open(&database).await;
    let street = &linked.street;
    let till = street.seller(true).await;
    let path = "/v1/account-links";
    for (token, status) in [(&linked.seller, 403), (&till, 403)] {
        assert_eq!(street.post(token, path, &linked.wish()).await.0, status);
    }
    for (field, value, status, code) in [
        (
            "account_id",
            "acc_01920000000070008000000000000009",
            422,
            "unknown_account",
        ),
        (
            "source_id",
            "src_01920000000070008000000000000009",
            422,
            "unknown_source",
        ),
        (
            "account_id",
            "mer_01920000000070008000000000000009",
            422,
            "wrong_form",
        ),
        ("method", "pigeon", 422, "unknown_word"),
    ] {
        let mut wish = linked.wish();
        wish[field] = json!(value);
        let (found, body) = street.post(&linked.admin, path, &wish).await;
        let fault = &body["errors"][0];
        assert_eq!((found, &fault["code"]), (status, &json!(code)), "{body}");
        assert_eq!(fault["pointer"], format!("/{field}"));
    }
    let mut wish = linked.wish();
    wish["colour"] = json!("red");
    assert_eq!(street.post(&linked.admin, path, &wish).await.0, 422);
}

async fn a_link_is_asked_for_once_and_seen_by_its_own_only(database: Database) {
    let linked = Linked::open(&database).await;
    let street = &linked.street;
    let (till, stranger) = (street.seller(true).await, street.stranger().await);
    let path = "/v1/account-links";
    let id = linked.invite().await;
    let (status, taken) = street.post(&linked.admin, path, &linked.wish()).await;
    assert_eq!(
        (status, &taken["errors"][0]["code"]),
        (409, &json!("taken"))
    );
    let one = format!("{path}/{id}");
    let consent = format!("{one}/consent");
    let paper = json!({"means": "paper"});
    assert_eq!(street.get(&stranger, &one).await.0, 404);
    assert_eq!(street.post(&stranger, &consent, &paper).await.0, 404);
    assert_eq!(
        street
            .ask(&stranger, Method::POST, &format!("{one}/revoke"), None)
            .await
            .0,
        404
    );
    assert_eq!(street.get(&till, &one).await.0, 403);
    assert_eq!(
        street
            .get(
                &linked.admin,
                &format!("{path}/lnk_01920000000070008000000000000009")
            )
            .await
            .0,
        404
    );
    for (body, code) in [
        (json!({"means": "pigeon"}), "unknown_word"),
        (
            json!({"means": "paper", "expires_at": "2026-03-16T09:30:00+07:00"}),
            "past_expiry",
        ),
    ] {
        let (status, refused) = street.post(&linked.seller, &consent, &body).await;
        assert_eq!(
            (status, &refused["errors"][0]["code"]),
            (422, &json!(code)),
            "{refused}"
        );
    }
    // A consent that was read about another version is not written down.
    let url = format!("http://{}{consent}", street.address);
    let stale = async |version: &str| {
        let request = street.client.post(&url).bearer_auth(&linked.seller);
        let request = request.header("If-Match", version).json(&paper);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(stale("\"7\"").await, 412);
    assert_eq!(stale("\"1\"").await, 200);
    // A lost answer to the asking is given again.
    let second = street.second_account().await;
    let mut wish = linked.wish();
    wish["account_id"] = json!(second);
    let url = format!("http://{}{path}", street.address);
    let ask = async || {
        let request = street.client.post(&url).bearer_auth(&linked.admin);
        let request = request.header("Idempotency-Key", "link-1").json(&wish);
        request.send().await.unwrap().json::<Value>().await.unwrap()
    };
    let first = ask().await;
    assert_eq!(
        (&ask().await, first["state"].as_str()),
        (&first, Some("invited"))
    );
}

async fn links_are_filtered_and_paged_within_reach(database: Database) {
    let linked = Linked::open(&database).await;
    let street = &linked.street;
    let first = linked.invite().await;
    linked.agree(&first, None).await;
    let mut wish = linked.wish();
    wish["account_id"] = json!(street.second_account().await);
    wish["method"] = json!("bank_direct");
    let (_, second) = street.post(&linked.admin, "/v1/account-links", &wish).await;
    let ids = async |token: &str, query: &str| {
        let (status, page) = street
            .get(token, &format!("/v1/account-links?{query}"))
            .await;
        assert_eq!(status, 200, "{page}");
        let rows = page["data"].as_array().unwrap().iter();
        let ids: Vec<_> = rows
            .map(|row| row["id"].as_str().unwrap().to_owned())
            .collect();
        (ids, page["next_cursor"].as_str().map(str::to_owned))
    };
    let second = second["id"].as_str().unwrap().to_owned();
    for (query, wanted) in [
        ("", vec![&first, &second]),
        ("state=consented", vec![&first]),
        ("state=live", vec![]),
        (&format!("account_id={ACCOUNT_ID}"), vec![&first]),
        (
            "merchant_id=mer_00000000000000000000000000000014",
            vec![&first, &second],
        ),
        ("merchant_id=mer_00000000000000000000000000000015", vec![]),
    ] {
        for token in [&linked.admin, &linked.seller] {
            let (found, _) = ids(token, query).await;
            assert_eq!(found.iter().collect::<Vec<_>>(), wanted, "{query}");
        }
    }
    let (page, cursor) = ids(&linked.seller, "limit=1").await;
    assert_eq!(page, [first]);
    let rest = format!("limit=1&cursor={}", cursor.unwrap());
    assert_eq!(ids(&linked.seller, &rest).await, (vec![second], None));
    let stranger = street.stranger().await;
    assert_eq!(ids(&stranger, "").await, (vec![], None));
    let wrong = street
        .get(&linked.admin, "/v1/account-links?state=asleep")
        .await;
    assert_eq!(wrong.0, 400);
}

async fn of_two_that_look_at_a_time_one_warns(database: Database) {
    let linked = Linked::open(&database).await;
    let id = linked.invite().await;
    linked.agree(&id, Some(10)).await;
    let looks = (0..4).map(|_| linked.watch(on_day(1)));
    let found = futures_util::future::join_all(looks).await;
    assert_eq!(
        found.iter().map(|it| it.warned).sum::<u64>(),
        1,
        "{found:?}"
    );
    let mut tx = linked.street.store.begin_read().await.unwrap();
    let link: LinkId = id.parse().unwrap();
    let link = account_links::find(&mut tx, Reach::Everything, link).await;
    let link = link.unwrap().unwrap();
    let newest = account_links::newest(&mut tx, link.account, link.source).await;
    assert_eq!(newest.unwrap(), Some(link));
    assert_eq!(
        alerts::open_count(&mut tx, Reach::Everything)
            .await
            .unwrap(),
        1
    );
}
