//! A refusal as a page, for a person who followed a link; what the API answers is for programs.

use askama::Template;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::Response;

use super::PAGE_POLICY;
use super::home::language;
use super::words::Words;
use crate::http::language::Language;
use crate::http::problem::{Problem, ProblemDocument};

/// Below it everything is for programs.
const API: &str = "/v1/";

#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage<'a> {
    words: &'static Words,
    refusal: &'a ProblemDocument,
}

/// The language of the page that a reader would rather have than a document for programs, if
/// he would.
pub(crate) fn page_language(request: &Request) -> Option<Language> {
    let takes = request.headers().get_all(header::ACCEPT);
    let mut takes = takes.iter().filter_map(|kinds| kinds.to_str().ok());
    let reads_pages = takes.any(|kinds| kinds.split(',').any(is_page));
    let uri = request.uri();
    (reads_pages && !uri.path().starts_with(API)).then(|| language(uri.query(), request.headers()))
}

fn is_page(kind: &str) -> bool {
    kind.trim().starts_with("text/html")
}

/// Writes the page of a refusal into `response`, keeping its status and headers.
pub(crate) fn write_page(
    problem: &Problem,
    response: &mut Response,
    language: Language,
    request_id: &str,
) {
    problem.write_into(response, language, request_id);
    let page = RefusedPage {
        words: Words::of(language),
        refusal: &problem.document(language, request_id),
    };
    // Without its page a refusal stays the document that it is.
    let Ok(text) = page.render() else { return };
    *response.body_mut() = Body::from(text);
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
}
