//! `/v1/code-checks`: is the code on this stall the one that was issued for it?

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::payment_codes::{find, till};
use super::wording::Sentence;
use crate::domain::day::to_rfc3339;
use crate::domain::ids::{CodeId, OutletId};
use crate::flows::check_code::check_code;
use crate::http::AppState;
use crate::http::auth::Caller;
use crate::http::code::Code;
use crate::http::extract::Json;
use crate::http::problem::{Problem, at};

/// A scanned code.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "payload": "00020101021138540010A00000072701240006970436…",
    "outlet_id": "out_01920000000070008000000000000001",
}))]
pub struct CodeCheckRequest {
    /// The text that the scanner read.
    payload: String,
    /// Where it was scanned; of a till, its own outlet if absent.
    outlet_id: Option<String>,
}

/// What a scanned code is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CodeCheck, example = json!({
    "verdict": "genuine",
    "message": {
        "vi": "Mã đúng: đang dùng và tiền vào tài khoản của người bán.",
        "en": "This code is genuine, in use and pays into the trader's account.",
    },
    "code_id": "pcd_01920000000070008000000000000001",
    "checked_at": "2026-11-23T09:00:00+07:00",
}))]
pub struct CodeCheckDocument {
    /// `genuine`, `other_outlet`, `superseded` (an older revision, replaced, paid or expired),
    /// `revoked` (or cancelled), `account_differs`, `foreign` or `unreadable`.
    verdict: &'static str,
    message: Sentence,
    /// The code that it is about, if the caller may read it.
    code_id: Option<String>,
    checked_at: String,
}

/// Checks a scanned code.
#[utoipa::path(
    post,
    path = "/v1/code-checks",
    tag = "codes",
    summary = "Check a scanned code",
    description = "For every caller. The text is compared with what was issued here: `genuine` is only what says exactly the same, in use, at the outlet where it was scanned if one is given. Nothing is recorded.",
    operation_id = "check_code",
    request_body = CodeCheckRequest,
    responses((status = 200, description = "The verdict.", body = CodeCheckDocument))
)]
pub async fn check(
    caller: Caller,
    State(state): State<AppState>,
    Json(body): Json<CodeCheckRequest>,
) -> Result<Json<CodeCheckDocument>, Problem> {
    let here = body.outlet_id.as_deref().map(str::parse::<OutletId>);
    let here = here.transpose().map_err(at("/outlet_id"))?;
    let here = here.or(till(&caller));
    let now = state.clock.now();
    let mut tx = state.ledger.store.begin_read().await?;
    let checked = check_code(&mut tx, body.payload.trim(), here, now).await?;
    let verdict = checked.verdict;
    let code_id = match checked.code {
        Some(code) => readable(find(&mut tx, &caller, code).await.map(|_| code))?,
        None => None,
    };
    Ok(Json(CodeCheckDocument {
        verdict: verdict.as_str(),
        message: Sentence::new(verdict.vietnamese(), verdict.english()),
        code_id: code_id.map(|id| id.to_string()),
        checked_at: to_rfc3339(now),
    }))
}

/// Of someone else's code not even the id is told.
fn readable(code: Result<CodeId, Problem>) -> Result<Option<CodeId>, Problem> {
    match code {
        Ok(code) => Ok(Some(code)),
        Err(problem) if problem.code() == Code::NotFound => Ok(None),
        Err(problem) => Err(problem),
    }
}
