//! SePay with a key: the notice is that of the signed form.

use chrono::{DateTime, Utc};

use super::sepay_hmac::{body, identity};
use super::{Credit, Format, Sender, Signed, sepay_list, single};

pub(super) const FORMAT: Format = Format {
    row: Some(sepay_list::row),
    ..Format::plain("sepay_apikey", sign, identity)
};

fn sign(sender: &Sender<'_>, credits: &[Credit<'_>], _: DateTime<Utc>) -> Signed {
    let key = format!("Apikey {}", sender.key());
    let body = body(sender, single(credits));
    Signed::json(vec![("authorization", key)], body)
}
