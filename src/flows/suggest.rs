//! What a credit in suspense may have been for: the facts fetched, within bounds, and ranked.

use crate::domain::ids::{AccountId, CodeId, OutletId};
use crate::domain::matching::Texts;
use crate::domain::money::Vnd;
use crate::domain::suggestion::{CLOCK_SLACK, KnownCode, Suggestion, Waiting, suggest};
use crate::store::codes::CodeRow;
use crate::store::suspense::SuspenseRow;
use crate::store::suspense_hints::{codes_of_account, outlets_of_account};
use crate::store::{StoreError, Tx, inconsistent};

/// Printed codes of one account that are looked at: far more than any trader hangs up.
const PRINTED: u32 = 200;
/// Codes for one sale that are looked at: days of a busy stall, hours of a big shop.
const SINGLE_SALES: u32 = 1_000;
/// Outlets of one account that are offered.
const OUTLETS: u32 = 10;

/// Ranks what an item may have been for. It attributes nothing.
pub async fn suggestions(tx: &mut Tx, item: &SuspenseRow) -> Result<Vec<Suggestion>, StoreError> {
    let account = AccountId::from_uuid(item.account_id);
    let until = item.occurred_at + CLOCK_SLACK;
    let mut rows = codes_of_account(tx, account, "static", until, PRINTED).await?;
    rows.extend(codes_of_account(tx, account, "dynamic", until, SINGLE_SALES).await?);
    let outlets = outlets_of_account(tx, account, item.occurred_at, OUTLETS).await?;
    let codes: Vec<_> = rows.into_iter().filter_map(known).collect();
    let amount = Vnd::new(item.amount_vnd)
        .map_err(|_| inconsistent("bank_transactions", "amount_vnd", item.transaction_id))?;
    let credit = Waiting {
        texts: Texts {
            content: &item.content,
            order_field: item.order_reference.as_deref(),
        },
        amount,
        occurred_at: item.occurred_at,
    };
    Ok(suggest(credit, &codes, &outlets))
}

fn known(row: CodeRow) -> Option<KnownCode> {
    let waits = row.kind == "dynamic" && row.state == "active";
    let amount = row.amount_vnd.filter(|_| waits);
    Some(KnownCode {
        code: CodeId::from_uuid(row.id),
        outlet: OutletId::from_uuid(row.outlet_id),
        reference: row.reference?,
        waits_for: amount.and_then(|amount| Vnd::new(amount).ok()),
        issued_at: row.created_at,
    })
}
