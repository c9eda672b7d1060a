//! Where banks and aggregators post their notices.

use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::banks::{Answer, Delivery};
use crate::flows::receive_notice::{Reception, Verification, receive};
use crate::http::AppState;
use crate::http::body::{BODY_MAX_BYTES, read_body};
use crate::http::peer::ClientAddress;
use crate::http::problem::Problem;

/// A bank's or aggregator's signed notice, in that vendor's own form.
///
/// The answer is the one that the vendor expects. A success means that the notice is stored
/// durably; the same notice may be sent any number of times and counts once.
#[utoipa::path(
    post,
    path = "/v1/callbacks/{source}",
    tag = "bank in",
    summary = "Deliver a signed notice",
    security(()),
    params(("source" = String, Path, description = "The name of the source.")),
    responses((status = 200, description = "Stored, for the first time or before; in the vendor's form. \
        401 in that form: not believed, and nothing was stored. 503: nothing was stored, send it again."))
)]
pub async fn deliver(
    State(state): State<AppState>,
    Path(source): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let client = request.extensions().get::<ClientAddress>().copied();
    let method = request.method().to_string();
    let target = request
        .uri()
        .path_and_query()
        .map_or_else(String::new, ToString::to_string);
    let headers: Vec<_> = (request.headers().iter())
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect();
    let body = read_body(request, BODY_MAX_BYTES).await?;
    let delivery = Delivery::new(method, &target, headers, body.to_vec());
    let peer = client.map_or_else(String::new, |ClientAddress(client)| client.to_string());
    let now = state.clock.now();
    let reception = receive(&state.ledger, &state.intake, &source, delivery, peer, now).await;
    match reception? {
        Reception::NoSuchSource => Err(Problem::not_found()),
        Reception::Answered(answer, verification) => {
            if let (Verification::Failed, Some(ClientAddress(client))) = (verification, client) {
                state.rates.failed_verification(client)?;
            }
            Ok(respond(answer))
        }
    }
}

fn respond(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).expect("adapters answer with real statuses");
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    let kind = header::HeaderValue::from_static(Answer::CONTENT_TYPE);
    headers.insert(header::CONTENT_TYPE, kind);
    if let Some(seconds) = answer.retry_after_s {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}
