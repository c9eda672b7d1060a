//! Whether the process lives and whether it is ready: for supervisors and proxies.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::AppState;
use super::code::Code;
use super::extract::Json;
use super::lifecycle::Stage;
use super::problem::Problem;

/// The state of the process in one word.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "ok"}))]
pub struct Health {
    /// `ok`.
    status: &'static str,
}

/// The process runs.
#[utoipa::path(
    get,
    path = "/livez",
    tag = "operation",
    summary = "Is the process alive",
    security(()),
    responses((status = 200, description = "It runs.", body = Health))
)]
pub async fn livez() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The process takes requests: it has started, is not stopping, and its database answers and
/// keeps what it acknowledges.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operation",
    summary = "Does the process take requests",
    security(()),
    responses((status = 200, description = "It takes requests.", body = Health))
)]
pub async fn readyz(State(state): State<AppState>) -> Response {
    match state.lifecycle.stage() {
        Stage::Ready => match state.ledger.store.check_durable().await {
            Ok(()) => (StatusCode::OK, Json(Health { status: "ok" })).into_response(),
            Err(error) => {
                tracing::error!(fault = error.chain(), "the database is not ready");
                Problem::new(Code::Unavailable).into_response()
            }
        },
        Stage::Starting | Stage::Stopping => Problem::new(Code::Unavailable).into_response(),
    }
}
