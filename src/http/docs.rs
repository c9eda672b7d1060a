//! The API's own pages: the document, a reader for it, and a page for each error code.

use std::fmt::Write;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::AppState;
use super::code::Code;
use super::extract::Path;
use super::language::{Language, Text};
use super::problem::Problem;

/// The reader's scripts and styles come from this server alone; nothing runs inline.
const READER_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// The reader's files change only with the program.
const READER_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// The routes; the document is written once, here.
pub fn router(document: &OpenApi) -> Router<AppState> {
    let yaml = super::openapi::to_yaml(document);
    let yaml = async move || ([(header::CONTENT_TYPE, "application/yaml")], yaml).into_response();
    let reader = SwaggerUi::new("/docs").config(Config::from("/openapi.yaml"));
    Router::from(reader)
        .layer(from_fn(guard_reader))
        .route("/openapi.yaml", get(yaml))
        .route("/docs/errors", get(async || Html(error_list())))
        .route("/docs/errors/{code}", get(error_page))
}

async fn guard_reader(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if response.status().is_success() {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, READER_POLICY);
        headers.insert(header::CACHE_CONTROL, READER_CACHE);
    }
    response
}

async fn error_page(Path(code): Path<String>) -> Result<Html<String>, Problem> {
    let code = Code::parse(&code).ok_or_else(Problem::not_found)?;
    let mut page = page_start(code.as_str());
    explain(&mut page, code);
    page.push_str("<p><a href=\"/docs/errors\">Mọi mã lỗi · Every code</a></p>\n");
    Ok(Html(page))
}

fn error_list() -> String {
    let mut page = page_start("Mã lỗi · Error codes");
    for &code in Code::ALL {
        explain(&mut page, code);
    }
    page
}

fn page_start(title: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"vi\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title} · phocho</title>\n<h1>{title}</h1>\n"
    )
}

/// The catalogue's words; they hold no markup, so none is escaped.
fn explain(page: &mut String, code: Code) {
    let (name, status) = (code.as_str(), code.status());
    let mut paragraph = |language: Language, text: &Text| {
        let (tag, text) = (language.tag(), text.get(language));
        writeln!(page, "<p lang=\"{tag}\">{text}</p>").expect("a text takes any length");
    };
    let (title, fix) = (code.title(), code.what_to_do());
    let heading = format!("<code>{name}</code>, HTTP {status}");
    paragraph(Language::Vietnamese, &Text::new(heading.clone(), heading));
    for language in [Language::Vietnamese, Language::English] {
        paragraph(language, &title);
        paragraph(language, &fix);
    }
}
