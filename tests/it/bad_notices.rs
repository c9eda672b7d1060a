//! Deliveries that cannot be money: each has its own answer and its own reason, in the metrics
//! too, and leaves no money behind.

use std::sync::OnceLock;

use phocho::telemetry::Metrics;

use crate::database::{Database, on_both_engines};
use crate::operation::number;
use crate::sepay;
use crate::street::{ACCOUNT, Street, now};

on_both_engines!(
    a_delivery_that_cannot_be_money_is_answered_counted_and_leaves_none,
    what_the_signature_proves_and_nothing_can_be_read_of_is_kept_for_people,
    another_method_or_type_is_refused_unread_and_counted,
);

const SECRET: &str = "a-secret-of-this-test-0001";
const REFERENCE: &str = "TH7K2M9XQ4";
pub const MONEY: &str = "SELECT (SELECT COUNT(*) FROM bank_transactions)
    + (SELECT COUNT(*) FROM transaction_evidence) + (SELECT COUNT(*) FROM payments)
    + (SELECT COUNT(*) FROM suspense_items) + (SELECT COUNT(*) FROM outlet_days)";
const KEPT: &str = "SELECT COUNT(*) FROM callbacks";
const PAYMENTS: &str = "SELECT COUNT(*) FROM payments";

/// The numbers of this process; they can be collected once only.
pub fn metrics() -> &'static Metrics {
    static METRICS: OnceLock<Metrics> = OnceLock::new();
    METRICS.get_or_init(|| Metrics::start().unwrap())
}

/// How often deliveries of a source ended so.
fn counted(source: &str, verdict: &str, reason: &str) -> u64 {
    counted_with(&[("source", source), ("verdict", verdict), ("reason", reason)])
}

/// How often deliveries of a source ended so, for whatever reason.
pub fn counted_as(source: &str, verdict: &str) -> u64 {
    counted_with(&[("source", source), ("verdict", verdict)])
}

/// The sum over all deliveries with these labels.
fn counted_with(labels: &[(&str, &str)]) -> u64 {
    let told = metrics().render();
    let labels = labels
        .iter()
        .map(|(name, value)| format!("{name}=\"{value}\""));
    let labels: Vec<_> = labels.collect();
    let lines = told.lines().filter(|line| {
        line.starts_with("callbacks_total{") && labels.iter().all(|label| line.contains(label))
    });
    let counts = lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap());
    counts.sum()
}

fn body(amount: &str, content: &str) -> String {
    format!(
        r#"{{"id":92700,"gateway":"MBBank","transactionDate":"2026-03-16 09:29:41","accountNumber":"{ACCOUNT}","subAccount":null,"code":null,"content":{content},"transferType":"in","transferAmount":{amount},"accumulated":0,"referenceCode":"FT26","description":""}}"#
    )
}

/// A call: its headers beside the proof, and its body.
struct Call {
    name: &'static str,
    source: &'static str,
    more: Vec<(&'static str, &'static str)>,
    proved: bool,
    body: String,
}

impl Call {
    fn good(name: &'static str) -> Self {
        Self {
            name,
            source: "sepay",
            more: Vec::new(),
            proved: true,
            body: body("45000", "\"TH7K2M9XQ4\""),
        }
    }

    fn headers(&self) -> Vec<(String, String)> {
        let mut headers = if self.proved {
            sepay::headers(SECRET, now(), &self.body)
        } else {
            Vec::new()
        };
        let replaces = self.more.iter().any(|(name, _)| *name == "content-type");
        headers.retain(|(name, _)| !replaces || name != "content-type");
        let more = self.more.iter();
        headers.extend(more.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        headers
    }
}

/// Calls, the status of their answers, and under which source and reason they are counted.
fn calls() -> Vec<(Call, u16, &'static str, &'static str)> {
    let with = |name, more: &[(&'static str, &'static str)]| Call {
        more: more.to_vec(),
        ..Call::good(name)
    };
    vec![
        (
            Call {
                source: "nobody",
                ..Call::good("an unknown source")
            },
            404,
            "",
            "no_such_source",
        ),
        (
            Call {
                source: "bank",
                ..Call::good("another format")
            },
            401,
            "bank",
            "missing_header",
        ),
        (
            Call {
                proved: false,
                ..Call::good("no proof")
            },
            401,
            "sepay",
            "missing_header",
        ),
        (
            Call {
                body: " ".repeat(64 * 1024 + 1),
                ..Call::good("too large")
            },
            413,
            "",
            "",
        ),
        (
            with("compressed", &[("content-encoding", "gzip")]),
            415,
            "",
            "",
        ),
        (
            with(
                "a form",
                &[("content-type", "application/x-www-form-urlencoded")],
            ),
            415,
            "sepay",
            "other_media_type",
        ),
        (
            with("plain text", &[("content-type", "text/plain")]),
            415,
            "sepay",
            "other_media_type",
        ),
        (
            with(
                "two types",
                &[
                    ("content-type", "application/json"),
                    ("content-type", "text/plain"),
                ],
            ),
            415,
            "sepay",
            "other_media_type",
        ),
        (
            with("a time twice", &[("x-sepay-timestamp", "1773628200")]),
            401,
            "sepay",
            "repeated_header",
        ),
        (
            with("a signature twice", &[("x-sepay-signature", "sha256=00")]),
            401,
            "sepay",
            "repeated_header",
        ),
    ]
}

async fn a_delivery_that_cannot_be_money_is_answered_counted_and_leaves_none(database: Database) {
    let _ = metrics();
    let street = Street::open(database.store().await).await;
    street.code(REFERENCE, None).await;
    street.source("sepay", "sepay_hmac", SECRET, None).await;
    let secret = "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    street
        .source("bank", "standard_webhooks", secret, None)
        .await;
    for (call, status, source, reason) in calls() {
        let before = counted(source, "refused", reason);
        let told = street
            .deliver(call.source, &call.headers(), &call.body)
            .await;
        assert_eq!(told.0, status, "{}: {}", call.name, told.1);
        if !reason.is_empty() {
            assert!(counted(source, "refused", reason) > before, "{}", call.name);
        }
        assert_eq!(number(&database, MONEY).await, 0, "{}", call.name);
    }
    let kept = number(&database, KEPT).await;
    assert_eq!(
        kept, 0,
        "nothing that was not believed is kept as a delivery"
    );
    // The same delivery, whole, is money.
    let good = Call::good("whole");
    assert_eq!(
        street.deliver("sepay", &good.headers(), &good.body).await.0,
        200
    );
    assert_eq!(number(&database, PAYMENTS).await, 1);
    assert!(counted("sepay", "stored", "") >= 1);
}

async fn what_the_signature_proves_and_nothing_can_be_read_of_is_kept_for_people(
    database: Database,
) {
    let _ = metrics();
    let street = Street::open(database.store().await).await;
    street.code(REFERENCE, None).await;
    street.source("sepay", "sepay_hmac", SECRET, None).await;
    let reference = "\"TH7K2M9XQ4\"";
    let mut kept = 0;
    for (name, body, verdict, reason) in [
        (
            "an exponent",
            body("1e5", reference),
            "quarantined",
            "bad_amount",
        ),
        (
            "minus zero",
            body("-0", reference),
            "quarantined",
            "bad_amount",
        ),
        (
            "a fraction",
            body("100000.5", reference),
            "quarantined",
            "bad_amount",
        ),
        (
            "two to the 63rd",
            body("9223372036854775808", reference),
            "quarantined",
            "bad_amount",
        ),
        (
            "NUL as an escape",
            body("45000", "\"TH7K2M9XQ4\\u0000\""),
            "quarantined",
            "bad_field",
        ),
        (
            "NUL as a byte",
            body("45000", "\"TH7K2M9XQ4\0\""),
            "quarantined",
            "malformed_body",
        ),
        (
            "half a pair",
            body("45000", "\"TH7K2M9XQ4\\ud83d\""),
            "refused",
            "ambiguous_body",
        ),
        (
            "a key twice",
            body("45000,\"transferAmount\":1", reference),
            "refused",
            "ambiguous_body",
        ),
    ] {
        let headers = sepay::headers(SECRET, now(), &body);
        let before = counted("sepay", verdict, reason);
        let (status, told) = street.deliver("sepay", &headers, &body).await;
        let wanted = if verdict == "refused" { 401 } else { 200 };
        assert_eq!(status, wanted, "{name}: {told}");
        assert!(counted("sepay", verdict, reason) > before, "{name}");
        kept += i64::from(verdict == "quarantined");
        let found = number(&database, KEPT).await;
        assert_eq!(found, kept, "{name}");
        assert_eq!(number(&database, MONEY).await, 0, "{name}");
    }
    // Zeros behind the point are the same whole đồng, as this vendor writes them.
    let body = body("100000.0", reference);
    let headers = sepay::headers(SECRET, now(), &body);
    assert_eq!(street.deliver("sepay", &headers, &body).await.0, 200);
    assert_eq!(
        number(&database, "SELECT received_vnd FROM payments").await,
        100_000
    );
}

async fn another_method_or_type_is_refused_unread_and_counted(database: Database) {
    let _ = metrics();
    let street = Street::open(database.store().await).await;
    let secret = "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    for (source, adapter) in [
        ("unread-json", "standard_webhooks"),
        ("unread-xml", "camt054"),
    ] {
        street.source(source, adapter, secret, None).await;
    }
    let client = reqwest::Client::new();
    for (source, method, kind, status, reason) in [
        (
            "unread-json",
            "GET",
            "application/json",
            405,
            "wrong_method",
        ),
        (
            "unread-json",
            "HEAD",
            "application/json",
            405,
            "wrong_method",
        ),
        (
            "unread-json",
            "PUT",
            "application/json",
            405,
            "wrong_method",
        ),
        (
            "unread-json",
            "DELETE",
            "application/json",
            405,
            "wrong_method",
        ),
        (
            "unread-xml",
            "PATCH",
            "application/xml",
            405,
            "wrong_method",
        ),
        ("unread-xml", "POST", "text/xml", 415, "other_media_type"),
        (
            "unread-xml",
            "POST",
            "application/json",
            415,
            "other_media_type",
        ),
        (
            "unread-xml",
            "POST",
            "application/xml; charset=ISO-8859-1",
            415,
            "other_media_type",
        ),
        (
            "unread-json",
            "POST",
            "application/xml",
            415,
            "other_media_type",
        ),
    ] {
        let before = counted(source, "refused", reason);
        let url = format!("http://{}/v1/callbacks/{source}", street.address);
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let asked = client
            .request(method.clone(), url)
            .header("content-type", kind);
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{method} {kind}");
        if status == 405 {
            assert_eq!(answer.headers()["allow"], "POST", "{method}");
        }
        assert!(
            counted(source, "refused", reason) > before,
            "{method} {kind}"
        );
    }
    assert_eq!(number(&database, KEPT).await, 0);
}
