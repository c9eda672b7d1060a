//! Holding a bank's statement against our books: the verdict on each line, and how a line that
//! nothing else tells of is believed.
//!
//! A file that one person brings proves nothing by itself, so what it alone tells of becomes a
//! bank transaction only through a proposal that somebody else approves: neither who proposed
//! it nor who brought the file.
//!
//! | state | approve | reject |
//! |---|---|---|
//! | proposed | approved, by a third hand | rejected |
//! | approved | – | – |
//! | rejected | – | – |

use crate::domain::refusal::Refusal;
use crate::domain::word::word_enum;

word_enum! {
    /// What became of a line of a statement, or of a transaction that it should tell of.
    LineVerdict is "verdict" {
        /// The bank and we tell of the same money.
        Matched = "matched",
        /// The bank tells of it and we do not.
        MissingHere = "missing_here",
        /// The same bank reference with another amount.
        AmountDiffers = "amount_differs",
        /// We tell of it and the bank does not.
        MissingAtBank = "missing_at_bank",
    }
}

word_enum! {
    /// Whether the balances of a statement prove that no line is left out.
    BalanceControl is "balance control" {
        /// Opening + credits − debits = closing.
        Controlled = "controlled",
        /// It tells no balances, or not all of its lines were taken.
        None = "none",
    }
}

word_enum! {
    /// Where a proposal stands.
    ProposalState is "state of a proposal" {
        /// It waits for a second person.
        Proposed = "proposed",
        /// Its lines are believed.
        Approved = "approved",
        /// They are not.
        Rejected = "rejected",
    }
}

/// What a second person says to a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProposalEvent {
    /// Believe its lines.
    Approve,
    /// Do not.
    Reject,
}

/// Who vouches for the lines of a proposal already.
#[derive(Clone, Copy, Debug)]
pub struct Vouching<'a> {
    /// Who brought the file.
    pub imported_by: &'a str,
    /// Who proposed to believe it.
    pub proposed_by: &'a str,
}

impl ProposalState {
    /// The state after `actor` said `event`.
    ///
    /// # Errors
    ///
    /// [`Refusal::SamePerson`] for whoever vouches already; [`Refusal::WrongState`] once it is
    /// decided.
    pub fn transition(
        self,
        event: ProposalEvent,
        vouching: Vouching<'_>,
        actor: &str,
    ) -> Result<Self, Refusal> {
        let name = match event {
            ProposalEvent::Approve => "approve",
            ProposalEvent::Reject => "reject",
        };
        match (self, event) {
            (Self::Proposed, ProposalEvent::Approve)
                if [vouching.imported_by, vouching.proposed_by].contains(&actor) =>
            {
                Err(Refusal::SamePerson)
            }
            (Self::Proposed, ProposalEvent::Approve) => Ok(Self::Approved),
            (Self::Proposed, ProposalEvent::Reject) => Ok(Self::Rejected),
            (Self::Approved | Self::Rejected, _) => Err(Refusal::WrongState {
                thing: "proposal",
                state: self.as_str(),
                event: name,
            }),
        }
    }
}

/// Counts of one statement by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerdictCounts {
    /// Lines that are the same money here.
    pub matched: i64,
    /// Lines that we do not know.
    pub missing_here: i64,
    /// Lines that we know with another amount.
    pub amount_differs: i64,
    /// Transactions that the statement does not tell of.
    pub missing_at_bank: i64,
}

impl VerdictCounts {
    /// Counts one more.
    pub const fn add(&mut self, verdict: LineVerdict) {
        match verdict {
            LineVerdict::Matched => self.matched += 1,
            LineVerdict::MissingHere => self.missing_here += 1,
            LineVerdict::AmountDiffers => self.amount_differs += 1,
            LineVerdict::MissingAtBank => self.missing_at_bank += 1,
        }
    }

    /// Whether the bank and we tell of the same money, all of it.
    pub const fn agree(self) -> bool {
        self.missing_here == 0 && self.amount_differs == 0 && self.missing_at_bank == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_state_and_event_leads_where_the_table_says() {
        use ProposalEvent::{Approve, Reject};
        use ProposalState::{Approved, Proposed, Rejected};
        let vouching = Vouching {
            imported_by: "mer_1",
            proposed_by: "usr_1",
        };
        let wrong = |state: ProposalState, event| {
            Err(Refusal::WrongState {
                thing: "proposal",
                state: state.as_str(),
                event,
            })
        };
        for (state, event, actor, wanted) in [
            (Proposed, Approve, "usr_2", Ok(Approved)),
            (Proposed, Approve, "usr_1", Err(Refusal::SamePerson)),
            (Proposed, Approve, "mer_1", Err(Refusal::SamePerson)),
            (Proposed, Reject, "usr_2", Ok(Rejected)),
            (Proposed, Reject, "usr_1", Ok(Rejected)),
            (Proposed, Reject, "mer_1", Ok(Rejected)),
            (Approved, Approve, "usr_2", wrong(Approved, "approve")),
            (Approved, Reject, "usr_2", wrong(Approved, "reject")),
            (Rejected, Approve, "usr_2", wrong(Rejected, "approve")),
            (Rejected, Reject, "usr_2", wrong(Rejected, "reject")),
        ] {
            let found = state.transition(event, vouching, actor);
            assert_eq!(found, wanted, "{state} {event:?} {actor}");
        }
    }

    #[test]
    fn a_statement_agrees_when_nothing_is_missing_on_either_side() {
        let mut counts = VerdictCounts::default();
        assert!(counts.agree());
        counts.add(LineVerdict::Matched);
        assert!(counts.agree());
        for verdict in [
            LineVerdict::MissingHere,
            LineVerdict::AmountDiffers,
            LineVerdict::MissingAtBank,
        ] {
            let mut different = counts;
            different.add(verdict);
            assert!(!different.agree(), "{verdict}");
        }
    }
}
