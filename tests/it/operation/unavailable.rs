//! While the database cannot take anything, the answer is an honest 503 and nothing is
//! stored; afterwards all goes on by itself.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sqlx::{Connection, SqliteConnection};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::bank::{Bank, Told};
use super::process::{Served, Site, add_user, ask, said};
use crate::database::{run_on_postgres, run_on_sqlite};

/// How long a database may stay away in the eyes of a test.
const PATIENCE: Duration = Duration::from_secs(30);

fn file_of(url: &str) -> &str {
    url.strip_prefix("sqlite://").unwrap()
}

/// Sends the notice until it is stored; the time that it took.
async fn recovers(bank: &Bank, number: u64) -> Duration {
    let begun = Instant::now();
    while bank.attempt(number).await.0 != Told::Ok {
        assert!(begun.elapsed() < PATIENCE, "it did not recover");
    }
    begun.elapsed()
}

/// A refusal that says when to come again.
fn assert_honest(answer: &str) {
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("retry-after: "), "{answer}");
    assert!(answer.contains(r#""code":"unavailable""#), "{answer}");
}

/// A list is read by someone who never called before: nobody is turned away because the
/// call could not be noted.
fn assert_reads(served: &Served, admin: &str) {
    let head = format!("GET /v1/users HTTP/1.1\r\nhost: t\r\nauthorization: Bearer {admin}\r\n");
    let answer = ask(&served.address, &head);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Asks for one write after another: the last small ones may still find room.
fn refuses_writes(served: &Served, admin: &str) {
    let first_refused = (0..200)
        .map(|_| add_user(&served.address, admin))
        .find(|answer| !answer.starts_with("HTTP/1.1 201"));
    assert_honest(&first_refused.expect("the disk is full"));
}

fn check(site: &Site, bank: &Bank) {
    bank.write_oracle(&site.folder.path().join("oracle.jsonl"));
    let checked = site.run(&["check", "--oracle", "oracle.jsonl"]);
    assert!(checked.status.success(), "{}", said(&checked));
}

#[test]
fn a_database_that_another_process_holds_is_answered_503_and_taken_up_again() {
    run_on_sqlite(async |database| {
        let (site, street) = Site::found(&database).await;
        street.store.close().await;
        let served = site.serve();
        let bank = Bank::at(&served.address);
        assert_eq!(bank.attempt(1).await.0, Told::Ok);
        let admin = tokio::task::block_in_place(|| served.admin());
        assert_reads(&served, &admin);
        let mut holder = SqliteConnection::connect(database.url()).await.unwrap();
        let hold = sqlx::query("BEGIN IMMEDIATE").execute(&mut holder);
        hold.await.unwrap();
        let (address, token) = (served.address.clone(), admin.clone());
        let written = std::thread::spawn(move || add_user(&address, &token));
        let begun = Instant::now();
        let (first, second) = tokio::join!(bank.attempt(2), bank.attempt(3));
        assert_eq!((first.0, second.0), (Told::Refused, Told::Refused));
        assert!(begun.elapsed() < PATIENCE, "a bank gives up after 30 s");
        assert_honest(&written.join().unwrap());
        // What only reads goes on meanwhile.
        assert_reads(&served, &admin);
        let rollback = sqlx::query("ROLLBACK").execute(&mut holder);
        rollback.await.unwrap();
        recovers(&bank, 2).await;
        recovers(&bank, 3).await;
        check(&site, &bank);
    });
}

#[test]
fn a_disk_that_takes_no_more_loses_nothing_and_is_recovered_from() {
    run_on_sqlite(async |database| {
        let (site, street) = Site::found(&database).await;
        street.store.close().await;
        // The kernel then refuses to let a file grow, like a full disk, where it would
        // otherwise end the process: the shell has the signal ignored.
        let mut command = Command::new("sh");
        site.tell(&mut command);
        let phocho = env!("CARGO_BIN_EXE_phocho");
        command.args(["-c", "trap '' XFSZ; exec \"$0\" serve", phocho]);
        let served = Served::start(command);
        let bank = Bank::at(&served.address);
        assert_eq!(bank.attempt(1).await.0, Told::Ok);
        let admin = tokio::task::block_in_place(|| served.admin());
        let log = format!("{}-wal", file_of(database.url()));
        for round in 0..2 {
            let limit = std::fs::metadata(&log).unwrap().len() + 100_000;
            limit_files(&served, &limit.to_string());
            refused_until(&bank, 2 + round * 1000).await;
            refuses_writes(&served, &admin);
            assert_reads(&served, &admin);
            limit_files(&served, "unlimited");
            let took = recovers(&bank, 900 + round * 1000).await;
            assert!(took < Duration::from_secs(5), "back only after {took:?}");
        }
        check(&site, &bank);
    });
}

/// Sets the soft limit on the size of the files that a process writes, in bytes.
fn limit_files(served: &Served, bytes: &str) {
    let done = Command::new("prlimit")
        .arg(format!("--pid={}", served.child.id()))
        .arg(format!("--fsize={bytes}:"))
        .status()
        .expect("prlimit, of util-linux");
    assert!(done.success());
}

/// Sends new notices until the database takes no more, then a few that are refused too.
async fn refused_until(bank: &Bank, first: u64) {
    let mut refused = 0;
    for number in first.. {
        assert!(number < first + 800, "the disk did not become full");
        match bank.attempt(number).await.0 {
            Told::Ok => {}
            told => {
                assert_eq!(told, Told::Refused, "an honest answer, not a broken line");
                refused += 1;
            }
        }
        if refused == 5 {
            return;
        }
    }
}

#[test]
fn a_really_full_disk_is_answered_503_and_recovered_from() {
    run_on_sqlite(async |database| {
        let (mut site, street) = Site::found(&database).await;
        street.store.close().await;
        let disk = site.folder.path().join("disk");
        std::fs::create_dir(&disk).unwrap();
        std::fs::copy(file_of(database.url()), site.folder.path().join("seed.db")).unwrap();
        site.url = format!("sqlite://{}", disk.join("phocho.db").display());
        // A small disk that only this process and its children see, and that goes with it.
        let script = "mount -t tmpfs -o size=4m tmpfs disk && cp seed.db disk/phocho.db";
        if !own_mounts(&site, "mount -t tmpfs tmpfs disk") {
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED: a full disk; it needs root's mounts"
            );
            return;
        }
        let mut command = Command::new("unshare");
        site.tell(&mut command);
        let serve = format!("{script} && exec \"$0\" serve");
        command.args(["--mount", "sh", "-c", &serve, env!("CARGO_BIN_EXE_phocho")]);
        let served = Served::start(command);
        let bank = Bank::at(&served.address);
        assert_eq!(bank.attempt(1).await.0, Told::Ok);
        let admin = tokio::task::block_in_place(|| served.admin());
        let inside = format!("/proc/{}/root{}", served.child.id(), disk.display());
        let filler = format!("{inside}/filler");
        for round in 0..2 {
            let mut file = std::fs::File::create(&filler).unwrap();
            while file.write_all(&[0; 4096]).is_ok() {}
            refused_until(&bank, 2 + round * 1000).await;
            refuses_writes(&served, &admin);
            assert_reads(&served, &admin);
            drop(file);
            std::fs::remove_file(&filler).unwrap();
            let took = recovers(&bank, 900 + round * 1000).await;
            assert!(took < Duration::from_secs(5), "back only after {took:?}");
        }
        bank.write_oracle(&site.folder.path().join("oracle.jsonl"));
        let mut command = Command::new("nsenter");
        site.tell(&mut command);
        let target = format!("--target={}", served.child.id());
        let wd = format!("--wd={}", site.folder.path().display());
        command.args([&target, "--mount", &wd, env!("CARGO_BIN_EXE_phocho")]);
        let checked = command.args(["check", "--oracle", "oracle.jsonl"]).output();
        let checked = checked.unwrap();
        assert!(checked.status.success(), "{}", said(&checked));
    });
}

/// Whether this test may have mounts of its own.
fn own_mounts(site: &Site, mount: &str) -> bool {
    let mut command = Command::new("unshare");
    site.tell(&mut command);
    command.args(["--mount", "sh", "-c", mount]);
    let tried = command.stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}

/// A line to a server that can be cut and mended.
struct Line {
    address: String,
    up: Arc<AtomicBool>,
    cut: watch::Sender<()>,
}

impl Line {
    async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let up = Arc::new(AtomicBool::new(true));
        let (cut, _) = watch::channel(());
        let (lives, cuts) = (Arc::clone(&up), cut.clone());
        tokio::spawn(async move {
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                if !lives.load(Ordering::SeqCst) {
                    continue;
                }
                let mut severed = cuts.subscribe();
                let server = server.clone();
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(server).await.unwrap();
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        _ = severed.changed() => {}
                    }
                });
            }
        });
        Self { address, up, cut }
    }

    fn cut(&self) {
        self.up.store(false, Ordering::SeqCst);
        self.cut.send_replace(());
    }

    fn mend(&self) {
        self.up.store(true, Ordering::SeqCst);
    }
}

#[test]
fn a_server_that_goes_away_is_answered_503_and_found_again() {
    run_on_postgres(async |database| {
        let (mut site, _street) = Site::found(&database).await;
        let (login, rest) = database.url().split_once('@').unwrap();
        let (host, name) = rest.split_once('/').unwrap();
        let line = Line::to(host.to_owned()).await;
        let direct = std::mem::replace(&mut site.url, format!("{login}@{}/{name}", line.address));
        let served = tokio::task::block_in_place(|| site.serve());
        let bank = Bank::at(&served.address);
        assert_eq!(bank.attempt(1).await.0, Told::Ok);
        let admin = tokio::task::block_in_place(|| served.admin());
        for round in 0..2 {
            line.cut();
            let begun = Instant::now();
            let (first, second) = tokio::join!(bank.attempt(10 + round), bank.attempt(20 + round));
            assert_eq!((first.0, second.0), (Told::Refused, Told::Refused));
            assert!(begun.elapsed() < PATIENCE, "a bank gives up after 30 s");
            for answer in tokio::task::block_in_place(|| {
                let ready = ask(&served.address, "GET /readyz HTTP/1.1\r\nhost: t\r\n");
                [ready, add_user(&served.address, &admin)]
            }) {
                assert_honest(&answer);
            }
            line.mend();
            let took = recovers(&bank, 10 + round).await;
            assert!(took < Duration::from_secs(5), "back only after {took:?}");
            recovers(&bank, 20 + round).await;
        }
        site.url = direct;
        check(&site, &bank);
    });
}
