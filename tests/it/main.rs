//! Tests from outside: over the network, through the command, page by page.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

#[path = "../support/database.rs"]
mod database;
#[path = "../support/market.rs"]
mod market;
#[path = "../support/sepay.rs"]
mod sepay;
#[path = "../support/service.rs"]
mod service;
#[expect(dead_code, reason = "only the store's own tests replace accounts")]
#[path = "../support/stalls.rs"]
mod stalls;
#[path = "../support/state.rs"]
mod state;
#[path = "../support/statement.rs"]
mod statement;
#[path = "../support/statement_writer.rs"]
mod statement_writer;
#[path = "../support/street.rs"]
mod street;

mod access;
mod account_links;
mod adoption;
mod api_document;
mod at_once;
mod bad_notices;
mod bank_links;
mod bank_page;
mod by_account;
mod callbacks;
mod code_changes;
mod code_checks;
mod demo;
mod docs_pages;
mod doubts;
mod establishments;
mod events;
mod forged_notices;
mod front_page;
mod http_habits;
mod import_cli;
mod imports;
mod ledger_model;
mod linking;
mod money;
mod notices;
mod numbers;
mod operation;
mod outlet_life;
mod payment_codes;
mod payment_moves;
mod personal_accounts;
mod pulls;
mod registry;
mod retelling;
mod reversals;
mod serve_cli;
mod source_entry;
mod source_keys;
mod sources;
mod statement_files;
mod statements;
mod stored_unusable;
mod suspense;
mod trials;
mod vendors;
mod vietqr;
mod vietqr_cli;
mod wire;
