use super::*;
use crate::domain::day::to_rfc3339;
use crate::domain::statement::{Booking, StatementLine};
use crate::statements::fault::Column;
use crate::statements::reason::Construct;

const STATEMENT: &str = include_str!("../../../tests/data/statements/camt053_08.xml");
const NOTIFICATION: &str = include_str!("../../../tests/data/statements/camt054_02.xml");

fn read(text: &str) -> Vec<Result<Item, Fault>> {
    Camt::new(text.as_bytes()).collect()
}

fn lines(items: &[Result<Item, Fault>]) -> Vec<&StatementLine> {
    let line = |item: &'_ Result<Item, Fault>| matches!(item, Ok(Item::Line(_)));
    let lines = items.iter().filter(|item| line(item));
    lines
        .map(|item| match item {
            Ok(Item::Line(line)) => line,
            _ => unreachable!("only lines were kept"),
        })
        .collect()
}

fn faults(text: &str) -> Vec<(u64, Option<Column>, Reason)> {
    let faults = read(text).into_iter().filter_map(Result::err);
    faults
        .map(|fault| (fault.line, fault.column, fault.reason))
        .collect()
}

/// A notification with one entry, `from` of it replaced by `to`.
fn altered(from: &str, to: &str) -> String {
    assert!(NOTIFICATION.contains(from), "{from}");
    NOTIFICATION.replacen(from, to, 1)
}

#[test]
fn a_statement_tells_its_balances_and_each_detail_of_its_entries() {
    let items = read(STATEMENT);
    let Some(Ok(Item::Head(head))) = items.first() else {
        panic!("it begins with a head");
    };
    assert_eq!(
        (head.form, head.line, head.account_number.as_deref()),
        (StatementForm::Camt053, 5, Some("0071000123456"))
    );
    assert_eq!(head.currency.as_deref(), Some("VND"));
    assert_eq!(head.opening, Balance::new(2_000_000));
    let day = chrono::NaiveDate::from_ymd_opt(2026, 3, 16);
    assert_eq!((head.from, head.to), (day, day));
    let closing = Balance::new(1_915_000);
    let (line, lines_read) = (15, 4);
    let end = StatementEnd {
        line,
        closing,
        lines: lines_read,
    };
    assert_eq!(items.last(), Some(&Ok(Item::End(end))));
    let told: Vec<_> = lines(&items)
        .into_iter()
        .map(|line| {
            (
                line.line,
                line.direction,
                line.amount.get(),
                line.content.as_str(),
                line.bank_reference.as_deref(),
                line.end_to_end_id.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                17,
                Direction::Credit,
                50_000,
                "TH7K2M9XQ4 bun oc & tra da",
                Some("FT26075000000001"),
                None
            ),
            (
                37,
                Direction::Credit,
                70_000,
                "Nguyễn Văn Bình trả tiền bún",
                Some("FT26075000000002-1"),
                Some("E2E-1")
            ),
            (
                42,
                Direction::Credit,
                50_000,
                "TH7K2M9XQ4",
                Some("FT26075000000002-2"),
                Some("E2E-2")
            ),
            (
                49,
                Direction::Debit,
                255_000,
                "Huy giao dich FT26074000000009",
                Some("FT26075000000003"),
                None
            ),
        ]
    );
    let first = lines(&items)[0];
    assert_eq!(
        first.occurred_at.map(to_rfc3339).as_deref(),
        Some("2026-03-16T09:29:41+07:00")
    );
    let last = lines(&items)[3];
    assert!(last.is_reversal && last.occurred_at.is_none() && !first.is_reversal);
}

#[test]
fn a_notification_of_the_old_form_with_a_prefix_tells_several_accounts() {
    let items = read(NOTIFICATION);
    let heads: Vec<_> = items
        .iter()
        .filter_map(|item| match item {
            Ok(Item::Head(head)) => Some((head.form, head.account_number.as_deref())),
            _ => None,
        })
        .collect();
    assert_eq!(
        heads,
        [
            (StatementForm::Camt054, Some("VN00TEST0071000123456")),
            (StatementForm::Camt054, Some("0071000999999")),
        ]
    );
    let told: Vec<_> = lines(&items)
        .into_iter()
        .map(|line| {
            let at = line.occurred_at.map(to_rfc3339);
            (line.booking, at, line.bank_reference.as_deref())
        })
        .collect();
    let at = Some("2026-03-16T09:29:41+07:00".to_owned());
    assert_eq!(
        told,
        [
            (Booking::Booked, at, Some("FT26075000000001")),
            (Booking::Pending, None, Some("TX-77")),
        ]
    );
    assert_eq!(lines(&items)[1].content, "Cho xu ly");
    assert_eq!(items.len(), 6);
}

#[test]
fn every_version_from_2_to_13_is_read_and_no_other() {
    for version in 0..=20 {
        let namespace = format!("camt.054.001.{version:02}");
        let text = NOTIFICATION.replace("camt.054.001.02", &namespace);
        let is_read = lines(&read(&text)).len() == 2;
        assert_eq!(is_read, (2..=13).contains(&version), "{namespace}");
    }
}

#[test]
fn a_bad_entry_is_named_and_the_next_one_is_read() {
    let unknown = |found: &str| Reason::UnknownWord {
        found: found.to_owned(),
    };
    let currency = |found: &str| Reason::OtherCurrency {
        found: found.to_owned(),
    };
    let not = |found: &str| Reason::NotAnAmount {
        found: found.to_owned(),
    };
    let fraction = Reason::Fraction {
        found: "50000.5".to_owned(),
    };
    let date = Reason::NotADate {
        found: "2026-02-30T09:29:41".to_owned(),
    };
    let amount = ">50000</c:Amt><c:CdtDbtInd>";
    let booked = "<c:BookgDt><c:DtTm>2026-03-16T09:29:41</c:DtTm></c:BookgDt>";
    #[rustfmt::skip]
    let cases = [
        ("Ccy=\"VND\">50000", "Ccy=\"USD\">50000", "Amt", currency("USD")),
        (" Ccy=\"VND\">50000", ">50000", "Amt", currency("")),
        (amount, ">5e4</c:Amt><c:CdtDbtInd>", "Amt", not("5e4")),
        (amount, ">-50000</c:Amt><c:CdtDbtInd>", "Amt", not("-50000")),
        (amount, ">50000.5</c:Amt><c:CdtDbtInd>", "Amt", fraction),
        (amount, ">0</c:Amt><c:CdtDbtInd>", "Amt", Reason::Zero),
        (amount, ">9223372036854775808</c:Amt><c:CdtDbtInd>", "Amt", Reason::TooLarge),
        ("<c:Amt Ccy=\"VND\">50000</c:Amt><c:CdtDbtInd>", "<c:CdtDbtInd>", "Amt", Reason::Missing),
        ("<c:CdtDbtInd>CRDT", "<c:CdtDbtInd>CREDIT", "CdtDbtInd", unknown("CREDIT")),
        ("<c:Sts>BOOK</c:Sts>", "", "Sts", Reason::Missing),
        ("<c:Sts>BOOK", "<c:Sts>DONE", "Sts", unknown("DONE")),
        ("<c:Sts>BOOK", "<c:RvslInd>yes</c:RvslInd><c:Sts>BOOK", "RvslInd", unknown("yes")),
        ("<c:Sts>BOOK", "<c:Sts>PDNG</c:Sts><c:Sts>BOOK", "Sts", Reason::Repeated),
        ("03-16T09:29:41</c:DtTm>", "02-30T09:29:41</c:DtTm>", "DtTm", date),
        (booked, "", "BookgDt", Reason::Missing),
        ("50000</c:Amt></c:TxAmt>", "40000</c:Amt></c:TxAmt>", "Ntry", Reason::DetailsDiffer),
        ("</c:TxDtls>", "</c:TxDtls><c:TxDtls/>", "Ntry", Reason::DetailsDiffer),
        ("TH7K2M9XQ4", &"x".repeat(2001), "RmtInf", Reason::TextTooLong),
        ("FT26075000000001", &"x".repeat(65), "AcctSvcrRef", Reason::TextTooLong),
    ];
    for (from, to, field, reason) in cases {
        let text = altered(from, to);
        let found = faults(&text);
        assert_eq!(found.len(), 1, "{to}");
        let (line, column, why) = &found[0];
        assert_eq!(
            (column, why),
            (&Some(Column::Field(field)), &reason),
            "{to}"
        );
        assert!((7..=16).contains(line), "{to}");
        assert_eq!(lines(&read(&text)).len(), 1, "{to}");
    }
}

#[test]
fn what_could_mean_more_than_it_shows_is_refused() {
    let forbidden = |construct| Reason::Forbidden { construct };
    let document = "<c:Document";
    let deep = "<c:Ntry>".repeat(40);
    let long = format!("<!--{}-->", "x".repeat(70_000));
    for (from, to, reason) in [
        (
            document,
            "<!DOCTYPE x [<!ENTITY a \"b\">]><c:Document",
            forbidden(Construct::DocumentType),
        ),
        (
            document,
            "<?xml-stylesheet href=\"a\"?><c:Document",
            forbidden(Construct::ProcessingInstruction),
        ),
        ("TH7K2M9XQ4", "&a;", forbidden(Construct::Entity)),
        ("TH7K2M9XQ4", "&#0;", Reason::NotXml),
        ("TH7K2M9XQ4", "&#8;", Reason::NotXml),
        ("TH7K2M9XQ4", "a\0b", Reason::NotXml),
        ("TH7K2M9XQ4", "a & b", Reason::NotXml),
        (
            document,
            "<?xml version=\"1.0\" encoding=\"windows-1258\"?><c:Document",
            Reason::XmlEncoding,
        ),
        (document, "x<c:Document", Reason::NotXml),
        (
            "</c:Document>",
            "</c:Document><c:Document/>",
            Reason::NotXml,
        ),
        ("</c:Document>", "</c:Document>x", Reason::NotXml),
        ("</c:Ntry>", "</c:Entry>", Reason::NotXml),
        (" Ccy=\"VND\"", " Ccy=\"VND\" Ccy=\"USD\"", Reason::NotXml),
        ("</c:Document>", "", Reason::CutOff),
        ("<c:Ntry>", &deep, Reason::TooDeep),
        ("<c:Ntry>", &long, Reason::TooLong),
        (
            "<c:Ntry>",
            "<Ntry>",
            Reason::OtherMessage {
                found: "Ntry".to_owned(),
            },
        ),
        (
            "camt.054.001.02",
            "camt.052.001.02",
            Reason::OtherMessage {
                found: "urn:iso:std:iso:20022:tech:xsd:camt.052.001.02".to_owned(),
            },
        ),
        (
            "c:BkToCstmrDbtCdtNtfctn>",
            "c:BkToCstmrStmt>",
            Reason::OtherMessage {
                found: "BkToCstmrStmt".to_owned(),
            },
        ),
    ] {
        let found = faults(&altered(from, to));
        assert_eq!(
            found.last().map(|(_, _, why)| why),
            Some(&reason),
            "{to:.40}"
        );
        assert_eq!(reason.scope(), Scope::File);
    }
}

#[test]
fn comments_and_supplementary_data_change_nothing() {
    let plain = lines(&read(NOTIFICATION)).len();
    for (from, to) in [
        ("TH7K2M9XQ4", "TH7K<!-- a -->2M9XQ4"),
        ("TH7K2M9XQ4", "<![CDATA[TH7K2M9XQ4]]>"),
        ("TH7K2M9XQ4", "TH7K2M9XQ&#x34;"),
        (
            "</c:NtryDtls>",
            "</c:NtryDtls><c:SplmtryData><e xmlns=\"urn:x\"><c:Amt/>1</e></c:SplmtryData>",
        ),
        ("</c:NtryDtls>", "</c:NtryDtls><c:SplmtryData/>"),
    ] {
        let items = read(&altered(from, to));
        assert_eq!(lines(&items).len(), plain, "{to}");
        assert_eq!(lines(&items)[0].content, "TH7K2M9XQ4", "{to}");
    }
}

#[test]
fn an_entry_whose_details_tell_no_amounts_stays_one_line() {
    let text = altered(
        "</c:TxDtls>",
        "</c:TxDtls><c:TxDtls><c:RmtInf><c:Ustrd>hai</c:Ustrd></c:RmtInf></c:TxDtls>",
    );
    let amount = "<c:AmtDtls><c:TxAmt><c:Amt Ccy=\"VND\">50000</c:Amt></c:TxAmt></c:AmtDtls>";
    let items = read(&text.replace(amount, ""));
    let first = lines(&items)[0];
    assert_eq!(
        (first.amount.get(), first.content.as_str()),
        (50_000, "TH7K2M9XQ4 hai")
    );
    assert_eq!(first.bank_reference.as_deref(), Some("FT26075000000001"));
}
