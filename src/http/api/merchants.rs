//! `/v1/merchants`: who trades.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::registry::{Expected, Versioned, by_id, change, filter, reach};
use crate::domain::day::to_rfc3339;
use crate::domain::ids::MerchantId;
use crate::domain::merchant::{Approval, MerchantKind, MerchantState, MerchantStatus};
use crate::domain::phone::Phone;
use crate::domain::tax_code::TaxCode;
use crate::domain::text::{PersonName, Reason, TradeName, fold};
use crate::flows::register_merchant;
use crate::http::AppState;
use crate::http::auth::{MerchantOrStaff, Staff, found};
use crate::http::extract::{Json, Path, Query};
use crate::http::idempotency::{Begun, Creation, IdempotencyKey};
use crate::http::page::Page;
use crate::http::problem::{FieldErrors, Problem};
use crate::store::merchants::{self, Merchant, MerchantFilter, MerchantProfile};
use crate::store::onboarding;
use crate::store::{StoreError, Tx};

/// What a merchant is called and how it is reached.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "household",
    "name": "Bún ốc Phủ Tây Hồ",
    "representative": "Nguyễn Thị Đào",
    "tax_code": "001080012345",
    "phone": "0912345678",
}))]
pub struct MerchantBody {
    /// `household` or `company`.
    kind: String,
    /// The name over the door.
    name: String,
    /// Who speaks for it.
    representative: String,
    /// A household's 12-digit personal number, a company's 10 or 13 digits.
    tax_code: String,
    /// A mobile number.
    phone: String,
}

/// A household or company that trades.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Merchant, example = json!({
    "id": "mer_01920000000070008000000000000001",
    "kind": "household",
    "name": "Bún ốc Phủ Tây Hồ",
    "representative": "Nguyễn Thị Đào",
    "tax_code": "001080012345",
    "phone": "0912345678",
    "state": "active",
    "reason": null,
    "submitted_by": "usr_01920000000070008000000000000001",
    "approved_by": "usr_01920000000070008000000000000002",
    "approved_at": "2026-11-23T09:00:00+07:00",
    "created_by": "usr_01920000000070008000000000000001",
    "created_at": "2026-11-22T09:00:00+07:00",
    "updated_at": "2026-11-23T09:00:00+07:00",
    "onboarding": {
        "registered_at": "2026-11-23T09:00:00+07:00",
        "linked_at": "2026-11-23T10:12:04+07:00",
        "tested_at": "2026-11-23T10:12:04+07:00",
        "active_at": null,
    },
    "version": 4,
}))]
pub struct MerchantDocument {
    id: String,
    kind: &'static str,
    name: String,
    representative: String,
    /// In lists, only the last digits of a personal number.
    tax_code: String,
    /// In lists, only the last digits.
    phone: String,
    /// `draft`, `submitted`, `under_review`, `changes_requested`, `rejected`, `active`,
    /// `suspended` or `closed`.
    state: &'static str,
    /// Why it was sent back, refused, stopped or ended.
    reason: Option<String>,
    submitted_by: Option<String>,
    approved_by: Option<String>,
    approved_at: Option<String>,
    created_by: String,
    created_at: String,
    updated_at: String,
    /// How far it has come; null in lists.
    onboarding: Option<OnboardingDocument>,
    pub(super) version: i64,
}

/// The steps by which a merchant comes in, each with the moment that proved it; null while it
/// is ahead.
#[derive(Debug, Serialize, ToSchema)]
#[expect(
    clippy::struct_field_names,
    reason = "each is a moment, which its name says"
)]
#[schema(as = Onboarding)]
pub struct OnboardingDocument {
    /// When a second person approved it.
    registered_at: Option<String>,
    /// When a verified notice told of its account for the first time.
    linked_at: Option<String>,
    /// When the test payment of an outlet came back for the first time.
    tested_at: Option<String>,
    /// The bank's time of its first payment that counts.
    active_at: Option<String>,
}

/// Which merchants are wanted.
#[derive(Debug, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MerchantQuery {
    /// Where it stands, such as `active`.
    state: Option<String>,
    /// A part of its name; case and diacritics do not matter.
    name: Option<String>,
    /// How many rows, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl MerchantDocument {
    /// Everything: for whoever reads this one merchant.
    pub async fn whole(tx: &mut Tx, merchant: Merchant) -> Result<Self, StoreError> {
        let steps = onboarding::steps(tx, merchant.id).await?;
        let tax_code = merchant.profile.tax_code.to_written();
        let phone = merchant.profile.phone.to_national();
        let masked = Self::masked(merchant);
        let onboarding = OnboardingDocument {
            registered_at: masked.approved_at.clone(),
            linked_at: steps.linked_at.map(to_rfc3339),
            tested_at: steps.tested_at.map(to_rfc3339),
            active_at: steps.active_at.map(to_rfc3339),
        };
        Ok(Self {
            tax_code,
            phone,
            onboarding: Some(onboarding),
            ..masked
        })
    }

    /// Without what is personal: for lists.
    fn masked(merchant: Merchant) -> Self {
        let reason = reason(&merchant.state).map(|reason| reason.as_str().to_owned());
        let approval = approval(&merchant.state);
        let submitted_by = match &merchant.state {
            MerchantState::Submitted { submitted_by }
            | MerchantState::UnderReview { submitted_by } => Some(*submitted_by),
            _ => approval.map(|it| it.submitted_by),
        };
        let profile = merchant.profile;
        Self {
            id: merchant.id.to_string(),
            kind: profile.kind.as_str(),
            name: profile.name.to_string(),
            representative: profile.representative.to_string(),
            tax_code: profile.tax_code.masked(),
            phone: format!("…{}", profile.phone.last_three()),
            state: merchant.state.status().as_str(),
            reason,
            submitted_by: submitted_by.map(|it| it.to_string()),
            approved_by: approval.map(|it| it.approved_by.to_string()),
            approved_at: approval.map(|it| to_rfc3339(it.approved_at)),
            created_by: merchant.created_by.to_string(),
            created_at: to_rfc3339(merchant.created_at),
            updated_at: to_rfc3339(merchant.updated_at),
            onboarding: None,
            version: merchant.version,
        }
    }
}

const fn reason(state: &MerchantState) -> Option<&Reason> {
    match state {
        MerchantState::ChangesRequested { reason }
        | MerchantState::Rejected { reason }
        | MerchantState::Suspended { reason, .. }
        | MerchantState::Closed { reason, .. } => Some(reason),
        MerchantState::Draft
        | MerchantState::Submitted { .. }
        | MerchantState::UnderReview { .. }
        | MerchantState::Active { .. } => None,
    }
}

const fn approval(state: &MerchantState) -> Option<Approval> {
    match state {
        MerchantState::Active { approval }
        | MerchantState::Suspended { approval, .. }
        | MerchantState::Closed { approval, .. } => Some(*approval),
        _ => None,
    }
}

impl MerchantBody {
    fn read(&self) -> Result<MerchantProfile, Problem> {
        let mut errors = FieldErrors::new();
        let kind = errors.check("/kind", MerchantKind::parse(&self.kind));
        let name = errors.check("/name", TradeName::parse(&self.name));
        let representative =
            errors.check("/representative", PersonName::parse(&self.representative));
        let tax_code = match kind {
            Some(kind) => TaxCode::parse_for(kind, &self.tax_code),
            None => TaxCode::parse(&self.tax_code),
        };
        let tax_code = errors.check("/tax_code", tax_code);
        let phone = errors.check("/phone", Phone::parse(&self.phone));
        errors.finish()?;
        let read = "every field was checked";
        Ok(MerchantProfile {
            kind: kind.expect(read),
            name: name.expect(read),
            representative: representative.expect(read),
            tax_code: tax_code.expect(read),
            phone: phone.expect(read),
        })
    }
}

/// Writes a merchant down as a draft.
#[utoipa::path(
    post,
    path = "/v1/merchants",
    tag = "registry",
    summary = "Register a merchant",
    description = "For staff. It begins as a draft; submit hands it in.",
    operation_id = "create_merchant",
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same body, the first answer comes back.")),
    request_body = MerchantBody,
    responses((status = 201, description = "Registered.", body = MerchantDocument))
)]
pub async fn create(
    Staff(caller): Staff,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Json(body): Json<MerchantBody>,
) -> Result<Response, Problem> {
    let (profile, change) = (body.read()?, change(&caller, &state)?);
    let mut work = match Creation::begin(&state, &caller, "merchants.create", key, &body).await? {
        Begun::Replay(response) => return Ok(response),
        Begun::First(work) => work,
    };
    let merchant = register_merchant::register(work.tx(), &change, profile).await?;
    let document = MerchantDocument::whole(work.tx(), merchant).await?;
    work.created(&document).await
}

/// Corrects a merchant that is not handed in.
#[utoipa::path(
    put,
    path = "/v1/merchants/{id}",
    tag = "registry",
    summary = "Correct a merchant",
    description = "For staff, while it is a draft or was sent back.",
    operation_id = "amend_merchant",
    params(("id" = String, Path, description = "The merchant."), Expected),
    request_body = MerchantBody,
    responses((status = 200, description = "Corrected.", body = MerchantDocument))
)]
pub async fn amend(
    Staff(caller): Staff,
    State(state): State<AppState>,
    Path(id): Path<MerchantId>,
    expected: Expected,
    Json(body): Json<MerchantBody>,
) -> Result<Versioned<MerchantDocument>, Problem> {
    let (profile, change) = (body.read()?, change(&caller, &state)?);
    let mut tx = state.ledger.store.begin_write().await?;
    let which = (id, expected.version);
    let merchant =
        register_merchant::amend(&mut tx, &change, reach(&caller)?, which, profile).await?;
    let document = MerchantDocument::whole(&mut tx, merchant).await?;
    tx.commit().await?;
    Ok(Versioned(document.version, document))
}

/// One merchant.
#[utoipa::path(
    get,
    path = "/v1/merchants/{id}",
    tag = "registry",
    summary = "Read a merchant",
    description = "For staff, and for the merchant itself.",
    operation_id = "read_merchant",
    params(("id" = String, Path, description = "The merchant.")),
    responses((status = 200, description = "The merchant.", body = MerchantDocument))
)]
pub async fn read(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Path(id): Path<MerchantId>,
) -> Result<Versioned<MerchantDocument>, Problem> {
    let mut tx = state.ledger.store.begin_read().await?;
    let merchant = found(merchants::find(&mut tx, reach(&caller)?, id).await?)?;
    let document = MerchantDocument::whole(&mut tx, merchant).await?;
    Ok(Versioned(document.version, document))
}

/// The merchants within the caller's reach, in the order of their registration.
#[utoipa::path(
    get,
    path = "/v1/merchants",
    tag = "registry",
    summary = "List the merchants",
    description = "For staff, within their zones; a merchant sees itself. Tax codes of persons and telephone numbers are masked.",
    operation_id = "list_merchants",
    params(MerchantQuery),
    responses((status = 200, description = "A page of merchants.", body = Page<MerchantDocument>))
)]
pub async fn list(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Query(query): Query<MerchantQuery>,
) -> Result<Json<Page<MerchantDocument>>, Problem> {
    let reach = reach(&caller)?;
    let wanted = MerchantFilter {
        status: filter("state", query.state.as_deref(), MerchantStatus::parse)?,
        name: query.name.as_deref().map(fold),
    };
    let scope = (&caller.actor, &query.state, &query.name);
    let cursor = query.cursor.as_deref();
    let request = state
        .page_key
        .request("merchants", &scope, query.limit, cursor)?;
    let after = request.after().map(|it| MerchantId::from_uuid(it.id));
    let mut tx = state.ledger.store.begin_read().await?;
    let rows = merchants::list(&mut tx, reach, &wanted, after, request.fetch_rows()).await?;
    let position = |merchant: &Merchant| by_id(merchant.id.uuid());
    Ok(Json(request.page(rows, position, MerchantDocument::masked)))
}
