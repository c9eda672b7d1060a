//! Proposing to believe lines that nothing but a statement tells of; and refusing to.
//!
//! Approving is the intake's: it writes bank facts, see
//! [`crate::flows::intake::believe_statement`].

use serde_json::json;

use super::finishing::deed;
use crate::domain::ids::{MerchantId, StatementId, StatementProposalId};
use crate::domain::reconciliation::{ProposalEvent, Vouching};
use crate::flows::access::Act;
use crate::flows::change::{self, ChangeError, Thing, check_version, check_won};
use crate::store::reach::Reach;
use crate::store::statements::proposals::{self, Decision, NewProposal, ProposalRow};
use crate::store::statements::{self, lines};
use crate::store::{Tx, locks};

/// The most lines of one proposal: they become transactions in one transaction of the
/// database, for which notices wait.
pub const PROPOSAL_MAX_LINES: usize = 200;

/// Why lines are not proposed.
#[derive(Debug, thiserror::Error)]
pub enum ProposalError {
    /// The line at this place of the list is not there.
    #[error("there is no line at place {0} of the list")]
    UnknownLine(usize),
    /// The line at this place is not missing here, or is named twice.
    #[error("the line at place {0} of the list is not missing here")]
    NotMissing(usize),
    /// The line at this place is on a proposal that waits.
    #[error("the line at place {0} of the list waits on another proposal")]
    Waiting(usize),
    /// The text of the line at this place has been forgotten.
    #[error(
        "the text of the line at place {0} of the list is not kept any more: import the statement again"
    )]
    TextForgotten(usize),
    /// The rules of changes do not allow it.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

impl From<crate::store::StoreError> for ProposalError {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Change(error.into())
    }
}

/// Proposes to believe lines of a statement within reach, given by their numbers.
pub async fn propose(
    tx: &mut Tx,
    act: &Act<'_>,
    reach: Reach,
    id: StatementId,
    numbers: &[i64],
) -> Result<ProposalRow, ProposalError> {
    let found = statements::find(tx, reach, id).await?;
    let import = found.ok_or(ChangeError::NotFound(Thing::Subject))?;
    let merchant = MerchantId::from_uuid(import.merchant_id);
    // Of two proposals at a time the second sees the first.
    locks::statement(tx, id).await?;
    let proposal = StatementProposalId::from_uuid(act.entropy.uuid(act.now));
    let mut amount_vnd = 0;
    for (place, number) in numbers.iter().enumerate() {
        let line = lines::find(tx, id, *number).await?;
        let line = line.ok_or(ProposalError::UnknownLine(place))?;
        if line.verdict != "missing_here" || numbers[..place].contains(number) {
            return Err(ProposalError::NotMissing(place));
        }
        if line.proposal_state.as_deref() == Some("proposed") {
            return Err(ProposalError::Waiting(place));
        }
        if line.content.is_none() {
            return Err(ProposalError::TextForgotten(place));
        }
        amount_vnd += line.amount_vnd;
    }
    let new = NewProposal {
        id: proposal,
        import: id,
        merchant,
        lines: i64::try_from(numbers.len()).unwrap_or(i64::MAX),
        amount_vnd,
        by: act.actor,
        now: act.now,
    };
    proposals::insert(tx, &new).await?;
    for (place, number) in numbers.iter().enumerate() {
        if !lines::propose(tx, id, *number, proposal).await? {
            return Err(ProposalError::Waiting(place));
        }
    }
    let detail = json!({"statement_id": id.to_string(), "lines": new.lines});
    change::record(
        tx,
        act,
        deed("statement.propose", proposal, merchant, detail),
    )
    .await?;
    let found = proposals::find(tx, reach, proposal).await?;
    Ok(found.ok_or(ChangeError::NotFound(Thing::Subject))?)
}

/// Refuses a proposal within reach, or takes one's own back.
pub async fn reject(
    tx: &mut Tx,
    act: &Act<'_>,
    reach: Reach,
    (id, expected): (StatementProposalId, Option<i64>),
) -> Result<ProposalRow, ChangeError> {
    let before = hold_proposal(tx, reach, id).await?;
    let state = before
        .state()?
        .transition(ProposalEvent::Reject, vouching(&before), act.actor)?;
    check_version(expected, before.version)?;
    let decision = Decision {
        state,
        by: act.actor,
        now: act.now,
        created: 0,
        attached: 0,
    };
    check_won(proposals::decide(tx, id, before.version, decision).await?)?;
    let merchant = MerchantId::from_uuid(before.merchant_id);
    let detail = json!({"lines": before.lines});
    change::record(tx, act, deed("statement.reject", id, merchant, detail)).await?;
    let found = proposals::find(tx, reach, id).await?;
    found.ok_or(ChangeError::NotFound(Thing::Subject))
}

/// Finds a proposal and holds it: of two that decide at a time the second sees what the first
/// decided.
pub(in crate::flows) async fn hold_proposal(
    tx: &mut Tx,
    reach: Reach,
    id: StatementProposalId,
) -> Result<ProposalRow, ChangeError> {
    let missing = || ChangeError::NotFound(Thing::Subject);
    proposals::find(tx, reach, id).await?.ok_or_else(missing)?;
    locks::statement_proposal(tx, id).await?;
    proposals::find(tx, reach, id).await?.ok_or_else(missing)
}

/// Who vouches for the lines of a proposal already.
pub(in crate::flows) fn vouching(proposal: &ProposalRow) -> Vouching<'_> {
    Vouching {
        imported_by: &proposal.imported_by,
        proposed_by: &proposal.proposed_by,
    }
}
