//! Payment codes over HTTP: issued, read, drawn, withdrawn, and hidden from others.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use phocho::clock::Clock;
use phocho::domain::access::TokenHolder;
use phocho::entropy::Entropy;
use phocho::flows::access::{Act, NewToken, issue_token};
use phocho::http::router;
use phocho::store::Store;
use phocho::vietqr::Payload;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::database::{Database, on_both_engines};
use crate::stalls::{self, Stall, account_number, opening};
use crate::state::state_over;

on_both_engines!(a_merchant_issues_reads_draws_and_withdraws_its_own_codes_only);

async fn token(store: &Store, stall: Stall, seed: u64) -> String {
    let entropy = Entropy::seeded(seed);
    let act = Act {
        actor: "phocho",
        now: opening(),
        entropy: &entropy,
    };
    let new = NewToken {
        label: "till".to_owned(),
        holder: TokenHolder::Merchant(stall.merchant),
        expires_at: None,
    };
    let mut tx = store.begin_write().await.unwrap();
    let issued = issue_token(&mut tx, &act, new).await.unwrap();
    tx.commit().await.unwrap();
    issued.secret.reveal().to_string()
}

async fn send(
    service: &Router,
    token: &str,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> (StatusCode, HeaderMap, Bytes) {
    let mut request = Request::builder().method(method).uri(path);
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let request = request.header(header::CONTENT_TYPE, "application/json");
    let response = service.clone().oneshot(request.body(body).unwrap()).await;
    let (head, body) = response.unwrap().into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (head.status, head.headers, bytes)
}

async fn a_merchant_issues_reads_draws_and_withdraws_its_own_codes_only(database: Database) {
    let store = database.store().await;
    let own = stalls::stall(&store, 1, stalls::open()).await;
    let other = stalls::stall(&store, 2, stalls::open()).await;
    let (mine, theirs) = (token(&store, own, 11).await, token(&store, other, 12).await);
    let mut state = state_over(store.clone());
    state.clock = Clock::fixed(opening());
    let service = router(state);
    let wish = json!({
        "outlet_id": own.outlet.to_string(),
        "kind": "dynamic",
        "amount_vnd": 50_000,
        "expires_at": "2026-03-16T09:45:00+07:00",
    });
    let path = "/v1/payment-codes";
    for (token, wanted) in [("", 401), (theirs.as_str(), 422)] {
        let (status, ..) = send(&service, token, "POST", path, Some(wish.clone())).await;
        assert_eq!(status.as_u16(), wanted);
    }
    let mut expired = wish.clone();
    expired["expires_at"] = json!("2026-03-16T09:00:00+07:00");
    let (status, ..) = send(&service, &mine, "POST", path, Some(expired)).await;
    assert_eq!(status.as_u16(), 422);
    let (status, _, body) = send(&service, &mine, "POST", path, Some(wish)).await;
    assert_eq!(status.as_u16(), 201, "{body:?}");
    let code: Value = serde_json::from_slice(&body).unwrap();
    let payload = Payload::parse(code["payload"].as_str().unwrap()).unwrap();
    assert_eq!(payload.account().reveal(), account_number(1));
    assert_eq!(payload.purpose(), code["reference"].as_str());
    let path = format!("{path}/{}", code["id"].as_str().unwrap());
    for (end, mine_gets, kind, cache) in [
        ("", 200, "application/json", None),
        ("/qr.svg", 200, "image/svg+xml", Some("private, no-cache")),
        (
            "/qr.png?revision=1&module_px=4",
            200,
            "image/png",
            Some("private, max-age=31536000, immutable"),
        ),
        (
            "/qr.png?module_px=21",
            400,
            "application/problem+json",
            None,
        ),
        ("/qr.svg?revision=2", 404, "application/problem+json", None),
    ] {
        let path = format!("{path}{end}");
        let (status, headers, _) = send(&service, &mine, "GET", &path, None).await;
        assert_eq!(status.as_u16(), mine_gets, "{end}");
        assert_eq!(headers[header::CONTENT_TYPE], kind, "{end}");
        if let Some(cache) = cache {
            assert_eq!(headers[header::CACHE_CONTROL], cache, "{end}");
            assert!(headers.contains_key(header::ETAG), "{end}");
        }
        let (status, ..) = send(&service, &theirs, "GET", &path, None).await;
        assert_eq!(status.as_u16(), if mine_gets == 400 { 400 } else { 404 });
    }
    let cancel = format!("{path}/cancel");
    for (token, wanted) in [(&theirs, 404), (&mine, 200), (&mine, 409)] {
        let (status, ..) = send(&service, token, "POST", &cancel, None).await;
        assert_eq!(status.as_u16(), wanted);
    }
}
