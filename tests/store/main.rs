//! Every public store function, on SQLite always and on PostgreSQL when it is configured.

#![expect(clippy::unwrap_used, reason = "a scenario that cannot go on must fail")]

#[path = "../support/database.rs"]
mod database;

#[path = "../support/stalls.rs"]
mod stalls;

mod access;
mod code_lists;
mod codes;
mod files;
mod harness;
mod issue_code;
mod records;
mod registry;
mod sealed_values;
