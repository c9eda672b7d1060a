//! `phocho import` as a process: what it prints, writes and exits with.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use phocho::store::reach::Reach;
use phocho::store::{access, audit, merchants};
use serde_json::Value;

use crate::database::{Database, on_both_engines};
use crate::registry::Office;

on_both_engines!(
    a_trial_writes_nothing_and_a_commit_writes_in_the_first_administrators_name,
    bad_rows_are_printed_and_come_back_safe_to_open_and_to_import,
    a_census_is_imported_for_its_day,
);

#[test]
fn a_database_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let text = HEADER.to_owned() + "household,Bún ốc,Nguyễn Thị Đào,001080012345,0912345678\n";
    fs::write(folder.path().join("a.csv"), text).unwrap();
    let into = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_phocho"));
        command.args(["import", "merchants", "a.csv"]);
        command.args(arguments).current_dir(folder.path());
        said(&command.output().unwrap())
    };
    let file = "sqlite:away.db";
    let commit = ["--database-url", file, "--commit"];
    for arguments in [
        &["--database-url", file][..],
        &commit,
        &["--data-dir", "away"],
    ] {
        let (status, report, talk) = into(arguments);
        assert_eq!((status, report.as_str()), (Some(3), ""), "{talk}");
        assert!(talk.contains("there is no database"), "{talk}");
        assert!(talk.contains("--data-dir or --database-url"), "{talk}");
    }
    let left = fs::read_dir(folder.path()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["a.csv"], "nothing was made");
}

const HEADER: &str = "kind,name,representative,tax_code,phone\n";

fn run(database: &Database, folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_phocho"))
        .arg("import")
        .args(arguments)
        .current_dir(folder)
        .env("PHOCHO_DATABASE_URL", database.url())
        .output()
        .unwrap()
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

async fn a_trial_writes_nothing_and_a_commit_writes_in_the_first_administrators_name(
    database: Database,
) {
    let folder = tempfile::tempdir().unwrap();
    let text = HEADER.to_owned() + "household,Bún ốc,Nguyễn Thị Đào,001080012345,0912345678\n";
    fs::write(folder.path().join("a.csv"), text).unwrap();
    let (status, report, talk) = said(&run(&database, folder.path(), &["merchants", "a.csv"]));
    assert_eq!(status, Some(0), "{talk}");
    assert_eq!(
        report,
        "Chưa ghi: 1 dòng: thêm 1, sửa 0, giữ nguyên 0, lỗi 0\n"
    );
    assert!(talk.contains("add --commit"), "{talk}");
    let store = database.store().await;
    let mut tx = store.begin_read().await.unwrap();
    assert_eq!(access::first_admin(&mut tx).await.unwrap(), None);
    drop(tx);

    let arguments = ["merchants", "a.csv", "--commit", "--lang", "en"];
    let (status, report, talk) = said(&run(&database, folder.path(), &arguments));
    assert_eq!(status, Some(0), "{talk}");
    assert_eq!(
        report,
        "Written: 1 rows: 1 added, 0 changed, 0 unchanged, 0 bad\n"
    );
    assert_eq!(talk, "");
    let mut tx = store.begin_read().await.unwrap();
    let admin = access::first_admin(&mut tx).await.unwrap().unwrap();
    let entries = audit::newest(&mut tx, "main", None, None, 2).await.unwrap();
    for entry in &entries {
        assert_eq!(entry.actor, admin.to_string(), "{}", entry.action);
    }
    let filter = merchants::MerchantFilter::default();
    let listed = merchants::list(&mut tx, Reach::Everything, &filter, None, 9).await;
    assert_eq!(listed.unwrap()[0].created_by, admin);
    drop(tx);
    assert!(!folder.path().join("a.loi.csv").exists());

    let arguments = ["merchants", "a.csv", "--commit", "--json"];
    let (_, report, _) = said(&run(&database, folder.path(), &arguments));
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(
        (&report["unchanged"], &report["committed"]),
        (&1.into(), &true.into())
    );
}

async fn bad_rows_are_printed_and_come_back_safe_to_open_and_to_import(database: Database) {
    let folder = tempfile::tempdir().unwrap();
    let text = HEADER.to_owned()
        + "household,Xôi,Trần Ước,001080012346,+84912345678\n"
        + "household,=1+1,@Đào,001080012345,+84 912 345 67\n"
        + "household,\"Chè\nđỗ\",-Đào,001080012347,0912345678\n";
    fs::write(folder.path().join("a.csv"), text).unwrap();
    let arguments = ["merchants", "a.csv", "--commit"];
    let (status, report, talk) = said(&run(&database, folder.path(), &arguments));
    assert_eq!(status, Some(1), "{talk}");
    let lines: Vec<_> = report.lines().collect();
    assert_eq!(
        lines[0],
        "Chưa ghi: 3 dòng: thêm 1, sửa 0, giữ nguyên 0, lỗi 2"
    );
    assert!(
        lines[1].starts_with("dòng 3, cột name: thấy “=1+1”: Không nhận"),
        "{report}"
    );
    assert_eq!(
        lines[2],
        "dòng 3, cột representative: thấy “@xxx”: Không nhận “@” (U+0040) ở vị trí 1: dấu này không dùng được ở đây"
    );
    assert!(
        lines[3].starts_with("dòng 3, cột phone: thấy “+•• ••• ••"),
        "{report}"
    );
    assert!(
        talk.contains("a.loi.csv") && talk.contains("nothing was written"),
        "{talk}"
    );

    let path = folder.path().join("a.loi.csv");
    let back = fs::read_to_string(&path).unwrap();
    let mut reader = csv::ReaderBuilder::new().from_reader(back.as_bytes());
    assert_eq!(reader.headers().unwrap().iter().next_back(), Some("Lỗi"));
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2);
    assert_eq!(&rows[0][1], "'=1+1");
    assert_eq!(&rows[0][2], "'@Đào");
    assert_eq!(&rows[0][4], "'+84 912 345 67");
    assert_eq!(&rows[1][1], "Chè\nđỗ");
    for row in &rows {
        assert!(
            row.iter()
                .all(|cell| !cell.starts_with(['=', '+', '-', '@'])),
            "{row:?}"
        );
        assert!(row[5].contains("name: "), "{row:?}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    let (status, report, _) = said(&run(
        &database,
        folder.path(),
        &["merchants", "a.csv", "--commit", "--partial"],
    ));
    assert_eq!(status, Some(1));
    assert!(report.starts_with("Đã ghi: 3 dòng: thêm 1,"), "{report}");
    // Corrected where it came back, the file goes in as it is.
    let corrected = back
        .replace("'=1+1", "Bún")
        .replace("'@Đào", "Đào")
        .replace("345 67,", "345 679,")
        .replace("'-Đào", "Đào")
        .replace("Chè\nđỗ", "Chè đỗ");
    fs::write(&path, corrected).unwrap();
    let arguments = ["merchants", "a.loi.csv", "--commit"];
    let (status, report, talk) = said(&run(&database, folder.path(), &arguments));
    assert_eq!(status, Some(0), "{report}{talk}");
    assert!(report.starts_with("Đã ghi: 2 dòng: thêm 2,"), "{report}");
}

async fn a_census_is_imported_for_its_day(database: Database) {
    let office = Office::open(&database).await;
    office.zones().await;
    let folder = tempfile::tempdir().unwrap();
    let text = "zone,position,name,trade,size,owner\nTH-QK,Số 1,Bún ốc,bún ốc,sạp,H-1\n";
    fs::write(folder.path().join("a.csv"), text).unwrap();
    let on = |day: &str| {
        let arguments = ["establishments", "a.csv", "--surveyed-on", day, "--commit"];
        said(&run(&database, folder.path(), &arguments))
    };
    let (status, report, talk) = on("2026-03-01");
    assert_eq!(status, Some(0), "{talk}");
    assert_eq!(
        report,
        "Đã ghi: 1 dòng: thêm 1, sửa 0, giữ nguyên 0, lỗi 0\n\
         TH-QK: đợt khảo sát số 1, 1 điểm trong tệp, giữ lại 0 điểm\n"
    );
    let (status, report, _) = on("2026-02-01");
    assert_eq!(status, Some(1));
    assert!(
        report.contains("dòng 2, cột zone: thấy “TH-QK”"),
        "{report}"
    );
    let (status, _, talk) = on("9999-01-01");
    assert_eq!(status, Some(2));
    assert!(talk.contains("--surveyed-on"), "{talk}");
    assert_eq!(on("yesterday").0, Some(2));
    let missing = run(&database, folder.path(), &["merchants", "none.csv"]);
    let (status, _, talk) = said(&missing);
    assert_eq!(status, Some(3));
    assert!(talk.contains("none.csv"), "{talk}");
    fs::write(folder.path().join("b.csv"), b"PK\x03\x04").unwrap();
    let workbook = run(&database, folder.path(), &["merchants", "b.csv"]);
    let (status, report, _) = said(&workbook);
    assert_eq!(status, Some(1));
    assert!(report.contains("CSV UTF-8"), "{report}");
}
