//! Use cases: a flow opens a transaction, asks the domain what to do and has the store write
//! it.

pub mod intake;
