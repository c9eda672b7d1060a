//! `/metrics`: the process's numbers, on a listener of their own.

use axum::Router;
use axum::http::header;
use axum::routing::get;

use super::AppState;
use crate::telemetry::Metrics;

/// The media type of Prometheus' text form.
const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The service of the metrics listener, with the same layers as the main one.
pub fn router(state: AppState, metrics: Metrics) -> Router {
    let render = async move || ([(header::CONTENT_TYPE, PROMETHEUS_TEXT)], metrics.render());
    super::finish(Router::new().route("/metrics", get(render)), state)
}
