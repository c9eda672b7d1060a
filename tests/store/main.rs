//! Every public store function, on SQLite always and on PostgreSQL when it is configured.

#[path = "../support/database.rs"]
mod database;

mod harness;
