//! Tests from outside: over the network, through the command, page by page.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

#[expect(dead_code, reason = "only the store's own tests ask for the address")]
#[path = "../support/database.rs"]
mod database;
#[expect(
    dead_code,
    reason = "only the store's own tests change accounts and merchants"
)]
#[path = "../support/stalls.rs"]
mod stalls;
#[path = "../support/state.rs"]
mod state;
#[path = "../support/street.rs"]
mod street;

mod access;
mod adoption;
mod api_document;
mod callbacks;
mod docs_pages;
mod http_habits;
mod notices;
mod numbers;
mod payment_codes;
mod registry;
mod serve_cli;
mod vietqr;
mod vietqr_cli;
mod wire;
