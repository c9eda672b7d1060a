//! Where a trial takes deliveries: the addresses of a source, below the trial's own.

use axum::extract::{Request, State};
use axum::response::Response;

use super::callbacks::{not_read, read_delivery, respond};
use crate::domain::ids::TrialId;
use crate::flows::trial::{TrialArrival, TrialReception, receive};
use crate::http::AppState;
use crate::http::body::BODY_MAX_BYTES;
use crate::http::extract::Path;
use crate::http::peer::ClientAddress;
use crate::http::problem::Problem;

/// An invented notice, in the vendor's own form.
///
/// It is verified, read and answered by the code that takes real notices, and counts nowhere.
/// What became of it and why is in the trial.
#[utoipa::path(
    post,
    path = "/v1/trials/{id}/callback",
    tag = "trial",
    summary = "Deliver a notice to a trial",
    operation_id = "deliver_to_trial",
    security(()),
    params(("id" = String, Path, description = "The trial.")),
    responses((status = 200, description = "In the vendor's form, as a real notice is answered; 401 in that \
        form: not believed. 405 and 415 as of a source: such a call is not read and is no delivery."))
)]
pub async fn deliver(
    State(state): State<AppState>,
    Path(trial): Path<TrialId>,
    request: Request,
) -> Result<Response, Problem> {
    take(&state, trial, "", request).await
}

/// An invented notice that stands in the query, as VNPAY sends it.
#[utoipa::path(
    get,
    path = "/v1/trials/{id}/callback",
    tag = "trial",
    summary = "Deliver a notice to a trial by query",
    operation_id = "deliver_to_trial_by_query",
    security(()),
    params(("id" = String, Path, description = "The trial.")),
    responses((status = 200, description = "In the vendor's form: stored, or why not."))
)]
pub async fn deliver_by_query(
    State(state): State<AppState>,
    Path(trial): Path<TrialId>,
    request: Request,
) -> Result<Response, Problem> {
    take(&state, trial, "", request).await
}

/// Where VietQR VN logs in to a trial.
#[utoipa::path(
    post,
    path = "/v1/trials/{id}/callback/api/token_generate",
    tag = "trial",
    summary = "Log in to a trial as VietQR VN",
    operation_id = "vietqr_log_in_to_trial",
    security(()),
    params(("id" = String, Path, description = "The trial.")),
    responses((status = 200, description = "A token: `access_token`, `token_type`, `expires_in`. \
        401: not the trial's login."))
)]
pub async fn vietqr_log_in(
    State(state): State<AppState>,
    Path(trial): Path<TrialId>,
    request: Request,
) -> Result<Response, Problem> {
    take(&state, trial, "/api/token_generate", request).await
}

/// An invented notice of VietQR VN, with a token that the trial gave.
#[utoipa::path(
    post,
    path = "/v1/trials/{id}/callback/bank/api/transaction-sync",
    tag = "trial",
    summary = "Deliver a notice to a trial as VietQR VN",
    operation_id = "vietqr_deliver_to_trial",
    security(()),
    params(("id" = String, Path, description = "The trial.")),
    responses((status = 200, description = "Taken, for the first time or before; or, with `error` true, \
        not to be used. 401: not believed."))
)]
pub async fn vietqr_deliver(
    State(state): State<AppState>,
    Path(trial): Path<TrialId>,
    request: Request,
) -> Result<Response, Problem> {
    take(&state, trial, "/bank/api/transaction-sync", request).await
}

async fn take(
    state: &AppState,
    trial: TrialId,
    path_below: &str,
    request: Request,
) -> Result<Response, Problem> {
    if let Some(ClientAddress(client)) = request.extensions().get().copied() {
        state.rates.trial_delivery(client)?;
    }
    let delivery = read_delivery(request, BODY_MAX_BYTES).await?;
    let arrival = TrialArrival { trial, path_below };
    match receive(&state.ledger, arrival, &delivery, state.clock.now()).await? {
        TrialReception::Answered(answer) => Ok(respond(answer)),
        TrialReception::NoSuchTrial => Err(Problem::not_found()),
        TrialReception::Unread(why) => Ok(not_read(why)),
    }
}
