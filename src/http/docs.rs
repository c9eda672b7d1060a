//! The API's own pages: the document and a reader for it.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::AppState;

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
