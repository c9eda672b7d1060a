//! MoMo: thirteen fields in a fixed order are signed, one of which is never sent.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Credit, CreditState, Format, Sender, Signed, hmac_sha256, single};

pub(super) const FORMAT: Format = Format {
    tells_failures: true,
    ..Format::plain("momo_ipn", sign, identity)
};

fn identity(sender: &Sender<'_>, credit: &Credit<'_>) -> String {
    format!("momo:{}:{}", sender.setting("partnerCode"), credit.number)
}

fn sign(sender: &Sender<'_>, credits: &[Credit<'_>], _: DateTime<Utc>) -> Signed {
    let credit = single(credits);
    let (result, message) = match credit.state {
        CreditState::Booked => (0, "Successful."),
        CreditState::Failed => (1006, "Transaction denied by user."),
    };
    let (access, partner) = (sender.setting("accessKey"), sender.setting("partnerCode"));
    let (number, amount) = (credit.number, credit.amount_vnd);
    let order = format!("{}{number}", credit.order);
    let (info, at) = (&credit.content, credit.booked_at.timestamp_millis());
    let signed = format!(
        "accessKey={access}&amount={amount}&extraData=&message={message}&orderId={order}\
         &orderInfo={info}&orderType=momo_wallet&partnerCode={partner}&payType=qr\
         &requestId=req-{number}&responseTime={at}&resultCode={result}&transId={number}"
    );
    let signature = hex::encode(hmac_sha256(sender.key().as_bytes(), &signed));
    let body = json!({
        "partnerCode": partner,
        "orderId": order,
        "requestId": format!("req-{number}"),
        "amount": amount,
        "orderInfo": info,
        "orderType": "momo_wallet",
        "transId": number,
        "resultCode": result,
        "message": message,
        "payType": "qr",
        "responseTime": at,
        "extraData": "",
        "signature": signature,
    });
    Signed::json(Vec::new(), body.to_string())
}
