//! Pages for people: written by the server, Vietnamese first, English second, with no script,
//! style or font from elsewhere.
//!
//! A page reads what the API reads; its words, numbers and dates are in `view`.

mod banks;
mod chart;
mod days;
mod document;
mod errors;
mod home;
mod refused;
mod trial_codes;
mod trial_lines;
mod trial_words;
mod trials;
mod vendors;
mod view;
mod words;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

pub(crate) use self::refused::{page_language, write_page};
use crate::http::AppState;

/// What a page may load: its own style, script and pictures.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// The same for a page with a form, which is sent to this server.
const FORM_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);
/// The assets change only with the program.
const ASSET_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// The routes of the pages.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/", get(home::page))
        .route("/live", get(home::live))
        .route("/docs/errors", get(errors::list))
        .route("/docs/errors/{code}", get(errors::one))
        .route("/docs/banks", get(banks::page))
        .route("/docs/banks/trials", post(trials::create))
        .route("/docs/banks/trials/{id}", get(trials::page))
        .route("/assets/page.css", get(style))
        .route("/assets/live.js", get(script))
        .route("/assets/icon.svg", get(icon))
}

async fn style() -> Response {
    asset("text/css; charset=utf-8", include_str!("assets/page.css"))
}

async fn script() -> Response {
    asset(
        "text/javascript; charset=utf-8",
        include_str!("assets/live.js"),
    )
}

async fn icon() -> Response {
    asset("image/svg+xml", include_str!("assets/icon.svg"))
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, ASSET_CACHE),
    ];
    (headers, text).into_response()
}

/// A page, with what it may load.
fn html(text: String, language: &'static str) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (header::CONTENT_LANGUAGE, HeaderValue::from_static(language)),
        (header::VARY, HeaderValue::from_static("accept-language")),
    ];
    (headers, text).into_response()
}

/// A page with a form.
fn form_page(text: String, language: &'static str) -> Response {
    let mut page = html(text, language);
    let headers = page.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, FORM_POLICY);
    page
}
