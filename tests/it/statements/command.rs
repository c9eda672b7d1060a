//! `phocho reconcile` as a process: what it prints, writes and exits with.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::{Desk, at_nine, yesterday};
use crate::database::{Database, on_both_engines};
use crate::stalls::account_number;
use crate::statement::{Sheet, moved};

on_both_engines!(
    a_statement_is_tried_and_written_with_the_same_verdicts,
    a_damaged_file_is_refused_with_its_lines,
    wrong_usage_and_surroundings_have_their_own_status,
);

const DAY: &str = "2026-03-15";

fn run(database: &Database, folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let key = folder.join("phocho.key");
    fs::write(&key, "07".repeat(32)).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_phocho"))
        .arg("reconcile")
        .args(arguments)
        .current_dir(folder)
        .env("PHOCHO_DATABASE_URL", database.url())
        .env("PHOCHO_KEY_FILE", key)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn sheet() -> Sheet {
    yesterday(vec![
        moved(DAY, 45_000, "FT1", "bun oc"),
        moved(DAY, 15_000, "FT9", "nuoc mia"),
    ])
}

async fn a_statement_is_tried_and_written_with_the_same_verdicts(database: Database) {
    let desk = Desk::open(&database).await;
    desk.tell(1, 45_000, "bun oc", at_nine(1)).await;
    desk.tell(3, 20_000, "che", at_nine(3)).await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.xml"), sheet().camt()).unwrap();
    let account = format!("970436/{}", account_number(1));
    let arguments = ["a.xml", "--account", &account, "--dry-run"];
    let (status, report, talk) = run(&database, folder.path(), &arguments);
    assert_eq!((status, talk.as_str()), (Some(1), ""), "{report}");
    let lines: Vec<_> = report.lines().collect();
    assert_eq!(
        lines[0],
        "Đối soát thử, chưa ghi: 2 dòng: khớp 1, thiếu bên ta 1, lệch tiền 0, thiếu bên ngân hàng 1; khoá 0 ngày"
    );
    assert!(
        lines[1].ends_with("2026-03-15, +15000 VND, FT9: thiếu bên ta"),
        "{report}"
    );
    assert_eq!(lines[2], "2026-03-15, +20000 VND, FT3: thiếu bên ngân hàng");
    assert_eq!(lines.len(), 3);
    let list = desk.market.get(&desk.trader, "/v1/statements").await.good();
    assert_eq!(list["data"], json!([]));

    let account = desk.stall.account.to_string();
    let arguments = ["a.xml", "--account", &account, "--lang", "en"];
    let (status, report, talk) = run(&database, folder.path(), &arguments);
    assert_eq!((status, talk.as_str()), (Some(1), ""), "{report}");
    assert!(
        report.starts_with(
            "Reconciled: 2 lines: 1 matched, 1 missing here, 0 with another amount, 1 missing at the bank; 0 days closed\n"
        ),
        "{report}"
    );
    let arguments = ["a.xml", "--account", &account, "--json"];
    let (status, report, _) = run(&database, folder.path(), &arguments);
    assert_eq!(status, Some(1));
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["outcome"], "imported_before");
    assert_eq!(report["differences"].as_array().unwrap().len(), 2);
    desk.check().await;

    let mut agreed = sheet();
    agreed.movements[1] = moved(DAY, 20_000, "FT3", "che");
    fs::write(folder.path().join("b.xml"), agreed.camt()).unwrap();
    let arguments = ["b.xml", "--account", &account, "--json"];
    let (status, report, talk) = run(&database, folder.path(), &arguments);
    assert_eq!((status, talk.as_str()), (Some(0), ""), "{report}");
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["outcome"], "imported");
    assert_eq!(report["statement"]["closed_days"], 1);
}

async fn a_damaged_file_is_refused_with_its_lines(database: Database) {
    let desk = Desk::open(&database).await;
    let folder = tempfile::tempdir().unwrap();
    let file = sheet().camt().replace(">15000<", ">15000.50<");
    fs::write(folder.path().join("a.xml"), file).unwrap();
    let account = desk.stall.account.to_string();
    let arguments = ["a.xml", "--account", &account];
    let (status, report, talk) = run(&database, folder.path(), &arguments);
    assert_eq!(
        (status, talk.as_str()),
        (Some(1), "phocho: nothing was imported\n")
    );
    let lines: Vec<_> = report.lines().collect();
    assert_eq!(lines[0], "Tệp sao kê có chỗ sai nên chưa nhận");
    assert!(
        lines[1].starts_with("dòng ") && lines[1].contains(", cột Amt: “15000.50”"),
        "{report}"
    );
    let json = ["a.xml", "--account", &account, "--json"];
    let (status, report, _) = run(&database, folder.path(), &json);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((status, &report["outcome"]), (Some(1), &json!("refused")));
    assert_eq!(report["faults"][0]["code"], "fraction");
    let list = desk.market.get(&desk.trader, "/v1/statements").await.good();
    assert_eq!(list["data"], json!([]));
    let good = [
        "a.xml",
        "--account",
        &account,
        "--good-lines",
        "--lang",
        "en",
    ];
    let (status, report, talk) = run(&database, folder.path(), &good);
    assert_eq!((status, talk.as_str()), (Some(1), ""), "{report}");
    assert!(
        report.starts_with("Reconciled: 1 lines: 0 matched, 1 missing here"),
        "{report}"
    );
    assert!(report.contains("not a whole number of đồng"), "{report}");
}

async fn wrong_usage_and_surroundings_have_their_own_status(database: Database) {
    let desk = Desk::open(&database).await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.xml"), sheet().camt()).unwrap();
    let account = desk.stall.account.to_string();
    let unknown = "acc_00000000000000000000000000000077";
    for (arguments, status) in [
        (vec!["a.xml", "--account", unknown], 2),
        (vec!["a.xml", "--account", "0011009900001"], 2),
        (vec!["a.xml", "--account", "970436/1"], 2),
        (vec!["a.xml"], 2),
        (vec!["a.xml", "--account", &account, "--first-day", DAY], 2),
        (
            vec![
                "a.xml",
                "--account",
                &account,
                "--first-day",
                DAY,
                "--last-day",
                "2026-03-14",
            ],
            2,
        ),
        (vec!["none.xml", "--account", &account], 3),
        (vec![".", "--account", &account], 3),
    ] {
        let (found, report, talk) = run(&database, folder.path(), &arguments);
        assert_eq!(found, Some(status), "{arguments:?}: {talk}");
        assert_eq!(report, "", "{arguments:?}");
    }
}
