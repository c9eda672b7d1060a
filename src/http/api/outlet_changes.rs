//! `/v1/outlets/{id}/test` and `/v1/outlets/{id}/match-by-account`: what a trader does to an
//! outlet.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::outlets::OutletDocument;
use super::payment_codes::{PaymentCodeDocument, is_at_till, issuer};
use super::registry::{Expected, Versioned};
use super::wording::Sentence;
use crate::domain::ids::OutletId;
use crate::domain::outlet::{OutletState, TEST_AMOUNT};
use crate::flows::issue_code::{IssueError, OutletTest, outlet_test};
use crate::flows::match_by_account as matching;
use crate::http::AppState;
use crate::http::auth::{Caller, MerchantOrStaff};
use crate::http::extract::{Json, Path};
use crate::http::idempotency::{Begun, Creation, IdempotencyKey};
use crate::http::problem::Problem;

/// The test that an outlet waits for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OutletTest, example = json!({
    "outlet_id": "out_01920000000070008000000000000001",
    "outlet_state": "planned",
    "code": {
        "id": "pcd_01920000000070008000000000000001",
        "merchant_id": "mer_01920000000070008000000000000001",
        "outlet_id": "out_01920000000070008000000000000001",
        "account_id": "acc_01920000000070008000000000000001",
        "kind": "dynamic",
        "scheme": "transfer",
        "reference": "THABCDEFGH",
        "amount_rule": "fixed",
        "amount_vnd": 1_000,
        "floor_vnd": null,
        "ceiling_vnd": null,
        "expires_at": "2026-11-30T09:00:00+07:00",
        "state": "active",
        "for_test": true,
        "revision": 1,
        "payload": "0002010102123857…",
        "created_at": "2026-11-23T09:00:00+07:00",
    },
    "what_to_do": {
        "vi": "Quét mã này bằng ứng dụng ngân hàng và chuyển đúng 1000 đồng.",
        "en": "Scan this code with a banking app and pay exactly 1000 đồng.",
    },
}))]
pub struct OutletTestDocument {
    outlet_id: String,
    /// Where the outlet stands: `planned` until the test payment came back.
    outlet_state: &'static str,
    code: PaymentCodeDocument,
    what_to_do: Sentence,
}

/// Whether credits without a reference count for the outlet.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"on": true}))]
pub struct MatchByAccountSwitch {
    /// From now on.
    on: bool,
}

fn what_to_do(state: OutletState) -> Sentence {
    if matches!(state, OutletState::Planned) {
        return Sentence::new(
            format!(
                "Quét mã này bằng ứng dụng ngân hàng và chuyển đúng {TEST_AMOUNT} đồng. Khi ngân \
                 hàng báo tiền về, điểm bán chuyển sang “đã thử” và mở được. Khoản thử vào tài \
                 khoản của chính người bán và không tính vào số liệu nào."
            ),
            format!(
                "Scan this code with a banking app and pay exactly {TEST_AMOUNT} đồng. When the \
                 bank tells that it came, the outlet is tested and can open. The money goes to \
                 the trader's own account and is in no figure."
            ),
        );
    }
    Sentence::new(
        format!(
            "Điểm bán đã thử xong trước đây. Chuyển đúng {TEST_AMOUNT} đồng vào mã này để thử lại \
             đường báo tiền; khoản thử không tính vào số liệu nào."
        ),
        format!(
            "The outlet was tested before. Pay exactly {TEST_AMOUNT} đồng to this code to try the \
             way of a notice again; the test is in no figure."
        ),
    )
}

/// Gives the test code of an outlet.
#[utoipa::path(
    post,
    path = "/v1/outlets/{id}/test",
    tag = "registry",
    summary = "Test an outlet",
    description = "For staff, in their zones, for its merchant and for its till, while the merchant is active. Issues the code of 1 000 đồng that proves the outlet (201), or gives the one that still waits (200). The bank's signed notice of that payment moves a planned outlet to tested.",
    operation_id = "test_outlet",
    params(
        ("id" = String, Path, description = "The outlet."),
        ("Idempotency-Key" = Option<String>, Header, description = "Sent again, the first answer comes back."),
    ),
    responses(
        (status = 201, description = "A new test code.", body = OutletTestDocument),
        (status = 200, description = "The test code that waits.", body = OutletTestDocument),
    )
)]
pub async fn test(
    caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<OutletId>,
    key: IdempotencyKey,
) -> Result<Response, Problem> {
    if !is_at_till(&caller, id) {
        return Err(Problem::not_found());
    }
    let request = id.to_string();
    let mut work = match Creation::begin(&state, &caller, "outlets.test", key, &request).await? {
        Begun::Replay(response) => return Ok(response),
        Begun::First(work) => work,
    };
    let issuer = issuer(&caller, &state);
    let test = outlet_test(work.tx(), &issuer, id).await;
    let test = test.map_err(|error| match error {
        IssueError::UnknownOutlet => Problem::not_found(),
        other => other.into(),
    })?;
    let OutletTest {
        code,
        is_new,
        state: stands,
    } = test;
    let document = OutletTestDocument {
        outlet_id: request,
        outlet_state: stands.status().as_str(),
        code: PaymentCodeDocument::new(code, issuer.now)?,
        what_to_do: what_to_do(stands),
    };
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    work.answer(status, &document).await
}

/// Switches matching by account.
#[utoipa::path(
    post,
    path = "/v1/outlets/{id}/match-by-account",
    tag = "registry",
    summary = "Switch matching by account on or off",
    description = "For its merchant, and for staff on the merchant's behalf. From now on, a credit whose text names no code counts for this outlet if its codes are the only ones on a household's or company's account. Such payments are flagged `by_account` and kept out of headline figures.",
    operation_id = "switch_match_by_account",
    params(("id" = String, Path, description = "The outlet."), Expected),
    request_body = MatchByAccountSwitch,
    responses((status = 200, description = "The outlet afterwards.", body = OutletDocument))
)]
pub async fn match_by_account(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Path(id): Path<OutletId>,
    expected: Expected,
    Json(body): Json<MatchByAccountSwitch>,
) -> Result<Versioned<OutletDocument>, Problem> {
    let (act, which) = (caller.act(&state), (id, expected.version));
    let mut tx = state.ledger.store.begin_write().await?;
    let outlet = matching::switch(&mut tx, &act, caller.reach(), which, body.on).await?;
    tx.commit().await?;
    Ok(Versioned(outlet.version, outlet.into()))
}
