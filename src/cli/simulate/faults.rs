//! What goes wrong between a bank and us, by name.

use std::str::FromStr;

use anyhow::Context;

use crate::cli::bank::Format;

/// One thing that goes wrong with a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// It comes twice more at the same time after it was acknowledged.
    Duplicate,
    /// It is overtaken by the next one.
    Reorder,
    /// It was booked a while ago.
    Delay,
    /// The first attempt gets lost on the way.
    Loss,
    /// The first attempt is signed with a fresh secret, or a fresh key of the same kind, that
    /// nobody gave out.
    WrongKey,
    /// It is signed with the secret or the key before the rotation.
    RotatedKey,
    /// The first attempt bears a time that is long over.
    StaleTime,
    /// The end of the transfer text is cut off.
    Truncated,
    /// The transfer text is in the other case.
    Recased,
    /// The bank's own marks stand around and inside the transfer text.
    Mangled,
    /// The same number comes again with another amount.
    ChangedAmount,
    /// The payment fails first.
    FailedThenBooked,
    /// It tells of several credits.
    Batch,
    /// Our answer is read slowly.
    SlowRead,
    /// The first attempt is closed before the answer.
    HangUp,
}

impl Fault {
    /// Every fault and what it is called, in the order in which they are drawn.
    pub(super) const ALL: [(Self, &'static str); 15] = [
        (Self::Duplicate, "duplicate"),
        (Self::Reorder, "reorder"),
        (Self::Delay, "delay"),
        (Self::Loss, "loss"),
        (Self::WrongKey, "wrong_key"),
        (Self::RotatedKey, "rotated_key"),
        (Self::StaleTime, "stale_time"),
        (Self::Truncated, "truncated"),
        (Self::Recased, "recased"),
        (Self::Mangled, "mangled"),
        (Self::ChangedAmount, "changed_amount"),
        (Self::FailedThenBooked, "failed_then_booked"),
        (Self::Batch, "batch"),
        (Self::SlowRead, "slow_read"),
        (Self::HangUp, "hang_up"),
    ];

    /// What it is called.
    pub(super) fn name(self) -> &'static str {
        let named = Self::ALL.iter().find(|(fault, _)| *fault == self);
        named.expect("every fault has a name").1
    }

    /// Whether notices of a format can go wrong in this way.
    pub(super) const fn is_of(self, format: &Format) -> bool {
        match self {
            Self::StaleTime => format.signs_time,
            Self::FailedThenBooked => format.tells_failures,
            Self::Batch => format.takes_several,
            _ => true,
        }
    }
}

/// How often a fault comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FaultShare {
    /// Which.
    pub(super) fault: Fault,
    /// In how many of a hundred notices.
    pub(super) percent: u64,
}

impl FromStr for FaultShare {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (fault, percent) = named_percent(text, &Fault::ALL)?;
        Ok(Self { fault, percent })
    }
}

/// Reads NAME=PERCENT, the name one of a list.
pub(super) fn named_percent<T: Copy>(
    text: &str,
    named: &[(T, &'static str)],
) -> anyhow::Result<(T, u64)> {
    let (name, percent) = text.split_once('=').context("not NAME=PERCENT")?;
    let found = named.iter().find(|(_, known)| *known == name);
    let (fault, _) = found.with_context(|| {
        let known: Vec<_> = named.iter().map(|(_, name)| *name).collect();
        let known = known.join(", ");
        format!("no fault is called “{name}”; there are {known}")
    })?;
    let percent = percent.parse().ok().filter(|percent| *percent <= 100);
    let percent = percent.context("the share is a whole number from 0 to 100")?;
    Ok((*fault, percent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_asked_for_by_name_and_share() {
        for (fault, name) in Fault::ALL {
            let share: FaultShare = format!("{name}=100").parse().unwrap();
            assert_eq!((share.fault, share.percent), (fault, 100));
            assert_eq!(fault.name(), name);
        }
        for text in [
            "", "loss", "loss=", "loss=101", "loss=-1", "loss=1%", "lost=1",
        ] {
            assert!(text.parse::<FaultShare>().is_err(), "{text}");
        }
    }
}
