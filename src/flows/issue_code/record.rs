//! The traces of a change: its audit entry and its event.

use serde_json::json;
use sha2::{Digest, Sha256};

use super::{IssueError, IssuedCode, Issuer};
use crate::domain::ids::{AccountId, CodeId, EventId, MerchantId, OutletId};
use crate::flows::change::PEOPLE_CHAIN;
use crate::store::Tx;
use crate::store::audit::{self, AuditEntry};
use crate::store::codes;
use crate::store::events::{self, NewEvent};

/// What was done to a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// A code of ours is new.
    Issued,
    /// An acquirer's code is new here.
    Registered,
    /// It has another amount.
    Amended,
    /// It was withdrawn.
    Cancelled,
}

impl Change {
    const fn name(self) -> &'static str {
        match self {
            Self::Issued => "code.issue",
            Self::Registered => "code.register",
            Self::Amended => "code.amend",
            Self::Cancelled => "code.cancel",
        }
    }
}

/// Writes the audit entry and the event of a change and reads the code back.
pub(super) async fn record(
    tx: &mut Tx,
    issuer: &Issuer<'_>,
    id: CodeId,
    change: Change,
    payload: &str,
) -> Result<IssuedCode, IssueError> {
    let code = codes::find(tx, issuer.reach, id).await?;
    let code = code.ok_or(IssueError::UnknownCode)?;
    let outlet = OutletId::from_uuid(code.outlet_id);
    let told = json!({
        "outlet_id": outlet.to_string(),
        "kind": code.kind,
        "scheme": code.scheme,
        "reference": code.reference,
        "amount_rule": code.amount_rule,
        "amount_vnd": code.amount_vnd,
        "for_test": code.for_test,
        "state": code.state,
        "revision": code.revision,
    });
    let mut detail = told.clone();
    let account = code.account_id.map(AccountId::from_uuid);
    detail["account_id"] = json!(account.map(|account| account.to_string()));
    // Shows later whether the text that is drawn is the one that was recorded.
    detail["payload_sha256"] = json!(hex::encode(Sha256::digest(payload)));
    let entry = AuditEntry {
        at: issuer.now,
        actor: issuer.actor.to_owned(),
        action: change.name(),
        subject: id.to_string(),
        detail,
    };
    audit::append(tx, PEOPLE_CHAIN, &[entry]).await?;
    let event = NewEvent {
        id: EventId::from_uuid(issuer.entropy.uuid(issuer.now)),
        at: issuer.now,
        kind: change.name(),
        subject: id.to_string(),
        merchant: Some(MerchantId::from_uuid(code.merchant_id)),
        outlet: Some(outlet),
        payload: told,
    };
    events::append(tx, &[event]).await?;
    Ok(IssuedCode {
        code,
        payload: payload.to_owned(),
    })
}
