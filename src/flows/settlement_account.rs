//! Settlement accounts: asked for by one person, approved by another, never edited.

use serde_json::json;

use super::change::{Change, ChangeError, Deed, Thing, UniqueValue, check_version, check_won};
use crate::domain::account::{
    AccountEvent, AccountState, HolderKind, HolderName, PersonalAccounts, Succession,
};
use crate::domain::bank::{AccountNumber, BankBin};
use crate::domain::day::to_rfc3339;
use crate::domain::ids::{AccountId, MerchantId};
use crate::domain::merchant::MerchantStatus;
use crate::domain::refusal::Refusal;
use crate::domain::text::TradeName;
use crate::store::accounts::{self, Account};
use crate::store::reach::Reach;
use crate::store::{Tx, locks, merchants};

/// An account to ask for.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Whose it is.
    pub merchant: MerchantId,
    /// At which bank.
    pub bank: BankBin,
    /// Its number there.
    pub number: AccountNumber,
    /// The holder as the bank shows it to the payer.
    pub holder: HolderName,
    /// In what capacity it is held.
    pub holder_kind: HolderKind,
    /// The registered name of the business behind it.
    pub registered_name: TradeName,
    /// Whether the holder's name was just compared with what the bank shows.
    pub name_check: NameCheck,
    /// The account whose place it takes.
    pub replaces: Option<AccountId>,
}

/// Whether someone looked at the holder's name in a bank's app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameCheck {
    /// Just now.
    Done,
    /// Not yet.
    Open,
}

/// What a person can do to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountStep {
    /// Let new codes use it.
    Approve,
    /// Refuse it, or object to it while it waits.
    Reject,
    /// Use it for no new code.
    Retire,
}

/// Asks for an account that `policy` takes.
pub async fn request(
    tx: &mut Tx,
    change: &Change<'_>,
    reach: Reach,
    policy: PersonalAccounts,
    new: NewAccount,
) -> Result<Account, ChangeError> {
    let merchant = merchants::find(tx, reach, new.merchant).await?;
    let merchant = merchant.ok_or(ChangeError::NotFound(Thing::Merchant))?;
    if matches!(
        merchant.state.status(),
        MerchantStatus::Rejected | MerchantStatus::Closed
    ) {
        return Err(Refusal::MerchantNotActive.into());
    }
    if let Some(replaced) = new.replaces {
        let own = Reach::Merchant(new.merchant);
        let found = accounts::find(tx, own, replaced).await?;
        found.ok_or(ChangeError::NotFound(Thing::ReplacedAccount))?;
    }
    let (account, deed) = write_down(tx, change, policy, new).await?;
    change.record(tx, deed).await?;
    Ok(account)
}

/// Writes down an account that `policy` takes, whose merchant was looked at; its deed is recorded by whoever has
/// more of them.
pub(super) async fn write_down(
    tx: &mut Tx,
    change: &Change<'_>,
    policy: PersonalAccounts,
    new: NewAccount,
) -> Result<(Account, Deed), ChangeError> {
    let account = Account {
        id: AccountId::from_uuid(change.uuid()),
        merchant: new.merchant,
        bank: new.bank,
        number: new.number,
        holder: new.holder,
        holder_kind: new.holder_kind,
        registered_name: new.registered_name,
        checked_at: (new.name_check == NameCheck::Done).then_some(change.now),
        state: AccountState::Pending {
            requested_by: change.actor,
        },
        requested_by: change.actor,
        replaces: new.replaces,
        created_at: change.now,
        version: 1,
    };
    account.facts().check_policy(policy)?;
    if !accounts::insert(tx, &account).await? {
        return Err(ChangeError::Taken(UniqueValue::AccountNumber));
    }
    let detail = json!({
        "bank_bin": account.bank.as_str(),
        "holder_kind": account.holder_kind.as_str(),
        "replaces_id": account.replaces.map(|it| it.to_string()),
    });
    let deed = deed("account.request", &account, detail);
    Ok((account, deed))
}

/// Takes an account one step further. What `policy` does not take is not approved either: it
/// may have been asked for under another setting. Every account but a merchant's first waits
/// a day after its approval, whether or not it names the one it replaces: the wait is what
/// lets the old contact object. `expected` is the version that the caller has seen, if it
/// says so.
pub async fn step(
    tx: &mut Tx,
    change: &Change<'_>,
    reach: Reach,
    policy: PersonalAccounts,
    (id, expected): (AccountId, Option<i64>),
    step: AccountStep,
) -> Result<Account, ChangeError> {
    let found = accounts::find(tx, reach, id).await?;
    let owner = found.ok_or(ChangeError::NotFound(Thing::Subject))?.merchant;
    // Of two approvals at a time the second sees the first, and no code is being issued on an
    // account that is retired here.
    locks::merchant(tx, owner).await?;
    let found = accounts::find(tx, reach, id).await?;
    let before = found.ok_or(ChangeError::NotFound(Thing::Subject))?;
    check_version(expected, before.version)?;
    let (kind, event) = match step {
        AccountStep::Approve => {
            before.facts().check_policy(policy)?;
            let succession = if accounts::any_approved(tx, before.merchant).await? {
                Succession::Replaces
            } else {
                Succession::First
            };
            ("account.approve", AccountEvent::Approve(succession))
        }
        AccountStep::Reject => ("account.reject", AccountEvent::Reject),
        AccountStep::Retire => ("account.retire", AccountEvent::Retire),
    };
    let state = before.state.transition(event, change.actor, change.now)?;
    check_won(accounts::update_state(tx, id, before.version, state).await?)?;
    let effective_at = match state {
        AccountState::Approved { effective_at, .. } => Some(to_rfc3339(effective_at)),
        _ => None,
    };
    let detail = json!({
        "from": before.state.status().as_str(),
        "to": state.status().as_str(),
        "effective_at": effective_at,
    });
    let after = Account {
        state,
        version: before.version + 1,
        ..before
    };
    change.record(tx, deed(kind, &after, detail)).await?;
    Ok(after)
}

fn deed(kind: &'static str, account: &Account, detail: serde_json::Value) -> Deed {
    Deed {
        kind,
        subject: account.id.to_string(),
        merchant: Some(account.merchant),
        outlet: None,
        detail,
    }
}
