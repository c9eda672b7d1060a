//! Withdrawing a code, and giving it another amount.

use super::issue::{test_rule, transfer_payload};
use super::place::find_merchant;
use super::record::{Change, record};
use super::{IssueError, IssuedCode, Issuer};
use crate::domain::code::{AmountRule, CodeAmount, CodeEvent, CodeKind, CodeTerms, PaidSoFar};
use crate::domain::ids::{AccountId, CodeId, MerchantId};
use crate::domain::money::Vnd;
use crate::domain::outlet::TEST_AMOUNT;
use crate::domain::refusal::Refusal;
use crate::domain::txn_ref::TxnRef;
use crate::store::code_states::{self, Amendment};
use crate::store::codes::{self, CodeRow};
use crate::store::reach::Reach;
use crate::store::{StoreError, Tx, accounts, inconsistent, payments};
use crate::vietqr::Payload;

/// Withdraws a code. Credits that still name it are recorded.
pub async fn cancel(
    tx: &mut Tx,
    issuer: &Issuer<'_>,
    id: CodeId,
) -> Result<IssuedCode, IssueError> {
    let code = hold(tx, issuer.reach, id).await?;
    let state = code.state()?;
    let state = state.transition(&code.terms()?, CodeEvent::Cancel, issuer.now)?;
    if !code_states::update_state(tx, id, code.version, state).await? {
        return Err(lost().into());
    }
    let payload = newest_payload(tx, &code).await?;
    record(tx, issuer, id, Change::Cancelled, &payload).await
}

/// Gives revision `from_revision` of a code of ours another amount rule and a new text, with
/// the reference and the account that it has.
pub async fn amend(
    tx: &mut Tx,
    issuer: &Issuer<'_>,
    id: CodeId,
    from_revision: i64,
    rule: AmountRule,
) -> Result<IssuedCode, IssueError> {
    let code = hold(tx, issuer.reach, id).await?;
    if code.revision != from_revision {
        return Err(IssueError::OtherRevision {
            newest: code.revision,
        });
    }
    let old = code.terms()?;
    let new = CodeTerms::new(old.kind(), old.scheme(), rule)?;
    let paid = match old.kind() {
        CodeKind::Static => PaidSoFar::Nothing,
        CodeKind::Dynamic { .. } if payments::of_code(tx, id).await?.is_empty() => {
            PaidSoFar::Nothing
        }
        CodeKind::Dynamic { .. } => PaidSoFar::Something,
    };
    code.state()?.amend(&old, &new, paid, issuer.now)?;
    if code.for_test && rule != test_rule() {
        let received = rule.shown().map_or(Vnd::ZERO, CodeAmount::vnd);
        return Err(Refusal::TestAmount {
            wanted: TEST_AMOUNT,
            received,
        }
        .into());
    }
    let payload = amended_payload(tx, &code, rule).await?;
    let amendment = Amendment {
        rule,
        payload: payload.as_str(),
        by: issuer.actor,
        now: issuer.now,
    };
    if code_states::amend(tx, id, code.version, &amendment)
        .await?
        .is_none()
    {
        return Err(lost().into());
    }
    record(tx, issuer, id, Change::Amended, payload.as_str()).await
}

/// Finds a code within reach and keeps credits from being weighed against it until the end of
/// the transaction.
async fn hold(tx: &mut Tx, reach: Reach, id: CodeId) -> Result<CodeRow, IssueError> {
    if codes::find(tx, reach, id).await?.is_none() {
        return Err(IssueError::UnknownCode);
    }
    codes::lock(tx, id).await?;
    let code = codes::find(tx, reach, id).await?;
    code.ok_or(IssueError::UnknownCode)
}

/// A row under our lock that changed all the same.
const fn lost() -> StoreError {
    StoreError::Conflict {
        table: "payment_codes",
    }
}

/// The text that a code shows now.
pub(super) async fn newest_payload(tx: &mut Tx, code: &CodeRow) -> Result<String, StoreError> {
    let payload = codes::payload(tx, CodeId::from_uuid(code.id), code.revision).await?;
    payload.ok_or_else(|| inconsistent("payment_codes", "revision", code.id))
}

/// The text of a code of ours under another amount rule.
async fn amended_payload(
    tx: &mut Tx,
    code: &CodeRow,
    rule: AmountRule,
) -> Result<Payload, StoreError> {
    let bad = |column| inconsistent("payment_codes", column, code.id);
    let id = code.account_id.ok_or_else(|| bad("account_id"))?;
    let owner = MerchantId::from_uuid(code.merchant_id);
    let account = accounts::find(tx, Reach::Merchant(owner), AccountId::from_uuid(id)).await?;
    let account = account.ok_or_else(|| bad("account_id"))?;
    let reference = code.reference.as_deref().map(TxnRef::parse);
    let Some(Ok(reference)) = reference else {
        return Err(bad("reference"));
    };
    let merchant = find_merchant(tx, owner).await?;
    Ok(transfer_payload(&account, &merchant, reference, rule))
}
