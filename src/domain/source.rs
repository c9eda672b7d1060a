//! Sources: vendor accounts at banks and aggregators that send notices.
//!
//! Whoever holds the secret of a source can tell of money that never came, so a source needs
//! two persons before it is believed, and so does each new secret.
//!
//! | from | event | to |
//! |---|---|---|
//! | pending | approve (not by the requester) | active |
//! | pending | discard | discarded (end) |
//! | active | disable | disabled |
//! | disabled | enable | active |
//!
//! Everything else is refused. A source that is not active is answered like one that does
//! not exist.

use crate::domain::ids::UserId;
use crate::domain::refusal::Refusal;
use crate::domain::word::word_enum;

/// The longest name, in characters.
const NAME_MAX: usize = 40;

/// The last part of a source's address, `/v1/callbacks/{name}`: 2 to 40 characters of `a–z`,
/// `0–9` and inner hyphens, a letter first. It never changes: the vendor has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceName(String);

/// A text that is no name of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a source's name has 2 to 40 characters of a–z, 0–9 and inner hyphens, a letter first")]
pub struct SourceNameError;

impl SourceNameError {
    /// The same text in Vietnamese.
    pub fn vietnamese(&self) -> String {
        "Tên nguồn dài 2 đến 40 ký tự a–z, 0–9 và dấu gạch nối ở giữa, bắt đầu bằng chữ cái".into()
    }
}

impl SourceName {
    /// Reads a name exactly as written.
    pub fn parse(text: &str) -> Result<Self, SourceNameError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let good = (2..=NAME_MAX).contains(&text.len())
            && text.bytes().all(allowed)
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && !text.ends_with('-');
        good.then(|| Self(text.to_owned())).ok_or(SourceNameError)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

word_enum! {
    /// The name of a [`SourceState`].
    SourceStatus is "source state" {
        /// Waiting for a second person.
        Pending = "pending",
        /// Its notices are taken.
        Active = "active",
        /// Switched off.
        Disabled = "disabled",
        /// Never let in.
        Discarded = "discarded",
    }
}

/// Who asked for a source and who let it speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceApproval {
    /// Who asked for it.
    pub requested_by: UserId,
    /// Who approved it: another person.
    pub approved_by: UserId,
}

/// Where a source stands, with what is known in that state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceState {
    /// Waiting for a second person.
    Pending {
        /// Who asked for it.
        requested_by: UserId,
    },
    /// Its notices are taken.
    Active(SourceApproval),
    /// Switched off for the time being.
    Disabled(SourceApproval),
    /// Never let in.
    Discarded {
        /// Who asked for it.
        requested_by: UserId,
    },
}

/// What can be done to a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceEvent {
    /// A second person lets it speak.
    Approve,
    /// It is not wanted after all.
    Discard,
    /// Take no notices from it.
    Disable,
    /// Take notices again.
    Enable,
}

impl SourceEvent {
    /// The name of the event.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Discard => "discard",
            Self::Disable => "disable",
            Self::Enable => "enable",
        }
    }
}

impl SourceState {
    /// The name of the state.
    pub const fn status(&self) -> SourceStatus {
        match self {
            Self::Pending { .. } => SourceStatus::Pending,
            Self::Active(_) => SourceStatus::Active,
            Self::Disabled(_) => SourceStatus::Disabled,
            Self::Discarded { .. } => SourceStatus::Discarded,
        }
    }

    /// Who asked for the source.
    pub const fn requested_by(&self) -> UserId {
        match self {
            Self::Pending { requested_by } | Self::Discarded { requested_by } => *requested_by,
            Self::Active(approval) | Self::Disabled(approval) => approval.requested_by,
        }
    }

    /// Who let it speak, if anyone did.
    pub const fn approved_by(&self) -> Option<UserId> {
        match self {
            Self::Pending { .. } | Self::Discarded { .. } => None,
            Self::Active(approval) | Self::Disabled(approval) => Some(approval.approved_by),
        }
    }

    /// The state after `event`, done by `actor`, or why it cannot be done.
    pub fn transition(self, event: SourceEvent, actor: UserId) -> Result<Self, Refusal> {
        match (self, event) {
            (Self::Pending { requested_by }, SourceEvent::Approve) if requested_by == actor => {
                Err(Refusal::SamePerson)
            }
            (Self::Pending { requested_by }, SourceEvent::Approve) => {
                Ok(Self::Active(SourceApproval {
                    requested_by,
                    approved_by: actor,
                }))
            }
            (Self::Pending { requested_by }, SourceEvent::Discard) => {
                Ok(Self::Discarded { requested_by })
            }
            (Self::Active(approval), SourceEvent::Disable) => Ok(Self::Disabled(approval)),
            (Self::Disabled(approval), SourceEvent::Enable) => Ok(Self::Active(approval)),
            (state, event) => Err(Refusal::WrongState {
                thing: "source",
                state: state.status().as_str(),
                event: event.as_str(),
            }),
        }
    }
}

/// Whether a waiting secret may be put in use by `actor`.
pub fn check_second_person(requested_by: UserId, actor: UserId) -> Result<(), Refusal> {
    if requested_by == actor {
        Err(Refusal::SamePerson)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn user(number: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(number))
    }

    #[test]
    fn every_pair_of_state_and_event_leads_where_the_table_says() {
        let refused = "";
        let approval = SourceApproval {
            requested_by: user(1),
            approved_by: user(2),
        };
        let pending = SourceState::Pending {
            requested_by: user(1),
        };
        let discarded = SourceState::Discarded {
            requested_by: user(1),
        };
        let table = [
            (pending, ["active", "discarded", refused, refused]),
            (
                SourceState::Active(approval),
                [refused, refused, "disabled", refused],
            ),
            (
                SourceState::Disabled(approval),
                [refused, refused, refused, "active"],
            ),
            (discarded, [refused; 4]),
        ];
        let events = [
            SourceEvent::Approve,
            SourceEvent::Discard,
            SourceEvent::Disable,
            SourceEvent::Enable,
        ];
        for (state, row) in table {
            for (event, wanted) in events.into_iter().zip(row) {
                let next = state.transition(event, user(2));
                if wanted == refused {
                    let refusal = Refusal::WrongState {
                        thing: "source",
                        state: state.status().as_str(),
                        event: event.as_str(),
                    };
                    assert_eq!(next, Err(refusal));
                } else {
                    let next = next.unwrap();
                    assert_eq!(next.status().as_str(), wanted);
                    assert_eq!(next.requested_by(), user(1));
                }
            }
        }
    }

    #[test]
    fn who_asked_for_a_source_or_a_secret_cannot_approve_it() {
        let pending = SourceState::Pending {
            requested_by: user(1),
        };
        let approved = pending.transition(SourceEvent::Approve, user(1));
        assert_eq!(approved, Err(Refusal::SamePerson));
        assert_eq!(
            check_second_person(user(1), user(1)),
            Err(Refusal::SamePerson)
        );
        assert_eq!(check_second_person(user(1), user(2)), Ok(()));
    }

    #[test]
    fn a_name_is_one_plain_part_of_an_address() {
        for (text, good) in [
            ("sepay", true),
            ("acb-1", true),
            ("s2", true),
            (&"a".repeat(40), true),
            (&"a".repeat(41), false),
            ("a", false),
            ("", false),
            ("1a", false),
            ("-a", false),
            ("a-", false),
            ("Sepay", false),
            ("se pay", false),
            ("se/pay", false),
            ("sé", false),
        ] {
            assert_eq!(SourceName::parse(text).is_ok(), good, "{text}");
        }
    }
}
