//! Use cases: a flow opens a transaction, asks the domain what to do and has the store write
//! it.

pub mod access;
pub mod change;
pub mod check_books;
pub mod check_code;
pub mod disclose;
pub mod housekeeping;
pub mod idempotency;
pub mod import;
pub mod intake;
pub mod issue_code;
pub mod linking;
pub mod match_by_account;
pub mod measure_adoption;
pub mod open_outlet;
pub mod pull;
pub mod pull_settings;
pub mod receive_notice;
pub mod reconcile;
pub mod register_merchant;
pub mod register_source;
pub mod register_zone;
pub mod settle_alert;
pub mod settlement_account;
pub mod take_census;
pub mod watch_sources;
