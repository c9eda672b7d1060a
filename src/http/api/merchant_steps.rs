//! The steps of a merchant's life: `POST /v1/merchants/{id}/submit` and its like.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::merchants::MerchantDocument;
use super::registry::{Expected, Versioned, change, reach};
use crate::domain::ids::MerchantId;
use crate::domain::merchant::MerchantEvent;
use crate::domain::text::Reason;
use crate::flows::register_merchant;
use crate::http::AppState;
use crate::http::auth::{Caller, Staff};
use crate::http::extract::{Json, Path};
use crate::http::problem::{Problem, at};

/// Why a step is taken.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Ảnh chụp giấy đăng ký bị mờ"}))]
pub struct ReasonBody {
    /// Words for the people concerned, 1 to 500 characters.
    reason: String,
}

type Stepped = Result<Versioned<MerchantDocument>, Problem>;

async fn take(
    caller: &Caller,
    state: &AppState,
    which: (MerchantId, Expected),
    event: MerchantEvent,
) -> Stepped {
    let change = change(caller, state)?;
    let which = (which.0, which.1.version);
    let mut tx = state.ledger.store.begin_write().await?;
    let merchant = register_merchant::step(&mut tx, &change, reach(caller)?, which, event).await?;
    let document = MerchantDocument::whole(&mut tx, merchant).await?;
    tx.commit().await?;
    Ok(Versioned(document.version, document))
}

macro_rules! steps {
    ($($name:ident $path:tt $operation:tt $summary:tt $description:tt => $event:expr;)*) => {$(
        #[doc = $summary]
        #[utoipa::path(
            post,
            path = $path,
            tag = "registry",
            summary = $summary,
            description = $description,
            operation_id = $operation,
            params(("id" = String, Path, description = "The merchant."), Expected),
            responses((status = 200, description = "The merchant afterwards.", body = MerchantDocument))
        )]
        pub async fn $name(
            Staff(caller): Staff,
            State(state): State<AppState>,
            Path(id): Path<MerchantId>,
            expected: Expected,
        ) -> Stepped {
            take(&caller, &state, (id, expected), $event).await
        }
    )*};
}

macro_rules! reasoned_steps {
    ($($name:ident $path:tt $operation:tt $summary:tt $description:tt => $event:expr;)*) => {$(
        #[doc = $summary]
        #[utoipa::path(
            post,
            path = $path,
            tag = "registry",
            summary = $summary,
            description = $description,
            operation_id = $operation,
            params(("id" = String, Path, description = "The merchant."), Expected),
            request_body = ReasonBody,
            responses((status = 200, description = "The merchant afterwards.", body = MerchantDocument))
        )]
        pub async fn $name(
            Staff(caller): Staff,
            State(state): State<AppState>,
            Path(id): Path<MerchantId>,
            expected: Expected,
            Json(body): Json<ReasonBody>,
        ) -> Stepped {
            let reason = Reason::parse(&body.reason).map_err(at("/reason"))?;
            take(&caller, &state, (id, expected), $event(reason)).await
        }
    )*};
}

steps! {
    submit "/v1/merchants/{id}/submit" "submit_merchant" "Hand a merchant in"
        "For staff. From draft or changes_requested." => MerchantEvent::Submit;
    start_review "/v1/merchants/{id}/start-review" "start_merchant_review" "Take a merchant up for review"
        "For staff. From submitted." => MerchantEvent::StartReview;
    approve "/v1/merchants/{id}/approve" "approve_merchant" "Let a merchant trade"
        "For staff, but not whoever handed it in. From under_review." => MerchantEvent::Approve;
    resume "/v1/merchants/{id}/resume" "resume_merchant" "Let a stopped merchant go on"
        "For staff. From suspended." => MerchantEvent::Resume;
}

reasoned_steps! {
    request_changes "/v1/merchants/{id}/request-changes" "request_merchant_changes" "Send a merchant back"
        "For staff. From under_review." => MerchantEvent::RequestChanges;
    reject "/v1/merchants/{id}/reject" "reject_merchant" "Refuse a merchant for good"
        "For staff. From under_review; its outlets are closed." => MerchantEvent::Reject;
    suspend "/v1/merchants/{id}/suspend" "suspend_merchant" "Stop a merchant for the time being"
        "For staff. From active." => MerchantEvent::Suspend;
    close "/v1/merchants/{id}/close" "close_merchant" "End a merchant"
        "For staff. From active or suspended; there is no way back. Its outlets are closed and its codes revoked." => MerchantEvent::Close;
}
