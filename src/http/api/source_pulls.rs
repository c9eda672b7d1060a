//! How the history of a source is fetched: set by two persons, asked for at once, shown.

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::registry::{Expected, Versioned, change};
use crate::domain::base_url::BaseUrl;
use crate::domain::day::to_rfc3339;
use crate::domain::ids::{AccountId, SourceId, UserId};
use crate::flows::pull_settings::{self, KnownPull, PullSettingError};
use crate::http::AppState;
use crate::http::auth::Admin;
use crate::http::extract::{Json, Path};
use crate::http::language::Text;
use crate::http::problem::{FieldError, FieldErrors, Problem};

/// The longest token, in characters.
const TOKEN_MAX: usize = 200;

/// How the history of a source is fetched.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SourcePull, example = json!({
    "base_url": "https://my.sepay.vn",
    "approved_by": "usr_01920000000070008000000000000002",
    "approved_at": "2026-11-23T09:00:00+07:00",
    "next_base_url": null,
    "next_requested_by": null,
    "next_requested_at": null,
    "demanded_at": "2026-11-23T09:00:00+07:00",
    "attempted_at": "2026-11-24T10:30:00+07:00",
    "succeeded_at": "2026-11-24T10:30:00+07:00",
    "failing_since": null,
    "failures": 0,
    "last_error": null,
    "rows_pulled": 12,
    "accounts": [{
        "account_id": "acc_01920000000070008000000000000001",
        "since_id": 92_704,
        "moved_at": "2026-11-24T10:25:00+07:00",
    }],
    "version": 2,
}))]
pub struct PullDocument {
    /// The address in use; null until a second person has approved one.
    base_url: Option<String>,
    approved_by: Option<String>,
    approved_at: Option<String>,
    /// The address that waits for a second person, with its token.
    next_base_url: Option<String>,
    next_requested_by: Option<String>,
    next_requested_at: Option<String>,
    /// When somebody last asked for a pull at once.
    demanded_at: Option<String>,
    /// When the last pull began.
    attempted_at: Option<String>,
    /// When the last one began that fetched everything.
    succeeded_at: Option<String>,
    /// Since when none did.
    failing_since: Option<String>,
    /// How often in a row.
    failures: i64,
    /// Why the last one did not: `unreachable`, `timed_out`, `tls`, `private_address`,
    /// `broken_off`, `too_large`, `bad_request`, `token_refused`, `too_many_requests`,
    /// `redirected`, `server_error`, `unexpected_status`, `malformed_answer`, `vendor_error`,
    /// `too_many_pages`, `not_held` or `not_stored`.
    last_error: Option<String>,
    /// Rows that were new to the books, since the setting was first made.
    rows_pulled: i64,
    accounts: Vec<PulledAccountDocument>,
    version: i64,
}

/// How far the history of an account is read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PulledAccount)]
pub struct PulledAccountDocument {
    account_id: String,
    /// The highest of the vendor's numbers; null before the first row.
    since_id: Option<i64>,
    moved_at: Option<String>,
}

/// From where the history of a source is to be fetched.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"base_url": "https://my.sepay.vn", "token": "6f1d…"}))]
pub struct PullSetting {
    /// The vendor's address, `https://my.sepay.vn` for SePay.
    base_url: String,
    /// The vendor's API token. Nobody can show it again.
    token: String,
}

impl From<KnownPull> for PullDocument {
    fn from(known: KnownPull) -> Self {
        let KnownPull { pull, accounts } = known;
        let person = |id: Uuid| UserId::from_uuid(id).to_string();
        let time = |at: Option<DateTime<Utc>>| at.map(to_rfc3339);
        let accounts = accounts.into_iter().map(|account| PulledAccountDocument {
            account_id: AccountId::from_uuid(account.account_id).to_string(),
            since_id: account.since_id,
            moved_at: time(account.moved_at),
        });
        Self {
            base_url: pull.base_url,
            approved_by: pull.approved_by.map(person),
            approved_at: time(pull.approved_at),
            next_base_url: pull.next_base_url,
            next_requested_by: pull.next_requested_by.map(person),
            next_requested_at: time(pull.next_requested_at),
            demanded_at: time(pull.demanded_at),
            attempted_at: time(pull.attempted_at),
            succeeded_at: time(pull.succeeded_at),
            failing_since: time(pull.failing_since),
            failures: pull.failures,
            last_error: pull.last_error,
            rows_pulled: pull.rows_pulled,
            accounts: accounts.collect(),
            version: pull.version,
        }
    }
}

impl PullSetting {
    fn read(self, state: &AppState) -> Result<(BaseUrl, SecretString), Problem> {
        let mut errors = FieldErrors::new();
        let base = BaseUrl::parse(&self.base_url, state.private_addresses);
        let base = errors.check("/base_url", base);
        let visible = |byte: u8| byte.is_ascii_graphic();
        if !(1..=TOKEN_MAX).contains(&self.token.len()) || !self.token.bytes().all(visible) {
            let message = Text::new(
                format!("Từ 1 đến {TOKEN_MAX} ký tự ASCII, không có dấu cách."),
                format!("From 1 to {TOKEN_MAX} ASCII characters without a space."),
            );
            errors.push(FieldError::new("/token", "wrong_form", message));
        }
        errors.finish()?;
        let base = base.expect("every field was checked");
        Ok((base, SecretString::from(self.token)))
    }
}

impl From<PullSettingError> for Problem {
    fn from(error: PullSettingError) -> Self {
        match error {
            PullSettingError::Change(error) => error.into(),
            PullSettingError::NoHistory => {
                let text = Text::new(
                    "Nhà cung cấp của định dạng này không cho lấy lịch sử giao dịch.",
                    "The vendor of this format offers no history.",
                );
                FieldError::new("/base_url", "no_history", text).into()
            }
        }
    }
}

fn shown(known: KnownPull) -> Versioned<PullDocument> {
    Versioned(known.pull.version, known.into())
}

/// Asks for an address and a token to fetch history with.
#[utoipa::path(
    put,
    path = "/v1/sources/{id}/pull-setting",
    tag = "bank in",
    summary = "Ask for fetching a source's history",
    description = "For administrators, for sources of `sepay_hmac` and `sepay_apikey`. Nothing is fetched with it before another administrator has approved it; what is in use goes on until then. The token is never shown.",
    operation_id = "set_source_pull",
    params(("id" = String, Path, description = "The source.")),
    request_body = PullSetting,
    responses((status = 200, description = "It waits for approval.", body = PullDocument))
)]
pub async fn set(
    Admin(caller): Admin,
    State(state): State<AppState>,
    Path(id): Path<SourceId>,
    Json(body): Json<PullSetting>,
) -> Result<Versioned<PullDocument>, Problem> {
    let (base, token) = body.read(&state)?;
    let change = change(&caller, &state)?;
    let key = &state.ledger.master_key;
    let mut tx = state.ledger.store.begin_write().await?;
    let known = pull_settings::propose(&mut tx, &change, key, id, (&base, &token)).await?;
    tx.commit().await?;
    Ok(shown(known))
}

/// Puts the waiting address and token in use.
#[utoipa::path(
    post,
    path = "/v1/sources/{id}/approve-pull-setting",
    tag = "bank in",
    summary = "Let a source's history be fetched",
    description = "For another administrator than the one who asked for it. The history is fetched at once and every five minutes from then on.",
    operation_id = "approve_source_pull",
    params(("id" = String, Path, description = "The source."), Expected),
    responses((status = 200, description = "It is in use.", body = PullDocument))
)]
pub async fn approve(
    Admin(caller): Admin,
    State(state): State<AppState>,
    Path(id): Path<SourceId>,
    expected: Expected,
) -> Result<Versioned<PullDocument>, Problem> {
    let change = change(&caller, &state)?;
    let mut tx = state.ledger.store.begin_write().await?;
    let known = pull_settings::adopt(&mut tx, &change, (id, expected.version)).await?;
    tx.commit().await?;
    Ok(shown(known))
}

/// Stops fetching and forgets the token.
#[utoipa::path(
    delete,
    path = "/v1/sources/{id}/pull-setting",
    tag = "bank in",
    summary = "Stop fetching a source's history",
    description = "For administrators. The address and the token are forgotten, in use or waiting.",
    operation_id = "forget_source_pull",
    params(("id" = String, Path, description = "The source.")),
    responses((status = 204, description = "Nothing is fetched any more."))
)]
pub async fn forget(
    Admin(caller): Admin,
    State(state): State<AppState>,
    Path(id): Path<SourceId>,
) -> Result<StatusCode, Problem> {
    let change = change(&caller, &state)?;
    let mut tx = state.ledger.store.begin_write().await?;
    pull_settings::forget(&mut tx, &change, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Fetches the history at once.
#[utoipa::path(
    post,
    path = "/v1/sources/{id}/pull",
    tag = "bank in",
    summary = "Fetch a source's history now",
    description = "For administrators. It begins within seconds; `attempted_at` and `last_error` then tell how it went.",
    operation_id = "pull_source",
    params(("id" = String, Path, description = "The source.")),
    responses((status = 202, description = "It will begin.", body = PullDocument))
)]
pub async fn pull(
    Admin(caller): Admin,
    State(state): State<AppState>,
    Path(id): Path<SourceId>,
) -> Result<(StatusCode, Json<PullDocument>), Problem> {
    let change = change(&caller, &state)?;
    let mut tx = state.ledger.store.begin_write().await?;
    let known = pull_settings::demand(&mut tx, &change, id).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(known.into())))
}
