use super::*;
use crate::banks::{Delivery, Reading, Refusal, Secret, adapter_by_name, standard_signature};

const SAMPLE: &str = include_str!("../../../web/samples/camt054.xml");
const NOW: &str = "1773628200";

/// What a trial says of a well signed message.
fn told(body: &[u8]) -> Advice {
    let adapter = adapter_by_name("camt054").unwrap();
    let secret = "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    let signature = standard_signature(secret, "m", NOW, body).unwrap();
    let headers = [
        ("content-type", "application/xml"),
        ("webhook-id", "m"),
        ("webhook-timestamp", NOW),
        ("webhook-signature", &*signature),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    let delivery = Delivery::new("POST", "/x", headers, body.to_vec());
    let credentials = crate::banks::Credentials::new(Secret::text(secret));
    let now = chrono::DateTime::from_timestamp(NOW.parse().unwrap(), 0).unwrap();
    match adapter.verify(&delivery, &credentials, now) {
        Err(refusal) => {
            assert_eq!(refusal, Refusal::AmbiguousBody);
            crate::banks::diagnose(adapter, &delivery, &credentials, refusal, now).advice
        }
        Ok(verified) => match verified.reading() {
            Reading::Unusable(why) => crate::banks::advice_on_reading(adapter, &delivery, *why),
            other => panic!("{other:?}"),
        },
    }
}

fn changed(from: &str, to: &str) -> Vec<u8> {
    assert!(SAMPLE.contains(from), "{from}");
    SAMPLE.replacen(from, to, 1).into_bytes()
}

/// Whether each message is told its cause, in English and in Vietnamese.
fn check<const N: usize>(cases: [(Vec<u8>, &str, &str); N]) {
    for (body, en, vi) in cases {
        let told = told(&body);
        assert!(told.en.contains(en), "{en}: {}", told.en);
        assert!(told.vi.contains(vi), "{vi}: {}", told.vi);
        assert!(
            !told.en.contains("JSON object") && !told.en.contains("download"),
            "{}",
            told.en
        );
    }
}

#[test]
fn a_text_that_is_not_read_is_told_its_one_cause_and_its_place() {
    check([
        (b"".to_vec(), "The body is empty.", "Nội dung rỗng."),
        (
            b"{\"type\":1}".to_vec(),
            "begins like JSON",
            "bắt đầu như JSON",
        ),
        (
            changed("</Ntry>", ""),
            "no well-formed XML at line 19",
            "sai cú pháp ở dòng 19",
        ),
        (
            changed("</Document>", ""),
            "breaks off: it ends on line 22",
            "hết ở dòng 22",
        ),
        (
            changed("<Document", "<!DOCTYPE d>\n<Document"),
            "line 2: it has a document type",
            "dòng 2: có khai báo kiểu tài liệu",
        ),
        (
            changed("TH7K", "&nbsp;"),
            "an entity beyond the five",
            "thực thể khác năm",
        ),
        (
            changed("<Ntry>", "<?a b?><Ntry>"),
            "a processing instruction",
            "chỉ thị xử lý",
        ),
        (
            changed("\"UTF-8\"", "\"ISO-8859-1\""),
            "line 1: it declares another encoding",
            "khai báo bảng mã khác UTF-8",
        ),
        (
            changed("TH7K", "\u{fffd}")
                .iter()
                .map(|it| if *it == 0xEF { 0xFF } else { *it })
                .collect(),
            "0xFF, which is not UTF-8",
            "0xFF",
        ),
        (b"\x1f\x8b\x08".to_vec(), "as gzip does", "gzip"),
        (
            changed("camt.054.001.08", "camt.054.001.14"),
            "camt.054.001.14” is not read",
            "từ 02 đến 13",
        ),
        (
            changed(
                " xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08\"",
                "",
            ),
            "“Document” is not read",
            "“Document”",
        ),
        (
            SAMPLE
                .replace("camt.054.001", "camt.053.001")
                .replace("BkToCstmrDbtCdtNtfctn", "BkToCstmrStmt")
                .replace("<Ntfctn>", "<Stmt>")
                .replace("</Ntfctn>", "</Stmt>")
                .into_bytes(),
            "This is camt.053",
            "Đây là camt.053",
        ),
    ]);
}

#[test]
fn a_value_is_told_its_place_its_form_and_what_was_received() {
    check([
        (
            changed(">45000<", ">45,000<"),
            "Amt (line 9): “45,000” is not an amount. Its form: digits",
            "Amt (dòng 9)",
        ),
        (
            changed(">45000<", ">1000000000000000<"),
            "larger than any",
            "lớn quá mức",
        ),
        (
            changed("\"VND\"", "\"USD\""),
            "the currency is “USD”",
            "“USD”",
        ),
        (
            changed("\"VND\"", "\"vnd\""),
            "write VND in capitals",
            "phải viết hoa VND",
        ),
        (changed(" Ccy=\"VND\"", ""), "it has no Ccy", "không có Ccy"),
        (
            changed("CRDT", "crdt"),
            "CdtDbtInd (line 10): “crdt” is not one of the words of this field. Its form: CRDT or DBIT",
            "CRDT hoặc DBIT",
        ),
        (
            changed("BOOK", "DONE"),
            "Its form: BOOK, PDNG",
            "BOOK, PDNG",
        ),
        (
            changed("2026-03-16T09:29:52+07:00", "16/03/2026"),
            "DtTm (line 12): “16/03/2026” is not a date",
            "DtTm (dòng 12)",
        ),
    ]);
}

#[test]
fn what_names_a_payment_and_its_parts_is_told_of_the_entry() {
    let two = |first: &str, second: &str| {
        let detail = |end: &str| {
            format!(
                "<TxDtls><Refs><EndToEndId>{end}</EndToEndId></Refs><Amt Ccy=\"VND\">22500</Amt></TxDtls>"
            )
        };
        let details = format!("<NtryDtls>{}{}", detail(first), detail(second));
        let (before, rest) = SAMPLE.split_once("<NtryDtls>").unwrap();
        let (_, behind) = rest.split_once("</TxDtls>").unwrap();
        format!("{before}{details}{behind}").into_bytes()
    };
    check([
        (
            changed("<AcctSvcrRef>FT26075000002</AcctSvcrRef>", ""),
            "has no AcctSvcrRef",
            "không có AcctSvcrRef",
        ),
        (
            changed("<Othr><Id>1030000000117</Id></Othr>", ""),
            "names no account",
            "không nêu tài khoản",
        ),
        (
            changed("<TxDtls>", "<TxDtls><Amt Ccy=\"VND\">44000</Amt>"),
            "Ntry (line 8): the Amt of its TxDtls do not add up",
            "tổng Amt",
        ),
        (
            two("E1", "E1"),
            "whether they are one or two",
            "một hay hai khoản",
        ),
        (
            two("E1", "NOTPROVIDED"),
            "an EndToEndId each",
            "một EndToEndId khác nhau",
        ),
    ]);
}
