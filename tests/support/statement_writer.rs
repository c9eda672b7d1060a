//! Invented statements of any length in every form that a test can write.

use std::fmt::Write as _;
use std::io::{Cursor, Write};

/// A movement as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// Days after 2026-01-01.
    pub day: u32,
    /// Below zero for money out.
    pub amount: i64,
    /// The transfer text.
    pub content: String,
    /// The bank's reference.
    pub reference: String,
}

/// The balance before the first movement.
pub const OPENING: i64 = 10_000_000;

/// So many movements, always the same for the same seed.
pub fn movements(count: u32, mut seed: u64) -> impl Iterator<Item = Movement> {
    (0..count).map(move |index| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let drawn = i64::try_from(seed >> 44).expect("twenty bits") + 1;
        let is_out = drawn % 7 == 0;
        Movement {
            day: index / 500,
            amount: if is_out { -drawn } else { drawn * 10 },
            content: format!("MBVCB.{seed:020}.TH7K2M9XQ4 trả tiền, bún ốc"),
            reference: format!("FT26{index:09}"),
        }
    })
}

/// How a table writes its numbers and divides its cells.
#[derive(Clone, Copy, Debug)]
pub enum Table {
    /// `1,234,567.00` between commas.
    Commas,
    /// `1.234.567,00` between semicolons.
    Semicolons,
    /// `1 234 567` between tabs.
    Tabs,
    /// Digits alone.
    Digits,
}

impl Table {
    fn number(self, number: i64) -> String {
        let digits = number.unsigned_abs().to_string();
        let (group, tail) = match self {
            Self::Commas => (",", ".00"),
            Self::Semicolons => (".", ",00"),
            Self::Tabs => (" ", ""),
            Self::Digits => ("", ""),
        };
        let mut grouped = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                grouped.push_str(group);
            }
            grouped.push(digit);
        }
        let sign = if number < 0 { "-" } else { "" };
        format!("{sign}{grouped}{tail}")
    }

    const fn delimiter(self) -> &'static str {
        match self {
            Self::Commas | Self::Digits => ",",
            Self::Semicolons => ";",
            Self::Tabs => "\t",
        }
    }

    /// Writes a table with debits, credits and balances, a row at a time.
    pub fn write(self, to: &mut impl Write, movements: impl Iterator<Item = Movement>) {
        let header = ["Ngày GD", "Số CT", "Ghi nợ", "Ghi có", "Số dư", "Nội dung"];
        writeln!(to, "Số dư đầu kỳ:{}{OPENING}", self.delimiter()).unwrap();
        writeln!(to, "{}", header.join(self.delimiter())).unwrap();
        let mut balance = OPENING;
        for movement in movements {
            balance += movement.amount;
            let amount = self.number(movement.amount.abs());
            let (debit, credit) = if movement.amount < 0 {
                (amount, String::new())
            } else {
                (String::new(), amount)
            };
            let cells = [
                day(movement.day).format("%d/%m/%Y").to_string(),
                movement.reference,
                debit,
                credit,
                self.number(balance),
                movement.content,
            ];
            let quoted = cells.map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
            writeln!(to, "{}", quoted.join(self.delimiter())).unwrap();
        }
    }
}

/// The day so many days after 2026-01-01.
pub fn day(after: u32) -> chrono::NaiveDate {
    let first = chrono::NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    first + chrono::Days::new(u64::from(after))
}

/// Writes an MT940 message.
pub fn mt940(to: &mut impl Write, movements: impl Iterator<Item = Movement>) {
    write!(
        to,
        ":20:STMT\n:25:0071000123456\n:28C:1\n:60F:C260101VND{OPENING},\n"
    )
    .unwrap();
    let mut balance = OPENING;
    for movement in movements {
        balance += movement.amount;
        let mark = if movement.amount < 0 { 'D' } else { 'C' };
        let booked = day(movement.day).format("%y%m%d%m%d");
        let amount = movement.amount.abs();
        let reference = movement.reference;
        writeln!(to, ":61:{booked}{mark}{amount},00NTRFNONREF//{reference}").unwrap();
        writeln!(to, ":86:{}", movement.content).unwrap();
    }
    let mark = if balance < 0 { 'D' } else { 'C' };
    write!(to, ":62F:{mark}261231VND{},\n-\n", balance.abs()).unwrap();
}

/// Writes a camt.053 document.
pub fn camt053(to: &mut impl Write, movements: &[Movement]) {
    let side = |amount: i64| if amount < 0 { "DBIT" } else { "CRDT" };
    let closing = OPENING + movements.iter().map(|it| it.amount).sum::<i64>();
    let head = "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\">\
        <BkToCstmrStmt><Stmt><Acct><Id><Othr><Id>0071000123456</Id></Othr></Id></Acct>";
    writeln!(to, "{head}").unwrap();
    for (code, balance) in [("OPBD", OPENING), ("CLBD", closing)] {
        writeln!(
            to,
            "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"VND\">{}</Amt>\
             <CdtDbtInd>{}</CdtDbtInd></Bal>",
            balance.abs(),
            side(balance)
        )
        .unwrap();
    }
    for movement in movements {
        writeln!(
            to,
            "<Ntry><Amt Ccy=\"VND\">{}.00</Amt><CdtDbtInd>{}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
             <BookgDt><Dt>{}</Dt></BookgDt><AcctSvcrRef>{}</AcctSvcrRef><NtryDtls><TxDtls>\
             <RmtInf><Ustrd>{}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>",
            movement.amount.abs(),
            side(movement.amount),
            day(movement.day),
            movement.reference,
            escaped(&movement.content)
        )
        .unwrap();
    }
    writeln!(to, "</Stmt></BkToCstmrStmt></Document>").unwrap();
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// A zipped workbook with texts shared between its cells.
pub fn xlsx(movements: &[Movement]) -> Vec<u8> {
    let mut texts: Vec<String> = ["Ngày", "Số CT", "Nợ", "Có", "Nội dung"]
        .map(str::to_owned)
        .to_vec();
    let mut rows = String::new();
    let header = [0, 1, 2, 3, 4].map(|it| format!("<c t=\"s\"><v>{it}</v></c>"));
    let header = header.concat();
    write!(rows, "<row>{header}</row>").unwrap();
    for movement in movements {
        let number = texts.len();
        texts.extend([movement.reference.clone(), movement.content.clone()]);
        let (column, amount) = if movement.amount < 0 {
            ("C", movement.amount.abs())
        } else {
            ("D", movement.amount)
        };
        let row = rows.matches("<row").count() + 1;
        write!(
            rows,
            "<row r=\"{row}\"><c r=\"A{row}\"><v>{}</v></c><c r=\"B{row}\" t=\"s\"><v>{number}</v></c>\
             <c r=\"{column}{row}\"><v>{amount}</v></c><c r=\"E{row}\" t=\"s\"><v>{}</v></c></row>",
            46_023 + movement.day,
            number + 1
        )
        .unwrap();
    }
    let mut shared = String::new();
    for text in &texts {
        let text = escaped(text);
        write!(shared, "<si><t xml:space=\"preserve\">{text}</t></si>").unwrap();
    }
    let parts = [
        (
            "xl/workbook.xml",
            "<workbook><sheets><sheet name=\"a\" r:id=\"r1\"/></sheets></workbook>".to_owned(),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            "<Relationships><Relationship Id=\"r1\" Target=\"worksheets/s.xml\"/></Relationships>"
                .to_owned(),
        ),
        ("xl/sharedStrings.xml", format!("<sst>{shared}</sst>")),
        (
            "xl/worksheets/s.xml",
            format!("<worksheet><sheetData>{rows}</sheetData></worksheet>"),
        ),
    ];
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        archive
            .start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}
