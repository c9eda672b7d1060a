//! Attributing a credit by hand: where it may count, and the payment that it becomes.

use serde_json::json;

use super::access::Act;
use super::change::{ChangeError, Thing};
use super::standing::{Books, pay};
use crate::domain::day::local_day;
use crate::domain::explanation::{Decision, Explanation};
use crate::domain::ids::ZoneId;
use crate::domain::ids::{AccountId, BankTransactionId, CodeId, MerchantId, OutletId, PaymentId};
use crate::domain::outlet::OutletState;
use crate::domain::refusal::Refusal;
use crate::store::audit::AuditEntry;
use crate::store::codes::{self, CodeRow};
use crate::store::outlets;
use crate::store::payments::NewPayment;
use crate::store::reach::Reach;
use crate::store::transactions::{self, TransactionRow};
use crate::store::{Tx, inconsistent};

/// What a person says a credit was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// This code.
    Code(CodeId),
    /// This outlet, by no code that is known.
    Outlet(OutletId),
}

/// Where a credit is to count.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) merchant: MerchantId,
    pub(super) outlet: OutletId,
    pub(super) zone: ZoneId,
    pub(super) code: Option<CodeRow>,
}

/// Finds a code or an outlet within reach at which money of this account may count: the one
/// who paid was shown the account, and money never moves between accounts.
pub(super) async fn place(
    tx: &mut Tx,
    reach: Reach,
    target: Target,
    (account, owner): (AccountId, MerchantId),
) -> Result<Place, ChangeError> {
    match target {
        Target::Code(id) => {
            let code = codes::find(tx, reach, id).await?;
            let code = code.ok_or(ChangeError::NotFound(Thing::Code))?;
            if code.account_id != Some(account.uuid()) {
                return Err(Refusal::OtherAccount.into());
            }
            if code.for_test {
                return Err(Refusal::TestCode.into());
            }
            Ok(Place {
                merchant: MerchantId::from_uuid(code.merchant_id),
                outlet: OutletId::from_uuid(code.outlet_id),
                zone: ZoneId::from_uuid(code.zone_id),
                code: Some(code),
            })
        }
        Target::Outlet(id) => {
            let outlet = outlets::find(tx, reach, id).await?;
            let outlet = outlet.ok_or(ChangeError::NotFound(Thing::Outlet))?;
            if outlet.merchant != owner {
                return Err(Refusal::OtherAccount.into());
            }
            // Nothing was sold where nothing had opened yet.
            if matches!(
                outlet.state,
                OutletState::Planned | OutletState::Tested { .. }
            ) {
                return Err(Refusal::WrongState {
                    thing: "outlet",
                    state: outlet.state.status().as_str(),
                    event: "settle",
                }
                .into());
            }
            Ok(Place {
                merchant: outlet.merchant,
                outlet: id,
                zone: outlet.zone,
                code: None,
            })
        }
    }
}

/// Makes the payment that a person's decision turns a credit into, weighs it with its code's
/// fellows and tells of it. `before` is how the credit was explained until now.
pub(super) async fn pay_by_hand(
    books: &mut Books<'_>,
    act: &Act<'_>,
    credit: &TransactionRow,
    place: &Place,
    (before, decision): (Explanation, Decision),
) -> Result<PaymentId, ChangeError> {
    let transaction = BankTransactionId::from_uuid(credit.id);
    let reference = place.code.as_ref().and_then(|code| code.reference.clone());
    let explanation = before.by_hand(reference, decision);
    let stored = serde_json::to_string(&explanation);
    let payment = NewPayment {
        id: PaymentId::from_uuid(act.entropy.uuid(act.now)),
        transaction,
        merchant: place.merchant,
        outlet: place.outlet,
        zone: place.zone,
        code: place.code.as_ref().map(|code| CodeId::from_uuid(code.id)),
        identity: transactions::identity(books.tx, transaction).await?,
        attributed_by: "person",
        standing: if credit.is_doubtful() {
            "duplicate_suspected"
        } else {
            "counts"
        },
        received_vnd: credit.amount_vnd,
        local_day: local_day(credit.occurred_at),
        occurred_at: credit.occurred_at,
        explanation: stored.expect("an explanation holds only words and texts"),
        recorded_at: act.now,
    };
    pay(books, &payment, place.code.as_ref()).await?;
    books.pending.entries.push(AuditEntry {
        at: act.now,
        actor: act.actor.to_owned(),
        action: "credit.attribute",
        subject: payment.id.to_string(),
        detail: json!({"transaction": transaction.to_string(), "rule": explanation.word()}),
    });
    Ok(payment.id)
}

/// The credit behind an item or a payment, with how it was explained.
pub(super) async fn credit(
    tx: &mut Tx,
    id: BankTransactionId,
    (table, explanation): (&'static str, &str),
) -> Result<(TransactionRow, Explanation), ChangeError> {
    let found = transactions::find(tx, Reach::Everything, id).await?;
    let credit = found.ok_or_else(|| inconsistent(table, "transaction_id", id))?;
    let explanation = serde_json::from_str(explanation);
    let explanation = explanation.map_err(|_| inconsistent(table, "explanation", id))?;
    Ok((credit, explanation))
}
