//! phocho (*phố chợ*, the market street): makes a market street cashless and shows honestly
//! whether it worked.
//!
//! # The map
//!
//! Read in this order:
//!
//! 1. [`domain`]: the pilot's words and rules. Pure code: no I/O, no clock, no chance.
//! 2. [`vietqr`]: the payment code as text and picture. Pure.
//! 3. [`banks`]: one file for each kind of signed notice: verification, then normalised bank
//!    facts. Pure. Only this module can build a verified notice.
//! 4. [`statements`]: bank statements in every form that banks write them, read in constant
//!    memory. Pure.
//! 5. [`store`]: the only SQL. One text for each query, two databases.
//! 6. [`flows`]: use cases. A flow opens a transaction, asks the domain what to do and has
//!    the store write it. `flows::intake` holds the queue and the one writer of bank notices.
//! 7. [`http`]: the JSON API: bytes to domain values and back.
//! 8. [`web`]: pages for people, from templates.
//! 9. [`cli`]: the commands; `cli::demo` is the whole pilot on sample data.
//!
//! Beside them: [`clock`] reads the time, [`entropy`] draws random bytes, [`vault`] seals
//! secrets at rest, [`outbound`] asks other machines, [`config`] reads settings, [`telemetry`]
//! writes logs.
//!
//! A request in one sentence: `http` turns bytes into domain values, `flows` opens a
//! transaction and asks `domain` what to do, `store` writes it, `http` turns the answer into
//! bytes.
//!
//! # Deliberately absent
//!
//! Holding money, ordering a payment, and any figure without its denominator. A payer has no
//! account here. Nothing unsigned counts as money.

pub mod banks;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod entropy;
pub mod flows;
pub mod http;
pub mod outbound;
pub mod statements;
pub mod store;
pub mod telemetry;
pub mod vault;
pub mod vietqr;
pub mod web;
