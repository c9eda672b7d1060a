//! Whether a private person's account is taken: a setting.

use phocho::domain::account::PersonalAccounts;
use serde_json::json;

use crate::database::{Database, on_both_engines};
use crate::market::Market;
use crate::stalls;

on_both_engines!(
    a_personal_account_is_taken_with_a_warning,
    a_personal_account_is_refused_where_the_setting_says_so,
);

fn wish(stall: stalls::Stall, kind: &str, number: &str) -> serde_json::Value {
    json!({
        "merchant_id": stall.merchant.to_string(),
        "bank_bin": "970436",
        "account_number": number,
        "holder_name": "NGUYEN THI DAO",
        "holder_kind": kind,
        "registered_name": "Nguyễn Thị Đào",
        "name_checked": true,
    })
}

async fn a_personal_account_is_taken_with_a_warning(database: Database) {
    let market = Market::open(&database).await;
    let stall = stalls::stall(market.store(), 1, stalls::open()).await;
    let staff = market.staff(None).await;
    let body = wish(stall, "personal", "0011001234567");
    let account = market.post(&staff, "/v1/accounts", &body).await.good();
    let warning = json!({
        "code": "personal_account",
        "vi": "Tài khoản cá nhân được dùng để kinh doanh",
        "en": "A personal account is used for business",
    });
    assert_eq!(account["warnings"], json!([warning]));
    let path = format!("/v1/accounts/{}", account["id"].as_str().unwrap());
    assert_eq!(market.get(&staff, &path).await.good(), account);
}

async fn a_personal_account_is_refused_where_the_setting_says_so(database: Database) {
    let market = Market::open(&database).await;
    let stall = stalls::stall(market.store(), 1, stalls::open()).await;
    let (maker, checker) = (market.staff(None).await, market.staff(None).await);
    let body = wish(stall, "personal", "0011001234567");
    let before = market.post(&maker, "/v1/accounts", &body).await.good();
    let market = market.changed(|state| state.personal_accounts = PersonalAccounts::Refuse);
    let body = wish(stall, "personal", "0011001234568");
    let refused = market.post(&maker, "/v1/accounts", &body).await;
    refused.is(422, "invalid_fields");
    assert_eq!(refused.fault(), "personal_account");
    assert_eq!(refused.body["errors"][0]["pointer"], "/holder_kind");
    // Nor is one approved that was asked for while they were taken.
    let path = format!("/v1/accounts/{}/approve", before["id"].as_str().unwrap());
    let refused = market.step(&checker, &path).await;
    assert_eq!((refused.status, refused.fault()), (422, "personal_account"));
    let body = wish(stall, "household", "0011001234568");
    let account = market.post(&maker, "/v1/accounts", &body).await.good();
    let path = format!("/v1/accounts/{}/approve", account["id"].as_str().unwrap());
    market.step(&checker, &path).await.good();
}
