//! Tests from outside: over the network, through the command, page by page.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

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
mod api_document;
mod callbacks;
mod docs_pages;
mod establishments;
mod http_habits;
mod import_cli;
mod imports;
mod notices;
mod numbers;
mod payment_codes;
mod registry;
mod serve_cli;
mod vietqr;
mod vietqr_cli;
mod wire;
