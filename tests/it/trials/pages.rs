//! The pages of a trial: made by a form, read by a link, without a script.

use axum::body::Body;
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::bench::{Bench, Trial, told};
use crate::database::run_on_sqlite;

/// A page: its status, its headers and its text.
async fn get(bench: &Bench, request: Request<Body>) -> (u16, HeaderMap, String) {
    let answer = bench.service.clone().oneshot(request).await.unwrap();
    let (head, body) = answer.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    (head.status.as_u16(), head.headers, text)
}

pub async fn page(bench: &Bench, path: &str) -> (u16, HeaderMap, String) {
    let request = Request::get(path).header("host", "pho.example");
    get(bench, request.body(Body::empty()).unwrap()).await
}

async fn submit(bench: &Bench, kind: &str, form: &str) -> (u16, HeaderMap, String) {
    let request = Request::post("/docs/banks/trials")
        .header("host", "127.0.0.1:8080")
        .header("content-type", kind);
    get(bench, request.body(Body::from(form.to_owned())).unwrap()).await
}

const FORM: &str = "application/x-www-form-urlencoded";

/// The text between two marks.
fn between<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = page.split_once(start).unwrap();
    rest.split_once(end).unwrap().0
}

pub fn trial_page(trial: &Trial, language: &str) -> String {
    format!(
        "/docs/banks/trials/{}?token={}&lang={language}",
        trial.id, trial.token
    )
}

#[test]
fn the_form_makes_a_trial_and_shows_what_is_shown_once() {
    run_on_sqlite(async |database| {
        let bench = Bench::open(&database).await;
        let (status, headers, banks) = page(&bench, "/docs/banks?lang=en").await;
        assert_eq!(status, 200);
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("form-action 'self'"), "{policy}");
        assert!(banks.contains("action=\"/docs/banks/trials\""));
        assert!(banks.contains("https://pho.example/v1/trials"));
        for adapter in phocho::banks::ADAPTERS {
            let option = format!("<option>{}</option>", adapter.name());
            assert!(banks.contains(&option), "{option}");
        }
        for (adapter, language, title) in [
            ("standard_webhooks", "vi", "Nguồn thử của bạn"),
            ("camt054", "en", "Your trial"),
            ("vietqr_vn", "en", "Your trial"),
            ("momo_ipn", "en", "Your trial"),
        ] {
            let form = format!("adapter={adapter}&lang={language}");
            let (status, headers, made) = submit(&bench, FORM, &form).await;
            assert_eq!(status, 200, "{made}");
            assert_eq!(headers["cache-control"], "no-store");
            assert_eq!(headers["content-language"], language);
            let policy = headers["content-security-policy"].to_str().unwrap();
            assert!(policy.contains("form-action 'none'"), "{policy}");
            assert!(made.contains(&format!("<h1>{title}</h1>")));
            assert!(made.contains("http://127.0.0.1:8080/v1/trials/trl_"));
            assert!(made.contains("pht_"));
            let is_ours = ["standard_webhooks", "camt054"].contains(&adapter);
            assert_eq!(made.contains("PHOCHO_SECRET"), is_ours);
            assert_eq!(made.contains("partnerCode"), adapter == "momo_ipn");
            assert_eq!(made.contains("/api/token_generate"), adapter == "vietqr_vn");
            let link = between(&made, "class=\"step\" href=\"", "\"");
            let link = link.replace("&#38;", "&").replace("&amp;", "&");
            let (status, _, shown) = page(&bench, &link).await;
            assert_eq!(status, 200, "{link}");
            let start = "PHOCHO_SECRET=&#39;";
            let secret = is_ours.then(|| between(&made, start, "&#39;"));
            let secret = secret.unwrap_or("whsec_");
            assert!(secret.starts_with("whsec_") && !shown.contains(secret));
            assert_eq!(shown.contains("language-rest"), is_ours, "{adapter}");
        }
        for (kind, form, wanted) in [
            ("application/json", "{}", 415),
            (FORM, "adapter=swift", 422),
            (FORM, "adapter=payos&secret=mine", 422),
            (FORM, "", 422),
        ] {
            assert_eq!(submit(&bench, kind, form).await.0, wanted, "{form}");
        }
        let long = format!("adapter=payos&lang={}", "x".repeat(5_000));
        assert_eq!(submit(&bench, FORM, &long).await.0, 413);
    });
}

#[test]
fn the_page_tells_what_came_and_what_is_missing_in_both_languages() {
    run_on_sqlite(async |database| {
        let bench = Bench::open(&database).await;
        let trial = bench.trial("payos").await;
        let (status, headers, empty) = page(&bench, &trial_page(&trial, "en")).await;
        assert_eq!(status, 200);
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert!(empty.contains("NOT PASSED YET"));
        assert!(empty.contains("Nothing came yet."));
        assert!(empty.contains("not in this format"));
        bench
            .tell(&trial, told(1, "<b>com</b> trua & \"bun\""))
            .await;
        bench.tell(&trial, told(2, &trial.reference)).await;
        let (_, _, vi) = page(&bench, &trial_page(&trial, "vi")).await;
        let (_, _, en) = page(&bench, &trial_page(&trial, "en")).await;
        for (text, language, verdict, why) in [
            (&vi, "vi", "CHƯA ĐẠT", "Nội dung không có mã nào."),
            (&en, "en", "NOT PASSED YET", "The text holds no reference."),
        ] {
            assert!(text.contains(&format!("<html lang=\"{language}\">")));
            assert!(text.contains(verdict) && text.contains(why), "{language}");
            assert!(text.contains("45.000"), "{language}");
            assert!(text.contains("<code>accepted</code>"), "{language}");
            let meant = text.contains("<code>accepted</code> (đã nhận)");
            assert_eq!(meant, language == "vi");
            let times = text.matches("/03/2026 ").count();
            assert!(times > 5, "{language}");
            assert_eq!(text.matches(" +07:00").count(), times, "{language}");
            assert!(!text.contains("<b>com"), "{language}");
            assert!(text.contains(&trial.reference) && text.contains(&trial.account));
            assert!(text.contains(env!("CARGO_PKG_VERSION")));
        }
        for (name, path) in [
            ("no token", format!("/docs/banks/trials/{}", trial.id)),
            (
                "an unknown word",
                format!("{}&colour=red", trial_page(&trial, "en")),
            ),
        ] {
            assert_eq!(page(&bench, &path).await.0, 400, "{name}");
        }
        let other = format!("{}0", &trial_page(&trial, "en").replace("&lang=en", ""));
        let request = Request::get(&other).header("accept", "text/html");
        let request = request.header("accept-language", "en");
        let (status, _, gone) = get(&bench, request.body(Body::empty()).unwrap()).await;
        assert_eq!(status, 404);
        assert!(gone.contains("its day is over"), "{gone}");
        let cut = format!("/docs/banks/trials/{}?lang=vi", trial.id);
        let request = Request::get(&cut).header("accept", "text/html,*/*;q=0.8");
        let (status, headers, cut) = get(&bench, request.body(Body::empty()).unwrap()).await;
        assert_eq!(status, 400);
        assert_eq!(headers["content-type"], "text/html; charset=utf-8");
        assert!(cut.contains("Liên kết thiếu mã đọc (token=pht_…)"), "{cut}");
        assert!(cut.contains("href=\"/docs/banks?lang=vi\""), "{cut}");
        let odd = format!("/docs/banks/trials/{}?token=pht_1", trial.id);
        assert_eq!(page(&bench, &odd).await.0, 404);
    });
}
