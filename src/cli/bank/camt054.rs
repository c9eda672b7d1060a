//! A bank that sends ISO 20022 notifications under our own contract.

use chrono::{DateTime, Utc};

use super::{Credit, Format, Sender, Signed, TakenProofs, reference, standard_webhooks};
use crate::domain::day::to_rfc3339;

pub(super) const FORMAT: Format = Format {
    signs_time: true,
    takes_several: true,
    proofs: TakenProofs::SharedOrPrivate,
    ..Format::plain("camt054", sign, identity)
};

fn identity(_: &Sender<'_>, credit: &Credit<'_>) -> String {
    format!("camt054:{}:{}", credit.account, reference(credit))
}

fn sign(sender: &Sender<'_>, credits: &[Credit<'_>], sent_at: DateTime<Utc>) -> Signed {
    let number = credits.first().map_or(0, |first| first.number);
    let entries: String = credits.iter().map(notification).collect();
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08\">\
         <BkToCstmrDbtCdtNtfctn>\
         <GrpHdr><MsgId>MSG{number}</MsgId><CreDtTm>{}</CreDtTm></GrpHdr>\
         {entries}\
         </BkToCstmrDbtCdtNtfctn></Document>",
        to_rfc3339(sent_at)
    );
    let mut headers = vec![("content-type", "application/xml".to_owned())];
    headers.extend(standard_webhooks::headers(sender, number, sent_at, &body));
    Signed {
        method: "POST",
        below: String::new(),
        headers,
        body,
    }
}

/// Each credit in a notification of its own: they may be on different accounts.
fn notification(credit: &Credit<'_>) -> String {
    let (number, amount) = (credit.number, credit.amount_vnd);
    format!(
        "<Ntfctn><Id>NTF{number}</Id><Acct><Id><Othr><Id>{}</Id></Othr></Id></Acct>\
         <Ntry><Amt Ccy=\"VND\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>\
         <Sts><Cd>BOOK</Cd></Sts><BookgDt><DtTm>{}</DtTm></BookgDt>\
         <AcctSvcrRef>{}</AcctSvcrRef><NtryDtls><TxDtls>\
         <Refs><EndToEndId>E2E{number}</EndToEndId></Refs>\
         <RmtInf><Ustrd>{}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry></Ntfctn>",
        escaped(credit.account),
        to_rfc3339(credit.booked_at),
        reference(credit),
        escaped(&credit.content),
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
