//! ACB: a key in a header, batches of movements in a deep envelope.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Credit, Format, Sender, Signed, Told, reference};
use crate::domain::day::to_rfc3339;

/// The type of movement that the bank books a transfer under: the same for all of them.
const CODE: &str = "4589";

pub(super) const FORMAT: Format = Format {
    told,
    takes_several: true,
    ..Format::plain("acb", sign, identity)
};

fn identity(_: &Sender<'_>, credit: &Credit<'_>) -> String {
    let (account, trace) = (credit.account, credit.number);
    format!("acb:{account}:{CODE}:{trace}:{}", reference(credit))
}

fn told(status: u16, answer: &Value) -> Told {
    match (status, answer["responseStatus"]["responseCode"].as_str()) {
        (200, Some("00000000")) => Told::Stored,
        (200, Some("40100001")) => Told::Refused,
        (200, Some("50300001")) => Told::Later,
        // Its codes stand in HTTP 200 alone.
        (200, _) => Told::Unclear,
        _ => Told::by_status(status, answer),
    }
}

fn sign(sender: &Sender<'_>, credits: &[Credit<'_>], sent_at: DateTime<Utc>) -> Signed {
    let trace = format!("trace-{}", credits.first().map_or(0, |first| first.number));
    let count = credits.len();
    let body = json!({
        "requestTrace": trace,
        "requestDateTime": to_rfc3339(sent_at),
        "requestParameters": {
            "masterMeta": {"clientId": sender.bank, "clientRequestId": trace, "checksum": ""},
            "request": {
                "requestMeta": {
                    "requestType": "NOTIFICATION", "requestCode": "TRANSACTION_UPDATE",
                },
                "requestParams": {
                    "pagination": {"page": 1, "pageSize": count, "totalPage": 1},
                    "transactions": credits.iter().map(movement).collect::<Vec<_>>(),
                },
            },
        },
    });
    let key = sender.key().to_owned();
    Signed::json(vec![("x-api-key", key)], body.to_string())
}

fn movement(credit: &Credit<'_>) -> Value {
    json!({
        "transactionStatus": "COMPLETED",
        "transactionChannel": "NAPAS",
        "transactionCode": CODE,
        "accountNumber": credit.account,
        "transactionDate": to_rfc3339(credit.booked_at),
        "effectiveDate": to_rfc3339(credit.booked_at),
        "debitOrCredit": "CREDIT",
        "amount": credit.amount_vnd,
        "transactionContent": credit.content,
        "transactionEntityAttribute": {
            "traceNumber": credit.number.to_string(),
            "referenceNumber": reference(credit),
            "virtualAccount": "",
        },
    })
}
