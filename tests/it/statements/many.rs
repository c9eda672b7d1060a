//! A large statement: how long it takes, how much memory, and that notices come in meanwhile.
//! The ordinary suite imports a slice. `PHOCHO_TEST_PROGRAM` names another build of the program
//! to measure, such as the optimised one.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use phocho::domain::credit::Direction;
use phocho::domain::day::{local_day, vietnam_offset};
use phocho::domain::ids::{BankTransactionId, SourceId};
use phocho::domain::linking::Teller;
use phocho::domain::money::Vnd;
use phocho::flows::linking::Linker;
use phocho::store::linking::Telling;
use phocho::store::transactions::{self, NewEvidence, NewTransaction};
use serde_json::Value;
use uuid::Uuid;

use super::{Desk, at_nine};
use crate::database::{Database, on_both_engines};
use crate::operation::count;
use crate::stalls::account_number;
use crate::statement::{Movement, Sheet};

on_both_engines!(a_large_statement_is_imported_while_notices_come_in);

/// A process that grew by less than this keeps its file out of memory.
const SLACK_KIB: u64 = 24 * 1024;

type Write = fn(&Sheet) -> String;

/// How a large statement is written, and its file.
const FORMS: [(&str, Write); 3] = [
    ("camt053.xml", Sheet::camt),
    ("lines.csv", Sheet::csv),
    ("mt940.sta", Sheet::mt940),
];

async fn a_large_statement_is_imported_while_notices_come_in(database: Database) {
    let lines = u64::from(count("PHOCHO_TEST_STATEMENT_LINES", 3_000));
    let desk = Desk::open(&database).await;
    know_half(&desk, lines).await;
    let folder = tempfile::tempdir().unwrap();
    for (place, (name, write)) in FORMS.into_iter().enumerate() {
        let small = format!("small-{name}");
        fs::write(folder.path().join(&small), write(&sheet(lines / 10))).unwrap();
        fs::write(folder.path().join(name), write(&sheet(lines))).unwrap();
        let trial = run(&database, folder.path(), &[&small, "--dry-run"]);
        let before = Instant::now();
        let importing = {
            let (database, folder) = (database.clone(), folder.path().to_owned());
            tokio::task::spawn_blocking(move || run(&database, &folder, &[name]))
        };
        let mut waits = Vec::new();
        let mut told = 1_000_000 * (1 + u64::try_from(place).unwrap());
        while !importing.is_finished() {
            told += 1;
            let asked = Instant::now();
            desk.tell(told, 7_000, "che", at_nine(1)).await;
            waits.push(asked.elapsed());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let import = importing.await.unwrap();
        let took = before.elapsed();
        let longest = waits.iter().max().copied().unwrap_or_default();
        println!(
            "{name}: {lines} lines in {took:?}; peak {} KiB for {lines} lines and {} KiB for {}; \
             {} notices meanwhile, the slowest {longest:?}",
            import.peak_kib,
            trial.peak_kib,
            lines / 10,
            waits.len(),
        );
        let statement = &import.report["statement"];
        let half = i64::try_from(lines / 2).unwrap();
        assert_eq!(statement["matched"], half, "{statement}");
        assert_eq!(
            statement["missing_here"],
            i64::try_from(lines).unwrap() - half
        );
        assert!(import.peak_kib < trial.peak_kib + SLACK_KIB);
    }
    desk.check().await;
}

struct Run {
    report: Value,
    peak_kib: u64,
}

/// Runs the command to its end and watches how large it grows.
fn run(database: &Database, folder: &Path, arguments: &[&str]) -> Run {
    let key = folder.join("phocho.key");
    fs::write(&key, "07".repeat(32)).unwrap();
    let account = format!("970436/{}", account_number(1));
    let output = fs::File::create(folder.join("report.json")).unwrap();
    let built = env!("CARGO_BIN_EXE_phocho");
    let program = std::env::var("PHOCHO_TEST_PROGRAM").unwrap_or_else(|_| built.to_owned());
    let mut child = Command::new(program)
        .arg("reconcile")
        .args(arguments)
        .args(["--account", &account, "--json"])
        .current_dir(folder)
        .env("PHOCHO_DATABASE_URL", database.url())
        .env("PHOCHO_KEY_FILE", key)
        .stdout(Stdio::from(output))
        .spawn()
        .unwrap();
    let mut peak_kib = 0;
    let status = format!("/proc/{}/status", child.id());
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with("VmHWM:"));
        let peak = line.and_then(|line| line.split_whitespace().nth(1));
        peak_kib = peak.and_then(|it| it.parse().ok()).unwrap_or(peak_kib);
        if child.try_wait().unwrap().is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let report = fs::read_to_string(folder.join("report.json")).unwrap();
    Run {
        report: serde_json::from_str(&report).unwrap(),
        peak_kib,
    }
}

fn amount(number: u64) -> i64 {
    i64::try_from(10_000 + number % 90 * 1_000).unwrap()
}

/// A statement over a month that ended yesterday; every line has a reference but each third.
fn sheet(lines: u64) -> Sheet {
    let movement = |number: u64| Movement {
        at: at(number)
            .with_timezone(&vietnam_offset())
            .format("%Y-%m-%dT%H:%M:%S")
            .to_string(),
        amount: amount(number),
        reference: (!number.is_multiple_of(3)).then(|| format!("FT{number}")),
        text: format!("ban so {number} chuyen tien"),
    };
    Sheet {
        account: account_number(1),
        first: "2026-02-14",
        last: "2026-03-15",
        opening: Some(0),
        movements: (1..=lines).map(movement).collect(),
    }
}

/// Spread over the month before yesterday's end.
fn at(number: u64) -> DateTime<Utc> {
    let seconds = i64::try_from(number * 26 % 2_500_000).unwrap();
    at_nine(0) - TimeDelta::seconds(seconds)
}

/// Puts every second line in the books, as a source would have told it.
async fn know_half(desk: &Desk, lines: u64) {
    let ledger = &desk.market.state.ledger;
    let source = SourceId::from_uuid(Uuid::from_u128(u128::from(b's')));
    let mut tx = ledger.store.begin_write().await.unwrap();
    let (entropy, key) = (&ledger.entropy, &ledger.master_key);
    let linker = Linker::open(&mut tx, entropy, key).await.unwrap();
    for number in (2..=lines).step_by(2) {
        let reference = (number % 3 != 0).then(|| format!("FT{number}"));
        let content = format!("BAN SO {number} CHUYEN TIEN");
        let telling = Telling {
            teller: Teller::source(source),
            account: desk.stall.account,
            direction: Direction::Credit,
            amount: Vnd::new(amount(number)).unwrap(),
            local_day: local_day(at(number)),
            text: &content,
            reference: reference.as_deref(),
        };
        let placed = linker.place(&mut tx, &telling).await.unwrap();
        let transaction = NewTransaction {
            id: BankTransactionId::from_uuid(entropy.uuid(at(number))),
            account: telling.account,
            merchant: desk.stall.merchant,
            direction: telling.direction,
            amount: telling.amount,
            virtual_account: None,
            content: content.clone(),
            bank_reference: reference.clone(),
            order_reference: None,
            occurred_at: at(number),
            local_day: telling.local_day,
            duplicate_of: None,
            text_link: Some(placed.text_link.clone()),
            places: placed.places,
            recorded_at: at(number),
        };
        transactions::insert(&mut tx, &transaction).await.unwrap();
        let evidence = NewEvidence {
            teller: telling.teller,
            source: Some(source),
            key: number.to_string(),
            transaction: transaction.id,
            account: telling.account,
            kind: "callback",
            provider_txn_id: number.to_string(),
            reverses: None,
            fact_hash: Vec::new(),
            bank_reference: reference.clone(),
            virtual_account: None,
            text_link: Some(placed.text_link),
            occurred_at: at(number),
            naming: None,
            callback: None,
            recorded_at: at(number),
        };
        let added = transactions::insert_evidence(&mut tx, &evidence).await;
        assert!(added.unwrap());
    }
    tx.commit().await.unwrap();
}
