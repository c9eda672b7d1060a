//! `/v1/trials`: where a bank's engineer tries his notices, without an account here.

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::sources::no_such_adapter;
use super::trial_documents::{OpenedTrialDocument, TrialRecordDocument};
use super::trial_reports::TrialReportDocument;
use crate::banks::{CredentialsFault, adapter_by_name};
use crate::domain::ids::TrialId;
use crate::flows::trial::{self, OpenedTrial, TrialError, TrialRecord, TrialWish};
use crate::http::AppState;
use crate::http::auth::{TrialReader, found};
use crate::http::code::Code;
use crate::http::extract::{Json, Path};
use crate::http::language::Text;
use crate::http::peer::ClientAddress;
use crate::http::problem::{FieldError, Problem};
use crate::http::site::address;

/// A trial to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"adapter": "standard_webhooks"}))]
pub struct TrialCreation {
    /// The format that is tried, as a source names it.
    pub(crate) adapter: String,
    /// Of `standard_webhooks`: the sender's key for `v1a` signatures, `whpk_…`.
    pub(crate) ed25519_public_key: Option<String>,
}

impl TrialCreation {
    /// Makes the trial, for a client that is counted.
    pub(crate) async fn open(
        self,
        state: &AppState,
        client: ClientAddress,
    ) -> Result<OpenedTrial, Problem> {
        let ClientAddress(client) = client;
        state.rates.trial(client)?;
        let adapter = adapter_by_name(&self.adapter).ok_or_else(no_such_adapter)?;
        let wish = TrialWish {
            adapter,
            ed25519_public_key: self.ed25519_public_key,
        };
        let opened = trial::open(&state.ledger, wish, state.clock.now()).await;
        opened.map_err(Problem::from)
    }
}

impl From<TrialError> for Problem {
    fn from(error: TrialError) -> Self {
        match error {
            TrialError::TooMany => Self::new(Code::Unavailable).detail(Text::new(
                "Đang có quá nhiều nguồn thử. Hãy thử lại sau một giờ.",
                "There are too many trials just now. Try again in an hour.",
            )),
            TrialError::Credentials(fault) => {
                let pointer = match fault {
                    CredentialsFault::PublicKeyForm | CredentialsFault::NoPublicKey => {
                        "/ed25519_public_key"
                    }
                    _ => "/adapter",
                };
                FieldError::explain(pointer, &fault).into()
            }
            TrialError::Store(fault) => fault.into(),
        }
    }
}

/// A place to send invented notices to, for a day.
///
/// Open to all, and limited by address and in number. Secret and token are shown in this
/// answer only. A trial speaks for an invented account and knows one reference that was never
/// issued; what is sent to it counts nowhere.
#[utoipa::path(
    post,
    path = "/v1/trials",
    tag = "trial",
    summary = "Make a trial",
    operation_id = "create_trial",
    security(()),
    request_body = TrialCreation,
    responses((status = 201, description = "Made.", body = OpenedTrialDocument))
)]
pub async fn create(
    State(state): State<AppState>,
    Extension(client): Extension<ClientAddress>,
    headers: HeaderMap,
    Json(body): Json<TrialCreation>,
) -> Result<Response, Problem> {
    let opened = body.open(&state, client).await?;
    let document = OpenedTrialDocument::new(opened, &address(&headers));
    Ok((StatusCode::CREATED, Json(document)).into_response())
}

/// What came to a trial: for each delivery the verdict, why, what to do, what was read and
/// what was answered; the newest first, at most 200.
#[utoipa::path(
    get,
    path = "/v1/trials/{id}",
    tag = "trial",
    summary = "Read a trial",
    description = "With the token of the trial: `Authorization: Bearer pht_…`. A trial that ended, is unknown or has another token is answered 404.",
    operation_id = "read_trial",
    params(("id" = String, Path, description = "The trial.")),
    responses((status = 200, description = "The trial and its deliveries.", body = TrialRecordDocument))
)]
pub async fn read(
    State(state): State<AppState>,
    Path(id): Path<TrialId>,
    TrialReader(token): TrialReader,
) -> Result<Json<TrialRecordDocument>, Problem> {
    let record = trial::read(&state.ledger, id, &token, state.clock.now()).await?;
    let record: TrialRecord = found(record)?;
    Ok(Json(TrialRecordDocument::new(record)))
}

/// What the trial has shown, check by check: passed, not yet, or failed with what to do.
#[utoipa::path(
    get,
    path = "/v1/trials/{id}/report",
    tag = "trial",
    summary = "Read the report of a trial",
    description = "With the token of the trial. `passed` is true when every check that the format can show was shown. A check stays passed.",
    operation_id = "read_trial_report",
    params(("id" = String, Path, description = "The trial.")),
    responses((status = 200, description = "The report.", body = TrialReportDocument))
)]
pub async fn report(
    State(state): State<AppState>,
    Path(id): Path<TrialId>,
    TrialReader(token): TrialReader,
) -> Result<Json<TrialReportDocument>, Problem> {
    let now = state.clock.now();
    let record = trial::read(&state.ledger, id, &token, now).await?;
    Ok(Json(TrialReportDocument::new(&found(record)?, now)))
}
