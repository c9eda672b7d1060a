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
