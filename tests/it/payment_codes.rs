//! Payment codes over HTTP: issued, read, drawn, withdrawn, and hidden from others.

use axum::http::header;
use phocho::vietqr::Payload;
use serde_json::json;

use crate::database::{Database, on_both_engines};
use crate::market::Market;
use crate::service::Answer;
use crate::stalls::{self, account_number};

on_both_engines!(a_merchant_issues_reads_draws_and_withdraws_its_own_codes_only);

async fn a_merchant_issues_reads_draws_and_withdraws_its_own_codes_only(database: Database) {
    let market = Market::open(&database).await;
    let own = stalls::stall(market.store(), 1, stalls::open()).await;
    let other = stalls::stall(market.store(), 2, stalls::open()).await;
    let (mine, theirs) = (market.trader(own).await, market.trader(other).await);
    let wish = json!({
        "outlet_id": own.outlet.to_string(),
        "kind": "dynamic",
        "amount_vnd": 50_000,
        "expires_at": "2026-03-16T09:45:00+07:00",
    });
    let path = "/v1/payment-codes";
    for (token, wanted) in [("", 401), (theirs.as_str(), 422)] {
        assert_eq!(market.post(token, path, &wish).await.status, wanted);
    }
    let mut expired = wish.clone();
    expired["expires_at"] = json!("2026-03-16T09:00:00+07:00");
    assert_eq!(market.post(&mine, path, &expired).await.status, 422);
    let issued = market.post(&mine, path, &wish).await;
    assert_eq!(issued.status, 201, "{issued:?}");
    let code = issued.body;
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
        let Answer {
            status, headers, ..
        } = market.get(&mine, &path).await;
        assert_eq!(status, mine_gets, "{end}");
        assert_eq!(headers[header::CONTENT_TYPE], kind, "{end}");
        if let Some(cache) = cache {
            assert_eq!(headers[header::CACHE_CONTROL], cache, "{end}");
            assert!(headers.contains_key(header::ETAG), "{end}");
        }
        let status = market.get(&theirs, &path).await.status;
        assert_eq!(status, if mine_gets == 400 { 400 } else { 404 });
    }
    let cancel = format!("{path}/cancel");
    for (token, wanted) in [(&theirs, 404), (&mine, 200), (&mine, 409)] {
        assert_eq!(market.step(token, &cancel).await.status, wanted);
    }
}
