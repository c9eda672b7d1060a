//! Bank statements as a bank would write them.

use std::fmt::Write as _;

/// A movement on a statement.
#[derive(Clone, Debug)]
pub struct Movement {
    /// `2026-03-15`, or with a local time `2026-03-15T09:01:12`.
    pub at: String,
    /// Đồng; below zero for money out.
    pub amount: i64,
    /// The bank's own reference.
    pub reference: Option<String>,
    /// The transfer text.
    pub text: String,
}

/// A statement of one account.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The account as the bank writes it.
    pub account: String,
    /// The first day.
    pub first: &'static str,
    /// The last day.
    pub last: &'static str,
    /// What stood on the account before; no balances when absent.
    pub opening: Option<i64>,
    /// The movements.
    pub movements: Vec<Movement>,
}

/// A movement with a reference.
pub fn moved(at: &str, amount: i64, reference: &str, text: &str) -> Movement {
    Movement {
        at: at.to_owned(),
        amount,
        reference: Some(reference.to_owned()),
        text: text.to_owned(),
    }
}

/// A movement of which the bank tells no reference.
pub fn unnamed(at: &str, amount: i64, text: &str) -> Movement {
    Movement {
        at: at.to_owned(),
        amount,
        reference: None,
        text: text.to_owned(),
    }
}

impl Sheet {
    /// What stood on the account afterwards.
    pub fn closing(&self) -> Option<i64> {
        let moved: i64 = self.movements.iter().map(|it| it.amount).sum();
        self.opening.map(|opening| opening + moved)
    }

    /// The same as a camt.053 document.
    pub fn camt(&self) -> String {
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt>\n\
             <GrpHdr><MsgId>1</MsgId><CreDtTm>2026-03-16T00:00:00+07:00</CreDtTm></GrpHdr><Stmt>\n\
             <Id>1</Id><FrToDt><FrDtTm>{}T00:00:00+07:00</FrDtTm>\
             <ToDtTm>{}T23:59:59+07:00</ToDtTm></FrToDt>\n\
             <Acct><Id><Othr><Id>{}</Id></Othr></Id><Ccy>VND</Ccy></Acct>\n",
            self.first, self.last, self.account
        );
        for (kind, balance) in [("OPBD", self.opening), ("CLBD", self.closing())] {
            if let Some(balance) = balance {
                writeln!(
                    text,
                    "<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy=\"VND\">{balance}</Amt>\
                     <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{}</Dt></Dt></Bal>",
                    self.first
                )
                .unwrap();
            }
        }
        for movement in &self.movements {
            entry(&mut text, movement);
        }
        text.push_str("</Stmt></BkToCstmrStmt></Document>\n");
        text
    }

    /// The same as a table, with the balance behind each line.
    pub fn csv(&self) -> String {
        let mut balance = self.opening.unwrap();
        let mut text = format!(
            "Số tài khoản:,{}\nSố dư đầu kỳ:,{balance}\n\
             Ngày giao dịch,Số tham chiếu,Ghi nợ,Ghi có,Số dư,Nội dung\n",
            self.account
        );
        for Movement {
            at,
            amount,
            reference,
            text: content,
        } in &self.movements
        {
            balance += amount;
            let (year, month, day) = parts(at);
            let time = at.get(11..).map_or(String::new(), |it| format!(" {it}"));
            let (debit, credit) = if *amount < 0 {
                (amount.abs().to_string(), String::new())
            } else {
                (String::new(), amount.to_string())
            };
            let reference = reference.as_deref().unwrap_or_default();
            writeln!(
                text,
                "{day}/{month}/{year}{time},{reference},{debit},{credit},{balance},{content}"
            )
            .unwrap();
        }
        writeln!(text, "Số dư cuối kỳ:,{balance}").unwrap();
        text
    }

    /// The same as an MT940 message, which knows no time of day.
    pub fn mt940(&self) -> String {
        let short = |at: &str| {
            let (year, month, day) = parts(at);
            format!("{}{month}{day}", &year[2..])
        };
        let mut text = format!(
            ":20:STMT\n:25:{}\n:28C:1\n:60F:C{}VND{},\n",
            self.account,
            short(self.first),
            self.opening.unwrap()
        );
        for movement in &self.movements {
            let mark = if movement.amount < 0 { 'D' } else { 'C' };
            let day = short(&movement.at);
            let amount = movement.amount.abs();
            let reference = movement.reference.as_ref();
            let reference = reference.map_or(String::new(), |it| format!("//{it}"));
            let booked = &day[2..];
            writeln!(
                text,
                ":61:{day}{booked}{mark}{amount},00NTRFNONREF{reference}"
            )
            .unwrap();
            writeln!(text, ":86:{}", movement.text).unwrap();
        }
        let closing = self.closing().unwrap();
        write!(text, ":62F:C{}VND{closing},\n-\n", short(self.last)).unwrap();
        text
    }
}

/// `2026-03-15` in parts.
fn parts(at: &str) -> (&str, &str, &str) {
    (&at[..4], &at[5..7], &at[8..10])
}

fn entry(text: &mut String, movement: &Movement) {
    let Movement {
        at,
        amount,
        reference,
        text: content,
    } = movement;
    let way = if *amount < 0 { "DBIT" } else { "CRDT" };
    let day = if at.contains('T') {
        format!("<DtTm>{at}+07:00</DtTm>")
    } else {
        format!("<Dt>{at}</Dt>")
    };
    let reference = reference.as_ref();
    let reference = reference.map_or(String::new(), |it| {
        format!("<AcctSvcrRef>{it}</AcctSvcrRef>")
    });
    writeln!(
        text,
        "<Ntry><Amt Ccy=\"VND\">{}</Amt><CdtDbtInd>{way}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
         <BookgDt>{day}</BookgDt>{reference}<NtryDtls><TxDtls><RmtInf><Ustrd>{content}</Ustrd>\
         </RmtInf></TxDtls></NtryDtls></Ntry>",
        amount.abs()
    )
    .unwrap();
}
