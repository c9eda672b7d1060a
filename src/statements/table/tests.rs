use std::io::Cursor;

use crate::domain::day::to_rfc3339;
use crate::domain::statement::{Balance, LineOrder, StatementForm, StatementHead};
use crate::statements::{Fault, Item, Reason, Scope, StatementFile};

macro_rules! sample {
    ($name:literal) => {
        &include_bytes!(concat!("../../../tests/data/statements/", $name))[..]
    };
}

fn read(bytes: &[u8]) -> Vec<Result<Item, Fault>> {
    match StatementFile::open(Cursor::new(bytes)) {
        Ok(file) => file.collect(),
        Err(fault) => vec![Err(fault)],
    }
}

fn head(items: &[Result<Item, Fault>]) -> &StatementHead {
    let heads = items.iter().filter_map(|item| match item {
        Ok(Item::Head(head)) => Some(head),
        _ => None,
    });
    heads.max_by_key(|head| head.line).expect("a head")
}

/// The lines as a person would note them down.
fn notes(items: &[Result<Item, Fault>]) -> Vec<String> {
    let line = |item: &Result<Item, Fault>| match item {
        Ok(Item::Line(line)) => Some(format!(
            "{} {} {} {} [{}] {} {}",
            line.line,
            line.occurred_at
                .map_or(line.occurred_on.to_string(), to_rfc3339),
            line.direction.as_str(),
            line.amount,
            line.bank_reference.as_deref().unwrap_or(""),
            line.balance_after
                .map_or(String::new(), |it| it.to_string()),
            line.content,
        )),
        _ => None,
    };
    items.iter().filter_map(line).collect()
}

fn faults(items: &[Result<Item, Fault>]) -> Vec<String> {
    let fault = |item: &Result<Item, Fault>| {
        let fault = item.as_ref().err()?;
        let column = fault
            .column
            .as_ref()
            .map_or(String::new(), ToString::to_string);
        Some(format!("{} {} {}", fault.line, column, fault.reason.code()))
    };
    items.iter().filter_map(fault).collect()
}

#[test]
fn a_table_between_preamble_page_headers_and_sums_is_its_lines() {
    let items = read(sample!("vietcombank_shape.csv"));
    assert_eq!(faults(&items), Vec::<String>::new());
    let head = head(&items);
    assert_eq!(head.account_number.as_deref(), Some("0071000123456"));
    assert_eq!(head.currency.as_deref(), Some("VND"));
    assert_eq!(head.opening, Balance::new(2_000_000));
    assert_eq!(
        (head.form, head.order),
        (StatementForm::Csv, LineOrder::OldestFirst)
    );
    let days = (head.from.unwrap().to_string(), head.to.unwrap().to_string());
    assert_eq!(days, ("2026-03-15".to_owned(), "2026-03-16".to_owned()));
    assert_eq!(
        notes(&items),
        [
            "15 2026-03-15 credit 50000 [5389 - 82579] 2050000 MBVCB.1234567890.TH7K2 M9XQ4.tra tien bun",
            "18 2026-03-15 debit 1025000 [5389 - 82580] 1025000 Trả tiền hàng",
            "28 2026-03-16 credit 1120000 [5390 - 10001] 2145000 Nguyễn Thị Đào chuyển khoản",
        ]
    );
    let Some(Ok(Item::End(end))) = items.last() else {
        panic!("it ends");
    };
    assert_eq!(
        (end.line, end.closing, end.lines),
        (31, Balance::new(2_145_000), 3)
    );
}

#[test]
fn both_kinds_of_workbook_say_the_same() {
    for (form, bytes) in [
        (StatementForm::Xlsx, sample!("vietcombank_shape.xlsx")),
        (StatementForm::Xls, sample!("vietcombank_shape.xls")),
    ] {
        let items = read(bytes);
        assert_eq!(faults(&items), Vec::<String>::new(), "{form}");
        assert_eq!(
            head(&items).account_number.as_deref(),
            Some("0071000123456")
        );
        assert_eq!(
            (head(&items).form, head(&items).opening),
            (form, Balance::new(2_000_000))
        );
        assert_eq!(
            notes(&items),
            [
                "7 2026-03-15 credit 50000 [] 2050000 TH7K2M9XQ4 trả tiền bún",
                "8 2026-03-15T14:05:09+07:00 debit 1025000 [] 1025000 Trả tiền hàng",
                "11 2026-03-16 credit 1120000 [5390 - 10001] 2145000 Nguyễn Thị Đào chuyển khoản",
            ],
            "{form}"
        );
    }
}

#[test]
fn every_encoding_is_read_and_the_order_of_the_lines_is_found() {
    for bytes in [
        sample!("signed_amounts_utf16.txt"),
        sample!("signed_amounts_unmarked.txt"),
    ] {
        let items = read(bytes);
        assert_eq!(faults(&items), Vec::<String>::new());
        assert_eq!(head(&items).order, LineOrder::NewestFirst);
        assert_eq!(
            notes(&items),
            [
                "2 2026-03-16T10:00:00+07:00 debit 25000 [FT2] 1025000 Phí quản lý tài khoản",
                "3 2026-03-16T09:29:41+07:00 credit 50000 [FT1] 1050000 TH7K2M9XQ4 trả tiền",
            ]
        );
    }
    let items = read(sample!("windows_1258.csv"));
    assert_eq!(
        notes(&items),
        [
            "2 2026-03-16 credit 50000 []  Nguyễn Thị Đào trả tiền",
            "3 2026-03-17 debit 120000 []  Bún ốc Hồ Tây",
        ]
    );
    for bytes in [sample!("vni.csv"), sample!("tcvn3.csv")] {
        assert_eq!(faults(&read(bytes)), ["1  legacy_encoding"]);
    }
}

#[test]
fn a_bad_row_is_named_by_line_and_column_and_the_next_one_is_read() {
    let text = "Ngày GD,Nội dung,Nợ,Có,Số CT,Số dư\n\
        31/02/2026,a,,50000,1,\n\
        16/03/2026,b,10,50000,2,\n\
        16/03/2026,c,,,3,\n\
        16/03/2026,d,,x5,4,\n\
        16/03/2026,e,,-50000,5,\n\
        16/03/2026,f,,50000.5,6,\n\
        16/03/2026,g,,50000,1.03E+12,\n\
        ,h,,50000,8,\n\
        16/03/2026,i,,50000,9,x\n\
        16/03/2026,k,,2000000000000,10,\n\
        16/03/2026,l,,50000,11,\n";
    let items = read(text.as_bytes());
    assert_eq!(
        faults(&items),
        [
            "2 A “Ngày GD” not_a_date",
            "3  both_sides",
            "4  no_side",
            "5 D “Có” not_an_amount",
            "6 D “Có” not_an_amount",
            "7 D “Có” fraction",
            "8 E “Số CT” scientific",
            "9 A “Ngày GD” missing",
            "10 F “Số dư” not_an_amount",
            "11 D “Có” too_large",
        ]
    );
    assert_eq!(notes(&items), ["12 2026-03-16 credit 50000 [11]  l"]);
    for fault in items.into_iter().filter_map(Result::err) {
        assert_eq!(fault.reason.scope(), Scope::Line);
        assert_ne!(fault.reason.vietnamese(), fault.reason.to_string());
    }
}

#[test]
fn what_cannot_be_read_as_a_whole_tells_no_line() {
    let header = "Ngày,Nợ,Có\n";
    for (text, wanted) in [
        (
            format!("{header}16/03/2026,,1.234\n16/03/2026,,500\n"),
            "2 C “Có” ambiguous_numbers",
        ),
        (
            format!("{header}16/03/2026,,\"1,234,567\"\n16/03/2026,,1.234.567\n"),
            "3 C “Có” mixed_numbers",
        ),
        (
            "Số tài khoản,Loại tiền: USD\nNgày,Nợ,Có\n16/03/2026,,5\n".to_owned(),
            "1 B account_currency",
        ),
        (
            "Ngày,Nợ,Có,Credit\n16/03/2026,,5\n".to_owned(),
            "1 D “Credit” repeated_column",
        ),
        ("a,b\nc,d\n".to_owned(), "1  no_header"),
        (format!("{header}16/03/2026,,\"5\n"), "2 13 open_quote"),
        (format!("{header}16/03/2026,,5\0\n"), "1  zero_bytes"),
        ("%PDF-1.7".to_owned(), "1  pdf"),
        (String::new(), "1  empty_file"),
        ("PK\u{3}\u{4}".to_owned(), "1  workbook_damaged"),
    ] {
        let items = read(text.as_bytes());
        assert_eq!(faults(&items), [wanted], "{text}");
        assert_eq!(notes(&items).len(), 0, "{text}");
        assert_eq!(items[0].as_ref().unwrap_err().reason.scope(), Scope::File);
    }
    let damaged = [
        header.as_bytes(),
        "16/03/2026,é,5\n\u{1EBF}".as_bytes(),
        b"\xFF",
    ]
    .concat();
    assert_eq!(faults(&read(&damaged)), ["3  damaged"]);
}

#[test]
fn a_shortened_account_is_named_and_the_lines_are_read() {
    let text = "Số tài khoản:,1.03E+12\nNgày,Nợ,Có\n16/03/2026,,5\n";
    let items = read(text.as_bytes());
    assert_eq!(faults(&items), ["1 B scientific"]);
    assert_eq!(head(&items).account_number, None);
    assert_eq!(notes(&items).len(), 1);
}

#[test]
fn a_column_of_sides_says_which_way_the_money_went() {
    let text =
        "Date,Amount,D/C,Details\n2026-03-16,50000,C,a\n2026-03-16,7,Nợ,b\n2026-03-16,7,?,c\n";
    let items = read(text.as_bytes());
    assert_eq!(
        notes(&items),
        [
            "2 2026-03-16 credit 50000 []  a",
            "3 2026-03-16 debit 7 []  b"
        ]
    );
    assert_eq!(faults(&items), ["4 C “D/C” unknown_word"]);
}

#[test]
fn the_first_line_whose_balance_breaks_is_named() {
    let text = "Ngày,Nợ,Có,Số dư\n16/03/2026,,50,150\n16/03/2026,,50,210\n16/03/2026,10,,200\n";
    let items = read(text.as_bytes());
    assert_eq!(faults(&items), ["3  balance_broken"]);
    assert_eq!(notes(&items).len(), 3);
    let fault = items.into_iter().find_map(Result::err).unwrap();
    let (expected, found) = (Balance::new(200).unwrap(), Balance::new(210).unwrap());
    assert_eq!(fault.reason, Reason::BalanceBroken { expected, found });
}

#[test]
fn balances_settle_a_style_that_the_amounts_do_not_prove() {
    let lines = "16/03/2026,,50.000,1.050.000\n16/03/2026,20.000,,1.030.000\n";
    let items = read(format!("Ngày,Nợ,Có,Số dư\n{lines}").as_bytes());
    assert_eq!(
        notes(&items),
        [
            "2 2026-03-16 credit 50000 [] 1050000 ",
            "3 2026-03-16 debit 20000 [] 1030000 "
        ]
    );
    let broken = lines.replace("1.030.000", "1.031.000");
    let items = read(format!("Ngày,Nợ,Có,Số dư\n{broken}").as_bytes());
    assert_eq!(faults(&items), ["3 B “Nợ” ambiguous_numbers"]);
}
