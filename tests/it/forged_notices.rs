//! Every forged and damaged notice of the corpus, over real HTTP: none is money, each is
//! counted, and what is remembered of them is bounded.

use phocho::banks::{Delivery, adapter_by_name};
use phocho::store::callbacks::REFUSED_KEPT;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::bad_notices::{MONEY, counted_as, metrics};
use crate::callbacks::{Variants, corpus};
use crate::database::{Database, on_both_engines};
use crate::operation::number;
use crate::state::any_rate;
use crate::street::Street;

on_both_engines!(no_forged_notice_is_money_and_each_is_counted);

/// The fewest forgeries that are worth the name of a corpus.
const FEWEST: usize = 400;
const REMEMBERED: &str = "SELECT COUNT(*) FROM refused_deliveries";
const EVIDENCE: &str = "SELECT COUNT(*) FROM transaction_evidence";

/// A street on which one caller may forge as often as he likes.
async fn open(database: &Database) -> Street {
    Street::open_with(database.store().await, |state| state.rates = any_rate()).await
}

async fn open_source(street: &Street, name: &str, variants: &Variants) {
    let credentials = &variants.credentials;
    let secret = credentials.current.to_stored();
    let config = json!(credentials.config).to_string();
    let public_key = credentials.ed25519_public_key.as_deref();
    let secret = secret.expose_secret();
    street
        .source_with(name, variants.adapter, secret, public_key, &config)
        .await;
}

/// The headers of a delivery; none where they cannot travel as they are: a client does not send
/// control characters, and spaces around a value are no part of it (RFC 9110, 5.5).
fn headers(delivery: &Delivery) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in delivery.headers() {
        if value.trim_ascii() != value.as_slice() {
            return None;
        }
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_bytes(value).ok()?);
    }
    Some(headers)
}

/// Sends a delivery to a source; status and body of the answer. Nothing where it cannot travel
/// as it is.
async fn send(
    street: &Street,
    (source, adapter): (&str, &str),
    delivery: &Delivery,
) -> Option<(u16, String)> {
    let headers = headers(delivery)?;
    let below = adapter_by_name(adapter).unwrap().paths().iter();
    let below = below.copied().find(|below| delivery.path.ends_with(below));
    let below = below.unwrap();
    let mut url = format!("http://{}/v1/callbacks/{source}{below}", street.address);
    if !delivery.query.is_empty() {
        url = format!("{url}?{}", delivery.query);
    }
    let url = Url::parse(&url).unwrap();
    if url.query().unwrap_or_default() != delivery.query {
        return None;
    }
    let method = Method::from_bytes(delivery.method.as_bytes()).unwrap();
    let request = street.client.request(method, url).headers(headers);
    let response = request.body(delivery.body.clone()).send().await.unwrap();
    Some((response.status().as_u16(), response.text().await.unwrap()))
}

async fn no_forged_notice_is_money_and_each_is_counted(database: Database) {
    let _ = metrics();
    let street = open(&database).await;
    let engine = &database.url()[..6];
    let (mut forged, mut read) = (0, 0);
    for (place, variants) in corpus().iter().enumerate() {
        let source = format!("{engine}-{place}");
        open_source(&street, &source, variants).await;
        let money = number(&database, MONEY).await;
        let (mut sent, mut answers) = (0, Vec::new());
        for variant in &variants.all {
            let Some(answer) = send(&street, (&source, variants.adapter), &variant.delivery).await
            else {
                continue;
            };
            if variant.is_forged() {
                sent += 1;
                // Another method or type is refused before it is read, and not written down.
                read += i64::from(!matches!(answer.0, 405 | 413 | 415));
                answers.push((&variant.name, answer));
            }
        }
        let moved = number(&database, MONEY).await - money;
        assert_eq!(moved, 0, "{} {answers:?}", variants.adapter);
        assert_eq!(counted_as(&source, "refused"), sent, "{source}");
        forged += answers.len();
        // The genuine one is money there, and is answered otherwise.
        let evidence = number(&database, EVIDENCE).await;
        let accepted = send(&street, (&source, variants.adapter), &variants.genuine)
            .await
            .unwrap();
        let told = number(&database, EVIDENCE).await - evidence;
        assert_eq!(told, 1, "{} {accepted:?}", variants.adapter);
        for (name, answer) in answers {
            assert_ne!(answer, accepted, "{} {name}", variants.adapter);
        }
    }
    assert!(forged >= FEWEST, "{forged}");
    println!("{forged} forged deliveries");
    assert_eq!(number(&database, REMEMBERED).await, read.min(REFUSED_KEPT));
    let first = &corpus()[0];
    let source = format!("{engine}-0");
    for _ in read..=REFUSED_KEPT {
        send(&street, (&source, first.adapter), &first.all[0].delivery).await;
    }
    assert_eq!(number(&database, REMEMBERED).await, REFUSED_KEPT);
}
