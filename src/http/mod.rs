//! The JSON API: bytes to domain values and back.
//!
//! `routes` lists every operation. A handler reads its input with the strict extractors of
//! [`extract`], returns [`extract::Json`] or a [`problem::Problem`], and carries its own API
//! documentation; [`layers`] does the rest around it.

pub mod api;
pub mod auth;
pub mod body;
pub mod certificate;
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
mod routes;
pub mod server;
pub(crate) mod site;

use axum::Router;
use axum::middleware::from_fn_with_state;

use crate::clock::Clock;
use crate::domain::account::PersonalAccounts;
use crate::domain::network::PrivateAddresses;
use crate::entropy::Entropy;
use crate::flows::intake::{Intake, Ledger};
use crate::web;

use self::certificate::CertificateHeader;
use self::code::Code;
use self::idempotency::RunningKeys;
use self::layers::RequestDeadlines;
use self::lifecycle::Lifecycle;
use self::page::PageKey;
use self::peer::TrustedProxies;
use self::problem::Problem;
use self::rate::RateLimits;

/// What the front page shows to whoever comes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrontPage {
    /// The zones and the ways in: a pilot's figures are for its staff.
    Pilot,
    /// Everything, under a banner: the data is invented.
    SampleData,
}

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
    /// Where a trusted proxy names its client's certificate.
    pub certificates: CertificateHeader,
    /// How often one address may ask.
    pub rates: RateLimits,
    /// Whether a private person's account is taken for a business.
    pub personal_accounts: PersonalAccounts,
    /// What the front page shows.
    pub front_page: FrontPage,
    /// Whom a bank's engineer asks for a source.
    pub contact: Option<String>,
    /// Whether history is fetched from addresses that are not public.
    pub private_addresses: PrivateAddresses,
    /// Seals the cursors of lists; follows from the master key, so that every instance on one
    /// database takes the cursors of the others.
    pub page_key: PageKey,
}

impl AppState {
    /// The state of a fresh process.
    pub fn new(clock: Clock, ledger: Ledger, intake: Intake) -> Self {
        let entropy = ledger.entropy.clone();
        let page_key = PageKey::derive(&ledger.master_key);
        Self {
            clock,
            entropy,
            ledger,
            intake,
            running_keys: RunningKeys::default(),
            lifecycle: Lifecycle::default(),
            deadlines: RequestDeadlines::default(),
            trusted: TrustedProxies::default(),
            certificates: CertificateHeader::default(),
            rates: RateLimits::default(),
            contact: None,
            front_page: FrontPage::Pilot,
            private_addresses: PrivateAddresses::Refused,
            personal_accounts: PersonalAccounts::Warn,
            page_key,
        }
    }
}

/// The whole service: the operations, the pages that explain them, the pages for people, and
/// the layers around.
pub fn router(state: AppState) -> Router {
    let (operations, document) = routes::operations().split_for_parts();
    finish(
        operations
            .merge(docs::router(&openapi::complete(document)))
            .merge(web::router()),
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
