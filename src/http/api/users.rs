//! `/v1/users`: the people who work with the system.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::PageQuery;
use crate::domain::access::UserRole;
use crate::domain::day::to_rfc3339;
use crate::domain::ids::{UserId, ZoneId};
use crate::domain::text::PersonName;
use crate::flows::access::{AccessError, NewUser, create_user};
use crate::http::AppState;
use crate::http::auth::Admin;
use crate::http::extract::{Json, Query};
use crate::http::idempotency::{Begun, Creation, IdempotencyKey};
use crate::http::language::Text;
use crate::http::page::{Page, Position};
use crate::http::problem::{FieldError, FieldErrors, Problem};
use crate::store::access::{User, list_users};

/// A person to add.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Nguyễn Thị Đào",
    "role": "staff",
    "zone_ids": ["zon_01920000000070008000000000000001"],
}))]
pub struct UserCreation {
    /// The person's name.
    name: String,
    /// `admin` or `staff`.
    role: String,
    /// The zones that a member of the staff sees; all of them if it is absent or null. An
    /// administrator sees all.
    zone_ids: Option<Vec<String>>,
}

/// A person who works with the system.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User, example = json!({
    "id": "usr_01920000000070008000000000000001",
    "name": "Nguyễn Thị Đào",
    "role": "staff",
    "all_zones": false,
    "created_at": "2026-11-23T09:00:00+07:00",
    "disabled_at": null,
}))]
pub struct UserDocument {
    id: String,
    /// The person's name.
    name: String,
    /// `admin` or `staff`.
    role: &'static str,
    /// Whether the person sees every zone.
    all_zones: bool,
    created_at: String,
    /// When the person went.
    disabled_at: Option<String>,
}

impl From<User> for UserDocument {
    fn from(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            name: user.name,
            role: user.role.as_str(),
            all_zones: user.all_zones,
            created_at: to_rfc3339(user.created_at),
            disabled_at: user.disabled_at.map(to_rfc3339),
        }
    }
}

impl UserCreation {
    fn read(&self) -> Result<NewUser, Problem> {
        let mut errors = FieldErrors::new();
        let name = errors.check("/name", PersonName::parse(&self.name));
        let role = errors.check("/role", UserRole::parse(&self.role));
        let zones: Option<Vec<Option<ZoneId>>> = self.zone_ids.as_ref().map(|ids| {
            let ids = ids.iter().enumerate();
            ids.map(|(place, id)| errors.check(format!("/zone_ids/{place}"), id.parse()))
                .collect()
        });
        errors.finish()?;
        let read = "every field was checked";
        Ok(NewUser {
            name: name.expect(read),
            role: role.expect(read),
            zones: zones.map(|zones| zones.into_iter().flatten().collect()),
        })
    }
}

/// Adds a person. A token for the person is a second step.
#[utoipa::path(
    post,
    path = "/v1/users",
    tag = "access",
    summary = "Add a person",
    description = "For administrators.",
    operation_id = "create_user",
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same body, the first answer comes back.")),
    request_body = UserCreation,
    responses((status = 201, description = "Added.", body = UserDocument))
)]
pub async fn create(
    Admin(caller): Admin,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Json(body): Json<UserCreation>,
) -> Result<Response, Problem> {
    let wish = body.read()?;
    let mut work = match Creation::begin(&state, &caller, "users.create", key, &body).await? {
        Begun::Replay(response) => return Ok(response),
        Begun::First(work) => work,
    };
    let user = create_user(work.tx(), &caller.act(&state), wish).await?;
    work.created(&UserDocument::from(user)).await
}

/// The people, in the order in which they came.
#[utoipa::path(
    get,
    path = "/v1/users",
    tag = "access",
    summary = "List the people",
    description = "For administrators.",
    operation_id = "list_users",
    params(PageQuery),
    responses((status = 200, description = "A page of people.", body = Page<UserDocument>))
)]
pub async fn list(
    _admin: Admin,
    State(state): State<AppState>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<UserDocument>>, Problem> {
    let cursor = query.cursor.as_deref();
    let request = state.page_key.request("users", &(), query.limit, cursor)?;
    let after = request
        .after()
        .map(|position| UserId::from_uuid(position.id));
    let mut tx = state.ledger.store.begin_read().await?;
    let rows = list_users(&mut tx, after, request.fetch_rows().into()).await?;
    let position = |user: &User| Position {
        sort: String::new(),
        id: user.id.uuid(),
    };
    Ok(Json(request.page(rows, position, UserDocument::from)))
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::UnknownZone { place, .. } => FieldError::new(
                format!("/zone_ids/{place}"),
                "unknown_zone",
                Text::new("Không có khu vực này.", "There is no such zone."),
            )
            .into(),
            AccessError::UnknownHolder => FieldError::new(
                "",
                "unknown_holder",
                Text::new(
                    "Không có người, hộ hay điểm bán này.",
                    "There is no such user, merchant or outlet.",
                ),
            )
            .into(),
            AccessError::Expired => FieldError::new(
                "/expires_at",
                "in_the_past",
                Text::new(
                    "Phải là một thời điểm trong tương lai.",
                    "Must be in the future.",
                ),
            )
            .into(),
            AccessError::Store(fault) => fault.into(),
        }
    }
}
