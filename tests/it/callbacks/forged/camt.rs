//! camt.054: what is signed has one reading, and one fault keeps the whole delivery.

use phocho::banks::NoticeKind;
use phocho::domain::credit::{BankFact, Direction, FactOutcome};

use super::*;

const TIME: &str = "<BookgDt><DtTm>2026-03-16T09:29:41+07:00</DtTm></BookgDt>";

/// A message of these entries.
fn message(entries: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08\">\
         <BkToCstmrDbtCdtNtfctn><Ntfctn><Acct><Id><Othr><Id>1030000000117</Id></Othr></Id></Acct>\
         {entries}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
    )
}

/// A booked credit of 45 000 đồng.
fn genuine() -> String {
    message(&format!(
        "<Ntry><Amt Ccy=\"VND\">45000</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>{TIME}\
         <AcctSvcrRef>FT1</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>E1</EndToEndId></Refs>\
         <RmtInf><Ustrd>TH7K2M9XQ4</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    ))
}

fn changed(from: &str, to: &str) -> String {
    let body = genuine();
    assert!(body.contains(from), "{from}");
    body.replacen(from, to, 1)
}

/// The body under a good signature of now.
fn signed(body: &[u8]) -> Delivery {
    declared(body, "application/xml")
}

fn declared(body: &[u8], kind: &str) -> Delivery {
    let time = NOW.to_string();
    let signature = standard_v1(SECRET.as_bytes(), "msg_1", &time, body);
    let headers = [
        ("content-type", kind),
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", &*time),
        ("webhook-signature", &*signature),
    ];
    delivery(&headers, body)
}

fn reading(body: &str) -> Reading {
    let verified = judge("camt054", &standard_credentials(), &signed(body.as_bytes()));
    verified.expect("signed").into_reading()
}

fn facts(body: &str) -> Vec<BankFact> {
    match reading(body) {
        Reading::Transactions(facts) => facts,
        other => panic!("{body}: {other:?}"),
    }
}

/// What XML can mean beside what it shows.
fn ambiguous_texts() -> Vec<(&'static str, Vec<u8>)> {
    let start = "<?xml version=\"1.0\"?>";
    let with = |more: &str| changed(start, &format!("{start}{more}")).into_bytes();
    let utf16 = genuine()
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let mut other_bytes = genuine().replace("TH7", "T\u{1}7").into_bytes();
    let at = other_bytes.iter().position(|byte| *byte == 1).unwrap();
    other_bytes[at] = 0xff;
    vec![
        ("a document type", with("<!DOCTYPE Document>")),
        (
            "a document type from elsewhere",
            with("<!DOCTYPE d SYSTEM \"https://bank.example/d\">"),
        ),
        ("an entity", with("<!DOCTYPE d [<!ENTITY a \"b\">]>")),
        (
            "an entity of a file",
            with("<!DOCTYPE d [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>"),
        ),
        (
            "a parameter entity",
            with("<!DOCTYPE d [<!ENTITY % a \"b\"> %a;]>"),
        ),
        (
            "an unknown entity",
            changed("TH7K2M9XQ4", "&a;").into_bytes(),
        ),
        (
            "an entity of HTML",
            changed("TH7K2M9XQ4", "&nbsp;").into_bytes(),
        ),
        ("an instruction", with("<?xml-stylesheet href=\"a\"?>")),
        (
            "an instruction inside",
            changed("<Ntry>", "<?a b?><Ntry>").into_bytes(),
        ),
        (
            "another encoding",
            changed(start, "<?xml version=\"1.0\" encoding=\"UTF-16\"?>").into_bytes(),
        ),
        (
            "an old encoding",
            changed(start, "<?xml version=\"1.0\" encoding=\"windows-1258\"?>").into_bytes(),
        ),
        ("UTF-16", [b"\xff\xfe".to_vec(), utf16].concat()),
        ("not UTF-8", other_bytes),
        (
            "a byte order mark",
            format!("\u{feff}{}", genuine()).into_bytes(),
        ),
        (
            "endless nesting",
            changed("<Ntry>", &"<Ntry>".repeat(5_000)).into_bytes(),
        ),
    ]
}

/// Variants of a genuine notice.
pub(super) fn variants() -> Variants {
    use Unusable::{BadAmount, BadField, MalformedBody, MissingField, OtherCurrency, OtherMessage};
    let good = genuine();
    let mut variants = Variants::of("camt054", standard_credentials(), &signed(good.as_bytes()));
    for (name, body) in ambiguous_texts() {
        variants.add(name, signed(&body), Refused(Refusal::AmbiguousBody));
    }
    for kind in [
        "application/json",
        "text/plain",
        "application/xml; charset=utf-16",
        "application/xml+x",
        "xml",
    ] {
        let delivery = declared(good.as_bytes(), kind);
        variants.add(kind, delivery, Refused(Refusal::MalformedHeader));
    }
    for (name, from, to) in [
        ("another amount", "45000", "95000"),
        ("another account", "1030000000117", "1030000000118"),
        ("another text", "TH7K2M9XQ4", "TH3D8W5RNC"),
        ("a space more", "<Ntry>", "<Ntry >"),
    ] {
        let mut delivery = signed(good.as_bytes());
        delivery.body = changed(from, to).into_bytes();
        variants.add(name, delivery, Refused(Refusal::SignatureMismatch));
    }
    for (from, to, why) in [
        ("\"VND\"", "\"USD\"", OtherCurrency),
        (" Ccy=\"VND\"", "", OtherCurrency),
        (">45000<", ">45000.50<", BadAmount),
        (">45000<", ">0<", BadAmount),
        (">45000<", ">-45000<", BadAmount),
        (">45000<", ">4.5e4<", BadAmount),
        (">45000<", ">45,000<", BadAmount),
        (">45000<", ">1000000000001<", BadAmount),
        ("CRDT", "CREDIT", BadField("CdtDbtInd")),
        ("<CdtDbtInd>CRDT</CdtDbtInd>", "", MissingField("CdtDbtInd")),
        ("BOOK", "DONE", BadField("Cd")),
        ("<Sts><Cd>BOOK</Cd></Sts>", "", MissingField("Sts")),
        (TIME, "", MissingField("BookgDt")),
        ("2026-03-16", "2026-02-30", BadField("DtTm")),
        (
            "<AcctSvcrRef>FT1</AcctSvcrRef>",
            "",
            MissingField("AcctSvcrRef"),
        ),
        (
            "<Othr><Id>1030000000117</Id></Othr>",
            "",
            MissingField("Acct"),
        ),
        (
            "<Sts>",
            "<RvslInd>maybe</RvslInd><Sts>",
            BadField("RvslInd"),
        ),
        ("camt.054.001.08", "camt.054.001.01", OtherMessage),
        ("camt.054.001.08", "camt.052.001.08", OtherMessage),
        (
            "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08",
            "https://bank.example",
            OtherMessage,
        ),
        ("</Ntry>", "", MalformedBody),
        ("</Document>", "", MalformedBody),
    ] {
        variants.add(to, signed(changed(from, to).as_bytes()), Kept(why));
    }
    variants.add("nothing", signed(b""), Kept(MalformedBody));
    variants.add(
        "JSON",
        signed(STANDARD_BODY.as_bytes()),
        Kept(MalformedBody),
    );
    variants
}

#[test]
fn a_message_has_one_reading_and_one_signature() {
    variants().check();
}

#[test]
fn both_forms_of_a_state_are_read_and_only_booked_entries_are_money() {
    let whole = "<Sts><Cd>BOOK</Cd></Sts>";
    let told = facts(&genuine());
    assert_eq!(facts(&changed(whole, "<Sts>BOOK</Sts>")), told);
    for state in [
        "<Sts>PDNG</Sts>",
        "<Sts><Cd>PDNG</Cd></Sts>",
        "<Sts><Cd>INFO</Cd></Sts>",
    ] {
        let reading = reading(&changed(whole, state));
        assert!(
            matches!(reading, Reading::Nothing(NoticeKind::NotBooked)),
            "{state}"
        );
    }
    // A pending one beside it, perhaps without a reference yet, changes nothing.
    let pending = genuine()
        .replace("BOOK", "PDNG")
        .replace("<AcctSvcrRef>FT1</AcctSvcrRef>", "");
    let (_, pending) = pending.split_once("</Acct>").unwrap();
    let (pending, _) = pending.split_once("</Ntfctn>").unwrap();
    assert_eq!(
        facts(&changed("</Ntfctn>", &format!("{pending}</Ntfctn>"))),
        told
    );
}

#[test]
fn a_reversal_goes_the_other_way_and_names_the_payment() {
    let first = &facts(&genuine())[0];
    let back = changed("CRDT", "DBIT").replace("<Sts>", "<RvslInd>true</RvslInd><Sts>");
    let back = &facts(&back)[0];
    assert_eq!(
        (back.direction, back.outcome),
        (Direction::Debit, FactOutcome::Ignored)
    );
    assert_eq!(back.reverses.as_ref(), Some(&first.provider_txn_id));
    assert_ne!(back.dedupe_key, first.dedupe_key);
    assert_ne!(back.provider_txn_id, first.provider_txn_id);
    assert!(back.is_booked());
    let plain = changed("<Sts>", "<RvslInd>false</RvslInd><Sts>");
    assert_eq!(&facts(&plain)[0], first);
}

#[test]
fn payments_of_one_entry_are_told_apart_by_the_payers_references() {
    let detail = |end: &str, amount: u32| {
        format!(
            "<TxDtls><Refs><EndToEndId>{end}</EndToEndId></Refs><AmtDtls><TxAmt>\
             <Amt Ccy=\"VND\">{amount}</Amt></TxAmt></AmtDtls></TxDtls>"
        )
    };
    let entry = |details: [String; 2]| {
        message(&format!(
            "<Ntry><Amt Ccy=\"VND\">90000</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>{TIME}\
             <AcctSvcrRef>FT1</AcctSvcrRef><NtryDtls>{}</NtryDtls></Ntry>",
            details.concat()
        ))
    };
    let two = facts(&entry([detail("E1", 45_000), detail("E2", 45_000)]));
    let names: Vec<_> = two.iter().map(|it| it.provider_txn_id.as_str()).collect();
    assert_eq!(names, ["FT1/E1", "FT1/E2"]);
    assert!(two.iter().all(|fact| fact.bank_reference.is_none()));
    for (details, why) in [
        (
            [detail("E1", 45_000), detail("E1", 45_000)],
            Unusable::BadField("EndToEndId"),
        ),
        (
            [detail("E1", 45_000), detail("NOTPROVIDED", 45_000)],
            Unusable::MissingField("EndToEndId"),
        ),
        (
            [detail("E1", 45_000), detail("E2", 40_000)],
            Unusable::BadField("Ntry"),
        ),
    ] {
        match reading(&entry(details)) {
            Reading::Unusable(found) => assert_eq!(found, why),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_types_of_a_body_that_are_xml_in_utf_8_are_taken() {
    for kind in [
        "application/xml",
        "Application/XML",
        "application/xml; charset=UTF-8",
        "application/xml;charset=\"utf-8\"",
    ] {
        let verdict = judge(
            "camt054",
            &standard_credentials(),
            &declared(genuine().as_bytes(), kind),
        );
        assert!(verdict.is_ok(), "{kind}");
    }
}
