//! `/v1/tokens` and `/v1/first-token`: the credentials of callers.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::PageQuery;
use crate::domain::access::{LinkSecret, Role, TokenHolder};
use crate::domain::day::{to_microseconds, to_rfc3339};
use crate::domain::ids::{MerchantId, OutletId, TokenId, UserId};
use crate::domain::text::TradeName;
use crate::flows::access::{IssuedToken, NewToken, issue_token, redeem_link, revoke_token};
use crate::http::AppState;
use crate::http::auth::{Admin, Caller, found};
use crate::http::code::Code;
use crate::http::extract::{Json, Path, Query};
use crate::http::idempotency::{Begun, Creation, IdempotencyKey};
use crate::http::language::Text;
use crate::http::page::{Page, Position};
use crate::http::problem::{FieldError, FieldErrors, Problem};
use crate::store::access::tokens::{self, Token};

/// A token to make: for a user, a merchant, or one outlet of a merchant.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "label": "Máy tính của ban quản lý chợ",
    "user_id": "usr_01920000000070008000000000000001",
    "expires_at": "2027-11-23T00:00:00+07:00",
}))]
pub struct TokenCreation {
    /// What people call it.
    label: String,
    /// The person in whose name it speaks.
    user_id: Option<String>,
    /// The merchant in whose name it speaks.
    merchant_id: Option<String>,
    /// Narrows a merchant's token to one till.
    outlet_id: Option<String>,
    /// Until when it is good; until revoked if it is absent or null.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<DateTime<Utc>>,
}

/// A token without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Token, example = json!({
    "id": "tok_01920000000070008000000000000001",
    "label": "Máy tính của ban quản lý chợ",
    "user_id": "usr_01920000000070008000000000000001",
    "merchant_id": null,
    "outlet_id": null,
    "created_at": "2026-11-23T09:00:00+07:00",
    "expires_at": null,
    "revoked_at": null,
    "last_used_at": "2026-11-23T09:30:00+07:00",
}))]
pub struct TokenDocument {
    id: String,
    /// What people call it.
    label: String,
    /// The person in whose name it speaks.
    user_id: Option<String>,
    /// The merchant in whose name it speaks.
    merchant_id: Option<String>,
    /// The one till that it is for.
    outlet_id: Option<String>,
    created_at: String,
    /// Until when it is good.
    expires_at: Option<String>,
    /// Since when it is good no more.
    revoked_at: Option<String>,
    /// When it was last used, to the minute.
    last_used_at: Option<String>,
}

/// A token with its secret, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IssuedToken, example = json!({
    "token": {
        "id": "tok_01920000000070008000000000000001",
        "label": "Máy tính của ban quản lý chợ",
        "user_id": "usr_01920000000070008000000000000001",
        "merchant_id": null,
        "outlet_id": null,
        "created_at": "2026-11-23T09:00:00+07:00",
        "expires_at": null,
        "revoked_at": null,
        "last_used_at": null,
    },
    "secret": "phk_…",
}))]
pub struct IssuedTokenDocument {
    token: TokenDocument,
    /// What goes behind `Authorization: Bearer`. Nobody can show it again.
    secret: String,
}

/// A one-time link to exchange.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"link": "phl_…"}))]
pub struct LinkRedemption {
    /// The secret that the first start printed.
    link: String,
}

impl From<Token> for TokenDocument {
    fn from(token: Token) -> Self {
        let (user_id, merchant_id, outlet_id) = match token.holder {
            TokenHolder::User(user) => (Some(user.to_string()), None, None),
            TokenHolder::Merchant(merchant) => (None, Some(merchant.to_string()), None),
            TokenHolder::Device { merchant, outlet } => {
                (None, Some(merchant.to_string()), Some(outlet.to_string()))
            }
        };
        Self {
            id: token.id.to_string(),
            label: token.label,
            user_id,
            merchant_id,
            outlet_id,
            created_at: to_rfc3339(token.created_at),
            expires_at: token.expires_at.map(to_rfc3339),
            revoked_at: token.revoked_at.map(to_rfc3339),
            last_used_at: token.last_used_at.map(to_rfc3339),
        }
    }
}

impl From<IssuedToken> for IssuedTokenDocument {
    fn from(issued: IssuedToken) -> Self {
        Self {
            secret: issued.secret.reveal().to_string(),
            token: issued.token.into(),
        }
    }
}

impl TokenCreation {
    fn read(&self) -> Result<NewToken, Problem> {
        let mut errors = FieldErrors::new();
        let label = errors.check("/label", TradeName::parse(&self.label));
        let user = self.user_id.as_deref();
        let user = user.map(|id| errors.check("/user_id", id.parse::<UserId>()));
        let merchant = self.merchant_id.as_deref();
        let merchant = merchant.map(|id| errors.check("/merchant_id", id.parse::<MerchantId>()));
        let outlet = self.outlet_id.as_deref();
        let outlet = outlet.map(|id| errors.check("/outlet_id", id.parse::<OutletId>()));
        if self.user_id.is_some() == self.merchant_id.is_some()
            || (self.user_id.is_some() && self.outlet_id.is_some())
        {
            let message = Text::new(
                "Ghi user_id, hoặc merchant_id có thể kèm outlet_id.",
                "Name user_id, or merchant_id with or without outlet_id.",
            );
            errors.push(FieldError::new("", "one_holder", message));
        }
        errors.finish()?;
        let holder = match (user.flatten(), merchant.flatten(), outlet.flatten()) {
            (Some(user), _, _) => TokenHolder::User(user),
            (None, Some(merchant), None) => TokenHolder::Merchant(merchant),
            (None, Some(merchant), Some(outlet)) => TokenHolder::Device { merchant, outlet },
            (None, None, _) => return Err(Problem::new(Code::InvalidFields)),
        };
        Ok(NewToken {
            label: label
                .map(|label| label.as_str().to_owned())
                .unwrap_or_default(),
            holder,
            expires_at: self.expires_at.map(to_microseconds),
        })
    }
}

/// Makes a token; its secret is shown in this answer only.
#[utoipa::path(
    post,
    path = "/v1/tokens",
    tag = "access",
    summary = "Make a token",
    description = "For administrators. The secret is shown in this answer only.",
    operation_id = "create_token",
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same body, the first answer comes back.")),
    request_body = TokenCreation,
    responses((status = 201, description = "Made.", body = IssuedTokenDocument))
)]
pub async fn create(
    Admin(caller): Admin,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Json(body): Json<TokenCreation>,
) -> Result<Response, Problem> {
    let wish = body.read()?;
    let mut work = match Creation::begin(&state, &caller, "tokens.create", key, &body).await? {
        Begun::Replay(response) => return Ok(response),
        Begun::First(work) => work,
    };
    let issued = issue_token(work.tx(), &caller.act(&state), wish).await?;
    work.created(&IssuedTokenDocument::from(issued)).await
}

/// Tokens in the order in which they were made, without their secrets.
#[utoipa::path(
    get,
    path = "/v1/tokens",
    tag = "access",
    summary = "List tokens",
    description = "An administrator sees all, anyone else their own; a merchant also those of its tills.",
    operation_id = "list_tokens",
    params(PageQuery),
    responses((status = 200, description = "A page of tokens.", body = Page<TokenDocument>))
)]
pub async fn list(
    caller: Caller,
    State(state): State<AppState>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<TokenDocument>>, Problem> {
    let holder = match caller.principal.role {
        Role::Admin => None,
        Role::Staff | Role::Merchant | Role::Device => Some(caller.principal.holder),
    };
    let scope = holder.map(|_| caller.actor.as_str());
    let cursor = query.cursor.as_deref();
    let request = state
        .page_key
        .request("tokens", &scope, query.limit, cursor)?;
    let after = request
        .after()
        .map(|position| TokenId::from_uuid(position.id));
    let mut tx = state.ledger.store.begin_read().await?;
    let rows = tokens::list(&mut tx, holder, after, request.fetch_rows().into()).await?;
    let position = |token: &Token| Position {
        sort: String::new(),
        id: token.id.uuid(),
    };
    Ok(Json(request.page(rows, position, TokenDocument::from)))
}

/// Ends a token; the very next request with it is refused.
#[utoipa::path(
    delete,
    path = "/v1/tokens/{id}",
    tag = "access",
    summary = "Revoke a token",
    description = "An administrator any, anyone else their own. The next request with it is refused; revoking again changes nothing.",
    operation_id = "revoke_token",
    params(("id" = String, Path, description = "The token.")),
    responses((status = 204, description = "It is good no more."))
)]
pub async fn revoke(
    caller: Caller,
    State(state): State<AppState>,
    Path(id): Path<TokenId>,
) -> Result<StatusCode, Problem> {
    let mut tx = state.ledger.store.begin_write().await?;
    let act = caller.act(&state);
    let revoked = revoke_token(&mut tx, &act, &caller.principal, id).await?;
    found(revoked.then_some(()))?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Exchanges the link of the first start for an administrator's token.
#[utoipa::path(
    post,
    path = "/v1/first-token",
    tag = "access",
    summary = "Exchange a one-time link for a token",
    description = "The link is good once, for 24 hours. An unknown, used or expired one is answered 401.",
    operation_id = "redeem_link",
    security(()),
    request_body = LinkRedemption,
    responses(
        (status = 201, description = "The token with its secret.", body = IssuedTokenDocument),
        (status = 401, description = "The link is not good.", body = crate::http::problem::ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn redeem(
    State(state): State<AppState>,
    Json(body): Json<LinkRedemption>,
) -> Result<Response, Problem> {
    let link = LinkSecret::parse(&body.link).map_err(|_| Code::Unauthenticated)?;
    let now = state.clock.now();
    let mut tx = state.ledger.store.begin_write().await?;
    let issued = redeem_link(&mut tx, &state.entropy, now, &link).await?;
    let issued = issued.ok_or(Code::Unauthenticated)?;
    tx.commit().await?;
    let body = Json(IssuedTokenDocument::from(issued));
    Ok((StatusCode::CREATED, body).into_response())
}
