//! Merchants: who trades, and how one comes to be trusted.
//!
//! A merchant is registered by one person and approved by another. What it may do follows
//! from its state alone.
//!
//! | from | event | to |
//! |---|---|---|
//! | draft, changes_requested | submit | submitted |
//! | submitted | start_review | under_review |
//! | under_review | approve (not by the submitter) | active |
//! | under_review | request_changes | changes_requested |
//! | under_review | reject | rejected (end) |
//! | active | suspend | suspended |
//! | suspended | resume | active |
//! | active, suspended | close | closed (end) |
//!
//! Everything else is refused. Consents are separate and never a condition of `active`.

use chrono::{DateTime, Utc};

use crate::domain::ids::UserId;
use crate::domain::refusal::Refusal;
use crate::domain::text::Reason;
use crate::domain::word::word_enum;

word_enum! {
    /// What kind of trader it is; decides the form of its tax code.
    MerchantKind is "merchant kind" {
        /// A household business (hộ kinh doanh).
        Household = "household",
        /// A registered company or a branch of one.
        Company = "company",
    }
}

word_enum! {
    /// The name of a [`MerchantState`].
    MerchantStatus is "merchant state" {
        /// Being written down.
        Draft = "draft",
        /// Handed in.
        Submitted = "submitted",
        /// Being looked at.
        UnderReview = "under_review",
        /// Back with who registered it.
        ChangesRequested = "changes_requested",
        /// Refused for good.
        Rejected = "rejected",
        /// Trading with us.
        Active = "active",
        /// Stopped for the time being.
        Suspended = "suspended",
        /// Left for good.
        Closed = "closed",
    }
}

/// Who submitted and who approved a merchant: never the same person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The maker of the submission that was approved.
    pub submitted_by: UserId,
    /// The checker.
    pub approved_by: UserId,
    /// The day of this instant is the `r_i` of the indicators.
    pub approved_at: DateTime<Utc>,
}

/// Where a merchant stands, with what is known in that state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MerchantState {
    /// Being written down.
    Draft,
    /// Handed in, waiting for a reviewer.
    Submitted {
        /// The maker.
        submitted_by: UserId,
    },
    /// A reviewer is looking at it.
    UnderReview {
        /// The maker.
        submitted_by: UserId,
    },
    /// Back with who registered it.
    ChangesRequested {
        /// What must change.
        reason: Reason,
    },
    /// Refused for good.
    Rejected {
        /// Why.
        reason: Reason,
    },
    /// May have outlets that trade.
    Active {
        /// How it came in.
        approval: Approval,
    },
    /// Stopped for the time being: no new codes.
    Suspended {
        /// How it came in.
        approval: Approval,
        /// Why it was stopped.
        reason: Reason,
    },
    /// Left for good: codes are revoked and the retention of its data begins.
    Closed {
        /// How it came in.
        approval: Approval,
        /// Why it left.
        reason: Reason,
        /// When.
        closed_at: DateTime<Utc>,
    },
}

/// What can be done to a merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MerchantEvent {
    /// Hand it in, or hand it in again after changes.
    Submit,
    /// Take it up for review.
    StartReview,
    /// Let it trade.
    Approve,
    /// Send it back.
    RequestChanges(Reason),
    /// Refuse it.
    Reject(Reason),
    /// Stop it for the time being.
    Suspend(Reason),
    /// Let it go on.
    Resume,
    /// End it.
    Close(Reason),
}

impl MerchantEvent {
    /// The name of the event.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::StartReview => "start_review",
            Self::Approve => "approve",
            Self::RequestChanges(_) => "request_changes",
            Self::Reject(_) => "reject",
            Self::Suspend(_) => "suspend",
            Self::Resume => "resume",
            Self::Close(_) => "close",
        }
    }
}

impl MerchantState {
    /// The name of the state.
    pub const fn status(&self) -> MerchantStatus {
        match self {
            Self::Draft => MerchantStatus::Draft,
            Self::Submitted { .. } => MerchantStatus::Submitted,
            Self::UnderReview { .. } => MerchantStatus::UnderReview,
            Self::ChangesRequested { .. } => MerchantStatus::ChangesRequested,
            Self::Rejected { .. } => MerchantStatus::Rejected,
            Self::Active { .. } => MerchantStatus::Active,
            Self::Suspended { .. } => MerchantStatus::Suspended,
            Self::Closed { .. } => MerchantStatus::Closed,
        }
    }

    /// Whether name, tax code and telephone may still be changed by who registers it.
    pub const fn is_editable(&self) -> bool {
        matches!(self, Self::Draft | Self::ChangesRequested { .. })
    }

    /// The state after `event`, done by `actor` at `at`, or why it cannot be done.
    pub fn transition(
        self,
        event: MerchantEvent,
        actor: UserId,
        at: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        use MerchantEvent as Event;
        match (self, event) {
            (Self::Draft | Self::ChangesRequested { .. }, Event::Submit) => Ok(Self::Submitted {
                submitted_by: actor,
            }),
            (Self::Submitted { submitted_by }, Event::StartReview) => {
                Ok(Self::UnderReview { submitted_by })
            }
            (Self::UnderReview { submitted_by }, Event::Approve) if submitted_by == actor => {
                Err(Refusal::SamePerson)
            }
            (Self::UnderReview { submitted_by }, Event::Approve) => {
                let approval = Approval {
                    submitted_by,
                    approved_by: actor,
                    approved_at: at,
                };
                Ok(Self::Active { approval })
            }
            (Self::UnderReview { .. }, Event::RequestChanges(reason)) => {
                Ok(Self::ChangesRequested { reason })
            }
            (Self::UnderReview { .. }, Event::Reject(reason)) => Ok(Self::Rejected { reason }),
            (Self::Active { approval }, Event::Suspend(reason)) => {
                Ok(Self::Suspended { approval, reason })
            }
            (Self::Suspended { approval, .. }, Event::Resume) => Ok(Self::Active { approval }),
            (
                Self::Active { approval } | Self::Suspended { approval, .. },
                Event::Close(reason),
            ) => Ok(Self::Closed {
                approval,
                reason,
                closed_at: at,
            }),
            (state, event) => Err(Refusal::WrongState {
                thing: "merchant",
                state: state.status().as_str(),
                event: event.as_str(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn user(number: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(number))
    }

    fn at(minute: u32) -> DateTime<Utc> {
        format!("2026-03-02T08:{minute:02}:00Z").parse().unwrap()
    }

    fn reason(text: &str) -> Reason {
        Reason::parse(text).unwrap()
    }

    fn approval() -> Approval {
        Approval {
            submitted_by: user(1),
            approved_by: user(2),
            approved_at: at(0),
        }
    }

    fn states() -> Vec<MerchantState> {
        vec![
            MerchantState::Draft,
            MerchantState::Submitted {
                submitted_by: user(1),
            },
            MerchantState::UnderReview {
                submitted_by: user(1),
            },
            MerchantState::ChangesRequested {
                reason: reason("x"),
            },
            MerchantState::Rejected {
                reason: reason("x"),
            },
            MerchantState::Active {
                approval: approval(),
            },
            MerchantState::Suspended {
                approval: approval(),
                reason: reason("x"),
            },
            MerchantState::Closed {
                approval: approval(),
                reason: reason("x"),
                closed_at: at(1),
            },
        ]
    }

    fn events() -> Vec<MerchantEvent> {
        vec![
            MerchantEvent::Submit,
            MerchantEvent::StartReview,
            MerchantEvent::Approve,
            MerchantEvent::RequestChanges(reason("y")),
            MerchantEvent::Reject(reason("y")),
            MerchantEvent::Suspend(reason("y")),
            MerchantEvent::Resume,
            MerchantEvent::Close(reason("y")),
        ]
    }

    #[test]
    fn every_pair_of_state_and_event_leads_where_the_table_says() {
        let allowed = [
            ("draft", "submit", "submitted"),
            ("changes_requested", "submit", "submitted"),
            ("submitted", "start_review", "under_review"),
            ("under_review", "approve", "active"),
            ("under_review", "request_changes", "changes_requested"),
            ("under_review", "reject", "rejected"),
            ("active", "suspend", "suspended"),
            ("suspended", "resume", "active"),
            ("active", "close", "closed"),
            ("suspended", "close", "closed"),
        ];
        assert_eq!(states().len(), MerchantStatus::ALL.len());
        let mut reached = 0;
        for state in states() {
            for event in events() {
                let (from, name) = (state.status().as_str(), event.as_str());
                let next = state.clone().transition(event, user(2), at(5));
                let wanted = allowed.iter().find(|row| (row.0, row.1) == (from, name));
                match wanted {
                    Some(row) => {
                        reached += 1;
                        assert_eq!(next.unwrap().status().as_str(), row.2, "{from} {name}");
                    }
                    None => assert_eq!(
                        next,
                        Err(Refusal::WrongState {
                            thing: "merchant",
                            state: from,
                            event: name
                        })
                    ),
                }
            }
        }
        assert_eq!(reached, allowed.len());
    }

    #[test]
    fn who_submitted_a_merchant_cannot_approve_it_but_another_can() {
        let review = MerchantState::Draft
            .transition(MerchantEvent::Submit, user(1), at(1))
            .and_then(|state| state.transition(MerchantEvent::StartReview, user(2), at(2)))
            .unwrap();
        assert_eq!(
            review
                .clone()
                .transition(MerchantEvent::Approve, user(1), at(3)),
            Err(Refusal::SamePerson)
        );
        // After changes, the maker is who handed it in last.
        let again = review
            .transition(
                MerchantEvent::RequestChanges(reason("ảnh mờ")),
                user(2),
                at(3),
            )
            .and_then(|state| state.transition(MerchantEvent::Submit, user(3), at(4)))
            .and_then(|state| state.transition(MerchantEvent::StartReview, user(3), at(5)))
            .unwrap();
        assert_eq!(
            again
                .clone()
                .transition(MerchantEvent::Approve, user(3), at(6)),
            Err(Refusal::SamePerson)
        );
        assert_eq!(
            again.transition(MerchantEvent::Approve, user(1), at(6)),
            Ok(MerchantState::Active {
                approval: Approval {
                    submitted_by: user(3),
                    approved_by: user(1),
                    approved_at: at(6)
                }
            })
        );
    }

    #[test]
    fn the_first_approval_survives_suspension_and_closing() {
        let active = MerchantState::Active {
            approval: approval(),
        };
        let resumed = active
            .clone()
            .transition(
                MerchantEvent::Suspend(reason("nghi gian lận")),
                user(5),
                at(7),
            )
            .and_then(|state| state.transition(MerchantEvent::Resume, user(5), at(8)));
        assert_eq!(resumed, Ok(active.clone()));
        assert_eq!(
            active.transition(MerchantEvent::Close(reason("nghỉ bán")), user(5), at(9)),
            Ok(MerchantState::Closed {
                approval: approval(),
                reason: reason("nghỉ bán"),
                closed_at: at(9)
            })
        );
    }
}
