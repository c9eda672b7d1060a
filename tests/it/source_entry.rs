//! From where and with which certificate a source may be spoken to, over HTTP on both engines.

use phocho::domain::access::UserRole;
use phocho::http::certificate::CertificateHeader;
use phocho::http::peer::TrustedProxies;
use reqwest::Method;
use serde_json::{Value, json};

use crate::database::{Database, on_both_engines};
use crate::notices::{payments_of, sepay};
use crate::operation::number;
use crate::street::{ACCOUNT, ACCOUNT_ID, Street};

on_both_engines!(
    notices_are_taken_from_the_named_addresses_behind_declared_proxies,
    a_certificate_is_believed_from_a_declared_proxy_alone,
    a_certificate_from_anyone_else_is_no_certificate,
    entry_rules_change_by_two_persons,
    entry_rules_that_say_nothing_are_refused_by_name,
);

const SECRET: &str = "a-secret-of-this-test-0001";
const HEADER: &str = "X-Client-Cert";
const FORWARDED: &str = "X-Forwarded-For";

fn print(byte: &str) -> String {
    byte.repeat(32)
}

/// A street behind a proxy on this machine, or with none declared.
async fn street(database: &Database, declared: bool) -> Street {
    let street = Street::open_with(database.store().await, |state| {
        let proxies = declared.then(|| "127.0.0.1".parse().unwrap());
        state.trusted = TrustedProxies::new(Vec::from_iter(proxies));
        state.certificates = CertificateHeader::new(Some(HEADER.to_ascii_lowercase()));
    });
    let street = street.await;
    street.code("TH7K2M9XQ4", None).await;
    street
}

fn wish(rules: &Value) -> Value {
    json!({"name": "bank", "adapter": "sepay_hmac", "secret": SECRET,
        "account_ids": [ACCOUNT_ID], "entry_rules": rules})
}

/// Lets a source with these rules in; two administrators and its path.
async fn source(street: &Street, rules: Value) -> ([String; 2], String) {
    let one = street.person(UserRole::Admin).await;
    let other = street.person(UserRole::Admin).await;
    let (status, issued) = street.post(&one, "/v1/sources", &wish(&rules)).await;
    assert_eq!(status, 201, "{issued}");
    let path = format!("/v1/sources/{}", issued["source"]["id"].as_str().unwrap());
    let approve = format!("{path}/approve");
    assert_eq!(street.post(&other, &approve, &json!({})).await.0, 200);
    ([one, other], path)
}

/// Sends a genuine notice with more headers and gives the status of the answer.
async fn tell(street: &Street, more: &[(&str, &str)]) -> u16 {
    let (mut headers, body) = sepay(7, 45_000, "TH7K2M9XQ4", ACCOUNT, 41);
    let more = more
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()));
    headers.extend(more);
    street.deliver("bank", &headers, &body).await.0
}

async fn notices_are_taken_from_the_named_addresses_behind_declared_proxies(database: Database) {
    let street = street(&database, true).await;
    let rules = json!({"addresses": ["203.0.113.0/24", "2001:db8::7"]});
    source(&street, rules).await;
    for (forwarded, wanted) in [
        ("198.51.100.1", 401),
        ("2001:db8::8", 401),
        ("203.0.113.9, 198.51.100.1", 401),
        ("nonsense", 401),
    ] {
        let told = tell(&street, &[(FORWARDED, forwarded)]).await;
        assert_eq!(told, wanted, "{forwarded}");
    }
    assert_eq!(tell(&street, &[]).await, 401, "the proxy itself");
    assert_eq!(payments_of(&street).await.len(), 0);
    let refused = "SELECT COUNT(*) FROM refused_deliveries WHERE reason = 'other_address'";
    assert_eq!(number(&database, refused).await, 5);
    for forwarded in ["203.0.113.9", "2001:db8::7", "198.51.100.1, 203.0.113.9"] {
        let told = tell(&street, &[(FORWARDED, forwarded)]).await;
        assert_eq!(told, 200, "{forwarded}");
    }
    assert_eq!(payments_of(&street).await.len(), 1);
}

async fn a_certificate_is_believed_from_a_declared_proxy_alone(database: Database) {
    let street = street(&database, true).await;
    let (good, next, other) = (print("ab"), print("cd"), print("ef"));
    let rules = json!({"certificates_sha256": [good.to_uppercase(), next]});
    source(&street, rules).await;
    let twice = [(HEADER, &*good), (HEADER, &*good)];
    for (shown, reason) in [
        (&[][..], "other_certificate"),
        (&[(HEADER, &*other)], "other_certificate"),
        (&[(HEADER, "")], "other_certificate"),
        (&twice, "repeated_header"),
        (&[(HEADER, "CN=bank.example")], "malformed_header"),
    ] {
        assert_eq!(tell(&street, shown).await, 401, "{shown:?}");
        let newest = format!("SELECT COUNT(*) FROM refused_deliveries WHERE reason = '{reason}'");
        assert!(number(&database, &newest).await > 0, "{reason}");
    }
    assert_eq!(payments_of(&street).await.len(), 0);
    for shown in [&good, &next] {
        assert_eq!(tell(&street, &[(HEADER, shown)]).await, 200);
    }
    let kept = "SELECT COUNT(*) FROM callbacks WHERE headers LIKE '%client-cert%'";
    assert_eq!(number(&database, kept).await, 0);
    // A source that asks for no certificate does not look at the header.
    street.source("free", "sepay_hmac", SECRET, None).await;
    let (mut headers, body) = sepay(8, 45_000, "TH7K2M9XQ4", ACCOUNT, 42);
    headers.extend([(HEADER.into(), "x".into()), (HEADER.into(), "y".into())]);
    assert_eq!(street.deliver("free", &headers, &body).await.0, 200);
}

async fn a_certificate_from_anyone_else_is_no_certificate(database: Database) {
    let street = street(&database, false).await;
    source(&street, json!({"certificates_sha256": [print("ab")]})).await;
    assert_eq!(tell(&street, &[(HEADER, &print("ab"))]).await, 401);
    assert_eq!(payments_of(&street).await.len(), 0);
}

async fn entry_rules_change_by_two_persons(database: Database) {
    let street = street(&database, true).await;
    let ([one, other], path) = source(&street, json!({})).await;
    assert_eq!(tell(&street, &[]).await, 200);
    let approve = format!("{path}/approve-entry-rules");
    let post = async |token: &str| street.post(token, &approve, &json!({})).await;
    let (status, problem) = post(&other).await;
    assert_eq!((status, &problem["code"]), (409, &json!("wrong_state")));
    let rules = json!({"addresses": ["203.0.113.9"], "certificates_sha256": [print("ab")]});
    let propose = async |token: &str, rules: &Value| {
        let path = format!("{path}/entry-rules");
        street.ask(token, Method::PUT, &path, Some(rules)).await
    };
    let (status, source) = propose(&one, &rules).await;
    assert_eq!((status, &source["next_entry_rules"]), (200, &rules));
    assert_eq!(source["entry_rules"]["addresses"], json!([]));
    assert_eq!(source["next_entry_created_at"], "2026-03-16T09:30:00+07:00");
    assert_eq!(tell(&street, &[]).await, 200, "not in force yet");
    let (status, problem) = post(&one).await;
    let code = json!("second_person_required");
    assert_eq!((status, &problem["code"]), (403, &code));
    let staff = street.person(UserRole::Staff).await;
    assert_eq!(post(&staff).await.0, 403);
    assert_eq!(propose(&staff, &rules).await.0, 403);
    let (status, source) = post(&other).await;
    assert_eq!((status, &source["entry_rules"]), (200, &rules));
    for field in ["rules", "requested_by", "created_at"] {
        assert_eq!(
            source[format!("next_entry_{field}")],
            Value::Null,
            "{field}"
        );
    }
    assert_eq!(tell(&street, &[]).await, 401);
    let (address, shown) = ((FORWARDED, "203.0.113.9"), print("ab"));
    assert_eq!(tell(&street, &[address]).await, 401);
    assert_eq!(tell(&street, &[address, (HEADER, &shown)]).await, 200);
    assert_eq!(post(&other).await.0, 409, "nothing waits any more");
    // Everything is given anew: what is left out is gone.
    assert_eq!(propose(&other, &json!({})).await.0, 200);
    assert_eq!(post(&one).await.0, 200);
    assert_eq!(tell(&street, &[]).await, 200);
    let audit = "SELECT COUNT(*) FROM audit_entries
        WHERE action = 'source.adopt_entry' AND detail LIKE '%203.0.113.9%'";
    assert_eq!(number(&database, audit).await, 2);
    let events = "SELECT COUNT(*) FROM events WHERE kind = 'source.propose_entry'";
    assert_eq!(number(&database, events).await, 2);
}

async fn entry_rules_that_say_nothing_are_refused_by_name(database: Database) {
    let street = street(&database, true).await;
    let ([one, _], path) = source(&street, json!({})).await;
    let many = |text: &str, count: usize| vec![text.to_owned(); count];
    for (rules, pointer, code) in [
        (json!({"addresses": ["here"]}), "/addresses/0", "wrong_form"),
        (
            json!({"addresses": ["::1", "10.0.0.0/33"]}),
            "/addresses/1",
            "wrong_form",
        ),
        (
            json!({"addresses": many("::1", 65)}),
            "/addresses",
            "too_long",
        ),
        (
            json!({"certificates_sha256": ["CN=bank.example"]}),
            "/certificates_sha256/0",
            "wrong_form",
        ),
        (
            json!({"certificates_sha256": ["ab".repeat(20)]}),
            "/certificates_sha256/0",
            "wrong_form",
        ),
        (
            json!({"certificates_sha256": many(&print("ab"), 9)}),
            "/certificates_sha256",
            "too_long",
        ),
    ] {
        let put = format!("{path}/entry-rules");
        let (status, problem) = street.ask(&one, Method::PUT, &put, Some(&rules)).await;
        let error = &problem["errors"][0];
        let told = (&error["pointer"], &error["code"]);
        assert_eq!((status, told), (422, (&json!(pointer), &json!(code))));
        let mut other = wish(&rules);
        other["name"] = json!("other");
        let (status, problem) = street.post(&one, "/v1/sources", &other).await;
        let pointer = format!("/entry_rules{pointer}");
        assert_eq!(
            (status, &problem["errors"][0]["pointer"]),
            (422, &json!(pointer))
        );
    }
    let unknown = json!({"address": "::1"});
    let put = format!("{path}/entry-rules");
    let (status, _) = street.ask(&one, Method::PUT, &put, Some(&unknown)).await;
    assert_eq!(status, 422);
    let nobody = "/v1/sources/src_01920000000070008000000000000009/entry-rules";
    let (status, _) = street
        .ask(&one, Method::PUT, nobody, Some(&json!({})))
        .await;
    assert_eq!(status, 404);
}
