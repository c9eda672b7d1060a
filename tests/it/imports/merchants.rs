//! Merchants from a file, with their outlets and accounts.

use phocho::domain::account::PersonalAccounts;
use phocho::http::router;
use phocho::store::reach::Reach;
use phocho::store::{audit, events};
use serde_json::{Value, json};

use super::{counts, faults, file_faults, send, trial, wanted, written};
use crate::database::{Database, on_both_engines};
use crate::registry::{Office, account, household, id};

on_both_engines!(
    a_row_registers_a_merchant_plans_its_outlet_and_asks_for_its_account,
    a_file_sent_again_adds_nothing_and_changes_only_what_may_change,
    every_bad_row_is_named_and_shows_nothing_personal,
    what_is_taken_is_found_in_the_trial,
    a_merchant_of_another_zone_is_not_touched,
    good_rows_are_taken_alone_only_when_that_was_asked_for,
    columns_of_one_thing_stand_together,
    a_personal_account_is_a_bad_row_where_the_setting_refuses_it,
    an_import_is_audited_and_told_row_by_row_without_personal_data,
);

const PATH: &str = "/v1/merchants/import";
const COMMIT: &str = "/v1/merchants/import?commit=true";
const SHORT: &str = "kind;name;representative;tax_code;phone\n";
const FULL: &str = "Loại;Tên;Người đại diện;Mã số thuế;Số điện thoại;Mã khu vực;Số sạp;Ngành hàng;\
    Mã ngân hàng;Số tài khoản;Tên chủ tài khoản;Loại chủ tài khoản;Tên đăng ký\n";

/// A good row; the last digits tell it from others.
fn row(last: &str) -> String {
    format!(
        "hộ kinh doanh;Bún ốc {last};Nguyễn Thị Đào;0010800123{last};0912 345 678;TH-QK;\
         Sạp {last};bún ốc;970436;00110012345{last};Nguyễn Thị Đào;hộ;Hộ Nguyễn Thị Đào"
    )
}

fn file(rows: &[String]) -> String {
    FULL.to_owned() + &rows.join("\n")
}

async fn open(database: &Database) -> Office {
    let office = Office::open(database).await;
    office.zones().await;
    office
}

async fn all(office: &Office, what: &str) -> Vec<Value> {
    let listed = office
        .get(&office.maker, &format!("/v1/{what}?limit=200"))
        .await
        .good();
    listed["data"].as_array().unwrap().clone()
}

async fn a_row_registers_a_merchant_plans_its_outlet_and_asks_for_its_account(database: Database) {
    let office = open(&database).await;
    // A place of the census at the same position is the outlet's.
    let zones = office.get(&office.maker, "/v1/zones").await.good();
    let zones = zones["data"].as_array().unwrap();
    let zone = zones.iter().find(|it| it["code"] == "TH-QK").unwrap();
    let place = json!({
        "zone_id": zone["id"], "position": "Sạp 45", "name": "Bún ốc", "opened_on": "2026-03-01",
    });
    let place = office
        .post(&office.maker, "/v1/establishments", &place)
        .await
        .good();
    let company = "Công ty;Chè Tây Hồ;Trần Văn Ước;0100109106;0912345679;;;;;;;;".to_owned();
    let text = file(&[row("45"), row("46"), company]);
    let tried = send(&office, &office.maker, PATH, text.clone())
        .await
        .good();
    assert_eq!(counts(&tried), trial(3, 0, 0, 0));
    assert!(all(&office, "merchants").await.is_empty());
    let report = send(&office, &office.maker, COMMIT, text).await.good();
    assert_eq!(counts(&report), written(3, 0, 0, 0));
    assert_eq!(report["zones"], json!([]));

    let merchants = all(&office, "merchants").await;
    let named = |name: &str| merchants.iter().find(|it| it["name"] == name).unwrap();
    let first = named("Bún ốc 45");
    assert_eq!(
        (&first["state"], &first["kind"]),
        (&json!("draft"), &json!("household"))
    );
    assert_eq!(named("Chè Tây Hồ")["tax_code"], "0100109106");
    let outlets = all(&office, "outlets").await;
    let outlet = outlets
        .iter()
        .find(|it| it["stall_label"] == "Sạp 45")
        .unwrap();
    assert_eq!(outlet["merchant_id"], first["id"]);
    assert_eq!(outlet["establishment_id"], place["id"]);
    assert_eq!(outlet["state"], "planned");
    let accounts = all(&office, "accounts").await;
    assert_eq!((outlets.len(), accounts.len()), (2, 2));
    let money = accounts
        .iter()
        .find(|it| it["merchant_id"] == first["id"])
        .unwrap();
    assert_eq!(
        (&money["state"], &money["holder_name"]),
        (&json!("pending"), &json!("NGUYEN THI DAO"))
    );
    // Whoever sent the file is the maker: another person approves.
    office
        .step(&office.maker, &id(money), "approve")
        .await
        .is(403, "second_person_required");
    office
        .step(&office.checker, &id(money), "approve")
        .await
        .good();
}

async fn a_file_sent_again_adds_nothing_and_changes_only_what_may_change(database: Database) {
    let office = open(&database).await;
    let text = file(&[row("45"), row("46")]);
    send(&office, &office.maker, COMMIT, text.clone())
        .await
        .good();
    let again = send(&office, &office.maker, COMMIT, text.clone())
        .await
        .good();
    assert_eq!(counts(&again), written(0, 0, 2, 0));
    let changed = text
        .replace("Bún ốc 45", "Bún chả 45")
        .replace("Sạp 46", "Sạp 47");
    let report = send(&office, &office.maker, COMMIT, changed.clone())
        .await
        .good();
    assert_eq!(counts(&report), written(0, 2, 0, 0));
    let merchants = all(&office, "merchants").await;
    let first = merchants
        .iter()
        .find(|it| it["name"] == "Bún chả 45")
        .unwrap();
    assert_eq!(first["version"], 2);
    assert_eq!(all(&office, "outlets").await.len(), 3);
    // Handed in, a merchant is corrected by people only; an account never.
    office
        .step(&office.maker, &id(first), "submit")
        .await
        .good();
    let report = send(
        &office,
        &office.maker,
        COMMIT,
        text.replace("Hộ Nguyễn", "Nhà Nguyễn"),
    )
    .await;
    let report = report.good();
    let named = [
        (2, "Mã số thuế", "wrong_state"),
        (2, "Số tài khoản", "wrong_state"),
        (3, "Số tài khoản", "wrong_state"),
    ];
    assert_eq!(faults(&report), wanted(&named));
    let same = send(&office, &office.maker, COMMIT, changed).await.good();
    assert_eq!(counts(&same), written(0, 0, 2, 0));
}

async fn every_bad_row_is_named_and_shows_nothing_personal(database: Database) {
    let office = open(&database).await;
    let text = file(&[
        row("45").replace("hộ kinh doanh;", "?;"),
        row("46").replace("0912 345 678", "0912 345 6789"),
        row("47").replace("001080012347", "00108001234X"),
        row("48").replace("0011001234548", "0011 OO43"),
        row("49").replace("Nguyễn Thị Đào;001", "Nguyễn Thị Đàо;001"),
        row("50").replace(";TH-QK", ";"),
        row("51").replace("970436", "123456"),
        row("52") + ";",
        row("53"),
        row("53"),
        row("54")
            .replace("Sạp 54", "Sạp 53")
            .replace("0011001234554", "0011001234553"),
        "hộ;Xôi;Trần Ước;0100109106;0912345678;;;;;;;;".to_owned(),
        ";;;;0912345678;;;;;;;;".to_owned(),
    ]);
    let report = send(&office, &office.maker, COMMIT, text).await.good();
    assert_eq!(counts(&report), trial(1, 0, 0, 12));
    let named = [
        (2, "Loại", "not_accepted"),
        (3, "Số điện thoại", "not_accepted"),
        (4, "Mã số thuế", "not_accepted"),
        (5, "Số tài khoản", "not_accepted"),
        (6, "Người đại diện", "not_accepted"),
        (7, "Mã khu vực", "required"),
        (8, "Mã ngân hàng", "not_accepted"),
        (9, "", "cell_count"),
        (11, "Mã số thuế", "twice_in_file"),
        (11, "Số sạp", "twice_in_file"),
        (11, "Số tài khoản", "twice_in_file"),
        (12, "Số sạp", "twice_in_file"),
        (12, "Số tài khoản", "twice_in_file"),
        (13, "Mã số thuế", "not_accepted"),
        (14, "Loại", "required"),
        (14, "Tên", "required"),
        (14, "Người đại diện", "required"),
        (14, "Mã số thuế", "required"),
    ];
    assert_eq!(faults(&report), wanted(&named));
    let told = report.to_string();
    for personal in ["345 6789", "00108001", "0011001", "Nguyễn", "Đào"] {
        assert!(!told.contains(personal), "{personal}: {told}");
    }
    assert_eq!(report["faults"][3]["found"], "•••• Ox43");
    assert!(all(&office, "merchants").await.is_empty());
}

async fn what_is_taken_is_found_in_the_trial(database: Database) {
    let office = open(&database).await;
    let known = send(&office, &office.maker, COMMIT, file(&[row("45")])).await;
    assert_eq!(known.good()["committed"], true);
    let other = row("46")
        .replace("Sạp 46", "Sạp 45")
        .replace("0011001234546", "0011001234545");
    let nowhere = row("47").replace("TH-QK", "TH-ZZ");
    let report = send(&office, &office.maker, PATH, file(&[other, nowhere]))
        .await
        .good();
    let named = [
        (2, "Số sạp", "taken"),
        (2, "Số tài khoản", "taken"),
        (3, "Mã khu vực", "unknown_zone"),
    ];
    assert_eq!(faults(&report), wanted(&named));
    // A suspended merchant opens no further outlet.
    let merchant = id(&all(&office, "merchants").await[0]);
    office.step(&office.maker, &merchant, "submit").await.good();
    office
        .step(&office.checker, &merchant, "start-review")
        .await
        .good();
    office
        .step(&office.checker, &merchant, "approve")
        .await
        .good();
    let path = format!("/v1/merchants/{merchant}/suspend");
    let body = json!({"reason": "Kiểm tra"});
    office.post(&office.checker, &path, &body).await.good();
    let moved = row("45").replace("Sạp 45", "Sạp 99");
    let report = send(&office, &office.maker, PATH, file(&[moved]))
        .await
        .good();
    assert_eq!(faults(&report), wanted(&[(2, "Số sạp", "wrong_state")]));
    // One that left keeps neither its tax code nor its stall, but its account.
    let body = json!({"reason": "Nghỉ bán"});
    let path = format!("/v1/merchants/{merchant}/close");
    office.post(&office.checker, &path, &body).await.good();
    let report = send(&office, &office.maker, PATH, file(&[row("45")]))
        .await
        .good();
    assert_eq!(faults(&report), wanted(&[(2, "Số tài khoản", "taken")]));
}

async fn a_merchant_of_another_zone_is_not_touched(database: Database) {
    let office = open(&database).await;
    let listed = office.get(&office.maker, "/v1/zones").await.good();
    let zones = listed["data"].as_array().unwrap();
    let here = zones.iter().find(|it| it["code"] == "TH-QK").unwrap();
    let there = zones.iter().find(|it| it["code"] != "TH-QK").unwrap();
    let merchant = office
        .post(&office.maker, "/v1/merchants", &household("001080012345"))
        .await;
    let merchant = id(&merchant.good());
    office
        .outlet(&merchant, there["id"].as_str().unwrap(), "Sạp 1")
        .await;
    let money = account(&merchant, "0011001234599");
    office
        .post(&office.maker, "/v1/accounts", &money)
        .await
        .good();
    let neighbour = office.staff(&json!([here["id"]])).await;
    let elsewhere = there["code"].as_str().unwrap();
    let text = file(&[
        row("45"),
        row("46").replace("TH-QK", elsewhere),
        row("47").replace("0011001234547", "0011001234599"),
        row("48"),
    ]);
    let report = send(&office, &neighbour, COMMIT, text).await.good();
    assert_eq!(counts(&report), trial(1, 0, 0, 3));
    let named = [
        (2, "Mã số thuế", "taken"),
        (3, "Mã khu vực", "unknown_zone"),
        (4, "Số tài khoản", "taken"),
    ];
    assert_eq!(faults(&report), wanted(&named));
    let own = send(&office, &neighbour, COMMIT, file(&[row("48")]))
        .await
        .good();
    assert_eq!(counts(&own), written(1, 0, 0, 0));
}

async fn good_rows_are_taken_alone_only_when_that_was_asked_for(database: Database) {
    let office = open(&database).await;
    let text = file(&[row("45"), row("46").replace("970436", "1")]);
    let whole = send(&office, &office.maker, COMMIT, text.clone())
        .await
        .good();
    assert_eq!(counts(&whole), trial(1, 0, 0, 1));
    assert!(all(&office, "merchants").await.is_empty());
    let partial = format!("{COMMIT}&partial=true");
    let report = send(&office, &office.maker, &partial, text).await.good();
    assert_eq!(counts(&report), written(1, 0, 0, 1));
    assert_eq!(all(&office, "merchants").await.len(), 1);
}

async fn columns_of_one_thing_stand_together(database: Database) {
    let office = open(&database).await;
    let text =
        SHORT.replace("phone", "phone;trade;bin") + "hộ;a;b;001080012345;0912345678;xôi;970436";
    let report = send(&office, &office.maker, COMMIT, text).await.good();
    assert_eq!(file_faults(&report), ["missing_column"; 6]);
    let named = &report["file_faults"][0]["message"];
    assert_eq!(named["vi"], "Thiếu cột “Mã khu vực” (zone_code)");
    assert_eq!(named["en"], "column “Mã khu vực” (zone_code) is missing");
    let text = SHORT.to_owned() + "hộ;Xôi;Trần Ước;001080012345;'+84912345678";
    let report = send(&office, &office.maker, COMMIT, text).await.good();
    assert_eq!(counts(&report), written(1, 0, 0, 0));
}

async fn an_import_is_audited_and_told_row_by_row_without_personal_data(database: Database) {
    let office = open(&database).await;
    let text = file(&[row("45"), row("46")]);
    send(&office, &office.maker, COMMIT, text.clone())
        .await
        .good();
    let mut tx = office.state.ledger.store.begin_read().await.unwrap();
    let entries = audit::newest(&mut tx, "main", None, None, 7).await.unwrap();
    let told = events::list(&mut tx, Reach::Everything, None, 0, 1000)
        .await
        .unwrap();
    let kinds: Vec<_> = entries.iter().rev().map(|it| it.action.as_str()).collect();
    let one = ["merchant.register", "outlet.plan", "account.request"];
    let wanted = [one.as_slice(), one.as_slice(), &["merchants.import"]].concat();
    assert_eq!(kinds, wanted);
    let told = &told[told.len() - 7..];
    assert_eq!(
        told.iter().map(|it| it.kind.as_str()).collect::<Vec<_>>(),
        wanted
    );
    for text in told
        .iter()
        .map(|it| &it.payload)
        .chain(entries.iter().map(|it| &it.detail))
    {
        for personal in ["00108001", "912345678", "0011001", "Đào", "DAO"] {
            assert!(!text.contains(personal), "{text}");
        }
    }
    assert_eq!(audit::first_break(&mut tx, "main").await.unwrap(), None);
    let before = audit::newest(&mut tx, "main", None, None, 1).await.unwrap();
    drop(tx);
    // A trial, and a file that changes nothing, leave no trace.
    for path in [PATH, COMMIT] {
        send(&office, &office.maker, path, text.clone())
            .await
            .good();
    }
    let mut tx = office.state.ledger.store.begin_read().await.unwrap();
    let after = audit::newest(&mut tx, "main", None, None, 1).await.unwrap();
    assert_eq!(after[0].sequence, before[0].sequence);
}

async fn a_personal_account_is_a_bad_row_where_the_setting_refuses_it(database: Database) {
    let mut office = open(&database).await;
    let text = file(&[row("45"), row("46").replace(";hộ;Hộ", ";cá nhân;Hộ")]);
    let taken = send(&office, &office.maker, PATH, text.clone()).await;
    assert_eq!(
        counts(&taken.good()),
        trial(2, 0, 0, 0),
        "warned about later"
    );
    office.state.personal_accounts = PersonalAccounts::Refuse;
    office.service = router(office.state.clone());
    let refused = send(&office, &office.maker, COMMIT, text).await.good();
    let named = faults(&refused);
    assert_eq!(named.len(), 1, "{named:?}");
    assert_eq!((named[0].0, named[0].2.as_str()), (3, "personal_account"));
    assert!(all(&office, "accounts").await.is_empty());
}
