//! `/v1/outlets`: where a merchant's code hangs.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::registry::{Expected, Versioned, by_id, change, filter, reach};
use crate::domain::day::to_rfc3339;
use crate::domain::establishment::Trade;
use crate::domain::ids::{MerchantId, OutletId, ZoneId};
use crate::domain::money::Vnd;
use crate::domain::outlet::{OutletState, OutletStatus};
use crate::domain::text::TradeName;
use crate::flows::open_outlet::{self, NewOutlet, OutletStep};
use crate::http::AppState;
use crate::http::auth::{MerchantOrStaff, Staff, found};
use crate::http::extract::{Json, Path, Query};
use crate::http::idempotency::{Begun, Creation, IdempotencyKey};
use crate::http::page::Page;
use crate::http::problem::{FieldErrors, Problem};
use crate::store::outlets::{self, Outlet, OutletFilter};

/// An outlet to plan.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "merchant_id": "mer_01920000000070008000000000000001",
    "zone_id": "zon_01920000000070008000000000000001",
    "stall_label": "Sạp 12",
    "trade": "bún ốc",
}))]
pub struct OutletCreation {
    /// Whose it is.
    merchant_id: String,
    /// Where it lies.
    zone_id: String,
    /// The place of the census that it is, when that is known.
    establishment_id: Option<String>,
    /// The stall or house number; one outlet for each in a zone.
    stall_label: String,
    /// What is sold.
    trade: String,
    /// Whether credits without a reference count for it when its account serves no other.
    #[serde(default)]
    match_by_account: bool,
    /// Below this, an unarmed credit is announced as a small sum, đồng; 0 for never.
    #[serde(default)]
    floor_vnd: i64,
}

/// Where a merchant's code hangs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Outlet, example = json!({
    "id": "out_01920000000070008000000000000001",
    "merchant_id": "mer_01920000000070008000000000000001",
    "zone_id": "zon_01920000000070008000000000000001",
    "establishment_id": null,
    "stall_label": "Sạp 12",
    "trade": "bún ốc",
    "state": "open",
    "match_by_account": false,
    "floor_vnd": 0,
    "tested_at": "2026-11-23T09:00:00+07:00",
    "opened_at": "2026-11-23T09:05:00+07:00",
    "closed_at": null,
    "created_at": "2026-11-22T09:00:00+07:00",
    "version": 3,
}))]
pub struct OutletDocument {
    id: String,
    merchant_id: String,
    zone_id: String,
    establishment_id: Option<String>,
    stall_label: String,
    trade: String,
    /// `planned`, `tested`, `open`, `paused` or `closed`.
    state: &'static str,
    match_by_account: bool,
    floor_vnd: i64,
    /// The bank's time of the first test payment.
    tested_at: Option<String>,
    /// The first opening.
    opened_at: Option<String>,
    closed_at: Option<String>,
    created_at: String,
    version: i64,
}

/// Which outlets are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OutletQuery {
    /// Only this merchant's.
    merchant_id: Option<String>,
    /// Only those in this zone.
    zone_id: Option<String>,
    /// Where it stands, such as `open`.
    state: Option<String>,
    /// How many rows, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl From<Outlet> for OutletDocument {
    fn from(outlet: Outlet) -> Self {
        let (tested_at, opened_at, closed_at) = match outlet.state {
            OutletState::Planned => (None, None, None),
            OutletState::Tested { tested_at } => (Some(tested_at), None, None),
            OutletState::Open {
                tested_at,
                opened_at,
            }
            | OutletState::Paused {
                tested_at,
                opened_at,
            } => (Some(tested_at), Some(opened_at), None),
            OutletState::Closed { closed_at } => (None, None, Some(closed_at)),
        };
        Self {
            id: outlet.id.to_string(),
            merchant_id: outlet.merchant.to_string(),
            zone_id: outlet.zone.to_string(),
            establishment_id: outlet.establishment.map(|it| it.to_string()),
            stall_label: outlet.stall_label.to_string(),
            trade: outlet.trade.as_str().to_owned(),
            state: outlet.state.status().as_str(),
            match_by_account: outlet.match_by_account,
            floor_vnd: outlet.floor.get(),
            tested_at: tested_at.map(to_rfc3339),
            opened_at: opened_at.map(to_rfc3339),
            closed_at: closed_at.map(to_rfc3339),
            created_at: to_rfc3339(outlet.created_at),
            version: outlet.version,
        }
    }
}

impl OutletCreation {
    fn read(&self) -> Result<NewOutlet, Problem> {
        let mut errors = FieldErrors::new();
        let merchant = errors.check("/merchant_id", self.merchant_id.parse());
        let zone = errors.check("/zone_id", self.zone_id.parse());
        let establishment = self.establishment_id.as_deref().map(str::parse).transpose();
        let establishment = errors.check("/establishment_id", establishment);
        let stall_label = errors.check("/stall_label", TradeName::parse(&self.stall_label));
        let trade = errors.check("/trade", Trade::parse(&self.trade));
        let floor = errors.check("/floor_vnd", Vnd::new(self.floor_vnd));
        errors.finish()?;
        let read = "every field was checked";
        Ok(NewOutlet {
            merchant: merchant.expect(read),
            zone: zone.expect(read),
            establishment: establishment.expect(read),
            stall_label: stall_label.expect(read),
            trade: trade.expect(read),
            match_by_account: self.match_by_account,
            floor: floor.expect(read),
        })
    }
}

/// Plans an outlet.
#[utoipa::path(
    post,
    path = "/v1/outlets",
    tag = "registry",
    summary = "Plan an outlet",
    description = "For staff, in their zones. It opens after a test payment came back.",
    operation_id = "create_outlet",
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same body, the first answer comes back.")),
    request_body = OutletCreation,
    responses((status = 201, description = "Planned.", body = OutletDocument))
)]
pub async fn create(
    Staff(caller): Staff,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Json(body): Json<OutletCreation>,
) -> Result<Response, Problem> {
    let (new, change) = (body.read()?, change(&caller, &state)?);
    let mut work = match Creation::begin(&state, &caller, "outlets.create", key, &body).await? {
        Begun::Replay(response) => return Ok(response),
        Begun::First(work) => work,
    };
    let outlet = open_outlet::plan(work.tx(), &change, reach(&caller)?, new).await?;
    work.created(&OutletDocument::from(outlet)).await
}

/// One outlet.
#[utoipa::path(
    get,
    path = "/v1/outlets/{id}",
    tag = "registry",
    summary = "Read an outlet",
    description = "For staff, within their zones, and for its merchant.",
    operation_id = "read_outlet",
    params(("id" = String, Path, description = "The outlet.")),
    responses((status = 200, description = "The outlet.", body = OutletDocument))
)]
pub async fn read(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Path(id): Path<OutletId>,
) -> Result<Versioned<OutletDocument>, Problem> {
    let mut tx = state.ledger.store.begin_read().await?;
    let outlet = found(outlets::find(&mut tx, reach(&caller)?, id).await?)?;
    Ok(Versioned(outlet.version, outlet.into()))
}

/// The outlets within the caller's reach, in the order of their registration.
#[utoipa::path(
    get,
    path = "/v1/outlets",
    tag = "registry",
    summary = "List the outlets",
    description = "For staff, within their zones; a merchant sees its own.",
    operation_id = "list_outlets",
    params(OutletQuery),
    responses((status = 200, description = "A page of outlets.", body = Page<OutletDocument>))
)]
pub async fn list(
    MerchantOrStaff(caller): MerchantOrStaff,
    State(state): State<AppState>,
    Query(query): Query<OutletQuery>,
) -> Result<Json<Page<OutletDocument>>, Problem> {
    let reach = reach(&caller)?;
    let wanted = OutletFilter {
        merchant: filter(
            "merchant_id",
            query.merchant_id.as_deref(),
            str::parse::<MerchantId>,
        )?,
        zone: filter("zone_id", query.zone_id.as_deref(), str::parse::<ZoneId>)?,
        status: filter("state", query.state.as_deref(), OutletStatus::parse)?,
    };
    let scope = (
        &caller.actor,
        &query.merchant_id,
        &query.zone_id,
        &query.state,
    );
    let request =
        state
            .page_key
            .request("outlets", &scope, query.limit, query.cursor.as_deref())?;
    let after = request.after().map(|it| OutletId::from_uuid(it.id));
    let mut tx = state.ledger.store.begin_read().await?;
    let rows = outlets::list(&mut tx, reach, wanted, after, request.fetch_rows()).await?;
    let position = |outlet: &Outlet| by_id(outlet.id.uuid());
    Ok(Json(request.page(rows, position, OutletDocument::from)))
}

macro_rules! steps {
    ($($name:ident $path:tt $operation:tt $summary:tt $description:tt => $step:expr;)*) => {$(
        #[doc = $summary]
        #[utoipa::path(
            post,
            path = $path,
            tag = "registry",
            summary = $summary,
            description = $description,
            operation_id = $operation,
            params(("id" = String, Path, description = "The outlet."), Expected),
            responses((status = 200, description = "The outlet afterwards.", body = OutletDocument))
        )]
        pub async fn $name(
            Staff(caller): Staff,
            State(state): State<AppState>,
            Path(id): Path<OutletId>,
            expected: Expected,
        ) -> Result<Versioned<OutletDocument>, Problem> {
            let (change, reach) = (change(&caller, &state)?, reach(&caller)?);
            let mut tx = state.ledger.store.begin_write().await?;
            let which = (id, expected.version);
            let outlet = open_outlet::step(&mut tx, &change, reach, which, $step).await?;
            tx.commit().await?;
            Ok(Versioned(outlet.version, outlet.into()))
        }
    )*};
}

steps! {
    open "/v1/outlets/{id}/open" "open_outlet" "Open an outlet"
        "For staff. From tested, while its merchant is active." => OutletStep::Open;
    pause "/v1/outlets/{id}/pause" "pause_outlet" "Pause an outlet"
        "For staff. From open; money that comes is still recorded." => OutletStep::Pause;
    resume "/v1/outlets/{id}/resume" "resume_outlet" "Let a paused outlet go on"
        "For staff. From paused, while its merchant is active." => OutletStep::Resume;
    close "/v1/outlets/{id}/close" "close_outlet" "Close an outlet"
        "For staff. From every other state; there is no way back." => OutletStep::Close;
}
