//! The commands of whoever runs it: what they find, what they say, how they end.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use super::bank::Bank;
use super::process::{Served, Site, said};
use crate::database::{Database, on_both_engines, run_on_sqlite};

on_both_engines!(doctor_finds_nothing_where_all_is_well);

/// What doctor says of each thing, by name.
fn doctor(site: &Site) -> (Option<i32>, Vec<Value>) {
    let output = site.run(&["doctor", "--json"]);
    let told: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|fault| panic!("{fault}: {}", said(&output)));
    let findings = told["checks"].as_array().unwrap().clone();
    for finding in &findings {
        // What is wrong comes with what to do.
        assert_eq!(
            finding["ok"] == false,
            finding["fix"].is_string(),
            "{finding}"
        );
    }
    (output.status.code(), findings)
}

/// The names of what is not in order; the room on this machine's disk is its own affair.
fn wrong(findings: &[Value]) -> Vec<&str> {
    findings
        .iter()
        .filter(|finding| finding["ok"] == false && finding["name"] != "disk")
        .map(|finding| finding["name"].as_str().unwrap())
        .collect()
}

fn close_key(site: &Site, mode: u32) {
    let key = site.folder.path().join("phocho.key");
    std::fs::set_permissions(key, std::fs::Permissions::from_mode(mode)).unwrap();
}

async fn doctor_finds_nothing_where_all_is_well(database: Database) {
    let (site, street) = Site::found(&database).await;
    street.store.close().await;
    close_key(&site, 0o600);
    let served = site.serve();
    Bank::at(&served.address).deliver(1).await;
    let (_, findings) = doctor(&site);
    assert_eq!(wrong(&findings), Vec::<&str>::new(), "{findings:?}");
    for name in [
        "settings", "key file", "database", "schema", "key", "clock", "books",
    ] {
        assert!(
            findings.iter().any(|finding| finding["name"] == name),
            "{name} is looked at"
        );
    }
}

#[test]
fn doctor_names_what_is_not_in_order() {
    run_on_sqlite(async |database| {
        let (site, street) = Site::found(&database).await;
        street.store.close().await;
        close_key(&site, 0o600);
        let served = site.serve();
        Bank::at(&served.address).deliver(1).await;
        served.kill();
        // Opening it once brings what was committed last into the one file.
        assert_eq!(wrong(&doctor(&site).1), Vec::<&str>::new());
        for (name, sql) in [
            ("books", "UPDATE zone_days SET payments = payments + 1"),
            (
                "audit",
                "UPDATE audit_entries SET subject = 'x' WHERE chain = 'main'",
            ),
            (
                "clock",
                "UPDATE audit_entries SET at = '2999-01-01T00:00:00+00:00' WHERE chain = 'main'",
            ),
            (
                "alerts",
                "INSERT INTO alerts (id, kind, subject, detail, raised_at)
                VALUES (X'00000000000070008000000000000001', 'x', 'x', '{}',
                    '2026-01-01T00:00:00+00:00')",
            ),
            (
                "suspense",
                "INSERT INTO suspense_items (id, transaction_id, merchant_id, account_id, state,
                    explanation, opened_at, settled_at, settled_by, version)
                SELECT id, transaction_id, merchant_id, (SELECT id FROM accounts), 'open', '{}',
                    '2020-01-01T00:00:00+00:00', NULL, NULL, 1 FROM payments",
            ),
            (
                "retention",
                "UPDATE body_keys SET day = '2020-01-01';
                UPDATE callbacks SET body_key_day = '2020-01-01',
                    received_at = '2020-01-01T03:00:00+00:00'",
            ),
            (
                "schema",
                "INSERT INTO _sqlx_migrations VALUES (9999, 'x', '2026-01-01', TRUE, X'00', 1)",
            ),
        ] {
            let file = std::path::Path::new(site.url.strip_prefix("sqlite://").unwrap());
            let whole = std::fs::read(file).unwrap();
            let mut connection = SqliteConnection::connect(&site.url).await.unwrap();
            let sql = sqlx::query(AssertSqlSafe(sql.to_owned()));
            sql.execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            let (code, findings) = doctor(&site);
            assert_eq!(code, Some(1));
            assert!(wrong(&findings).contains(&name), "{name}: {findings:?}");
            std::fs::write(file, whole).unwrap();
        }
        close_key(&site, 0o644);
        assert_eq!(wrong(&doctor(&site).1), ["key file"]);
        close_key(&site, 0o600);
        let key = site.folder.path().join("phocho.key");
        std::fs::write(&key, "08".repeat(32)).unwrap();
        assert_eq!(wrong(&doctor(&site).1), ["key"]);
        std::fs::write(&key, "short").unwrap();
        assert_eq!(wrong(&doctor(&site).1), ["key"]);
        std::fs::remove_file(&key).unwrap();
        assert_eq!(wrong(&doctor(&site).1), ["key file"]);
    });
}

#[test]
fn doctor_tells_of_what_it_cannot_open_and_makes_nothing() {
    let folder = tempfile::TempDir::new().unwrap();
    let missing = folder.path().join("phocho.db");
    for (url, wanted) in [
        (format!("sqlite:{}", missing.display()), "database"),
        (
            "postgres://nobody@127.0.0.1:1/nothing".to_owned(),
            "database",
        ),
        ("mysql://x".to_owned(), "settings"),
    ] {
        let site = Site::over(&url);
        close_key(&site, 0o600);
        let (code, findings) = doctor(&site);
        assert_eq!(code, Some(1), "{url}");
        assert_eq!(wrong(&findings), [wanted], "{url}: {findings:?}");
    }
    assert!(!missing.exists());
}

#[test]
fn healthcheck_tells_whether_requests_are_taken() {
    run_on_sqlite(async |database| {
        let (site, street) = Site::found(&database).await;
        street.store.close().await;
        let served = site.serve();
        let asked = |served: &Served| site.run(&["healthcheck", "--bind", &served.address]);
        let healthy = asked(&served);
        assert_eq!(healthy.status.code(), Some(0), "{}", said(&healthy));
        let address = served.address.clone();
        served.kill();
        let gone = site.run(&["healthcheck", "--bind", &address]);
        assert_eq!(gone.status.code(), Some(1), "{}", said(&gone));
        assert!(said(&gone).contains("/readyz"));
    });
}

#[test]
fn a_program_refuses_a_database_of_a_newer_one() {
    run_on_sqlite(async |database| {
        let (site, street) = Site::found(&database).await;
        street.store.close().await;
        let mut connection = SqliteConnection::connect(database.url()).await.unwrap();
        let newer = "INSERT INTO _sqlx_migrations VALUES (9999, 'x', '2026-01-01', TRUE, X'00', 1)";
        sqlx::query(newer).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        let copied = site.run(&["backup", "copy.db"]);
        assert!(copied.status.success(), "{}", said(&copied));
        let looked = site.run(&["restore", "copy.db", "--check"]);
        assert_eq!(looked.status.code(), Some(1), "{}", said(&looked));
        assert!(said(&looked).contains("9999"), "{}", said(&looked));
        for command in ["serve", "migrate", "check"] {
            let refused = site.run(&[command]);
            assert_eq!(
                refused.status.code(),
                Some(3),
                "{command} {}",
                said(&refused)
            );
            assert!(said(&refused).contains("9999"), "{}", said(&refused));
        }
    });
}

#[test]
fn every_shell_can_complete_the_commands() {
    let site = Site::over("");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = site.run(&["completions", shell]);
        assert!(script.status.success());
        let text = String::from_utf8(script.stdout).unwrap();
        assert!(text.contains("healthcheck"), "{shell}");
    }
    assert_eq!(site.run(&["completions", "none"]).status.code(), Some(2));
}
