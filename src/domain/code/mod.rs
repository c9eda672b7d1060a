//! Payment codes: what the customer scans.
//!
//! | from | event | to |
//! |---|---|---|
//! | active | complete (dynamic; also after expiry: the bank already has the money) | completed |
//! | completed | complete | unchanged: the first completion counts |
//! | active | cancel (by the merchant, or its outlet closes) | cancelled (end) |
//! | active | supersede (reprint, change of account) | superseded (end) |
//! | active | revoke (fraud, or its merchant leaves) | revoked (end) |
//!
//! Everything else is refused. Expiry is derived from the clock and never stored, see
//! [`CodeState::phase_at`]. Credits on a code that is no longer in use are still recorded.
//!
//! An amendment changes the amount rule only and raises the revision: of a static code while
//! it is active; of a dynamic one while it is active, unexpired and unpaid. An acquirer's
//! code is changed at the acquirer.

mod terms;

use chrono::{DateTime, Utc};

pub use terms::{
    AmountLimits, AmountRule, AmountRuleName, CodeAmount, CodeKind, CodeKindName, CodeScheme,
    CodeTerms, CodeTermsError, MAX_LIFETIME_DAYS,
};

use crate::domain::refusal::Refusal;
use crate::domain::word::word_enum;

word_enum! {
    /// The stored name of a [`CodeState`].
    CodeStatus is "code state" {
        /// In use.
        Active = "active",
        /// Paid in full.
        Completed = "completed",
        /// Withdrawn by the merchant, or with its outlet.
        Cancelled = "cancelled",
        /// Replaced by another code.
        Superseded = "superseded",
        /// Withdrawn because of fraud, or because its merchant left.
        Revoked = "revoked",
    }
}

word_enum! {
    /// What a code is at a moment: its state, and `expired`, which no one stores.
    CodePhase is "code phase" {
        /// In use.
        Active = "active",
        /// Its time is over and it was not paid.
        Expired = "expired",
        /// Paid in full.
        Completed = "completed",
        /// Withdrawn by the merchant, or with its outlet.
        Cancelled = "cancelled",
        /// Replaced by another code.
        Superseded = "superseded",
        /// Withdrawn because of fraud, or because its merchant left.
        Revoked = "revoked",
    }
}

/// Where a code stands, with what is known in that state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeState {
    /// In use.
    Active,
    /// A dynamic code whose amount came in full.
    Completed {
        /// The bank's time of the credit that completed it.
        completed_at: DateTime<Utc>,
    },
    /// Withdrawn by the merchant, or with its outlet.
    Cancelled {
        /// When.
        retired_at: DateTime<Utc>,
    },
    /// Replaced by another code.
    Superseded {
        /// When.
        retired_at: DateTime<Utc>,
    },
    /// Withdrawn because of fraud, or because its merchant left.
    Revoked {
        /// When.
        retired_at: DateTime<Utc>,
    },
}

/// What can happen to a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeEvent {
    /// Its amount came in full.
    Complete {
        /// The bank's time of the completing credit.
        completed_at: DateTime<Utc>,
    },
    /// The merchant withdraws it, or its outlet closes.
    Cancel,
    /// Another code takes its place.
    Supersede,
    /// It is withdrawn because of fraud, or because its merchant leaves.
    Revoke,
}

impl CodeEvent {
    /// The name of the event.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Complete { .. } => "complete",
            Self::Cancel => "cancel",
            Self::Supersede => "supersede",
            Self::Revoke => "revoke",
        }
    }
}

impl CodeState {
    /// The stored name of the state.
    pub const fn status(&self) -> CodeStatus {
        match self {
            Self::Active => CodeStatus::Active,
            Self::Completed { .. } => CodeStatus::Completed,
            Self::Cancelled { .. } => CodeStatus::Cancelled,
            Self::Superseded { .. } => CodeStatus::Superseded,
            Self::Revoked { .. } => CodeStatus::Revoked,
        }
    }

    /// When it stopped being in use by decision; credits dated later are flagged.
    pub const fn retired_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Active | Self::Completed { .. } => None,
            Self::Cancelled { retired_at }
            | Self::Superseded { retired_at }
            | Self::Revoked { retired_at } => Some(*retired_at),
        }
    }

    /// What the code is at `now`.
    pub fn phase_at(&self, terms: &CodeTerms, now: DateTime<Utc>) -> CodePhase {
        match self {
            Self::Active if terms.is_expired_at(now) => CodePhase::Expired,
            Self::Active => CodePhase::Active,
            Self::Completed { .. } => CodePhase::Completed,
            Self::Cancelled { .. } => CodePhase::Cancelled,
            Self::Superseded { .. } => CodePhase::Superseded,
            Self::Revoked { .. } => CodePhase::Revoked,
        }
    }

    /// The state after `event` at `at`, or why it cannot happen.
    pub fn transition(
        self,
        terms: &CodeTerms,
        event: CodeEvent,
        at: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        let static_code = matches!(terms.kind(), CodeKind::Static);
        match (self, event) {
            (Self::Active | Self::Completed { .. }, CodeEvent::Complete { .. }) if static_code => {
                Err(Refusal::StaticNeverCompletes)
            }
            (Self::Active, CodeEvent::Complete { completed_at }) => {
                Ok(Self::Completed { completed_at })
            }
            (Self::Completed { .. }, CodeEvent::Complete { .. }) => Ok(self),
            (Self::Active, CodeEvent::Cancel) => Ok(Self::Cancelled { retired_at: at }),
            (Self::Active, CodeEvent::Supersede) => Ok(Self::Superseded { retired_at: at }),
            (Self::Active, CodeEvent::Revoke) => Ok(Self::Revoked { retired_at: at }),
            (state, event) => Err(Refusal::WrongState {
                thing: "code",
                state: state.status().as_str(),
                event: event.as_str(),
            }),
        }
    }

    /// Whether `old` terms may become `new` ones at `now`; `paid` says whether any credit
    /// names the code. The caller raises the revision and makes the new payload.
    pub fn amend(
        &self,
        old: &CodeTerms,
        new: &CodeTerms,
        paid: PaidSoFar,
        now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        if *self != Self::Active {
            return Err(Refusal::WrongState {
                thing: "code",
                state: self.status().as_str(),
                event: "amend",
            });
        }
        if old.scheme() != CodeScheme::Transfer {
            return Err(Refusal::NotOurs);
        }
        if new.scheme() != old.scheme() || new.kind() != old.kind() {
            return Err(Refusal::OtherKind);
        }
        if let CodeKind::Dynamic { expires_at } = old.kind() {
            if paid == PaidSoFar::Something {
                return Err(Refusal::AlreadyPaid);
            }
            if expires_at <= now {
                return Err(Refusal::Expired { at: expires_at });
            }
        }
        Ok(())
    }
}

/// Whether any credit names a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaidSoFar {
    /// No credit yet.
    Nothing,
    /// At least one.
    Something,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Vnd;

    fn at(minute: u32) -> DateTime<Utc> {
        format!("2026-03-02T08:{minute:02}:00Z").parse().unwrap()
    }

    fn amount(vnd: i64) -> CodeAmount {
        CodeAmount::new(Vnd::new(vnd).unwrap()).unwrap()
    }

    fn terms(kind: CodeKind) -> CodeTerms {
        let rule = AmountRule::Fixed(amount(50_000));
        CodeTerms::new(kind, CodeScheme::Transfer, rule).unwrap()
    }

    fn dynamic() -> CodeTerms {
        terms(CodeKind::Dynamic { expires_at: at(30) })
    }

    fn states() -> [CodeState; 5] {
        let retired_at = at(5);
        [
            CodeState::Active,
            CodeState::Completed {
                completed_at: at(5),
            },
            CodeState::Cancelled { retired_at },
            CodeState::Superseded { retired_at },
            CodeState::Revoked { retired_at },
        ]
    }

    #[test]
    fn every_pair_of_state_and_event_leads_where_the_table_says() {
        let events = [
            CodeEvent::Complete {
                completed_at: at(40),
            },
            CodeEvent::Cancel,
            CodeEvent::Supersede,
            CodeEvent::Revoke,
        ];
        let refused = "";
        let table = [
            ["completed", "cancelled", "superseded", "revoked"],
            ["completed", refused, refused, refused],
            [refused; 4],
            [refused; 4],
            [refused; 4],
        ];
        for (state, row) in states().into_iter().zip(table) {
            for (event, wanted) in events.into_iter().zip(row) {
                let next = state.transition(&dynamic(), event, at(45));
                let (from, name) = (state.status().as_str(), event.as_str());
                if wanted == refused {
                    let refusal = Refusal::WrongState {
                        thing: "code",
                        state: from,
                        event: name,
                    };
                    assert_eq!(next, Err(refusal));
                } else {
                    assert_eq!(next.unwrap().status().as_str(), wanted, "{from} {name}");
                }
            }
        }
    }

    #[test]
    fn a_late_sufficient_credit_completes_an_expired_code_and_the_first_one_counts() {
        let completed = CodeState::Active
            .transition(
                &dynamic(),
                CodeEvent::Complete {
                    completed_at: at(40),
                },
                at(41),
            )
            .unwrap();
        assert_eq!(
            completed,
            CodeState::Completed {
                completed_at: at(40)
            }
        );
        let again = CodeEvent::Complete {
            completed_at: at(50),
        };
        assert_eq!(
            completed.transition(&dynamic(), again, at(51)),
            Ok(completed)
        );
        for state in &states()[..2] {
            assert_eq!(
                state.transition(&terms(CodeKind::Static), again, at(51)),
                Err(Refusal::StaticNeverCompletes)
            );
        }
    }

    #[test]
    fn expiry_is_what_the_clock_says_of_an_active_dynamic_code() {
        let seconds = |text: &str| format!("2026-03-02T08:{text}Z").parse().unwrap();
        for (state, terms, now, wanted) in [
            (CodeState::Active, dynamic(), at(29), CodePhase::Active),
            (
                CodeState::Active,
                dynamic(),
                seconds("29:59.999999"),
                CodePhase::Active,
            ),
            (CodeState::Active, dynamic(), at(30), CodePhase::Expired),
            (states()[1], dynamic(), at(59), CodePhase::Completed),
            (states()[2], dynamic(), at(59), CodePhase::Cancelled),
            (states()[3], dynamic(), at(59), CodePhase::Superseded),
            (states()[4], dynamic(), at(59), CodePhase::Revoked),
            (
                CodeState::Active,
                terms(CodeKind::Static),
                at(59),
                CodePhase::Active,
            ),
        ] {
            assert_eq!(state.phase_at(&terms, now), wanted);
        }
    }

    #[test]
    fn an_amendment_changes_the_amount_of_a_live_unpaid_code_only() {
        use PaidSoFar::{Nothing, Something};
        let active = CodeState::Active;
        let fixed = terms(CodeKind::Static);
        let open = AmountRule::Open(AmountLimits::default());
        let opened = CodeTerms::new(CodeKind::Static, CodeScheme::Transfer, open).unwrap();
        let theirs = CodeTerms::new(CodeKind::Static, CodeScheme::MerchantPay, open).unwrap();
        let longer = terms(CodeKind::Dynamic { expires_at: at(59) });
        assert_eq!(active.amend(&fixed, &opened, Something, at(59)), Ok(()));
        assert_eq!(
            active.amend(&dynamic(), &dynamic(), Nothing, at(29)),
            Ok(())
        );
        for (old, new, paid, now, refusal) in [
            (
                dynamic(),
                dynamic(),
                Something,
                at(29),
                Refusal::AlreadyPaid,
            ),
            (
                dynamic(),
                dynamic(),
                Nothing,
                at(30),
                Refusal::Expired { at: at(30) },
            ),
            (dynamic(), longer, Nothing, at(29), Refusal::OtherKind),
            (fixed, dynamic(), Nothing, at(29), Refusal::OtherKind),
            (opened, theirs, Nothing, at(29), Refusal::OtherKind),
            (theirs, theirs, Nothing, at(29), Refusal::NotOurs),
        ] {
            assert_eq!(active.amend(&old, &new, paid, now), Err(refusal));
        }
        for state in &states()[1..] {
            let refusal = Refusal::WrongState {
                thing: "code",
                state: state.status().as_str(),
                event: "amend",
            };
            assert_eq!(state.amend(&fixed, &opened, Nothing, at(6)), Err(refusal));
        }
    }

    #[test]
    fn amounts_and_limits_stay_below_half_a_billion() {
        let vnd = |amount| Vnd::new(amount).unwrap();
        assert_eq!(CodeAmount::new(vnd(0)), Err(CodeTermsError::Zero));
        assert!(CodeAmount::new(vnd(499_999_999)).is_ok());
        assert_eq!(
            CodeAmount::new(vnd(500_000_000)),
            Err(CodeTermsError::TooLarge)
        );
        let limits = |low, high| AmountLimits::new(Some(amount(low)), Some(amount(high)));
        assert!(limits(10_000, 10_000).is_ok());
        assert_eq!(
            limits(10_001, 10_000),
            Err(CodeTermsError::FloorAboveCeiling)
        );
    }

    #[test]
    fn a_dynamic_code_has_a_fixed_amount_and_a_bounded_life() {
        let kind = CodeKind::Dynamic { expires_at: at(30) };
        for rule in [
            AmountRule::Open(AmountLimits::default()),
            AmountRule::Suggested(amount(1)),
        ] {
            let terms = CodeTerms::new(kind, CodeScheme::Transfer, rule);
            assert_eq!(terms, Err(CodeTermsError::DynamicNeedsFixed));
        }
        assert_eq!(dynamic().check_lifetime(at(29)), Ok(()));
        assert_eq!(
            dynamic().check_lifetime(at(30)),
            Err(CodeTermsError::Expiry)
        );
        let longest = at(30) - chrono::TimeDelta::days(MAX_LIFETIME_DAYS);
        assert_eq!(dynamic().check_lifetime(longest), Ok(()));
        let beyond = longest - chrono::TimeDelta::microseconds(1);
        assert_eq!(
            dynamic().check_lifetime(beyond),
            Err(CodeTermsError::Expiry)
        );
        assert_eq!(terms(CodeKind::Static).check_lifetime(at(0)), Ok(()));
    }

    #[test]
    fn only_a_fixed_amount_is_expected_and_an_open_one_shows_nothing() {
        let five = amount(5_000);
        let open = AmountRule::Open(AmountLimits::default());
        for (rule, shown, expected) in [
            (AmountRule::Fixed(five), Some(five), Some(five)),
            (AmountRule::Suggested(five), Some(five), None),
            (open, None, None),
        ] {
            assert_eq!((rule.shown(), rule.expected()), (shown, expected));
        }
    }
}
