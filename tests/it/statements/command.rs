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
    what_is_no_statement_of_the_account_is_told_in_plain_words,
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
    assert_eq!(status, Some(1), "{report}");
    let next = "phocho: what is missing here becomes money when two persons say so: POST /v1/statements/stm_";
    assert!(talk.starts_with(next), "{talk}");
    assert!(talk.ends_with("/proposals\n"), "{talk}");
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
        (
            Some(1),
            "phocho: a.xml: chưa nhận gì\n\
             phocho: sửa các dòng đó, hoặc thêm --good-lines để chỉ lấy các dòng đúng\n"
        )
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
    assert_eq!(status, Some(1), "{report}{talk}");
    assert!(
        report.starts_with("Reconciled: 1 line: 0 matched, 1 missing here"),
        "{report}"
    );
    assert!(report.contains("not a whole number of đồng"), "{report}");
}

async fn what_is_no_statement_of_the_account_is_told_in_plain_words(database: Database) {
    let desk = Desk::open(&database).await;
    let folder = tempfile::tempdir().unwrap();
    let account = desk.stall.account.to_string();
    let (good, head) = (sheet().camt(), "Ngày,Nội dung,Ghi nợ,Ghi có\n");
    let foreign = Sheet {
        account: "0099887766".to_owned(),
        ..sheet()
    };
    for (name, bytes, vi, en) in [
        ("empty.csv", Vec::new(), "Tệp trống", "the file is empty"),
        (
            "scan.pdf",
            b"%PDF-1.7\n%\xE2\xE3".to_vec(),
            "Đây là tệp PDF",
            "this is a PDF",
        ),
        (
            "photo.jpg",
            b"\xFF\xD8\xFF\xE0".to_vec(),
            "không phải sao kê",
            "no bank statement",
        ),
        (
            "old.csv",
            include_bytes!("../../data/statements/tcvn3.csv").to_vec(),
            "bảng mã cũ (TCVN3 hoặc VNI)",
            "an old font's encoding (TCVN3 or VNI)",
        ),
        (
            "cut.xml",
            good.as_bytes()[..good.len() - 90].to_vec(),
            "bị đứt giữa chừng",
            "breaks off",
        ),
        (
            "sums.xml",
            good.replace(">1060000<", ">1060001<").into_bytes(),
            "có dòng bị thiếu hoặc bị sửa",
            "a line is missing or was changed",
        ),
        (
            "other.xml",
            foreign.camt().into_bytes(),
            "Tệp là của tài khoản khác, có số cuối là 7766",
            "the file is of another account, which ends in 7766",
        ),
        (
            "lines.csv",
            head.as_bytes().to_vec(),
            "thêm --first-day",
            "add --first-day",
        ),
        (
            "future.csv",
            format!("{head}24/11/2099,bun,,50000\n").into_bytes(),
            "ngày sau hôm nay",
            "a day after today",
        ),
    ] {
        fs::write(folder.path().join(name), bytes).unwrap();
        for (lang, wanted, nothing) in [
            ("vi", vi, "chưa nhận gì"),
            ("en", en, "nothing was imported"),
        ] {
            let arguments = [name, "--account", &account, "--lang", lang];
            let (status, report, talk) = run(&database, folder.path(), &arguments);
            assert_eq!(status, Some(1), "{name}: {report}{talk}");
            let first = format!("phocho: {name}: {nothing}\n");
            assert!(talk.starts_with(&first), "{name}: {talk}");
            assert!(
                format!("{report}{talk}").contains(wanted),
                "{name}: {report}{talk}"
            );
        }
    }
    let list = desk.market.get(&desk.trader, "/v1/statements").await.good();
    assert_eq!(list["data"], json!([]));
}

async fn wrong_usage_and_surroundings_have_their_own_status(database: Database) {
    let desk = Desk::open(&database).await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.xml"), sheet().camt()).unwrap();
    let account = desk.stall.account.to_string();
    let unknown = "acc_00000000000000000000000000000077";
    for (arguments, status, words) in [
        (
            vec!["a.xml", "--account", unknown],
            2,
            "không có tài khoản “acc_00000000000000000000000000000077” đang được dùng",
        ),
        (
            vec!["a.xml", "--account", "0011009900001", "--lang", "en"],
            2,
            "write acc_…, or the bank's six digits, a slash and the number",
        ),
        (vec!["a.xml", "--account", "970436/1"], 2, "“970436/1”"),
        (vec!["a.xml"], 2, "--account <ACCOUNT>"),
        (
            vec!["a.xml", "--account", &account, "--first-day", DAY],
            2,
            "--last-day <DAY>",
        ),
        (
            vec![
                "a.xml",
                "--account",
                &account,
                "--first-day",
                "15/3/2026",
                "--last-day",
                DAY,
            ],
            2,
            "a day is written year-month-day",
        ),
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
            "--last-day sớm hơn --first-day",
        ),
        (
            vec!["none.xml", "--account", &account],
            3,
            "phocho: không có tệp none.xml\n",
        ),
        (
            vec!["none.xml", "--account", &account, "--lang", "en"],
            3,
            "phocho: there is no file none.xml\n",
        ),
        (vec![".", "--account", &account], 3, ". là thư mục"),
        (
            vec![".", "--account", &account, "--lang", "en"],
            3,
            ". is a folder",
        ),
        (
            vec![
                "a.xml",
                "--account",
                &account,
                "--database-url",
                "sqlite:none.db",
            ],
            3,
            "there is no database none.db",
        ),
    ] {
        let (found, report, talk) = run(&database, folder.path(), &arguments);
        assert_eq!(found, Some(status), "{arguments:?}: {talk}");
        assert_eq!(report, "", "{arguments:?}");
        assert!(talk.contains(words), "{arguments:?}: {talk}");
    }
}
