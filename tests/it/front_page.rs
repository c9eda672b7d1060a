//! The front page: what a pilot shows to everyone, and what only sample data shows.

use phocho::http::FrontPage;
use phocho::store::Store;
use reqwest::Client;

use crate::database::{Database, on_both_engines};
use crate::sepay::{SepayNotice, second};
use crate::state::state_over;
use crate::street::{ACCOUNT, Street, now, serve};

on_both_engines!(
    a_pilot_shows_its_zones_and_nobodys_money,
    sample_data_shows_figures_with_their_parts_and_the_newest_payments,
    a_page_without_any_data_says_so,
);

const SECRET: &str = "a-secret-of-this-test-0003";

/// A street on which 45 000 đồng were paid on the printed code and 200 đồng of 200 000.
async fn paid(database: &Database) -> Street {
    let street = Street::open(database.store().await).await;
    street.code("TH7K2M9XQ4", None).await;
    street.code("TH3D8W5RNC", Some(200_000)).await;
    street.source("sepay", "sepay_hmac", SECRET, None).await;
    for (id, amount, content) in [(1, 45_000, "TH7K2M9XQ4"), (2, 200, "TH3D8W5RNC")] {
        let notice = SepayNotice {
            id,
            amount,
            content,
            account: ACCOUNT,
            bank_number: id,
            booked_at: second(41),
        };
        let (headers, body) = notice.signed(SECRET, now());
        assert_eq!(street.deliver("sepay", &headers, &body).await.0, 200);
    }
    street
}

/// Serves a database with a front page of this kind and gives the address.
async fn served(store: Store, front_page: FrontPage) -> String {
    let mut state = state_over(store);
    state.clock = phocho::clock::Clock::fixed(now());
    state.front_page = front_page;
    serve(state).await
}

async fn get(address: &str, path: &str, language: &str) -> (u16, String, String) {
    let request = Client::new().get(format!("http://{address}{path}"));
    let answer = request.header("accept-language", language).send().await;
    let answer = answer.unwrap();
    let status = answer.status().as_u16();
    let policy = answer.headers().get("content-security-policy");
    let policy = policy.map(|it| it.to_str().unwrap().to_owned());
    (
        status,
        answer.text().await.unwrap(),
        policy.unwrap_or_default(),
    )
}

async fn a_pilot_shows_its_zones_and_nobodys_money(database: Database) {
    let street = paid(&database).await;
    let address = served(street.store.clone(), FrontPage::Pilot).await;
    for (language, title, staff) in [
        ("vi", "Phố chợ không tiền mặt", "dành cho cán bộ"),
        ("en", "The cashless market street", "for its staff"),
    ] {
        let (status, page, policy) = get(&address, "/", language).await;
        assert_eq!(status, 200);
        assert!(page.contains(title) && page.contains(staff), "{page}");
        assert!(page.contains("Phố Quảng Khánh") && page.contains("TH-QK"));
        assert!(!page.contains("45.000") && !page.contains("Bún ốc"));
        assert!(!page.contains("<script") && !page.contains("DỮ LIỆU MẪU"));
        assert!(policy.starts_with("default-src 'none'; style-src 'self';"));
        assert!(!policy.contains("unsafe"));
    }
    let (status, ..) = get(&address, "/live", "vi").await;
    assert_eq!(status, 404);
}

async fn sample_data_shows_figures_with_their_parts_and_the_newest_payments(database: Database) {
    let street = paid(&database).await;
    let address = served(street.store.clone(), FrontPage::SampleData).await;
    for (query, banner, short) in [
        ("", "DỮ LIỆU MẪU", "THIẾU TIỀN (cần thu 200.000 ₫)"),
        ("?lang=en", "SAMPLE DATA", "TOO LITTLE (due 200.000 ₫)"),
    ] {
        let (status, page, _) = get(&address, &format!("/{query}"), "vi").await;
        assert_eq!(status, 200);
        assert!(page.contains(banner) && page.contains(short), "{page}");
        assert!(page.contains("Bún ốc Phủ Tây Hồ · Số 12"));
        assert!(page.contains("45.000 ₫") && page.contains("16/03/2026 (28/1 "));
        assert!(
            page.contains("<td class=\"number\">0 / 1</td></tr>"),
            "{page}"
        );
        let (status, live, _) = get(&address, &format!("/live{query}"), "vi").await;
        assert_eq!(status, 200);
        assert!(page.contains(&live), "the page holds the same moving part");
    }
    for (path, kind) in [
        ("/assets/page.css", ".banner"),
        ("/assets/live.js", "fetch("),
        ("/assets/icon.svg", "<svg"),
    ] {
        let (status, text, _) = get(&address, path, "vi").await;
        assert_eq!(status, 200);
        assert!(text.contains(kind), "{path}");
        assert!(
            !text.contains("http://") || path.ends_with("svg"),
            "nothing from elsewhere"
        );
    }
}

async fn a_page_without_any_data_says_so(database: Database) {
    let store = database.store().await;
    let address = served(store.clone(), FrontPage::Pilot).await;
    let (status, page, _) = get(&address, "/", "vi").await;
    assert_eq!(
        (status, page.contains("Chưa có khu vực nào được ghi.")),
        (200, true)
    );
    let address = served(store, FrontPage::SampleData).await;
    let (status, page, _) = get(&address, "/", "en").await;
    assert_eq!(status, 200);
    for text in [
        "No payment yet.",
        "No zone is registered yet.",
        "not defined",
    ] {
        assert!(page.contains(text), "{text}");
    }
    // A rate over nothing is no zero.
    assert!(!page.contains("0 %"), "{page}");
}
