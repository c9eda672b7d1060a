//! What is wrong with a camt.054 message: the element, its line, what stands there and what
//! has to.

use super::{and, body, cut, its_form};
use crate::banks::verdict::Unusable;
use crate::domain::trial::Advice;
use crate::statements::camt::Camt;
use crate::statements::{Column, Construct, Fault, Reason};

/// Fields with their forms, in Vietnamese and in English.
const FORMS: [(&str, [&str; 2]); 7] = [
    (
        "Amt",
        [
            "chữ số, sau dấu chấm chỉ được là 0, từ 1 đến 1000000000000, kèm Ccy=\"VND\"",
            "digits, nothing but zeros behind a dot, 1 to 1000000000000, with Ccy=\"VND\"",
        ],
    ),
    (
        "CdtDbtInd",
        ["CRDT hoặc DBIT, viết hoa", "CRDT or DBIT, in capitals"],
    ),
    ("Sts", STATUS),
    ("Cd", STATUS),
    ("RvslInd", ["true hoặc false", "true or false"]),
    (
        "DtTm",
        [
            "ví dụ 2026-03-16T09:29:52+07:00",
            "such as 2026-03-16T09:29:52+07:00",
        ],
    ),
    ("Dt", ["ví dụ 2026-03-16", "such as 2026-03-16"]),
];
const STATUS: [&str; 2] = [
    "BOOK, PDNG, FUTR hoặc INFO, viết hoa",
    "BOOK, PDNG, FUTR or INFO, in capitals",
];
/// The namespace of the messages that are read.
const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08";

/// What in a message could be read in two ways.
pub(super) fn ambiguous(body: &[u8]) -> Option<Advice> {
    if let Some(advice) = body::ambiguous(body) {
        return Some(advice);
    }
    let fault = first_fault(body)?;
    let line = fault.line;
    let (vi, en) = match fault.reason {
        Reason::Forbidden { construct } => match construct {
            Construct::DocumentType => (
                "có khai báo kiểu tài liệu (<!DOCTYPE>). Hãy bỏ khai báo này.",
                "has a document type (<!DOCTYPE>). Leave it out.",
            ),
            Construct::Entity => (
                "có thực thể khác năm thực thể của XML (&lt; &gt; &amp; &quot; &apos;). Hãy viết thẳng ký tự bằng UTF-8.",
                "has an entity beyond the five of XML (&lt; &gt; &amp; &quot; &apos;). Write the character itself in UTF-8.",
            ),
            Construct::ProcessingInstruction => (
                "có chỉ thị xử lý (<?…?>), hoặc khai báo XML không đứng đầu. Hãy bỏ đi.",
                "has a processing instruction (<?…?>), or the XML declaration is not at the very beginning. Leave it out.",
            ),
        },
        Reason::XmlEncoding => (
            "khai báo bảng mã khác UTF-8. Hãy viết encoding=\"UTF-8\" và các byte bằng UTF-8.",
            "declares another encoding than UTF-8. Write encoding=\"UTF-8\", and the bytes in UTF-8.",
        ),
        Reason::TooDeep => (
            "có các phần tử lồng nhau quá 32 tầng.",
            "has elements nested deeper than 32 levels.",
        ),
        _ => return None,
    };
    Some(Advice::of(
        format!("Thông điệp, dòng {line}: {vi}"),
        format!("The message, line {line}: it {en}"),
    ))
}

/// Why an authentic message cannot be used and what to do.
pub(super) fn unusable(body: &[u8], why: Unusable) -> Option<Advice> {
    let fault = first_fault(body);
    Some(match (why, fault.as_ref()) {
        (Unusable::OtherMessage, Some(fault)) => other_message(&fault.reason)?,
        (Unusable::OtherMessage, None) => Advice::of(
            "Đây là camt.053 (sao kê). Hãy gửi camt.054 (BkToCstmrDbtCdtNtfctn).",
            "This is camt.053, a statement. Send camt.054 (BkToCstmrDbtCdtNtfctn).",
        ),
        (Unusable::MissingField("Acct"), _) => Advice::of(
            "Một Ntfctn không nêu tài khoản trước các bút toán. Hãy gửi Acct/Id/Othr/Id hoặc Acct/Id/IBAN.",
            "A Ntfctn names no account before its entries. Send Acct/Id/Othr/Id or Acct/Id/IBAN.",
        ),
        (Unusable::MissingField("AcctSvcrRef"), _) => Advice::of(
            "Một bút toán không có AcctSvcrRef. Hãy gửi số tham chiếu của ngân hàng, không bao giờ đổi, ở Ntry hoặc ở TxDtls/Refs.",
            "An entry has no AcctSvcrRef. Send the bank's reference, the same for ever, in Ntry or in TxDtls/Refs.",
        ),
        (Unusable::MissingField("EndToEndId"), _) => Advice::of(
            "Các khoản có chung AcctSvcrRef thì mỗi khoản cần một EndToEndId khác nhau (NOTPROVIDED không tính).",
            "Payments that share an AcctSvcrRef need an EndToEndId each, all different (NOTPROVIDED is none).",
        ),
        (Unusable::BadField("EndToEndId"), None) => Advice::of(
            "Hai khoản có cùng tài khoản, AcctSvcrRef và EndToEndId: không phân biệt được là một hay hai khoản.",
            "Two payments have the same account, AcctSvcrRef and EndToEndId: nobody can say whether they are one or two.",
        ),
        (Unusable::MalformedBody, _) => malformed(body, fault.as_ref()?),
        (_, Some(fault)) => of_fault(fault)?,
        (_, None) => return None,
    })
}

fn first_fault(body: &[u8]) -> Option<Fault> {
    Camt::new(body).find_map(Result::err)
}

fn other_message(reason: &Reason) -> Option<Advice> {
    let Reason::OtherMessage { found } = reason else {
        return None;
    };
    Some(Advice::of(
        format!(
            "Không đọc được “{found}” (namespace của thông điệp, hoặc tên phần tử không thuộc namespace ấy). Cần <Document xmlns=\"{NAMESPACE}\">, hai chữ số cuối từ 02 đến 13, mọi phần tử cùng namespace."
        ),
        format!(
            "“{found}” is not read (the namespace of the message, or the name of an element that is not in it). Wanted: <Document xmlns=\"{NAMESPACE}\">, the last two digits from 02 to 13, all elements in that namespace."
        ),
    ))
}

fn malformed(body: &[u8], fault: &Fault) -> Advice {
    match body.trim_ascii().first() {
        None => {
            return Advice::of(
                "Nội dung rỗng. Hãy gửi một thông điệp camt.054.",
                "The body is empty. Send a camt.054 message.",
            );
        }
        Some(b'{' | b'[') => {
            return Advice::of(
                "Nội dung bắt đầu như JSON; nguồn này nhận XML camt.054. Hãy gửi XML, hoặc dùng nguồn standard_webhooks cho JSON.",
                "The body begins like JSON; this source takes camt.054 in XML. Send XML, or use a source of standard_webhooks for JSON.",
            );
        }
        Some(_) => {}
    }
    let line = fault.line;
    let byte = match fault.column {
        Some(Column::Byte(byte)) => byte,
        _ => 1,
    };
    match fault.reason {
        Reason::CutOff => Advice::of(
            format!(
                "XML bị cắt: hết ở dòng {line} khi còn phần tử chưa đóng. Hãy gửi trọn thông điệp."
            ),
            format!(
                "The XML breaks off: it ends on line {line} with an element still open. Send the whole message."
            ),
        ),
        Reason::NotXml => Advice::of(
            format!(
                "XML sai cú pháp ở dòng {line}, từ byte {byte} của dòng. Hãy kiểm tra các thẻ có được đóng đúng và ký tự đặc biệt có được thoát (&amp; &lt;)."
            ),
            format!(
                "It is no well-formed XML at line {line}, from byte {byte} of the line. Look whether tags are closed in their order and special characters escaped (&amp; &lt;)."
            ),
        ),
        _ => of_fault(fault).unwrap_or_else(|| Unusable::MalformedBody.advice()),
    }
}

/// A fault of one element.
fn of_fault(fault: &Fault) -> Option<Advice> {
    let Some(Column::Field(field)) = fault.column else {
        return general(fault);
    };
    let (vi, en) = match &fault.reason {
        Reason::DetailsDiffer => {
            return Some(Advice::of(
                format!(
                    "Ntry (dòng {}): tổng Amt của các TxDtls không bằng Amt của bút toán, hoặc chỉ một số TxDtls có Amt. Mỗi TxDtls phải có số tiền của mình, hoặc không TxDtls nào có; khoản ngược chiều thì trừ đi.",
                    fault.line
                ),
                format!(
                    "Ntry (line {}): the Amt of its TxDtls do not add up to that of the entry, or only some TxDtls have one. Each TxDtls tells its amount or none does; one that goes the other way is taken off.",
                    fault.line
                ),
            ));
        }
        Reason::OtherCurrency { found } if found.eq_ignore_ascii_case("VND") => (
            format!("Ccy là “{found}”: phải viết hoa VND"),
            format!("Ccy is “{found}”: write VND in capitals"),
        ),
        Reason::OtherCurrency { found } if found.is_empty() => {
            ("không có Ccy".to_owned(), "it has no Ccy".to_owned())
        }
        reason => (reason.vietnamese(), reason.to_string()),
    };
    let told = Advice::of(
        format!("{field} (dòng {}): {vi}.", fault.line),
        format!("{field} (line {}): {en}.", fault.line),
    );
    let form = FORMS.iter().find(|(name, _)| *name == field);
    Some(match form {
        Some((_, form)) => and(&told, &its_form(*form)),
        None => told,
    })
}

fn general(fault: &Fault) -> Option<Advice> {
    (!matches!(fault.reason, Reason::Unreadable)).then(|| {
        Advice::of(
            format!("Dòng {}: {}.", fault.line, cut(&fault.reason.vietnamese())),
            format!("Line {}: {}.", fault.line, cut(&fault.reason.to_string())),
        )
    })
}

#[cfg(test)]
mod tests;
