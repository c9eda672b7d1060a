//! A census from a file.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{counts, faults, file_faults, send, send_as, trial, wanted, written};
use crate::database::{Database, on_both_engines};
use crate::registry::Office;

on_both_engines!(
    a_trial_promises_what_the_commit_then_writes,
    a_file_sent_again_changes_nothing_and_a_corrected_one_completes_the_census,
    every_encoding_gives_the_same_places,
    every_bad_row_is_named_with_its_line_and_column,
    good_rows_are_taken_alone_only_when_that_was_asked_for,
    a_file_holds_several_zones_but_only_the_callers_own,
    what_is_no_file_of_places_is_said_as_a_whole,
    a_key_sent_again_gives_the_first_report,
    a_file_as_large_as_it_may_be_is_written_within_bounds,
);

const HEADER: &str = "Mã khu vực,Vị trí,Tên,Ngành hàng,Quy mô,Mã chủ,Ngày mở cửa,Nữ?\n";
const PATH: &str = "/v1/establishments/import?surveyed_on=2026-03-01";
const COMMIT: &str = "/v1/establishments/import?surveyed_on=2026-03-01&commit=true";

fn header() -> String {
    HEADER.replace("Nữ?", "Giới tính")
}

fn file(rows: &[&str]) -> String {
    header() + &rows.join("\n")
}

async fn open(database: &Database) -> Office {
    let office = Office::open(database).await;
    office.zones().await;
    office
}

async fn places(office: &Office) -> Vec<(String, String)> {
    let listed = office
        .get(&office.maker, "/v1/establishments?limit=200")
        .await
        .good();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = listed["data"].as_array().unwrap().iter();
    let mut rows: Vec<_> = rows
        .map(|it| (text(&it["position"]), text(&it["name"])))
        .collect();
    rows.sort();
    rows
}

async fn a_trial_promises_what_the_commit_then_writes(database: Database) {
    let office = open(&database).await;
    let text = file(&[
        "TH-QK,Số 1,Bún ốc,bún ốc,sạp,H-1,âm lịch 1 15,nữ",
        "th-qk,Số 2,\"Xôi, chè\",xôi,Nhỏ,H-2,,",
    ]);
    let tried = send(&office, &office.maker, PATH, text.clone())
        .await
        .good();
    assert_eq!(counts(&tried), trial(2, 0, 0, 0));
    assert_eq!(tried["zones"][0]["version"], Value::Null);
    assert_eq!(places(&office).await, []);
    let partial = format!("{PATH}&partial=true");
    let tried = send(&office, &office.maker, &partial, text.clone())
        .await
        .good();
    assert_eq!(counts(&tried), trial(2, 0, 0, 0));

    let report = send(&office, &office.maker, COMMIT, text).await.good();
    assert_eq!(counts(&report), written(2, 0, 0, 0));
    assert_eq!(report["encoding"], "utf-8");
    let zone = json!({"zone_code": "TH-QK", "places": 2, "carried_over": 0, "version": 1});
    assert_eq!(report["zones"], json!([zone]));
    let pairs = [("Số 1", "Bún ốc"), ("Số 2", "Xôi, chè")];
    assert_eq!(
        places(&office).await,
        pairs.map(|(at, name)| (at.to_owned(), name.to_owned()))
    );
    let listed = office.get(&office.maker, "/v1/establishments").await.good();
    let mut rows = listed["data"].as_array().unwrap().iter();
    let first = rows.find(|it| it["position"] == "Số 1").unwrap();
    let first = first["id"].as_str().unwrap();
    let read = office
        .get(&office.maker, &format!("/v1/establishments/{first}"))
        .await
        .good();
    let record = &read["newest_record"];
    assert_eq!(record["open_days"], "lunar 1 15");
    assert_eq!(
        (&record["owner_sex"], &record["size_class"]),
        (&json!("female"), &json!("stall"))
    );
    assert_eq!(
        (&record["status"], &record["owner_over_60"]),
        (&json!("trading"), &Value::Null)
    );
}

async fn a_file_sent_again_changes_nothing_and_a_corrected_one_completes_the_census(
    database: Database,
) {
    let office = open(&database).await;
    let rows = [
        "TH-QK,Số 1,Bún ốc,bún ốc,sạp,H-1,,",
        "TH-QK,Số 2,Xôi,xôi,sạp,H-2,,",
    ];
    send(&office, &office.maker, COMMIT, file(&rows))
        .await
        .good();
    let again = send(&office, &office.maker, COMMIT, file(&rows))
        .await
        .good();
    assert_eq!(counts(&again), written(0, 0, 2, 0));
    assert_eq!(again["zones"][0]["version"], Value::Null);
    // One row for the same day: the other place stays in the census.
    let one = ["TH-QK,Số 2,Xôi Yên Phụ,xôi,lớn,H-2,,"];
    let report = send(&office, &office.maker, COMMIT, file(&one))
        .await
        .good();
    assert_eq!(counts(&report), written(0, 1, 0, 0));
    let zone = json!({"zone_code": "TH-QK", "places": 1, "carried_over": 1, "version": 2});
    assert_eq!(report["zones"], json!([zone]));
    // Another day is another walk: the whole zone is in its file.
    let later = COMMIT.replace("03-01", "03-02");
    let report = send(&office, &office.maker, &later, file(&one))
        .await
        .good();
    assert_eq!(counts(&report), written(0, 0, 1, 0));
    let zone = json!({"zone_code": "TH-QK", "places": 1, "carried_over": 0, "version": 3});
    assert_eq!(report["zones"], json!([zone]));
    // A day before it is refused for every row.
    let report = send(&office, &office.maker, COMMIT, file(&rows))
        .await
        .good();
    assert_eq!(counts(&report), trial(0, 0, 0, 2));
    let column = "Mã khu vực";
    let named = [(2, column, "earlier_census"), (3, column, "earlier_census")];
    assert_eq!(faults(&report), wanted(&named));
}

async fn every_encoding_gives_the_same_places(database: Database) {
    let office = open(&database).await;
    let text = file(&["TH-QK,Số 1,Bún ốc Phủ Tây Hồ,bún ốc,sạp,H-1,,nữ"]);
    let utf16 = |big: bool| -> Vec<u8> {
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        let bytes = units.map(|it| {
            if big {
                it.to_be_bytes()
            } else {
                it.to_le_bytes()
            }
        });
        bytes.flatten().collect()
    };
    let marked = [b"\xEF\xBB\xBF", text.as_bytes()].concat();
    let windows = b"zone;position;name;trade;size;owner\r\n\
        TH-QK;S\xF4\xEC 1;Bu\xECn \xF4\xECc Phu\xD2 T\xE2y H\xF4\xCC;bu\xECn \xF4\xECc;sa\xF2p;H-1\r\n";
    let tabs = text.replace(',', "\t");
    for (number, (bytes, encoding)) in [
        (text.clone().into_bytes(), "utf-8"),
        (marked, "utf-8"),
        (utf16(false), "utf-16"),
        (utf16(true), "utf-16"),
        (windows.to_vec(), "windows-1258"),
        (tabs.into_bytes(), "utf-8"),
    ]
    .into_iter()
    .enumerate()
    {
        let report = send(&office, &office.maker, COMMIT, bytes).await.good();
        assert_eq!(report["encoding"], encoding);
        assert_eq!(
            (&report["bad"], &report["committed"]),
            (&json!(0), &json!(true)),
            "{report}"
        );
        assert_eq!(report["added"], json!(u8::from(number == 0)), "{encoding}");
        let wanted = [("Số 1".to_owned(), "Bún ốc Phủ Tây Hồ".to_owned())];
        assert_eq!(places(&office).await, wanted);
    }
}

async fn every_bad_row_is_named_with_its_line_and_column(database: Database) {
    let office = open(&database).await;
    let text = file(&[
        "TH-QK,Số 1,\"Bún\nốc\",bún ốc,sạp,H-1,,",
        "TH-QK,Số 2,Xôi,xôi,khổng lồ,H 2,âm lịch 15 1,con gái",
        "",
        "TH-QK,Số 3,Chè,chè,sạp,H-3",
        "TH-QK,Số 4,Chè,,sạp,H-3,,",
        "TH QK,Số 5,Chè,chè,sạp,H-3,,",
        "TH-ZZ,Số 6,Chè,chè,sạp,H-3,,",
        "TH-QK,Số 7,Chè,chè,sạp,H-3,,",
        "TH-QK,Số  7,Chè đỗ đen,chè,sạp,H-3,,",
    ]);
    for path in [PATH, COMMIT] {
        let report = send(&office, &office.maker, path, text.clone())
            .await
            .good();
        assert_eq!(counts(&report), trial(1, 0, 0, 7));
        let named = [
            (2, "Tên", "not_accepted"),
            (4, "Quy mô", "not_accepted"),
            (4, "Mã chủ", "not_accepted"),
            (4, "Ngày mở cửa", "not_accepted"),
            (4, "Giới tính", "not_accepted"),
            (6, "", "cell_count"),
            (7, "Ngành hàng", "required"),
            (8, "Mã khu vực", "not_accepted"),
            (9, "Mã khu vực", "unknown_zone"),
            (11, "Vị trí", "twice_in_file"),
        ];
        assert_eq!(faults(&report), wanted(&named));
        let size = &report["faults"][1];
        assert_eq!(size["found"], "khổng lồ");
        assert_eq!(
            size["wanted"]["vi"],
            "Hãy ghi một trong: sạp, nhỏ, lớn, chuỗi"
        );
        assert_eq!(
            size["wanted"]["en"],
            "use one of: stall, small, large, chain"
        );
        assert_eq!(places(&office).await, []);
    }
}

async fn good_rows_are_taken_alone_only_when_that_was_asked_for(database: Database) {
    let office = open(&database).await;
    let text = file(&[
        "TH-QK,Số 1,Bún ốc,bún ốc,sạp,H-1,,",
        "TH-QK,Số 2,Xôi,xôi,khổng lồ,H-2,,",
    ]);
    let partial = format!("{COMMIT}&partial=true");
    let report = send(&office, &office.maker, &partial, text).await.good();
    assert_eq!(counts(&report), written(1, 0, 0, 1));
    assert_eq!(places(&office).await.len(), 1);
    // The corrected row alone joins the census that it was missing from.
    let corrected = file(&["TH-QK,Số 2,Xôi,xôi,lớn,H-2,,"]);
    let report = send(&office, &office.maker, COMMIT, corrected).await.good();
    let zone = json!({"zone_code": "TH-QK", "places": 1, "carried_over": 1, "version": 2});
    assert_eq!(report["zones"], json!([zone]));
}

async fn a_file_holds_several_zones_but_only_the_callers_own(database: Database) {
    let office = open(&database).await;
    let listed = office.get(&office.maker, "/v1/zones").await.good();
    let zones = listed["data"].as_array().unwrap();
    let code = |at: usize| zones[at]["code"].as_str().unwrap();
    let text = file(&[
        &format!("{},Số 1,Bún ốc,bún ốc,sạp,H-1,,", code(0)),
        &format!("{},Số 1,Xôi,xôi,sạp,H-1,,", code(1)),
    ]);
    let neighbour = office.staff(&json!([zones[0]["id"]])).await;
    let foreign = send(&office, &neighbour, COMMIT, text.clone()).await.good();
    assert_eq!(counts(&foreign), trial(1, 0, 0, 1));
    assert_eq!(
        faults(&foreign),
        wanted(&[(3, "Mã khu vực", "unknown_zone")])
    );
    let report = send(&office, &office.maker, COMMIT, text).await.good();
    assert_eq!(counts(&report), written(2, 0, 0, 0));
    assert_eq!(report["zones"].as_array().unwrap().len(), 2);
    let merchant = office.merchant("001080012345").await;
    let trader = json!({"label": "bàn 1", "merchant_id": merchant});
    let trader = office.token(&trader).await;
    let refused = send(&office, &trader, PATH, "x").await;
    assert_eq!(refused.report["code"], "forbidden");
}

async fn what_is_no_file_of_places_is_said_as_a_whole(database: Database) {
    let office = open(&database).await;
    for (bytes, named) in [
        (b"".to_vec(), vec!["empty"]),
        (b"PK\x03\x04".to_vec(), vec!["workbook"]),
        (
            b"zone,T\xAAn,a\nTH-QK,Nguy\xD4n Th\xDE \xA7\xB5o,b".to_vec(),
            vec!["legacy_encoding"],
        ),
        (
            "zone,Vị trí,Số sạp,Màu,name,trade\nTH-QK,1,1,đỏ,Xôi,xôi".into(),
            vec![
                "repeated_column",
                "unknown_column",
                "missing_column",
                "missing_column",
            ],
        ),
    ] {
        let partial = format!("{COMMIT}&partial=true");
        let report = send(&office, &office.maker, &partial, bytes).await.good();
        assert_eq!(file_faults(&report), named);
        assert_eq!(report["committed"], false);
        for language in ["vi", "en"] {
            assert!(report["file_faults"][0]["message"][language].is_string());
        }
    }
    let missing = send(&office, &office.maker, "/v1/establishments/import", "x").await;
    assert_eq!(missing.report["errors"][0]["pointer"], "?surveyed_on");
    let ahead = PATH.replace("03-01", "03-17");
    let ahead = send(&office, &office.maker, &ahead, "x").await;
    assert_eq!(
        (ahead.status.as_u16(), &ahead.report["code"]),
        (400, &json!("invalid_query"))
    );
    let json = send_as(
        &office,
        (&office.maker, "application/json", None),
        PATH,
        "{}",
    )
    .await;
    assert_eq!(json.report["code"], "unsupported_media_type");
    let large = vec![b'x'; 10 * 1024 * 1024 + 1];
    let large = send(&office, &office.maker, PATH, large).await;
    assert_eq!(large.report["code"], "body_too_large");
}

async fn a_key_sent_again_gives_the_first_report(database: Database) {
    let office = open(&database).await;
    let text = file(&["TH-QK,Số 1,Bún ốc,bún ốc,sạp,H-1,,"]);
    let keyed = (office.maker.as_str(), "text/csv; charset=utf-8", Some("k"));
    let bad = file(&["TH-QK,Số 1,Bún ốc,bún ốc,?,H-1,,"]);
    let refused = send_as(&office, keyed, COMMIT, bad).await.good();
    assert_eq!(refused["committed"], false);
    let first = send_as(&office, keyed, COMMIT, text.clone()).await.good();
    assert_eq!(counts(&first), written(1, 0, 0, 0));
    let again = send_as(&office, keyed, COMMIT, text).await.good();
    assert_eq!(again, first);
    let other = send_as(&office, keyed, COMMIT, file(&["TH-QK,Số 2,a,a,sạp,H-1,,"])).await;
    assert_eq!(other.report["code"], "idempotency_key_reused");
}

async fn a_file_as_large_as_it_may_be_is_written_within_bounds(database: Database) {
    let office = open(&database).await;
    let mut text = header();
    for number in 1..=20_000 {
        writeln!(
            text,
            "TH-QK,Số {number},Bún ốc {number},bún ốc,sạp,H-{number},,"
        )
        .unwrap();
    }
    let started = std::time::Instant::now();
    let report = send(&office, &office.maker, COMMIT, text.clone())
        .await
        .good();
    assert_eq!(counts(&report), written(20_000, 0, 0, 0));
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    let again = send(&office, &office.maker, COMMIT, text.clone())
        .await
        .good();
    assert_eq!(counts(&again), written(0, 0, 20_000, 0));
    text.push_str("TH-QK,Số 0,Xôi,xôi,sạp,H-1,,");
    let more = send(&office, &office.maker, COMMIT, text).await.good();
    assert_eq!(file_faults(&more), ["too_many_rows"]);
}
