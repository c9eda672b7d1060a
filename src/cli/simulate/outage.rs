//! A time in which nothing that the bank sends arrives.

use std::str::FromStr;

use anyhow::Context;
use chrono::TimeDelta;

/// From one second of a run up to another, the first one within, the last one without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outage {
    from_s: u32,
    to_s: u32,
}

impl Outage {
    /// Whether what is sent so long after the beginning is lost.
    pub(super) fn takes(self, after: TimeDelta) -> bool {
        let second = |second: u32| TimeDelta::seconds(second.into());
        (second(self.from_s)..second(self.to_s)).contains(&after)
    }
}

impl FromStr for Outage {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let seconds = text.split_once('-');
        let read = seconds.and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
        let (from_s, to_s) = read
            .filter(|(from, to)| from < to)
            .context("not FROM-TO in whole seconds, such as 10-70")?;
        Ok(Self { from_s, to_s })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_lasts_from_its_first_second_up_to_its_last() {
        let outage: Outage = "10-70".parse().unwrap();
        for (ms, taken) in [
            (0, false),
            (9_999, false),
            (10_000, true),
            (69_999, true),
            (70_000, false),
        ] {
            assert_eq!(outage.takes(TimeDelta::milliseconds(ms)), taken, "{ms}");
        }
        for text in ["", "10", "10-", "-70", "70-10", "10-10", "1.5-2", "10-70s"] {
            assert!(text.parse::<Outage>().is_err(), "{text}");
        }
    }
}
