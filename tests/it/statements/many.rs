//! A large statement: how long it takes, how much memory, and that notices come in meanwhile.
//! The ordinary suite imports a slice.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use phocho::domain::credit::Direction;
use phocho::domain::day::{local_day, to_rfc3339};
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

on_both_engines!(a_large_statement_is_imported_while_notices_come_in);

/// A process that grew by less than this keeps its file out of memory.
const SLACK_KIB: u64 = 24 * 1024;

async fn a_large_statement_is_imported_while_notices_come_in(database: Database) {
    let lines = u64::from(count("PHOCHO_TEST_STATEMENT_LINES", 3_000));
    let desk = Desk::open(&database).await;
    know_half(&desk, lines).await;
    let folder = tempfile::tempdir().unwrap();
    let (small, large) = (
        folder.path().join("small.xml"),
        folder.path().join("large.xml"),
    );
    write(&small, lines / 10);
    write(&large, lines);
    let trial = run(&database, folder.path(), &["small.xml", "--dry-run"]);
    let before = Instant::now();
    let importing = {
        let (database, folder) = (database.clone(), folder.path().to_owned());
        tokio::task::spawn_blocking(move || run(&database, &folder, &["large.xml"]))
    };
    let mut waits = Vec::new();
    let mut told = 1_000_000;
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
        "{lines} lines in {took:?}; peak {} KiB for {lines} lines and {} KiB for {}; \
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
    let mut child = Command::new(env!("CARGO_BIN_EXE_phocho"))
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
fn write(path: &Path, lines: u64) {
    let mut file = std::io::BufWriter::new(fs::File::create(path).unwrap());
    let total: i64 = (1..=lines).map(amount).sum();
    let balance = |kind: &str, amount: i64| {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy=\"VND\">{amount}</Amt>\
             <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-02-14</Dt></Dt></Bal>\n"
        )
    };
    write!(
        file,
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt>\n\
         <GrpHdr><MsgId>1</MsgId><CreDtTm>2026-03-16T00:00:00+07:00</CreDtTm></GrpHdr><Stmt>\n\
         <Id>1</Id><FrToDt><FrDtTm>2026-02-14T00:00:00+07:00</FrDtTm>\
         <ToDtTm>2026-03-15T23:59:59+07:00</ToDtTm></FrToDt>\n\
         <Acct><Id><Othr><Id>{}</Id></Othr></Id><Ccy>VND</Ccy></Acct>\n{}{}",
        account_number(1),
        balance("OPBD", 0),
        balance("CLBD", total),
    )
    .unwrap();
    for number in 1..=lines {
        let reference = match number % 3 {
            0 => String::new(),
            _ => format!("<AcctSvcrRef>FT{number}</AcctSvcrRef>"),
        };
        writeln!(
            file,
            "<Ntry><Amt Ccy=\"VND\">{}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
             <BookgDt><DtTm>{}</DtTm></BookgDt>{reference}<NtryDtls><TxDtls><RmtInf>\
             <Ustrd>ban so {number} chuyen tien</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>",
            amount(number),
            to_rfc3339(at(number)),
        )
        .unwrap();
    }
    file.write_all(b"</Stmt></BkToCstmrStmt></Document>\n")
        .unwrap();
    file.flush().unwrap();
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
