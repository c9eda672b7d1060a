//! What a payment is worth after another sum of its credit went back.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::standing::{Books, hold_code, weigh};
use crate::domain::ids::{AlertId, BankTransactionId, MerchantId, OutletId, PaymentId};
use crate::store::alerts::{self, NewAlert};
use crate::store::audit::AuditEntry;
use crate::store::payments::PaymentRow;
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
    if back.confirmed_vnd > found.received_vnd {
        warn_of_too_much(books, &found, now).await?;
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
    let (merchant, outlet) = (
        MerchantId::from_uuid(found.merchant_id),
        OutletId::from_uuid(found.outlet_id),
    );
    let news = ("payment.returned", id.to_string(), detail);
    books.tell(now, news, merchant, Some(outlet));
    Ok(())
}

/// More went back than ever came: the payment is wholly returned, and a person looks at
/// the rest.
async fn warn_of_too_much(
    books: &mut Books<'_>,
    payment: &PaymentRow,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    const KIND: &str = "payment.returned_too_much";
    let subject = PaymentId::from_uuid(payment.id).to_string();
    if alerts::is_open(books.tx, KIND, &subject).await? {
        return Ok(());
    }
    tracing::warn!(kind = KIND, subject, "alert");
    let alert = NewAlert {
        id: AlertId::from_uuid(books.entropy.uuid(now)),
        kind: KIND,
        subject: &subject,
        merchant: Some(MerchantId::from_uuid(payment.merchant_id)),
        detail: r#"{"reason":"more_than_received"}"#,
        now,
    };
    alerts::raise(books.tx, &alert).await
}
