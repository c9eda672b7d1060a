//! What a run came to.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::faults::Fault;
use super::listing::Listed;
use super::plan::Planned;

/// How many surprises are shown.
const SHOWN: usize = 20;

/// The counts of a run.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Notices that were begun.
    pub(super) notices: u64,
    /// Notices that the time did not suffice for.
    pub(super) left: u64,
    /// Calls that reached the wire, logins not counted.
    pub(super) sent: u64,
    /// Calls that were acknowledged.
    pub(super) acknowledged: u64,
    /// Calls that were refused as they had to be.
    pub(super) refused_as_wanted: u64,
    /// Calls that were told to come again.
    pub(super) told_to_wait: u64,
    /// Calls without an answer.
    pub(super) unanswered: u64,
    /// Notices that are not sent again though nobody acknowledged them.
    pub(super) given_up: u64,
    /// What became of the list, if there is one.
    pub(super) listed: Option<Listed>,
    /// What went wrong on purpose, and how often.
    faults: BTreeMap<&'static str, u64>,
    surprises: Vec<String>,
    took: Vec<Duration>,
}

impl Report {
    /// Counts a notice that is begun.
    pub(super) fn begin(&mut self, notice: &Planned) {
        self.notices += 1;
        if notice.lost {
            return;
        }
        for fault in &notice.faults {
            *self.faults.entry(Fault::name(*fault)).or_default() += 1;
        }
    }

    /// Counts an answer's time.
    pub(super) fn answered(&mut self, took: Duration) {
        self.took.push(took);
    }

    /// Whether anything was answered, if anything was meant to arrive.
    pub(super) fn heard_anything(&self) -> bool {
        !self.took.is_empty() || self.given_up == self.notices
    }

    /// Notes what became of the list at the end.
    pub(super) fn close_list(&mut self, listed: Listed) {
        if listed.not_fetched > 0 {
            let (left, rows) = (listed.not_fetched, listed.rows);
            self.surprise(format!(
                "{left} of {rows} rows of the list were never fetched"
            ));
        }
        self.listed = Some(listed);
    }

    /// Adds something that should not have been.
    pub(super) fn surprise(&mut self, what: String) {
        self.surprises.push(what);
    }

    /// What should not have been.
    pub(super) fn surprises(&self) -> &[String] {
        &self.surprises
    }

    /// The time below which this many of a hundred answers stayed: whole milliseconds, rounded up.
    fn percentile_ms(sorted: &[Duration], percent: usize) -> u128 {
        let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
        let took = sorted.get(place).copied().unwrap_or_default();
        took.as_micros().div_ceil(1_000)
    }

    fn percentiles_ms(&self) -> [u128; 3] {
        let mut sorted = self.took.clone();
        sorted.sort_unstable();
        [50, 95, 99].map(|percent| Self::percentile_ms(&sorted, percent))
    }

    /// One document for machines.
    pub(super) fn document(&self, seed: u64) -> Value {
        let [p50, p95, p99] = self.percentiles_ms().map(|ms| u64::try_from(ms).ok());
        json!({
            "seed": seed,
            "notices": self.notices,
            "left_for_lack_of_time": self.left,
            "sent": self.sent,
            "acknowledged": self.acknowledged,
            "refused_as_wanted": self.refused_as_wanted,
            "told_to_wait": self.told_to_wait,
            "unanswered": self.unanswered,
            "given_up": self.given_up,
            "list": self.listed.map(|listed| json!({
                "rows": listed.rows,
                "not_fetched": listed.not_fetched,
                "asked": listed.asked,
                "failed": listed.failed,
            })),
            "faults": self.faults,
            "surprises": self.surprises.len(),
            "surprises_shown": &self.surprises[..self.surprises.len().min(SHOWN)],
            "latency_ms": {"p50": p50, "p95": p95, "p99": p99},
        })
    }

    /// The same for people.
    pub(super) fn lines(&self, seed: u64) -> String {
        let [p50, p95, p99] = self.percentiles_ms();
        let faults: Vec<_> = self
            .faults
            .iter()
            .map(|(name, n)| format!("{name} {n}"))
            .collect();
        let mut lines = format!(
            "notices            {} (seed {seed})\nsent               {}\n\
             acknowledged       {}\nrefused as wanted  {}\ntold to wait       {}\n\
             unanswered         {}\ngiven up           {}\n\
             latency, ms        p50 {p50}, p95 {p95}, p99 {p99}\n\
             faults             {}\nlist               {}\nsurprises          {}\n",
            self.notices,
            self.sent,
            self.acknowledged,
            self.refused_as_wanted,
            self.told_to_wait,
            self.unanswered,
            self.given_up,
            faults.join(", "),
            self.listed.map_or_else(|| "none".to_owned(), Listed::line),
            self.surprises.len(),
        );
        for surprise in self.surprises.iter().take(SHOWN) {
            lines.push_str("✖ ");
            lines.push_str(surprise);
            lines.push('\n');
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let mut report = Report::default();
        assert_eq!(report.percentiles_ms(), [0, 0, 0]);
        for ms in (1..=100).rev() {
            report.answered(Duration::from_millis(ms));
        }
        assert_eq!(report.percentiles_ms(), [50, 95, 99]);
        let mut one = Report::default();
        one.answered(Duration::from_micros(10));
        assert_eq!(one.percentiles_ms(), [1, 1, 1]);
    }
}
