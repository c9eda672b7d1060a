//! The metrics listener tells routes, never addresses.

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use phocho::http::{numbers, router};
use tower::ServiceExt;

use crate::bad_notices::metrics;
use crate::state::fresh_state;

async fn get(service: axum::Router, path: &str) -> String {
    let request = Request::get(path).body(Body::empty()).expect("a request");
    let response = service.oneshot(request).await.expect("an answer");
    let bytes = response
        .into_body()
        .collect()
        .await
        .expect("a body")
        .to_bytes();
    String::from_utf8(bytes.to_vec()).expect("a text")
}

#[tokio::test]
async fn requests_are_counted_by_route_and_status() {
    let metrics = metrics().clone();
    let (state, _folder) = fresh_state().await;
    for path in [
        "/docs/errors/not_found",
        "/made/up/by/a/client",
        "/docs/errors/x",
    ] {
        get(router(state.clone()), path).await;
    }
    let told = get(numbers::router(state, metrics), "/metrics").await;
    for line in [
        r#"http_requests_total{method="GET",path="/docs/errors/{code}",status="200"} "#,
        r#"http_requests_total{method="GET",path="/docs/errors/{code}",status="404"} "#,
        r#"http_requests_total{method="GET",path="unmatched",status="404"} "#,
        r#"http_request_duration_seconds_bucket{method="GET",path="/docs/errors/{code}",le="0.1"} "#,
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    assert!(!told.contains("made/up"), "{told}");
}
