//! Use cases: a flow opens a transaction, asks the domain what to do and has the store write
//! it.

pub mod access;
pub mod attach_reversals;
pub mod attribute_by_hand;
pub mod change;
pub mod check_books;
pub mod check_code;
pub mod disclose;
pub mod export_suspense;
pub mod housekeeping;
pub mod idempotency;
pub mod import;
pub mod intake;
pub mod issue_code;
pub mod match_by_account;
pub mod measure_adoption;
pub mod move_payment;
pub mod open_outlet;
pub mod receive_notice;
pub mod record_reversal;
pub mod register_merchant;
pub mod register_source;
pub mod register_zone;
mod returned_money;
mod returned_payment;
mod second_telling;
pub mod settle_alert;
pub mod settle_doubt;
pub mod settle_suspense;
pub mod settlement_account;
mod standing;
pub mod suggest;
pub mod take_census;
pub mod watch_sources;
