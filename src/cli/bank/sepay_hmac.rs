//! SePay, signed.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Credit, Format, Sender, Signed, hmac_sha256, local, reference, sepay_list, single};

pub(super) const FORMAT: Format = Format {
    signs_time: true,
    row: Some(sepay_list::row),
    ..Format::plain("sepay_hmac", sign, identity)
};

pub(super) fn identity(_: &Sender<'_>, credit: &Credit<'_>) -> String {
    format!("sepay:{}", credit.number)
}

/// The notice itself, the same whichever way the sender is proved.
pub(super) fn body(sender: &Sender<'_>, credit: &Credit<'_>) -> String {
    json!({
        "id": credit.number,
        "gateway": sender.bank,
        "transactionDate": local(credit.booked_at),
        "accountNumber": credit.account,
        "subAccount": null,
        "code": null,
        "content": credit.content,
        "transferType": "in",
        "transferAmount": credit.amount_vnd,
        "accumulated": 0,
        "referenceCode": reference(credit),
        "description": "",
    })
    .to_string()
}

fn sign(sender: &Sender<'_>, credits: &[Credit<'_>], sent_at: DateTime<Utc>) -> Signed {
    let body = body(sender, single(credits));
    let timestamp = sent_at.timestamp();
    let text = format!("{timestamp}.{body}");
    let signature = hex::encode(hmac_sha256(sender.key().as_bytes(), &text));
    let headers = vec![
        ("x-sepay-timestamp", timestamp.to_string()),
        ("x-sepay-signature", format!("sha256={signature}")),
    ];
    Signed::json(headers, body)
}
