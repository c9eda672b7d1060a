//! What single vendors need beside a signature, over real HTTP on both engines: a login, their
//! own numbers for an answer, one account, and nothing kept that could prove a forgery.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use phocho::domain::access::UserRole;
use phocho::domain::ids::{AccountId, SourceId};
use phocho::flows::check_books;
use phocho::store::sources;
use serde_json::{Value, json};

use crate::callbacks::with_token;
use crate::database::{Database, on_both_engines};
use crate::notices::{deliver_case, open_source, payments_of, sample};
use crate::operation::number;
use crate::street::{ACCOUNT_ID, Street, now};

on_both_engines!(
    vietqr_vn_logs_in_and_every_repeat_gets_the_same_receipt,
    a_login_and_a_notice_have_their_own_addresses,
    vendors_that_read_numbers_are_told_their_own,
    acb_tells_a_movement_at_once_and_the_day_after_and_it_counts_once,
    a_format_of_batches_takes_larger_notices_and_no_other_does,
    a_source_whose_notices_name_no_account_speaks_for_one,
    nothing_that_proves_a_sender_is_kept,
    the_login_of_a_vendor_is_made_given_and_rotated,
    settings_of_a_format_are_asked_for_by_name,
);

/// A sample by its id.
fn case(adapter: &str, id: &str) -> Value {
    let file = sample(adapter);
    let mut cases = file["cases"].as_array().unwrap().iter();
    cases.find(|case| case["id"] == id).unwrap().clone()
}

/// A street with a source of a format that knows the samples' secret.
async fn street_with(database: &Database, adapters: &[&str]) -> Street {
    let street = Street::open(database.store().await).await;
    street.code("TH7K2M9XQ4", None).await;
    for adapter in adapters {
        open_source(&street, adapter, &sample(adapter)).await;
    }
    street
}

async fn log_in(street: &Street) -> String {
    let (status, answer) =
        deliver_case(street, "vietqr_vn", &case("vietqr_vn", "vietqr-S-v-token")).await;
    assert_eq!((status, &answer["token_type"]), (200, &json!("Bearer")));
    assert_eq!(answer["expires_in"], 300);
    answer["access_token"].as_str().unwrap().to_owned()
}

async fn vietqr_vn_logs_in_and_every_repeat_gets_the_same_receipt(database: Database) {
    let street = street_with(&database, &["vietqr_vn"]).await;
    let sync = case("vietqr_vn", "vietqr-S-v-ms");
    let token = log_in(&street).await;
    let told = deliver_case(&street, "vietqr_vn", &with_token(&sync, &token)).await;
    let (status, first) = told;
    assert_eq!((status, &first["error"]), (200, &json!(false)));
    let receipt = first["object"]["reftransactionid"].as_str().unwrap();
    assert!(receipt.starts_with("btx_"), "{receipt}");
    for _ in 0..3 {
        let told = deliver_case(&street, "vietqr_vn", &with_token(&sync, &token)).await;
        assert_eq!(told, (200, first.clone()));
    }
    let unusable = case("vietqr_vn", "vietqr-S-x-sync-fraction");
    let (status, answer) = deliver_case(&street, "vietqr_vn", &with_token(&unusable, &token)).await;
    assert_eq!((status, &answer["error"]), (200, &json!(true)));
    assert_eq!(answer["errorReason"], "BAD_AMOUNT");
    street.clock.advance(TimeDelta::seconds(300));
    let (status, answer) = deliver_case(&street, "vietqr_vn", &with_token(&sync, &token)).await;
    assert_eq!((status, &answer["error"]), (401, &json!(true)));
    let token = log_in(&street).await;
    let told = deliver_case(&street, "vietqr_vn", &with_token(&sync, &token)).await;
    assert_eq!(told, (200, first));
    assert_eq!(payments_of(&street).await.len(), 1);
}

async fn a_login_and_a_notice_have_their_own_addresses(database: Database) {
    let street = street_with(&database, &["vietqr_vn", "pay2s", "vnpay_ipn"]).await;
    let login = sample("vietqr_vn")["secret"].clone();
    let basic = STANDARD.encode(format!(
        "{}:{}",
        login["username"].as_str().unwrap(),
        login["password"].as_str().unwrap()
    ));
    let header = [("authorization".to_owned(), format!("Basic {basic}"))];
    for (method, target, wanted) in [
        ("POST", "vietqr_vn/api/token_generate", 200),
        ("POST", "vietqr_vn", 404),
        ("GET", "vietqr_vn", 404),
        ("GET", "vietqr_vn/api/token_generate", 405),
        ("POST", "vietqr_vn/api/token_generate/", 404),
        ("POST", "vietqr_vn/bank/api/transaction-sync", 401),
        ("POST", "pay2s/api/token_generate", 404),
        ("POST", "pay2s/bank/api/transaction-sync", 404),
        ("POST", "nobody/api/token_generate", 404),
        ("GET", "pay2s", 405),
        ("DELETE", "pay2s", 405),
        ("HEAD", "pay2s", 405),
        ("HEAD", "vnpay_ipn", 200),
        ("PUT", "vnpay_ipn", 405),
    ] {
        let (status, body) = street.deliver_by(method, target, &header, "").await;
        assert_eq!(status, wanted, "{method} {target}: {body}");
    }
    // A genuine notice is none at another format's address.
    let notice = case("pay2s", "pay2s-S-v-0");
    let headers = [(
        "authorization".to_owned(),
        notice["headers"]["Authorization"]
            .as_str()
            .unwrap()
            .to_owned(),
    )];
    let body = notice["body"].as_str().unwrap();
    let target = "pay2s/bank/api/transaction-sync";
    assert_eq!(
        street.deliver_by("POST", target, &headers, body).await.0,
        404
    );
    assert_eq!(payments_of(&street).await.len(), 0);
    assert_eq!(
        street.deliver_by("POST", "pay2s", &headers, body).await.0,
        200
    );
    assert_eq!(payments_of(&street).await.len(), 1);
}

async fn vendors_that_read_numbers_are_told_their_own(database: Database) {
    let street = street_with(&database, &["vnpay_ipn", "zalopay_callback", "momo_ipn"]).await;
    for (adapter, id, field, numbers) in [
        (
            "vnpay_ipn",
            "vnpay-S-v-basic",
            "RspCode",
            [json!("00"), json!("02")],
        ),
        (
            "zalopay_callback",
            "zalo-S-v-basic",
            "return_code",
            [json!(1), json!(2)],
        ),
    ] {
        for number in [&numbers[0], &numbers[1], &numbers[1]] {
            let (status, answer) = deliver_case(&street, adapter, &case(adapter, id)).await;
            assert_eq!((status, &answer[field]), (200, number), "{id}");
        }
    }
    for (adapter, id, field, wanted) in [
        ("vnpay_ipn", "vnpay-S-x-amount", "RspCode", json!("97")),
        ("vnpay_ipn", "vnpay-S-v-cancelled", "RspCode", json!("00")),
        (
            "zalopay_callback",
            "zalo-S-x-amount",
            "return_code",
            json!(-1),
        ),
    ] {
        let (status, answer) = deliver_case(&street, adapter, &case(adapter, id)).await;
        assert_eq!((status, &answer[field]), (200, &wanted), "{id}");
    }
    let mut posted = case("vnpay_ipn", "vnpay-S-v-basic");
    posted["method"] = json!("POST");
    let (status, answer) = deliver_case(&street, "vnpay_ipn", &posted).await;
    assert_eq!((status, &answer["RspCode"]), (200, &json!("97")));
    let mut repeated = case("vnpay_ipn", "vnpay-S-v-basic");
    repeated["path"] = json!(format!(
        "{}&vnp_Amount=1",
        repeated["path"].as_str().unwrap()
    ));
    let (_, answer) = deliver_case(&street, "vnpay_ipn", &repeated).await;
    assert_eq!(answer["RspCode"], "97");
    for _ in 0..2 {
        let told = deliver_case(&street, "momo_ipn", &case("momo_ipn", "momo-S-v-basic")).await;
        assert_eq!(told, (204, Value::Null));
    }
    let told = deliver_case(&street, "momo_ipn", &case("momo_ipn", "momo-S-x-amount")).await;
    assert_eq!(told.0, 401);
    // ZaloPay's order names no code and waits; the other two are paid, once each.
    assert_eq!(payments_of(&street).await.len(), 2);
    assert_eq!(check_books::check(&street.store, 20).await.unwrap(), []);
}

async fn acb_tells_a_movement_at_once_and_the_day_after_and_it_counts_once(database: Database) {
    let street = street_with(&database, &["acb"]).await;
    for reference in ["TH3D8W5RNC", "THQ6V2Y9JB"] {
        street.code(reference, None).await;
    }
    let tell = async |id: &str| {
        let (status, answer) = deliver_case(&street, "acb", &case("acb", id)).await;
        let code = answer["responseStatus"]["responseCode"].clone();
        assert_eq!((status, code), (200, json!("00000000")), "{id}: {answer}");
        answer
    };
    // The history comes first here: what it told of is known when the notice comes late.
    let history = tell("acb-S-v-history").await;
    let update = tell("acb-S-v-update").await;
    let (first, again) = (&history["responseBody"], &update["responseBody"]);
    assert!(first["referenceCode"].as_str().unwrap().starts_with("btx_"));
    assert_eq!(first, again, "the same transaction has the same receipt");
    assert_eq!(update["requestTrace"], "ACB-1");
    assert_eq!(update["responseDateTime"], "2026-03-16T09:30:00+07:00");
    for id in ["acb-S-v-requests", "acb-S-v-history-2", "acb-S-v-again"] {
        tell(id).await;
    }
    assert_eq!(payments_of(&street).await.len(), 3);
    for _ in 0..2 {
        tell("acb-S-v-corrected").await;
    }
    let debits = "SELECT COUNT(*) FROM bank_transactions WHERE direction = 'debit'";
    assert_eq!(number(&database, debits).await, 1);
    let (status, answer) = deliver_case(&street, "acb", &case("acb", "acb-S-x-wrong")).await;
    let told = (&answer["responseStatus"], &answer["requestTrace"]);
    let refused = json!({"responseCode": "40100001"});
    assert_eq!((status, told), (200, (&refused, &Value::Null)));
    let kept = "SELECT COUNT(*) FROM callbacks WHERE headers LIKE '%api-key%'";
    assert_eq!(number(&database, kept).await, 0);
    assert_eq!(check_books::check(&street.store, 20).await.unwrap(), []);
}

async fn a_format_of_batches_takes_larger_notices_and_no_other_does(database: Database) {
    let street = street_with(&database, &["acb", "pay2s"]).await;
    let padded = |adapter: &str, id: &str, length: usize| {
        let mut case = case(adapter, id);
        let body = case["body"].as_str().unwrap().to_owned();
        let spaces = " ".repeat(length - body.len());
        case["body"] = json!(body + &spaces);
        case
    };
    let (notice, batch) = (64 * 1024, 1024 * 1024);
    for (adapter, id, length, wanted) in [
        ("acb", "acb-S-v-update", batch, 200),
        ("acb", "acb-S-v-requests", batch + 1, 413),
        ("pay2s", "pay2s-S-v-0", notice, 200),
        ("pay2s", "pay2s-S-v-1", notice + 1, 413),
    ] {
        let case = padded(adapter, id, length);
        assert_eq!(
            deliver_case(&street, adapter, &case).await.0,
            wanted,
            "{id}"
        );
    }
    let told = "SELECT COUNT(*) FROM transaction_evidence";
    assert_eq!(number(&database, told).await, 2);
}

async fn a_source_whose_notices_name_no_account_speaks_for_one(database: Database) {
    let street = street_with(&database, &[]).await;
    let second = street.second_account().await;
    let (one, other) = (
        street.person(UserRole::Admin).await,
        street.person(UserRole::Admin).await,
    );
    let wish = |accounts: &[&str]| {
        json!({
            "name": "vnpay", "adapter": "vnpay_ipn",
            "secret": sample("vnpay_ipn")["secret"], "config": sample("vnpay_ipn")["config"],
            "account_ids": accounts,
        })
    };
    let (status, problem) = street
        .post(&one, "/v1/sources", &wish(&[ACCOUNT_ID, &second]))
        .await;
    let error = &problem["errors"][0];
    assert_eq!((status, &error["code"]), (422, &json!("one_account_only")));
    assert_eq!(error["pointer"], "/account_ids");
    let (status, issued) = street.post(&one, "/v1/sources", &wish(&[ACCOUNT_ID])).await;
    assert_eq!((status, &issued["secret"]), (201, &Value::Null), "{issued}");
    let path = format!("/v1/sources/{}", issued["source"]["id"].as_str().unwrap());
    let approve = format!("{path}/approve");
    assert_eq!(street.post(&other, &approve, &json!({})).await.0, 200);
    let accounts = format!("{path}/accounts");
    for (account, wanted) in [(second.as_str(), 422), (ACCOUNT_ID, 200)] {
        let bind = json!({"account_id": account});
        assert_eq!(
            street.post(&one, &accounts, &bind).await.0,
            wanted,
            "{account}"
        );
    }
    let deliver = async |id: &str| {
        let sent_to = case("vnpay_ipn", id)["path"].as_str().unwrap().to_owned();
        let target = sent_to.replace("/callbacks/vnpay", "vnpay");
        street.deliver_by("GET", &target, &[], "").await.1
    };
    assert!(deliver("vnpay-S-v-basic").await.contains("\"00\""));
    assert_eq!(payments_of(&street).await.len(), 1);

    // Should two be bound all the same, no notice of it is anybody's money.
    let mut tx = street.store.begin_write().await.unwrap();
    let id: SourceId = issued["source"]["id"].as_str().unwrap().parse().unwrap();
    let account: AccountId = second.parse().unwrap();
    sources::bind_account(&mut tx, id, account, now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(deliver("vnpay-S-v-hash-type").await.contains("\"00\""));
    assert_eq!(payments_of(&street).await.len(), 1);
    let kept = "SELECT COUNT(*) FROM callbacks
        WHERE verdict = 'quarantined' AND reason = 'account_not_single'";
    assert_eq!(number(&database, kept).await, 1);
}

async fn nothing_that_proves_a_sender_is_kept(database: Database) {
    let adapters = [
        "sepay_apikey",
        "casso_v1",
        "casso_v2",
        "pay2s",
        "vietqr_vn",
        "vnpay_ipn",
    ];
    let street = street_with(&database, &adapters).await;
    let token = log_in(&street).await;
    for (adapter, id) in [
        ("sepay_apikey", "sepaykey-S-v-0"),
        ("casso_v1", "casso1-S-v-0"),
        ("casso_v2", "casso-S-v-basic"),
        ("pay2s", "pay2s-S-v-0"),
        ("vietqr_vn", "vietqr-S-v-ms"),
        ("vnpay_ipn", "vnpay-S-v-basic"),
    ] {
        let case = with_token(&case(adapter, id), &token);
        assert_eq!(deliver_case(&street, adapter, &case).await.0, 200, "{id}");
    }
    let count = async |condition: &str| {
        let sql = format!("SELECT COUNT(*) FROM callbacks WHERE {condition}");
        number(&database, &sql).await
    };
    // A login is no notice.
    assert_eq!(count("verdict = 'accepted'").await, 6);
    assert_eq!(count("body_sealed IS NOT NULL").await, 6);
    assert_eq!(count("headers LIKE '%x-casso-signature%'").await, 1);
    for secret in [
        "authorization",
        "secure-token",
        "Bearer",
        "Apikey",
        "static-token",
    ] {
        assert_eq!(
            count(&format!("headers LIKE '%{secret}%'")).await,
            0,
            "{secret}"
        );
    }
    assert_eq!(
        count("query <> ''").await,
        0,
        "what a query tells is sealed"
    );
}

async fn the_login_of_a_vendor_is_made_given_and_rotated(database: Database) {
    let street = street_with(&database, &[]).await;
    let (one, other) = (
        street.person(UserRole::Admin).await,
        street.person(UserRole::Admin).await,
    );
    let wish = |name: &str, secret: Value| json!({"name": name, "adapter": "vietqr_vn", "secret": secret, "account_ids": [ACCOUNT_ID]});
    for (secret, code) in [
        (json!("sixteen--letters"), "wrong_form"),
        (
            json!({"username": "a", "password": "eleven-byte"}),
            "wrong_form",
        ),
        (
            json!({"username": "a:b", "password": "twelve-bytes"}),
            "wrong_form",
        ),
        (
            json!({"username": "", "password": "twelve-bytes"}),
            "wrong_form",
        ),
        (
            json!({"username": "a", "password": "your-256-bit-secret"}),
            "wrong_form",
        ),
    ] {
        let (status, problem) = street.post(&one, "/v1/sources", &wish("vqr", secret)).await;
        let error = &problem["errors"][0];
        assert_eq!((status, &error["code"]), (422, &json!(code)), "{problem}");
        assert_eq!(error["pointer"], "/secret");
    }
    for secret in [
        json!({"username": "a", "password": "twelve-bytes", "more": "x"}),
        json!({"username": "a"}),
        json!(["a"]),
    ] {
        let (status, problem) = street.post(&one, "/v1/sources", &wish("vqr", secret)).await;
        assert!([400, 422].contains(&status), "{problem}");
        assert!(!problem.to_string().contains("twelve-bytes"));
    }
    let text = json!({"name": "sepay", "adapter": "sepay_hmac", "account_ids": [],
        "secret": {"username": "a", "password": "twelve-bytes-and-more"}});
    assert_eq!(street.post(&one, "/v1/sources", &text).await.0, 422);

    let (status, issued) = street
        .post(&one, "/v1/sources", &wish("vqr", Value::Null))
        .await;
    assert_eq!(status, 201, "{issued}");
    let path = format!("/v1/sources/{}", issued["source"]["id"].as_str().unwrap());
    let step = async |token: &str, step: &str, body: Value| {
        street.post(token, &format!("{path}/{step}"), &body).await.0
    };
    assert_eq!(step(&other, "approve", json!({})).await, 200);
    let log_in = async |login: &Value| {
        let part = |name: &str| login[name].as_str().unwrap().to_owned();
        let basic = STANDARD.encode(format!("{}:{}", part("username"), part("password")));
        let header = [("authorization".to_owned(), format!("Basic {basic}"))];
        let target = "vqr/api/token_generate";
        street.deliver_by("POST", target, &header, "").await.0
    };
    let made = issued["secret"].clone();
    let given = json!({"username": "vietqr", "password": "p:ss wörd-rotated"});
    assert_eq!((log_in(&made).await, log_in(&given).await), (200, 401));
    assert_eq!(step(&one, "rotate", json!({"secret": given})).await, 201);
    assert_eq!((log_in(&made).await, log_in(&given).await), (200, 401));
    let overlap = json!({"overlap_s": 3_600});
    assert_eq!(step(&other, "approve-secret", overlap).await, 200);
    assert_eq!((log_in(&made).await, log_in(&given).await), (200, 200));
    street.clock.advance(TimeDelta::seconds(3_600));
    assert_eq!((log_in(&made).await, log_in(&given).await), (401, 200));
    let (_, shown) = street.get(&one, &path).await;
    for secret in [&made["password"], &given["password"]] {
        assert!(!shown.to_string().contains(secret.as_str().unwrap()));
    }
}

async fn settings_of_a_format_are_asked_for_by_name(database: Database) {
    let street = street_with(&database, &[]).await;
    let admin = street.person(UserRole::Admin).await;
    for (adapter, config, pointer, code) in [
        ("vnpay_ipn", json!({}), "/config/vnp_TmnCode", "required"),
        (
            "vnpay_ipn",
            json!({"vnp_TmnCode": ""}),
            "/config/vnp_TmnCode",
            "required",
        ),
        (
            "momo_ipn",
            json!({"accessKey": "a"}),
            "/config/partnerCode",
            "required",
        ),
        (
            "momo_ipn",
            json!({"partnerCode": "a"}),
            "/config/accessKey",
            "required",
        ),
        ("zalopay_callback", json!({}), "/config/app_id", "required"),
        (
            "zalopay_callback",
            json!({"app_id": "1", "key1": "x"}),
            "/config/key1",
            "not_of_this_format",
        ),
    ] {
        let wish = json!({"name": "shop", "adapter": adapter, "config": config,
            "secret": "sixteen--letters", "account_ids": [ACCOUNT_ID]});
        let (status, problem) = street.post(&admin, "/v1/sources", &wish).await;
        let error = &problem["errors"][0];
        assert_eq!(
            (status, &error["pointer"], &error["code"]),
            (422, &json!(pointer), &json!(code)),
            "{problem}"
        );
    }
    for adapter in [
        "casso_v2",
        "pay2s",
        "vnpay_ipn",
        "momo_ipn",
        "zalopay_callback",
    ] {
        let wish = json!({"name": "shop", "adapter": adapter, "account_ids": []});
        let (status, problem) = street.post(&admin, "/v1/sources", &wish).await;
        assert_eq!(
            (status, &problem["errors"][0]["code"]),
            (422, &json!("required"))
        );
    }
    for adapter in ["sepay_apikey", "casso_v1", "acb"] {
        let wish =
            json!({"name": adapter.replace('_', "-"), "adapter": adapter, "account_ids": []});
        let (status, issued) = street.post(&admin, "/v1/sources", &wish).await;
        assert_eq!(status, 201, "{issued}");
        assert_eq!(issued["secret"].as_str().map(str::len), Some(64));
    }
}
