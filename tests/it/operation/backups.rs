//! A backup under load, brought back after the data folder is gone; and what is no backup.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::sync::Arc;

use phocho::store::payments::{self, PaymentFilter, PaymentRow};
use phocho::store::reach::Reach;
use phocho::store::{DatabaseUrl, Store};

use super::bank::Bank;
use super::process::{Site, said};
use crate::database::{Database, run_on_postgres, run_on_sqlite};

/// Somebody who is not the superuser.
const SERVICE: u32 = 65_534;

/// Every payment, oldest first.
async fn payments_in(path: &Path) -> Vec<PaymentRow> {
    let url = DatabaseUrl::Sqlite(path.to_path_buf());
    let store = Store::connect(&url).await.unwrap();
    let mut tx = store.begin_read().await.unwrap();
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = payments::list(
            &mut tx,
            Reach::Everything,
            PaymentFilter::default(),
            before,
            200,
        )
        .await
        .unwrap();
        let Some(last) = page.last() else { break };
        before = Some((
            last.occurred_at,
            phocho::domain::ids::PaymentId::from_uuid(last.id),
        ));
        all.extend(page);
    }
    drop(tx);
    store.close().await;
    all.reverse();
    all
}

/// An installation whose database lies in a data folder of its own, as `serve` makes it.
async fn site_with_folder(database: &Database) -> Site {
    let (mut site, street) = Site::found(database).await;
    street.store.close().await;
    let data = site.folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let from = database.url().strip_prefix("sqlite://").unwrap();
    std::fs::copy(from, data.join("phocho.db")).unwrap();
    site.url = format!("sqlite:{}", data.join("phocho.db").display());
    site
}

#[test]
fn what_was_backed_up_under_load_is_there_after_the_folder_is_lost() {
    run_on_sqlite(async |database| {
        let site = site_with_folder(&database).await;
        let data = site.folder.path().join("data");
        let served = site.serve();
        let bank = Arc::new(Bank::at(&served.address));
        let senders: Vec<_> = (0..4)
            .map(|_| {
                let bank = Arc::clone(&bank);
                tokio::spawn(async move { bank.work().await })
            })
            .collect();
        while bank.notices() < 40 {
            tokio::task::yield_now().await;
        }
        let file = site.folder.path().join("copy.db");
        let backed_up = site.run(&["backup", "copy.db"]);
        assert!(backed_up.status.success(), "{}", said(&backed_up));
        assert!(said(&backed_up).contains("phocho.key is not in the backup"));
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        bank.close();
        for sender in senders {
            sender.await.unwrap();
        }
        served.kill();
        let lost = payments_in(&data.join("phocho.db")).await;
        std::fs::remove_dir_all(&data).unwrap();

        let restored = site.run(&["restore", "copy.db"]);
        assert!(restored.status.success(), "{}", said(&restored));
        let kept = payments_in(&data.join("phocho.db")).await;
        assert!(
            kept.len() >= 36 && kept.len() < lost.len(),
            "{}",
            kept.len()
        );
        // A snapshot: what is in it is exactly what was there, and nothing is in it twice.
        for payment in &kept {
            assert!(lost.iter().any(|one| {
                (one.id, one.received_vnd, &one.flags)
                    == (payment.id, payment.received_vnd, &payment.flags)
            }));
        }
        // The bank sends all of it again: the gap closes, nothing counts twice.
        let served = site.serve();
        let again = Bank::at(&served.address);
        for number in 1..=u64::try_from(bank.notices()).unwrap() {
            again.deliver(number).await;
        }
        drop(served);
        let after = payments_in(&data.join("phocho.db")).await;
        assert_eq!(after.len(), bank.notices());
        again.write_oracle(&site.folder.path().join("oracle.jsonl"));
        let checked = site.run(&["check", "--oracle", "oracle.jsonl"]);
        assert!(checked.status.success(), "{}", said(&checked));
    });
}

#[test]
fn a_backup_replaces_nothing_unless_it_is_told_to() {
    run_on_sqlite(async |database| {
        let site = site_with_folder(&database).await;
        let file = site.folder.path().join("copy.db");
        std::fs::write(&file, "something else").unwrap();
        let refused = site.run(&["backup", "copy.db"]);
        assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
        assert_eq!(std::fs::read(&file).unwrap(), b"something else");
        let forced = site.run(&["backup", "copy.db", "--force"]);
        assert!(forced.status.success(), "{}", said(&forced));
        let whole = site.run(&["restore", "copy.db", "--check"]);
        assert!(whole.status.success(), "{}", said(&whole));
        // Not even with force is the database itself replaced.
        let itself = site.run(&["backup", "data/phocho.db", "--force"]);
        assert_eq!(itself.status.code(), Some(3), "{}", said(&itself));
        // A folder that is not there: nothing is left behind.
        let nowhere = site.run(&["backup", "nowhere/copy.db"]);
        assert_eq!(nowhere.status.code(), Some(3), "{}", said(&nowhere));
        let names: Vec<_> = std::fs::read_dir(site.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains("copy"))
            .collect();
        assert_eq!(names, ["copy.db"]);
    });
}

#[test]
fn a_restore_takes_no_database_away_and_keeps_the_one_that_was_there() {
    run_on_sqlite(async |database| {
        let site = site_with_folder(&database).await;
        let data = site.folder.path().join("data");
        let backed_up = site.run(&["backup", "copy.db"]);
        assert!(backed_up.status.success(), "{}", said(&backed_up));
        let served = site.serve();
        Bank::at(&served.address).deliver(1).await;
        let refused = site.run(&["restore", "copy.db"]);
        assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
        assert!(said(&refused).contains("is in use"), "{}", said(&refused));
        // The lock goes with the process, however it ends.
        served.kill();
        let restored = site.run(&["restore", "copy.db"]);
        assert!(restored.status.success(), "{}", said(&restored));
        assert_eq!(payments_in(&data.join("phocho.db")).await.len(), 0);
        let aside = std::fs::read_dir(&data)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| {
                let name = path.file_name().unwrap().to_str().unwrap();
                name.starts_with("phocho.before-") && path.extension().unwrap() == "db"
            });
        assert_eq!(payments_in(&aside.unwrap()).await.len(), 1);
    });
}

#[test]
fn what_the_superuser_restores_belongs_to_the_service() {
    run_on_sqlite(async |database| {
        let site = site_with_folder(&database).await;
        let data = site.folder.path().join("data");
        assert!(site.run(&["backup", "copy.db"]).status.success());
        for entry in std::fs::read_dir(&data).unwrap() {
            if chown(entry.unwrap().path(), Some(SERVICE), Some(SERVICE)).is_err() {
                return; // Only the superuser gives files away.
            }
        }
        chown(&data, Some(SERVICE), Some(SERVICE)).unwrap();
        for present in [true, false] {
            if !present {
                std::fs::remove_file(data.join("phocho.db")).unwrap();
                std::fs::remove_file(data.join("phocho.db.lock")).unwrap();
            }
            let restored = site.run(&["restore", "copy.db"]);
            assert!(restored.status.success(), "{}", said(&restored));
            for entry in std::fs::read_dir(&data).unwrap() {
                let entry = entry.unwrap();
                let owner = entry.metadata().unwrap().uid();
                assert_eq!(owner, SERVICE, "{:?}", entry.file_name());
            }
        }
    });
}

#[test]
fn what_is_no_sound_backup_changes_nothing() {
    run_on_sqlite(async |database| {
        let site = site_with_folder(&database).await;
        let present = site.folder.path().join("data/phocho.db");
        let before = std::fs::read(&present).unwrap();
        let backed_up = site.run(&["backup", "copy.db"]);
        assert!(backed_up.status.success(), "{}", said(&backed_up));
        let copy = std::fs::read(site.folder.path().join("copy.db")).unwrap();
        let write = |name: &str, bytes: &[u8]| {
            std::fs::write(site.folder.path().join(name), bytes).unwrap();
        };
        write("text.db", b"not a database");
        write("empty.db", b"");
        write("cut.db", &copy[..copy.len() / 2]);
        let mut flipped = copy.clone();
        for byte in &mut flipped[8192..8292] {
            *byte ^= 0xff;
        }
        write("flipped.db", &flipped);
        write("used.db", &copy);
        write("used.db-wal", b"frames");
        for (name, code) in [
            ("text.db", 1),
            ("empty.db", 1),
            ("cut.db", 1),
            ("flipped.db", 1),
            ("used.db", 3),
            ("missing.db", 3),
            ("data/phocho.db", 3),
        ] {
            for arguments in [&["restore", name, "--check"][..], &["restore", name]] {
                let refused = site.run(arguments);
                assert_eq!(
                    refused.status.code(),
                    Some(code),
                    "{name} {}",
                    said(&refused)
                );
            }
        }
        assert!(
            std::fs::read(&present).unwrap() == before,
            "nothing changed"
        );
        assert!(!site.folder.path().join("data/phocho.restoring").exists());
    });
}

#[test]
fn a_server_is_backed_up_by_its_own_command() {
    run_on_postgres(async |database| {
        let site = Site::over(database.url());
        let told = site.run(&["backup", "copy.dump"]);
        assert_eq!(
            told.status.code(),
            Some(2),
            "no script takes it for a backup"
        );
        let line = String::from_utf8(told.stdout).unwrap();
        assert!(line.starts_with("pg_dump --format=custom"), "{line}");
        assert!(!site.folder.path().join("copy.dump").exists());
    });
}
