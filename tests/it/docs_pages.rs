//! The API's own pages work without any other server and under their own policy.

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use phocho::http::code::Code;
use phocho::http::router;
use tower::ServiceExt;

use crate::state::fresh_state;

async fn get(path: &str) -> (StatusCode, HeaderMap, String) {
    get_as(path, "*/*").await
}

/// The same for a reader who accepts these kinds.
async fn get_as(path: &str, kinds: &str) -> (StatusCode, HeaderMap, String) {
    let (state, _folder) = fresh_state().await;
    let service = router(state);
    let request = Request::get(path).header(header::ACCEPT, kinds);
    let request = request.body(Body::empty()).expect("a request");
    let response = service.oneshot(request).await.expect("an answer");
    let (head, body) = response.into_parts();
    let bytes = body.collect().await.expect("a body").to_bytes();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    (head.status, head.headers, text)
}

#[tokio::test]
async fn the_reader_loads_only_from_here_and_runs_nothing_inline() {
    let (status, headers, page) = get("/docs/").await;
    assert_eq!(status, StatusCode::OK);
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("script-src 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert!(
        !page.contains("http://") && !page.contains("https://"),
        "{page}"
    );
    for part in page.split("<script").skip(1) {
        let (attributes, rest) = part.split_once('>').unwrap();
        assert!(attributes.contains("src=\"./"), "{attributes}");
        assert!(rest.trim_start().starts_with("</script>"), "{rest}");
    }
    let (status, _, start) = get("/docs/swagger-initializer.js").await;
    assert_eq!(status, StatusCode::OK);
    assert!(start.contains("/openapi.yaml"), "{start}");
    let (status, _, yaml) = get("/openapi.yaml").await;
    assert_eq!(status, StatusCode::OK);
    assert!(yaml.starts_with("openapi: 3.1"), "{yaml}");
}

#[tokio::test]
async fn every_problem_type_is_a_page_in_both_languages() {
    for &code in Code::ALL {
        let (status, headers, page) = get(&format!("/docs/errors/{}", code.as_str())).await;
        assert_eq!(status, StatusCode::OK, "{code:?}");
        assert!(
            headers["content-type"]
                .to_str()
                .unwrap()
                .starts_with("text/html")
        );
        for language in ["<p lang=\"vi\">", "<p lang=\"en\">"] {
            assert!(page.contains(language), "{code:?} {language}");
        }
    }
    let (_, _, list) = get("/docs/errors").await;
    for &code in Code::ALL {
        let heading = format!("<section id=\"{0}\">\n<h2><code>{0}</code>", code.as_str());
        assert!(list.contains(&heading), "{code:?}");
    }
    for path in ["/docs/errors/no_such_code", "/docs/no-such-file"] {
        assert_eq!(get(path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_reader_of_pages_is_refused_in_a_page_and_a_program_in_a_document() {
    let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
    for (path, language, title) in [
        ("/nowhere", "vi", "Không tìm thấy"),
        ("/nowhere?lang=en", "en", "Not found"),
        ("/docs/errors/no_such_code?lang=en", "en", "Not found"),
        (
            "/docs/banks/trials/trl_1?token=1&lang=en",
            "en",
            "Not found",
        ),
    ] {
        let (status, headers, page) = get_as(path, browser).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(headers[header::CONTENT_LANGUAGE], language, "{path}");
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("style-src 'self'"), "{policy}");
        assert!(
            page.contains(&format!("<html lang=\"{language}\">")),
            "{page}"
        );
        assert!(page.contains(&format!("<h1>{title}</h1>")), "{page}");
        assert!(
            page.contains("<a href=\"/docs/errors/not_found\">"),
            "{page}"
        );
        assert!(page.contains("req_"), "the request can be found: {page}");
    }
    for (path, kinds) in [
        ("/nowhere", "*/*"),
        ("/nowhere", "application/json"),
        ("/v1/nowhere", browser),
    ] {
        let (status, headers, _) = get_as(path, kinds).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
    }
}

#[tokio::test]
async fn a_process_is_alive_before_it_is_ready() {
    assert_eq!(get("/livez").await.0, StatusCode::OK);
    assert_eq!(get("/readyz").await.0, StatusCode::SERVICE_UNAVAILABLE);
}
