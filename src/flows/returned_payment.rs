//! What a payment is worth after another sum of its credit went back.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::alarm::Alarm;
use super::standing::{Books, hold_code, weigh};
use crate::domain::ids::{BankTransactionId, MerchantId, OutletId, PaymentId};
use crate::store::audit::AuditEntry;
use crate::store::{StoreError, payments, reversals};

/// Weighs the payment of a credit of which another sum went back now.
pub(super) async fn restate(
    books: &mut Books<'_>,
    credit: BankTransactionId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Some(found) = payments::of_transaction(books.tx, credit).await? else {
        return Ok(());
    };
    let id = PaymentId::from_uuid(found.id);
    let code = hold_code(books, &found).await?;
    let back = reversals::gone_back(books.tx, credit).await?;
    let merchant = MerchantId::from_uuid(found.merchant_id);
    if back.confirmed_vnd > found.received_vnd {
        // The payment is wholly returned, and a person looks at the rest.
        let about = Alarm {
            kind: "payment.returned_too_much",
            subject: id.to_string(),
            merchant: Some(merchant),
            reason: "more_than_received",
        };
        books.raise_alert(about, now).await?;
    }
    let returned_vnd = back.confirmed_vnd.min(found.received_vnd);
    if returned_vnd == found.returned_vnd {
        return Ok(());
    }
    payments::set_returned(books.tx, id, returned_vnd).await?;
    let weighed = weigh(books, (id, now), code.as_ref()).await?;
    let detail = json!({
        "payment_id": id.to_string(),
        "returned_vnd": returned_vnd,
        "sale_vnd": weighed.sale_vnd,
        "status": weighed.status.as_str(),
    });
    books.pending.entries.push(AuditEntry {
        at: now,
        actor: books.actor.to_owned(),
        action: "payment.return",
        subject: id.to_string(),
        detail: detail.clone(),
    });
    let outlet = OutletId::from_uuid(found.outlet_id);
    let news = ("payment.returned", id.to_string(), detail);
    books.tell(now, news, merchant, Some(outlet));
    Ok(())
}
