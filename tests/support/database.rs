//! An own database for every test, on both engines.
//!
//! A scenario is an `async fn` that takes a [`Database`]; `on_both_engines!` names it once and
//! makes two tests of it, `scenario::sqlite` and `scenario::postgres`:
//!
//! ```ignore
//! on_both_engines!(a_closed_outlet_takes_no_code, a_code_is_found_by_its_reference);
//!
//! async fn a_closed_outlet_takes_no_code(database: Database) { .. }
//! ```
//!
//! PostgreSQL is the server of `TEST_DATABASE_URL` (its user may create databases). Without it
//! the PostgreSQL half says on standard error that it did not run; `PHOCHO_REQUIRE_POSTGRES=1`
//! makes that a failure.
//!
//! The migrations run once for each state of the `migrations` folder, into a template that
//! every test copies: a file below the build's directory, and a template database whose name
//! carries the folder's hash. So it stays fast where each test is a process of its own. The
//! folder is read when the test runs, so a template can never be older than it.

use std::fs;
use std::future::Future;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::Once;

use phocho::entropy::Entropy;
use phocho::store::{DatabaseUrl, Store};
use sha2::{Digest as _, Sha256};
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, SqliteConnection};
use tempfile::TempDir;

/// Turns scenarios into tests: `name::sqlite` always, `name::postgres` where there is a server.
macro_rules! on_both_engines {
    ($($scenario:ident),+ $(,)?) => {
        $(mod $scenario {
            #[test]
            fn sqlite() {
                $crate::database::run_on_sqlite(super::$scenario);
            }

            #[test]
            fn postgres() {
                $crate::database::run_on_postgres(super::$scenario);
            }
        })+
    };
}
pub(crate) use on_both_engines;

/// One test's migrated, empty database.
#[derive(Clone, Debug)]
pub struct Database {
    url: String,
}

impl Database {
    /// The address to connect to: `sqlite://…` or `postgres://…`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A store over this database, opened the way the program opens it.
    pub async fn store(&self) -> Store {
        let url = DatabaseUrl::parse(&self.url).expect("an address that this file wrote");
        Store::connect(&url).await.expect("a durable database")
    }
}

/// Runs `scenario` on a fresh SQLite file, which goes when the scenario ends.
pub fn run_on_sqlite<F: Future<Output = ()>>(scenario: impl FnOnce(Database) -> F) {
    let runtime = runtime();
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("phocho.db");
    let template = runtime.block_on(sqlite_template());
    fs::copy(template, &file).expect("a copy of the template file");
    runtime.block_on(scenario(Database {
        url: sqlite_url(&file),
    }));
}

/// Runs `scenario` on a fresh PostgreSQL database and drops that database, also after a panic.
pub fn run_on_postgres<F: Future<Output = ()>>(scenario: impl FnOnce(Database) -> F) {
    let Some(server) = postgres_server() else {
        return;
    };
    let runtime = runtime();
    let name = runtime.block_on(create_postgres_database(&server));
    let database = Database {
        url: server.clone().database(&name).to_url_lossy().to_string(),
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| runtime.block_on(scenario(database))));
    runtime.block_on(async {
        let mut connection = connect(&server).await;
        run_sql(
            &mut connection,
            format!("DROP DATABASE {name} WITH (FORCE)"),
        )
        .await;
    });
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

/// Two workers, so that tasks of one scenario really run at the same time.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// The server to test on; without one, a loud skip or, where one is required, a failure.
fn postgres_server() -> Option<PgConnectOptions> {
    static SKIPPED: Once = Once::new();
    if let Ok(url) = std::env::var("TEST_DATABASE_URL")
        && !url.is_empty()
    {
        return Some(PgConnectOptions::from_str(&url).expect("TEST_DATABASE_URL is an address"));
    }
    assert!(
        std::env::var_os("PHOCHO_REQUIRE_POSTGRES").is_none_or(|value| value != "1"),
        "PHOCHO_REQUIRE_POSTGRES=1, but TEST_DATABASE_URL names no server"
    );
    SKIPPED.call_once(|| {
        // Past the test runner's capture: a skip that nobody sees counts as a pass.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: every test on PostgreSQL; set TEST_DATABASE_URL to run them"
        );
    });
    None
}

/// The migrated file that every SQLite test copies, made when it is missing.
async fn sqlite_template() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let template = folder.join(format!("template-{}.db", migrations_hash()));
    if !template.exists() {
        // Built beside it and renamed at the end, so that nobody copies half a template.
        let building = folder.join(format!("building-{}.db", random_name()));
        let options = SqliteConnectOptions::new()
            .filename(&building)
            .create_if_missing(true);
        let mut connection = SqliteConnection::connect_with(&options)
            .await
            .expect("a new SQLite file");
        let migrator = migrator().await;
        migrator.run(&mut connection).await.expect("migrations");
        connection.close().await.expect("a closed template");
        fs::rename(&building, &template).expect("a template in its place");
    }
    template
}

/// Creates a database with a fresh name from the template database.
async fn create_postgres_database(server: &PgConnectOptions) -> String {
    let mut connection = connect(server).await;
    let template = postgres_template(server, &mut connection).await;
    let name = format!("phocho_test_{}", random_name());
    let create = format!("CREATE DATABASE {name} TEMPLATE {template}");
    run_sql(&mut connection, create).await;
    name
}

/// The name of the migrated template database, made when it is missing.
///
/// It is marked as a template only at the end; an unmarked one is what a killed test left.
async fn postgres_template(server: &PgConnectOptions, connection: &mut PgConnection) -> String {
    const READY: &str = "SELECT COUNT(*) FROM pg_database WHERE datname = $1 AND datistemplate";
    let name = format!("phocho_template_{}", migrations_hash());
    let ready = sqlx::query_scalar::<_, i64>(READY).bind(&name);
    if ready.fetch_one(&mut *connection).await.expect("a count") == 1 {
        return name;
    }
    // One builder at a time, whatever the number of test processes.
    run_sql(connection, "SELECT pg_advisory_lock(7046070460)".to_owned()).await;
    let ready = sqlx::query_scalar::<_, i64>(READY).bind(&name);
    if ready.fetch_one(&mut *connection).await.expect("a count") == 0 {
        run_sql(connection, format!("DROP DATABASE IF EXISTS {name}")).await;
        run_sql(connection, format!("CREATE DATABASE {name}")).await;
        let mut inside = connect(&server.clone().database(&name)).await;
        let migrator = migrator().await;
        migrator.run(&mut inside).await.expect("migrations");
        inside.close().await.expect("a closed template");
        run_sql(
            connection,
            format!("ALTER DATABASE {name} WITH IS_TEMPLATE true"),
        )
        .await;
    }
    let unlock = "SELECT pg_advisory_unlock(7046070460)".to_owned();
    run_sql(connection, unlock).await;
    name
}

async fn connect(options: &PgConnectOptions) -> PgConnection {
    PgConnection::connect_with(options)
        .await
        .expect("the PostgreSQL server of TEST_DATABASE_URL answers")
}

/// Runs a statement that takes no parameters, such as `CREATE DATABASE`; names in it are ours.
async fn run_sql(connection: &mut PgConnection, sql: String) {
    sqlx::query(AssertSqlSafe(sql))
        .execute(connection)
        .await
        .expect("a statement about test databases");
}

fn sqlite_url(file: &Path) -> String {
    let file = file.to_str().expect("a temporary path in UTF-8");
    format!("sqlite://{file}")
}

fn migrations_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations")
}

async fn migrator() -> Migrator {
    Migrator::new(migrations_folder())
        .await
        .expect("readable migrations")
}

/// Sixteen hex digits that change with any migration's name or text.
fn migrations_hash() -> String {
    let mut files: Vec<PathBuf> = fs::read_dir(migrations_folder())
        .expect("the migrations folder")
        .map(|entry| entry.expect("a folder entry").path())
        .collect();
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        let name = file.file_name().expect("a file has a name");
        hash.update(name.as_encoded_bytes());
        hash.update([0]);
        hash.update(fs::read(&file).expect("a readable migration"));
        hash.update([0]);
    }
    hex::encode(&hash.finalize()[..8])
}

fn random_name() -> String {
    hex::encode(Entropy::System.bytes::<8>())
}
