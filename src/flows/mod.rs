//! Use cases: a flow opens a transaction, asks the domain what to do and has the store write
//! it.

pub mod access;
pub mod change;
pub mod check_books;
pub mod housekeeping;
pub mod idempotency;
pub mod intake;
pub mod issue_code;
pub mod open_outlet;
pub mod receive_notice;
pub mod register_merchant;
pub mod register_zone;
pub mod settlement_account;
