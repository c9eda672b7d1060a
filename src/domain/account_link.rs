//! Account links: how the notices of an account reach us, with its owner's consent.
//!
//! Registered, linked, tested and active are the steps by which a trader comes in; a link is
//! the second one. It is the consent beside the binding: an administrator binds an account to
//! a source, also without any link where the market board has an agreement of another kind,
//! and only a bound account's notices are believed. Once a trader was asked, the account is
//! bound only with the trader's consent; whoever revokes a link takes the binding away.
//!
//! | from | event | to |
//! |---|---|---|
//! | invited | consent | consented |
//! | consented | consent | consented, by the newer consent |
//! | live | consent | live, by the newer consent |
//! | broken | consent | consented: the next notice makes it live |
//! | consented | hear, before the consent ends | live |
//! | broken | hear, before the consent ends | live |
//! | consented | break | broken |
//! | live | break | broken |
//! | any but revoked | revoke | revoked (end) |
//!
//! Everything else is refused. Nobody says that a link is live or broken: the first verified
//! notice for the account through the source makes it live, and the program breaks it when
//! the source falls silent, is switched off, or the consent ends.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::refusal::Refusal;
use crate::domain::word::word_enum;

/// How long before a consent ends a person is told.
pub const EXPIRY_WARNING: TimeDelta = TimeDelta::days(14);

word_enum! {
    /// By what way the notices of an account come.
    LinkMethod is "link method" {
        /// The trader's own account at an aggregator that the bank tells.
        AggregatorApi = "aggregator_api",
        /// An aggregator that the trader allowed at the bank, without an account there.
        AggregatorConsent = "aggregator_consent",
        /// The bank itself.
        BankDirect = "bank_direct",
        /// A virtual account in front of the settlement account.
        VirtualAccount = "virtual_account",
        /// The acquirer of a payment terminal.
        Acquirer = "acquirer",
    }
}

word_enum! {
    /// How a consent was given.
    ConsentMeans is "means of consent" {
        /// Signed on paper, kept by the market board.
        Paper = "paper",
        /// By the trader, signed in here.
        App = "app",
        /// On the page of the bank or the aggregator.
        Bank = "bank",
    }
}

word_enum! {
    /// Why no notices come any more.
    BreakCause is "cause of a break" {
        /// The source fell silent.
        Silent = "silent",
        /// The source was switched off: its notices are refused.
        Closed = "closed",
        /// The consent ended.
        Expired = "expired",
    }
}

word_enum! {
    /// The name of a [`LinkState`].
    LinkStatus is "link state" {
        /// The trader was asked.
        Invited = "invited",
        /// The trader agreed; no notice came yet.
        Consented = "consented",
        /// Notices come.
        Live = "live",
        /// They came, or should, and do not.
        Broken = "broken",
        /// Taken back.
        Revoked = "revoked",
    }
}

/// A trader's consent that the source may tell us of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// How it was given.
    pub means: ConsentMeans,
    /// Who wrote it down.
    pub recorded_by: String,
    /// When.
    pub recorded_at: DateTime<Utc>,
    /// When it ends; open when absent.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Consent {
    /// Whether it has ended.
    pub fn has_ended(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Whether a person should look for a new one.
    pub fn ends_soon(&self, now: DateTime<Utc>) -> bool {
        self.expires_at
            .is_some_and(|end| end <= now + EXPIRY_WARNING)
    }
}

/// Where a link stands, with what is known in that state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// The trader was asked.
    Invited,
    /// The trader agreed; no notice came since.
    Consented(Consent),
    /// Notices come.
    Live {
        /// By which consent.
        consent: Consent,
        /// Since when.
        live_at: DateTime<Utc>,
    },
    /// No notices come.
    Broken {
        /// By which consent they came.
        consent: Consent,
        /// Since when they do not.
        broken_at: DateTime<Utc>,
        /// Why.
        cause: BreakCause,
    },
    /// Taken back.
    Revoked {
        /// When.
        revoked_at: DateTime<Utc>,
    },
}

/// What can happen to a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEvent {
    /// The trader agrees, or agrees anew.
    Consent(Consent),
    /// A verified notice for the account came through the source.
    Hear,
    /// No notices come any more.
    Break(BreakCause),
    /// The trader or the staff take it back.
    Revoke,
}

impl LinkEvent {
    /// The name of the event.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Consent(_) => "consent",
            Self::Hear => "hear",
            Self::Break(_) => "break",
            Self::Revoke => "revoke",
        }
    }
}

impl LinkState {
    /// The name of the state.
    pub const fn status(&self) -> LinkStatus {
        match self {
            Self::Invited => LinkStatus::Invited,
            Self::Consented(_) => LinkStatus::Consented,
            Self::Live { .. } => LinkStatus::Live,
            Self::Broken { .. } => LinkStatus::Broken,
            Self::Revoked { .. } => LinkStatus::Revoked,
        }
    }

    /// The consent that it stands on.
    pub const fn consent(&self) -> Option<&Consent> {
        match self {
            Self::Consented(consent)
            | Self::Live { consent, .. }
            | Self::Broken { consent, .. } => Some(consent),
            Self::Invited | Self::Revoked { .. } => None,
        }
    }

    /// The state after `event`, or why it cannot happen.
    pub fn transition(self, event: LinkEvent, now: DateTime<Utc>) -> Result<Self, Refusal> {
        let refusal = Refusal::WrongState {
            thing: "account link",
            state: self.status().as_str(),
            event: event.as_str(),
        };
        match (self, event) {
            (Self::Revoked { .. }, _) => Err(refusal),
            (_, LinkEvent::Revoke) => Ok(Self::Revoked { revoked_at: now }),
            (_, LinkEvent::Consent(new)) if new.has_ended(now) => Err(Refusal::PastExpiry),
            (Self::Live { live_at, .. }, LinkEvent::Consent(consent)) => {
                Ok(Self::Live { consent, live_at })
            }
            (_, LinkEvent::Consent(consent)) => Ok(Self::Consented(consent)),
            (Self::Consented(consent) | Self::Broken { consent, .. }, LinkEvent::Hear)
                if !consent.has_ended(now) =>
            {
                Ok(Self::Live {
                    consent,
                    live_at: now,
                })
            }
            (Self::Consented(consent) | Self::Live { consent, .. }, LinkEvent::Break(cause)) => {
                Ok(Self::Broken {
                    consent,
                    broken_at: now,
                    cause,
                })
            }
            (
                Self::Invited | Self::Consented(_) | Self::Live { .. } | Self::Broken { .. },
                LinkEvent::Hear | LinkEvent::Break(_),
            ) => Err(refusal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-03-16T02:30:00Z".parse().unwrap()
    }

    fn consent(expires_in_days: Option<i64>) -> Consent {
        Consent {
            means: ConsentMeans::Paper,
            recorded_by: "usr_1".to_owned(),
            recorded_at: now() - TimeDelta::days(30),
            expires_at: expires_in_days.map(|days| now() + TimeDelta::days(days)),
        }
    }

    fn states(consent: &Consent) -> [LinkState; 5] {
        let consent = || consent.clone();
        [
            LinkState::Invited,
            LinkState::Consented(consent()),
            LinkState::Live {
                consent: consent(),
                live_at: now(),
            },
            LinkState::Broken {
                consent: consent(),
                broken_at: now(),
                cause: BreakCause::Silent,
            },
            LinkState::Revoked { revoked_at: now() },
        ]
    }

    #[test]
    fn every_pair_of_state_and_event_leads_where_the_table_says() {
        let refused = "";
        let events = [
            LinkEvent::Consent(consent(Some(90))),
            LinkEvent::Hear,
            LinkEvent::Break(BreakCause::Expired),
            LinkEvent::Revoke,
        ];
        let table = [
            ["consented", refused, refused, "revoked"],
            ["consented", "live", "broken", "revoked"],
            ["live", refused, "broken", "revoked"],
            ["consented", "live", refused, "revoked"],
            [refused; 4],
        ];
        for (state, row) in states(&consent(None)).into_iter().zip(table) {
            for (event, wanted) in events.iter().zip(row) {
                let next = state.clone().transition(event.clone(), now());
                if wanted == refused {
                    let refusal = Refusal::WrongState {
                        thing: "account link",
                        state: state.status().as_str(),
                        event: event.as_str(),
                    };
                    assert_eq!(next, Err(refusal));
                    continue;
                }
                let next = next.unwrap();
                assert_eq!(next.status().as_str(), wanted, "{state:?} {event:?}");
                let newer = matches!(event, LinkEvent::Consent(_)).then_some(&events[0]);
                if let Some(LinkEvent::Consent(newer)) = newer {
                    assert_eq!(next.consent(), Some(newer));
                }
            }
        }
    }

    #[test]
    fn a_notice_makes_nothing_live_after_the_consent_has_ended() {
        for state in states(&consent(Some(0))) {
            assert!(state.transition(LinkEvent::Hear, now()).is_err());
        }
    }

    #[test]
    fn a_consent_that_has_ended_is_none() {
        for (days, wanted) in [(0, false), (-1, false), (1, true)] {
            let event = LinkEvent::Consent(consent(Some(days)));
            let next = LinkState::Invited.transition(event, now());
            assert_eq!(next.is_ok(), wanted, "{days} days");
            assert!(wanted || next == Err(Refusal::PastExpiry));
        }
        for (days, soon) in [
            (None, false),
            (Some(15), false),
            (Some(14), true),
            (Some(-1), true),
        ] {
            assert_eq!(consent(days).ends_soon(now()), soon, "{days:?}");
        }
    }
}
