//! Running it: the real program as a process, backed up and restored, killed, starved and fed
//! nonsense.
//!
//! The long counts come from the environment (`tests/long`); without it each test runs a
//! small, seeded slice of them.

mod backups;
mod bank;
mod books;
mod commands;
mod greedy;
mod housekeeping;
mod import_kills;
mod kills;
mod process;
mod rekey;
mod rotation;
mod simulated_bank;
mod simulated_keys;
mod simulated_list;
mod twins;
mod unavailable;

pub use books::tamper;
pub use housekeeping::number;
pub use process::Site;
pub use twins::Twins;

/// A number from the environment, such as how many times to kill the process.
pub fn count(name: &str, otherwise: u32) -> u32 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a whole number"))
}
