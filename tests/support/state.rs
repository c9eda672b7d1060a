//! A service's state over a database of its own.

use std::num::NonZeroU32;
use std::sync::Arc;

use phocho::clock::Clock;
use phocho::entropy::Entropy;
use phocho::flows::intake::{Intake, Ledger};
use phocho::http::AppState;
use phocho::http::rate::{Rate, RateLimits};
use phocho::store::{DatabaseUrl, Store};
use phocho::vault::{KEY_BYTES, Key};
use tempfile::TempDir;

/// A state over a fresh SQLite file, which lives as long as the folder.
pub async fn fresh_state() -> (AppState, TempDir) {
    let folder = TempDir::new().expect("a temporary folder");
    let url = DatabaseUrl::Sqlite(folder.path().join("test.db"));
    let store = Store::connect(&url).await.expect("a database");
    store.migrate().await.expect("a schema");
    (state_over(store), folder)
}

/// Rates that no test reaches: everything comes from one address.
pub fn any_rate() -> RateLimits {
    let often = Rate {
        per_second: NonZeroU32::MAX,
        burst: NonZeroU32::MAX,
    };
    RateLimits::new(often, often)
}

/// A state over a database that is there.
pub fn state_over(store: Store) -> AppState {
    let ledger = Ledger {
        store,
        entropy: Entropy::seeded(1),
        master_key: Arc::new(Key::new([7; KEY_BYTES])),
        chain: "test/intake".to_owned(),
    };
    let (intake, _) = Intake::start(ledger.clone());
    AppState::new(Clock::System, ledger, intake)
}
