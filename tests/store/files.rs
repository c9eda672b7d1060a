//! A SQLite database as files, and what both engines say of themselves.

use phocho::store::files::{companions, take_alone};
use phocho::store::{DatabaseUrl, Store, StoreError};
use tempfile::TempDir;

use crate::database::{Database, on_both_engines};
use crate::harness::execute;

on_both_engines!(
    a_schema_of_a_newer_program_is_refused,
    a_sound_database_says_so_and_names_its_engine,
);

async fn a_schema_of_a_newer_program_is_refused(database: Database) {
    let store = database.store().await;
    store.check_not_ahead().await.unwrap();
    let newer = "INSERT INTO _sqlx_migrations
            (version, description, installed_on, success, checksum, execution_time)
        SELECT 9999, description, installed_on, success, checksum, execution_time
        FROM _sqlx_migrations WHERE version = 1";
    execute(&database, newer).await.unwrap();
    for refused in [
        store.check_not_ahead().await,
        store.check_schema().await,
        store.migrate().await,
    ] {
        let fault = refused.unwrap_err();
        assert!(matches!(fault, StoreError::SchemaAhead { found: 9999 }));
    }
}

async fn a_sound_database_says_so_and_names_its_engine(database: Database) {
    let store = database.store().await;
    assert_eq!(store.damage().await.unwrap(), Vec::<String>::new());
    let version = store.engine_version().await.unwrap();
    assert!(version.starts_with(store.engine_name()), "{version}");
    assert!(version.contains('.'), "{version}");
}

async fn made_in(folder: &TempDir) -> (std::path::PathBuf, Store) {
    let path = folder.path().join("phocho.db");
    let store = Store::connect(&DatabaseUrl::Sqlite(path.clone())).await;
    let store = store.unwrap();
    store.migrate().await.unwrap();
    (path, store)
}

#[tokio::test]
async fn a_copy_is_looked_at_without_a_trace_and_refuses_writes() {
    let folder = TempDir::new().unwrap();
    let (_, store) = made_in(&folder).await;
    let place = TempDir::new().unwrap();
    let path = place.path().join("copy.db");
    store.backup_to(&path).await.unwrap();
    assert!(store.backup_to(&path).await.is_err(), "it is there already");
    let bytes = std::fs::read(&path).unwrap();
    let copy = Store::open_copy(&path).await.unwrap();
    copy.check_schema().await.unwrap();
    assert_eq!(copy.damage().await.unwrap(), Vec::<String>::new());
    let mut tx = copy.begin_read().await.unwrap();
    phocho::store::audit::chains(&mut tx).await.unwrap();
    drop(tx);
    copy.close().await;
    assert!(std::fs::read(&path).unwrap() == bytes);
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1);
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let cut = Store::open_copy(&path).await.unwrap();
    assert_ne!(cut.damage().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_database_in_use_is_not_given_up_and_one_that_is_taken_is_not_opened() {
    let folder = TempDir::new().unwrap();
    let (path, store) = made_in(&folder).await;
    let url = DatabaseUrl::Sqlite(path.clone());
    let second = Store::connect(&url).await.unwrap();
    assert!(take_alone(&path).unwrap().is_none());
    store.close().await;
    drop(store);
    assert!(
        take_alone(&path).unwrap().is_none(),
        "another one has it open"
    );
    second.close().await;
    drop(second);
    // Closing the last connection puts everything into the one file.
    assert!(companions(&path).iter().all(|file| !file.exists()));
    let alone = take_alone(&path).unwrap();
    assert!(alone.is_some());
    let refused = Store::connect(&url).await.unwrap_err();
    assert!(refused.chain().contains("restore"), "{}", refused.chain());
    drop(alone);
    Store::connect(&url).await.unwrap();
}
