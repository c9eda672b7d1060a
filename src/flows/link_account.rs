//! Account links: a trader is asked, agrees, and can take it back.

use serde_json::json;

use super::access::Act;
use super::alarm;
use super::change::{ChangeError, Deed, Thing, UniqueValue, check_version, check_won, record};
use super::watch_links::LINK_EXPIRING;
use crate::domain::account::AccountStatus;
use crate::domain::account_link::{Consent, LinkEvent, LinkMethod, LinkState};
use crate::domain::day::to_rfc3339;
use crate::domain::ids::{AccountId, LinkId, SourceId};
use crate::domain::refusal::Refusal;
use crate::domain::source::SourceStatus;
use crate::store::account_links::{self, AccountLink};
use crate::store::reach::Reach;
use crate::store::{StoreError, Tx, accounts, source_states, sources};

/// A way to ask a trader for.
#[derive(Clone, Copy, Debug)]
pub struct NewLink {
    /// The account.
    pub account: AccountId,
    /// The source that is to tell of it.
    pub source: SourceId,
    /// By what way.
    pub method: LinkMethod,
}

/// Asks a trader for a link.
pub async fn invite(
    tx: &mut Tx,
    act: &Act<'_>,
    reach: Reach,
    new: NewLink,
) -> Result<AccountLink, ChangeError> {
    let account = accounts::find(tx, reach, new.account).await?;
    let account = account.ok_or(ChangeError::NotFound(Thing::Account))?;
    let status = account.state.status();
    if matches!(status, AccountStatus::Rejected | AccountStatus::Retired) {
        return Err(wrong_state("account", status.as_str()).into());
    }
    let source = sources::find(tx, new.source).await?;
    let source = source.ok_or(ChangeError::NotFound(Thing::Source))?;
    if source.state()?.status() == SourceStatus::Discarded {
        return Err(wrong_state("source", SourceStatus::Discarded.as_str()).into());
    }
    let link = AccountLink {
        id: LinkId::from_uuid(act.entropy.uuid(act.now)),
        merchant: account.merchant,
        account: new.account,
        source: new.source,
        method: new.method,
        state: LinkState::Invited,
        invited_by: act.actor.to_owned(),
        created_at: act.now,
        version: 1,
    };
    if !account_links::insert(tx, &link).await? {
        return Err(ChangeError::Taken(UniqueValue::OpenLink));
    }
    let detail = json!({
        "account_id": link.account.to_string(),
        "source_id": link.source.to_string(),
        "method": link.method.as_str(),
    });
    record(tx, act, deed("account_link.invite", &link, detail)).await?;
    Ok(link)
}

/// Writes down a trader's consent, the first one or a newer one. `expected` is the version
/// that the caller has seen, if it says so.
pub async fn consent(
    tx: &mut Tx,
    act: &Act<'_>,
    reach: Reach,
    which: (LinkId, Option<i64>),
    consent: Consent,
) -> Result<AccountLink, ChangeError> {
    let before = find(tx, reach, which).await?;
    let detail = json!({
        "means": consent.means.as_str(),
        "expires_at": consent.expires_at.map(to_rfc3339),
    });
    let link = step(tx, before, LinkEvent::Consent(consent), act).await?;
    settle_expiry(tx, act, &link, "Người bán đã đồng ý lại.").await?;
    record(tx, act, deed("account_link.consent", &link, detail)).await?;
    Ok(link)
}

/// Takes a link back. The source no longer speaks for the account: its later notices about it
/// are kept and make no payment.
pub async fn revoke(
    tx: &mut Tx,
    act: &Act<'_>,
    reach: Reach,
    which: (LinkId, Option<i64>),
) -> Result<AccountLink, ChangeError> {
    let before = find(tx, reach, which).await?;
    let from = before.state.status();
    let link = step(tx, before, LinkEvent::Revoke, act).await?;
    let (source, account) = (link.source, link.account);
    let unbound = source_states::unbind_account(tx, source, account, act.now).await?;
    settle_expiry(tx, act, &link, "Liên kết đã được thu hồi.").await?;
    if unbound {
        source_states::touch(tx, source).await?;
        let unbind = Deed {
            kind: "source.unbind",
            subject: source.to_string(),
            merchant: None,
            outlet: None,
            detail: json!({"account_id": account.to_string()}),
        };
        record(tx, act, unbind).await?;
    }
    let detail = json!({"from": from.as_str(), "unbound": unbound});
    record(tx, act, deed("account_link.revoke", &link, detail)).await?;
    Ok(link)
}

async fn find(
    tx: &mut Tx,
    reach: Reach,
    (id, expected): (LinkId, Option<i64>),
) -> Result<AccountLink, ChangeError> {
    let found = account_links::find(tx, reach, id).await?;
    let link = found.ok_or(ChangeError::NotFound(Thing::Subject))?;
    check_version(expected, link.version)?;
    Ok(link)
}

/// Takes a link one step further; its deed is recorded by whoever knows why.
async fn step(
    tx: &mut Tx,
    before: AccountLink,
    event: LinkEvent,
    act: &Act<'_>,
) -> Result<AccountLink, ChangeError> {
    let state = before.state.transition(event, act.now)?;
    check_won(account_links::update_state(tx, before.id, before.version, &state).await?)?;
    Ok(AccountLink {
        state,
        version: before.version + 1,
        ..before
    })
}

/// Settles the alert that the consent ends soon: it was renewed, or is wanted no more.
async fn settle_expiry(
    tx: &mut Tx,
    act: &Act<'_>,
    link: &AccountLink,
    words: &str,
) -> Result<(), StoreError> {
    let about = (LINK_EXPIRING, &*link.id.to_string());
    if let Some(deed) = alarm::settle(tx, act, about, words).await? {
        record(tx, act, deed).await?;
    }
    Ok(())
}

fn wrong_state(thing: &'static str, state: &'static str) -> Refusal {
    Refusal::WrongState {
        thing,
        state,
        event: "link",
    }
}

/// What happened to a link, for the record.
pub(super) fn deed(kind: &'static str, link: &AccountLink, detail: serde_json::Value) -> Deed {
    Deed {
        kind,
        subject: link.id.to_string(),
        merchant: Some(link.merchant),
        outlet: None,
        detail,
    }
}
