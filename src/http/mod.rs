//! The JSON API: bytes to domain values and back.
//!
//! [`router`] lists every route. A handler reads its input with the strict extractors of
//! [`extract`], returns [`extract::Json`] or a [`problem::Problem`], and carries its own API
//! documentation; [`layers`] does the rest around it.

pub mod api;
pub mod auth;
pub mod body;
pub mod code;
mod deadlines;
mod docs;
mod explain;
pub mod extract;
mod health;
pub mod idempotency;
pub mod json;
pub mod language;
pub mod layers;
pub mod lifecycle;
pub mod numbers;
pub mod openapi;
pub mod page;
pub mod peer;
pub mod problem;
pub mod rate;
pub mod server;

use axum::Router;
use axum::middleware::from_fn_with_state;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::flows::intake::{Intake, Ledger};

use self::code::Code;
use self::idempotency::RunningKeys;
use self::layers::RequestDeadlines;
use self::lifecycle::Lifecycle;
use self::page::PageKey;
use self::peer::TrustedProxies;
use self::problem::Problem;
use self::rate::RateLimits;

/// What every handler may reach. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AppState {
    /// Tells the time.
    pub clock: Clock,
    /// Draws ids and nonces.
    pub entropy: Entropy,
    /// The database and the key of what is sealed in it.
    pub ledger: Ledger,
    /// The entrance for verified notices.
    pub intake: Intake,
    /// Creating requests that run right now.
    pub running_keys: RunningKeys,
    /// Starting, ready or stopping.
    pub lifecycle: Lifecycle,
    /// How long the parts of a request may take.
    pub deadlines: RequestDeadlines,
    /// Whose word about a client's address is taken.
    pub trusted: TrustedProxies,
    /// How often one address may ask.
    pub rates: RateLimits,
    /// Seals the cursors of lists; drawn fresh here, so instances that share a database set
    /// a common one.
    pub page_key: PageKey,
}

impl AppState {
    /// The state of a fresh process.
    pub fn new(clock: Clock, ledger: Ledger, intake: Intake) -> Self {
        let entropy = ledger.entropy.clone();
        let page_key = PageKey::new(entropy.bytes());
        Self {
            clock,
            entropy,
            ledger,
            intake,
            running_keys: RunningKeys::default(),
            lifecycle: Lifecycle::default(),
            deadlines: RequestDeadlines::default(),
            trusted: TrustedProxies::default(),
            rates: RateLimits::default(),
            page_key,
        }
    }
}

/// Every documented operation, grouped by client.
fn operations() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(openapi::frame())
        // Administrators; anyone for their own tokens; staff for alerts.
        .routes(routes!(api::users::create, api::users::list))
        .routes(routes!(api::tokens::create, api::tokens::list))
        .routes(routes!(api::tokens::revoke))
        .routes(routes!(api::audit::list))
        .routes(routes!(api::alerts::list))
        // Every caller; administrators add.
        .routes(routes!(api::zones::create, api::zones::list))
        .routes(routes!(api::zones::create_first_list))
        .routes(routes!(api::zones::read))
        // Staff; a merchant reads itself.
        .routes(routes!(api::merchants::create, api::merchants::list))
        .routes(routes!(api::merchants::read, api::merchants::amend))
        .routes(routes!(api::imports::merchants))
        .routes(routes!(api::merchant_steps::submit))
        .routes(routes!(api::merchant_steps::start_review))
        .routes(routes!(api::merchant_steps::approve))
        .routes(routes!(api::merchant_steps::request_changes))
        .routes(routes!(api::merchant_steps::reject))
        .routes(routes!(api::merchant_steps::suspend))
        .routes(routes!(api::merchant_steps::resume))
        .routes(routes!(api::merchant_steps::close))
        .routes(routes!(api::outlets::create, api::outlets::list))
        .routes(routes!(api::outlets::read))
        .routes(routes!(api::outlets::open))
        .routes(routes!(api::outlets::pause))
        .routes(routes!(api::outlets::resume))
        .routes(routes!(api::outlets::close))
        .routes(routes!(
            api::establishments::create,
            api::establishments::list
        ))
        .routes(routes!(api::imports::establishments))
        .routes(routes!(api::establishments::read))
        .routes(routes!(api::establishments::confirm_change))
        .routes(routes!(api::censuses::create, api::censuses::list))
        .routes(routes!(api::censuses::read))
        .routes(routes!(api::accounts::create, api::accounts::list))
        .routes(routes!(api::accounts::read))
        .routes(routes!(api::accounts::approve))
        .routes(routes!(api::accounts::reject))
        .routes(routes!(api::accounts::retire))
        // A merchant, its tills and staff.
        .routes(routes!(api::payment_codes::create))
        .routes(routes!(api::payment_codes::read))
        .routes(routes!(api::payment_codes::cancel))
        .routes(routes!(api::code_pictures::svg))
        .routes(routes!(api::code_pictures::png))
        // Whoever holds a one-time link.
        .routes(routes!(api::tokens::redeem))
        // Whoever runs it.
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
        // Banks and aggregators.
        .routes(routes!(api::callbacks::deliver))
}

/// The whole service: the operations, the pages that explain them, and the layers around.
pub fn router(state: AppState) -> Router {
    let (operations, document) = operations().split_for_parts();
    finish(
        operations.merge(docs::router(&openapi::complete(document))),
        state,
    )
}

/// Puts the fallbacks and layers around routes: a test's own routes get the same.
pub fn finish(routes: Router<AppState>, state: AppState) -> Router {
    routes
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::new(Code::MethodNotAllowed))
        .layer(from_fn_with_state(state.clone(), layers::surround))
        .with_state(state)
}
