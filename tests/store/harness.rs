//! The tests' own ground: databases that are fresh, migrated, separate and gone afterwards.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;

use sqlx::{Connection as _, PgConnection, SqliteConnection};

use crate::database::{Database, on_both_engines, run_on_postgres, run_on_sqlite};

on_both_engines!(
    a_database_starts_migrated,
    one_test_does_not_see_what_another_wrote
);

pub async fn execute(database: &Database, sql: &'static str) -> Result<u64, sqlx::Error> {
    if database.url().starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(database.url()).await?;
        let done = sqlx::query(sql).execute(&mut connection).await?;
        Ok(done.rows_affected())
    } else {
        let mut connection = PgConnection::connect(database.url()).await?;
        let done = sqlx::query(sql).execute(&mut connection).await?;
        Ok(done.rows_affected())
    }
}

async fn a_database_starts_migrated(database: Database) {
    let store = database.store().await;
    store.check_schema().await.unwrap();
    // Checks that the texts applied to the template are those built into the program.
    store.migrate().await.unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let files = std::fs::read_dir(folder).unwrap().count();
    let built_in = store.migrations().await.unwrap().len();
    assert_eq!(
        built_in, files,
        "every file of the folder is in the program"
    );
}

async fn one_test_does_not_see_what_another_wrote(database: Database) {
    let create = "CREATE TABLE trace (id BIGINT PRIMARY KEY)";
    execute(&database, create).await.unwrap();
    // A second database of the same engine, from inside the first one's test.
    let second = move || {
        let scenario = async |second: Database| {
            execute(&second, create).await.unwrap();
        };
        if database.url().starts_with("sqlite:") {
            run_on_sqlite(scenario);
        } else {
            run_on_postgres(scenario);
        }
    };
    std::thread::spawn(second).join().unwrap();
}

/// Fails a scenario inside `run` and returns the database it was given, if it ran at all.
fn fail_inside(run: impl FnOnce(&dyn Fn(Database))) -> Option<Database> {
    let seen = Mutex::new(None);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        run(&|database| {
            *seen.lock().unwrap() = Some(database);
        });
    }));
    let seen = seen.into_inner().unwrap();
    assert_eq!(outcome.is_err(), seen.is_some(), "the failure is passed on");
    seen
}

#[test]
fn a_sqlite_database_is_gone_after_its_test_failed() {
    let database = fail_inside(|note| {
        run_on_sqlite(async |database| {
            note(database);
            panic!("on purpose");
        });
    });
    let database = database.expect("SQLite is always there");
    let file = database.url().strip_prefix("sqlite://").unwrap();
    assert!(!Path::new(file).exists());
}

#[test]
fn a_postgres_database_is_gone_after_its_test_failed() {
    let database = fail_inside(|note| {
        run_on_postgres(async |database| {
            note(database);
            panic!("on purpose");
        });
    });
    let Some(database) = database else { return };
    let connected = tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(PgConnection::connect(database.url()));
    let error = connected.expect_err("the database was dropped");
    let code = error.as_database_error().unwrap().code();
    assert_eq!(code.as_deref(), Some("3D000"), "{error}");
}
