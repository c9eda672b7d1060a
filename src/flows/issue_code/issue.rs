//! A new code of ours: a transfer to the merchant's own account.

use chrono::{DateTime, TimeDelta, Utc};

use super::place::find_place;
use super::record::{Change, record};
use super::{IssueError, IssuedCode, Issuer};
use crate::domain::account::{AccountState, AccountStatus};
use crate::domain::code::{
    AmountRule, CodeAmount, CodeKind, CodeScheme, CodeTerms, CodeTermsError,
};
use crate::domain::day::to_microseconds;
use crate::domain::ids::{AccountId, CodeId, MerchantId, OutletId};
use crate::domain::outlet::TEST_AMOUNT;
use crate::domain::txn_ref::TxnRef;
use crate::store::Tx;
use crate::store::accounts::{self, Account, AccountFilter};
use crate::store::codes::{self, NewCode, StoredTerms};
use crate::store::merchants::Merchant;
use crate::store::reach::Reach;
use crate::vietqr::{MerchantName, Payload, TransferCode};

/// How long a test code waits for its 1 000 đồng.
const TEST_LIFETIME: TimeDelta = TimeDelta::days(7);
/// How often a reference is drawn before giving up. Of 31^7 references even a hundred million
/// issued ones leave 99 % free, so this many collisions mean a broken generator.
pub(super) const REFERENCE_DRAWS: usize = 16;
/// The most accounts of one merchant that are looked at.
const ACCOUNTS_MAX: u32 = 200;

/// A code to issue.
#[derive(Clone, Copy, Debug)]
pub struct NewCodeRequest {
    /// Where it hangs.
    pub outlet: OutletId,
    /// The account to pay into; the merchant's newest effective one if absent.
    pub account: Option<AccountId>,
    /// What it is for.
    pub purpose: CodePurpose,
}

/// What a code is issued for.
#[derive(Clone, Copy, Debug)]
pub enum CodePurpose {
    /// Any number of payments at an open outlet.
    Static(AmountRule),
    /// One sale at an open outlet.
    Dynamic {
        /// What is to be paid.
        amount: CodeAmount,
        /// From when on it counts as expired.
        expires_at: DateTime<Utc>,
    },
    /// The one test payment of 1 000 đồng that proves an outlet, open or not.
    Test,
}

/// Issues a transfer code under a reference that was never used, on an account that new codes
/// may use now.
pub async fn issue(
    tx: &mut Tx,
    issuer: &Issuer<'_>,
    request: &NewCodeRequest,
) -> Result<IssuedCode, IssueError> {
    let terms = request.purpose.terms(issuer.now)?;
    let for_test = matches!(request.purpose, CodePurpose::Test);
    let place = find_place(tx, issuer.reach, request.outlet).await?;
    if for_test {
        place.require_not_closed()?;
    } else {
        place.require_open()?;
    }
    let account = paying_account(tx, place.merchant.id, request.account, issuer.now).await?;
    let id = CodeId::from_uuid(issuer.entropy.uuid(issuer.now));
    for _ in 0..REFERENCE_DRAWS {
        let reference = issuer.entropy.txn_ref();
        let payload = transfer_payload(&account, &place.merchant, reference, terms.amount());
        let code = NewCode {
            id,
            merchant: place.merchant.id,
            outlet: place.outlet.id,
            account: Some(account.id),
            kind: terms.kind().name().as_str(),
            scheme: terms.scheme().as_str(),
            reference: Some(reference.as_str().to_owned()),
            terms: StoredTerms::from(terms.amount()),
            expires_at: terms.expires_at(),
            for_test,
            payload: payload.as_str().to_owned(),
            created_by: issuer.actor.to_owned(),
            now: issuer.now,
        };
        if codes::insert(tx, &code).await? {
            return record(tx, issuer, id, Change::Issued, &code.payload).await;
        }
    }
    Err(IssueError::NoReference)
}

impl CodePurpose {
    /// The terms of a code to be issued at `now`.
    fn terms(self, now: DateTime<Utc>) -> Result<CodeTerms, CodeTermsError> {
        let (kind, rule) = match self {
            Self::Static(rule) => (CodeKind::Static, rule),
            Self::Dynamic { amount, expires_at } => {
                // What both databases keep, so that the answer equals what is read later.
                let expires_at = to_microseconds(expires_at);
                (CodeKind::Dynamic { expires_at }, AmountRule::Fixed(amount))
            }
            Self::Test => {
                let expires_at = now + TEST_LIFETIME;
                (CodeKind::Dynamic { expires_at }, test_rule())
            }
        };
        let terms = CodeTerms::new(kind, CodeScheme::Transfer, rule)?;
        terms.check_lifetime(now)?;
        Ok(terms)
    }
}

/// What a test code asks for.
pub(super) fn test_rule() -> AmountRule {
    AmountRule::Fixed(CodeAmount::new(TEST_AMOUNT).expect("1 000 đồng fits a code"))
}

/// The account that a new code of this merchant names: the wanted one, or of those that are
/// effective the one that became so last.
async fn paying_account(
    tx: &mut Tx,
    merchant: MerchantId,
    wanted: Option<AccountId>,
    now: DateTime<Utc>,
) -> Result<Account, IssueError> {
    let filter = AccountFilter {
        merchant: Some(merchant),
        status: Some(AccountStatus::Approved),
    };
    let reach = Reach::Merchant(merchant);
    let approved = accounts::list(tx, reach, filter, None, ACCOUNTS_MAX).await?;
    approved
        .into_iter()
        .filter(|account| account.state.is_effective_at(now))
        .filter(|account| wanted.is_none_or(|wanted| wanted == account.id))
        .max_by_key(|account| (effective_since(account.state), account.id))
        .ok_or(IssueError::NoAccount)
}

fn effective_since(state: AccountState) -> Option<DateTime<Utc>> {
    match state {
        AccountState::Approved { effective_at, .. } => Some(effective_at),
        AccountState::Pending { .. } | AccountState::Rejected | AccountState::Retired { .. } => {
            None
        }
    }
}

/// The text of a code of ours.
pub(super) fn transfer_payload(
    account: &Account,
    merchant: &Merchant,
    reference: TxnRef,
    rule: AmountRule,
) -> Payload {
    let code = TransferCode {
        bank: account.bank,
        account: account.number.clone(),
        amount: rule.shown().map(CodeAmount::vnd),
        reference,
        merchant_name: MerchantName::fold(merchant.profile.name.as_str()),
    };
    let payload = match rule {
        AmountRule::Suggested(_) => code.suggestion(),
        AmountRule::Fixed(_) | AmountRule::Open(_) => code.payload(),
    };
    payload.expect("a code's amount lies within the limits of a transfer")
}
