//! Outlets: the places where a merchant's code hangs.
//!
//! An outlet opens only after a real test payment came back as a verified notice: that one
//! payment proves the code, the account, the link to the bank, the matching and the voice.
//!
//! | from | event | to |
//! |---|---|---|
//! | planned | test_paid (exactly [`TEST_AMOUNT`]) | tested |
//! | tested, open, paused | test_paid | unchanged: the first proof counts |
//! | tested | open (merchant active) | open |
//! | open | pause | paused |
//! | paused | resume (merchant active) | open |
//! | planned, tested, open, paused | close | closed (end) |
//!
//! Everything else is refused.

use chrono::{DateTime, Utc};

use crate::domain::merchant::MerchantStatus;
use crate::domain::money::Vnd;
use crate::domain::refusal::Refusal;
use crate::domain::word::word_enum;

/// The amount of a test payment: 1 000 đồng, marked and left out of every figure.
pub const TEST_AMOUNT: Vnd = match Vnd::new(1_000) {
    Ok(amount) => amount,
    Err(_) => Vnd::ZERO,
};

word_enum! {
    /// The name of an [`OutletState`].
    OutletStatus is "outlet state" {
        /// Registered, nothing proved.
        Planned = "planned",
        /// A test payment came back.
        Tested = "tested",
        /// Trading.
        Open = "open",
        /// Not trading for the time being.
        Paused = "paused",
        /// Gone for good.
        Closed = "closed",
    }
}

/// Where an outlet stands, with what is known in that state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutletState {
    /// Registered, nothing proved.
    Planned,
    /// A test payment came back.
    Tested {
        /// The bank's time of the first test payment.
        tested_at: DateTime<Utc>,
    },
    /// Trading.
    Open {
        /// The bank's time of the first test payment.
        tested_at: DateTime<Utc>,
        /// The first opening.
        opened_at: DateTime<Utc>,
    },
    /// Not trading for the time being. Its codes stay: money that comes is still recorded.
    Paused {
        /// The bank's time of the first test payment.
        tested_at: DateTime<Utc>,
        /// The first opening.
        opened_at: DateTime<Utc>,
    },
    /// Gone for good.
    Closed {
        /// When.
        closed_at: DateTime<Utc>,
    },
}

/// What can happen to an outlet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutletEvent {
    /// A verified credit on the outlet's test code.
    TestPaid {
        /// What the bank credited.
        amount: Vnd,
        /// The bank's time.
        paid_at: DateTime<Utc>,
    },
    /// Begin to trade.
    Open {
        /// The state of the outlet's merchant.
        merchant: MerchantStatus,
    },
    /// Stop for the time being.
    Pause,
    /// Go on.
    Resume {
        /// The state of the outlet's merchant.
        merchant: MerchantStatus,
    },
    /// End it.
    Close,
}

impl OutletEvent {
    /// The name of the event.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::TestPaid { .. } => "test_paid",
            Self::Open { .. } => "open",
            Self::Pause => "pause",
            Self::Resume { .. } => "resume",
            Self::Close => "close",
        }
    }
}

impl OutletState {
    /// The name of the state.
    pub const fn status(&self) -> OutletStatus {
        match self {
            Self::Planned => OutletStatus::Planned,
            Self::Tested { .. } => OutletStatus::Tested,
            Self::Open { .. } => OutletStatus::Open,
            Self::Paused { .. } => OutletStatus::Paused,
            Self::Closed { .. } => OutletStatus::Closed,
        }
    }

    /// The state after `event` at `at`, or why it cannot happen.
    pub fn transition(self, event: OutletEvent, at: DateTime<Utc>) -> Result<Self, Refusal> {
        match (self, event) {
            (Self::Closed { .. }, event) => Err(self.refuse(event)),
            (_, OutletEvent::TestPaid { amount, .. }) if amount != TEST_AMOUNT => {
                Err(Refusal::TestAmount {
                    wanted: TEST_AMOUNT,
                    received: amount,
                })
            }
            (Self::Planned, OutletEvent::TestPaid { paid_at, .. }) => {
                Ok(Self::Tested { tested_at: paid_at })
            }
            (state, OutletEvent::TestPaid { .. }) => Ok(state),
            (Self::Tested { tested_at }, OutletEvent::Open { merchant }) => {
                require_active(merchant)?;
                Ok(Self::Open {
                    tested_at,
                    opened_at: at,
                })
            }
            (
                Self::Open {
                    tested_at,
                    opened_at,
                },
                OutletEvent::Pause,
            ) => Ok(Self::Paused {
                tested_at,
                opened_at,
            }),
            (
                Self::Paused {
                    tested_at,
                    opened_at,
                },
                OutletEvent::Resume { merchant },
            ) => {
                require_active(merchant)?;
                Ok(Self::Open {
                    tested_at,
                    opened_at,
                })
            }
            (_, OutletEvent::Close) => Ok(Self::Closed { closed_at: at }),
            (state, event) => Err(state.refuse(event)),
        }
    }

    const fn refuse(self, event: OutletEvent) -> Refusal {
        Refusal::WrongState {
            thing: "outlet",
            state: self.status().as_str(),
            event: event.as_str(),
        }
    }
}

fn require_active(merchant: MerchantStatus) -> Result<(), Refusal> {
    if merchant == MerchantStatus::Active {
        Ok(())
    } else {
        Err(Refusal::MerchantNotActive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: u32) -> DateTime<Utc> {
        format!("2026-03-02T08:{minute:02}:00Z").parse().unwrap()
    }

    fn states() -> [OutletState; 5] {
        let (tested_at, opened_at) = (at(1), at(2));
        [
            OutletState::Planned,
            OutletState::Tested { tested_at },
            OutletState::Open {
                tested_at,
                opened_at,
            },
            OutletState::Paused {
                tested_at,
                opened_at,
            },
            OutletState::Closed { closed_at: at(3) },
        ]
    }

    fn test_paid(amount: i64) -> OutletEvent {
        OutletEvent::TestPaid {
            amount: Vnd::new(amount).unwrap(),
            paid_at: at(9),
        }
    }

    #[test]
    fn every_pair_of_state_and_event_leads_where_the_table_says() {
        let merchant = MerchantStatus::Active;
        let events = [
            test_paid(1_000),
            OutletEvent::Open { merchant },
            OutletEvent::Pause,
            OutletEvent::Resume { merchant },
            OutletEvent::Close,
        ];
        let refused = "";
        let table = [
            ["tested", refused, refused, refused, "closed"],
            ["tested", "open", refused, refused, "closed"],
            ["open", refused, "paused", refused, "closed"],
            ["paused", refused, refused, "open", "closed"],
            [refused; 5],
        ];
        for (state, row) in states().into_iter().zip(table) {
            for (event, wanted) in events.into_iter().zip(row) {
                let next = state.transition(event, at(10));
                let (from, name) = (state.status().as_str(), event.as_str());
                if wanted == refused {
                    let refusal = Refusal::WrongState {
                        thing: "outlet",
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
    fn the_test_payment_is_exactly_one_thousand_dong_and_the_first_one_counts() {
        assert_eq!(TEST_AMOUNT.get(), 1_000);
        for amount in [0, 999, 1_001, 10_000] {
            let next = OutletState::Planned.transition(test_paid(amount), at(10));
            assert!(matches!(next, Err(Refusal::TestAmount { .. })), "{amount}");
        }
        let [_, tested, open, paused, _] = states();
        for state in [tested, open, paused] {
            assert_eq!(state.transition(test_paid(1_000), at(10)), Ok(state));
        }
    }

    #[test]
    fn no_outlet_trades_while_its_merchant_is_not_active() {
        let [_, tested, _, paused, _] = states();
        for merchant in MerchantStatus::ALL.iter().copied() {
            let opened = tested.transition(OutletEvent::Open { merchant }, at(10));
            let resumed = paused.transition(OutletEvent::Resume { merchant }, at(10));
            if merchant == MerchantStatus::Active {
                let (tested_at, opened_at) = (at(1), at(2));
                assert_eq!(
                    opened,
                    Ok(OutletState::Open {
                        tested_at,
                        opened_at: at(10)
                    })
                );
                assert_eq!(
                    resumed,
                    Ok(OutletState::Open {
                        tested_at,
                        opened_at
                    })
                );
            } else {
                assert_eq!(opened, Err(Refusal::MerchantNotActive), "{merchant}");
                assert_eq!(resumed, Err(Refusal::MerchantNotActive), "{merchant}");
            }
        }
    }
}
