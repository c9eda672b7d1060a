//! The pilot's own words and rules: pure code, no I/O, no clock, no chance.

pub mod bank;
pub mod credit;
pub mod day;
pub mod ids;
pub mod money;
pub mod txn_ref;
