//! The API's own pages: the document, a page for each error code.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use utoipa::openapi::OpenApi;

use super::AppState;

/// The routes; the document is written once, here.
pub fn router(document: &OpenApi) -> Router<AppState> {
    let yaml = super::openapi::to_yaml(document);
    Router::new().route(
        "/openapi.yaml",
        get(async move || ([(header::CONTENT_TYPE, "application/yaml")], yaml).into_response()),
    )
}
