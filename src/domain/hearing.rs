//! What a list of a window of days may lack, by how the sources behind it are heard.
//!
//! A silence takes something from a window only where the two meet: from the day on which the
//! source was last heard until today. A source that speaks daily takes the whole days on
//! which it said nothing too. A bank's statement gives a day back.

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::day::{Window, local_day};
use crate::domain::source_health::{ClosedDays, Health, SourceState};

/// How a source is heard, as far as a window depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hearing {
    /// `Live` also for a silence that does not touch the window or that statements cover.
    pub state: SourceState,
    /// Since when a late or silent source was not heard; unknown of one that never was.
    pub silent_since: Option<DateTime<Utc>>,
    /// The whole days of the window on which a daily source was silent.
    pub silent_days: Vec<NaiveDate>,
}

impl Hearing {
    /// How a source with this health is heard on the days of a window.
    pub fn new(
        health: Health,
        silent_days: Vec<NaiveDate>,
        closed: &ClosedDays,
        window: Window,
        today: NaiveDate,
    ) -> Self {
        let touches = match health.last_heard_at {
            Some(at) => touches(local_day(at), closed, window, today),
            // What it would have told of in the past, nobody knows.
            None => true,
        };
        let state = match health.state {
            SourceState::Late | SourceState::Silent if !touches => SourceState::Live,
            state => state,
        };
        Self {
            state,
            silent_since: health.last_heard_at.filter(|_| is_silence(state)),
            silent_days,
        }
    }

    /// Whether something is missing by all that is known. A source that was never heard has
    /// not fallen silent.
    pub fn is_gap(&self) -> bool {
        let fell_silent = self.state == SourceState::Silent && self.silent_since.is_some();
        fell_silent || !self.silent_days.is_empty()
    }

    /// The state of the source for this window: a day without a notice is silence too.
    pub fn state_of_window(&self) -> SourceState {
        if self.silent_days.is_empty() {
            self.state
        } else {
            SourceState::Silent
        }
    }
}

fn is_silence(state: SourceState) -> bool {
    matches!(state, SourceState::Late | SourceState::Silent)
}

/// Whether a silence from a day until today meets a day of the window that no statement
/// covers.
fn touches(since: NaiveDate, closed: &ClosedDays, window: Window, today: NaiveDate) -> bool {
    let first = window.first().max(since);
    let last = window.last().min(today);
    let mut days = first.iter_days().take_while(|day| *day <= last);
    days.any(|day| !closed.contains(&day))
}

/// How the worst of several sources is heard. One that is switched off takes nothing from
/// what the others tell; where no other is, nobody tells anything.
pub fn worst<'a>(hearings: impl IntoIterator<Item = &'a Hearing>) -> SourceState {
    let urgency = |state: &SourceState| match state {
        SourceState::Closed => 0,
        SourceState::Live => 1,
        SourceState::Late => 2,
        SourceState::Silent => 3,
    };
    let states = hearings.into_iter().map(Hearing::state_of_window);
    states.max_by_key(urgency).unwrap_or(SourceState::Closed)
}

/// What the state of a window's sources means for whoever reads its figures, in Vietnamese.
pub const fn vietnamese(state: SourceState) -> &'static str {
    match state {
        SourceState::Live => "Mọi nguồn báo tiền đều hoạt động như thường lệ.",
        SourceState::Late => {
            "Có nguồn im lặng lâu hơn thường lệ: khoản tiền mới có thể chưa hiện ở đây."
        }
        SourceState::Silent => "Có nguồn im lặng: ở đây có thể thiếu khoản tiền đã vào tài khoản.",
        SourceState::Closed => "Không có nguồn nào đang báo tiền: khoản tiền mới không hiện ở đây.",
    }
}

/// The same in English.
pub const fn english(state: SourceState) -> &'static str {
    match state {
        SourceState::Live => "Every source of notices is heard as usual.",
        SourceState::Late => {
            "A source is silent for longer than usual: the newest credits may not be here yet."
        }
        SourceState::Silent => {
            "A source is silent: credits that are in the account may be missing here."
        }
        SourceState::Closed => "No source tells of credits: new ones do not appear here.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SourceState::{Closed, Late, Live, Silent};

    fn day(number: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, number).unwrap()
    }

    fn heard_on(number: u32) -> DateTime<Utc> {
        crate::domain::day::start_of_day(day(number)) + chrono::TimeDelta::hours(9)
    }

    fn health(state: SourceState, last_heard: Option<u32>) -> Health {
        Health {
            state,
            last_heard_at: last_heard.map(heard_on),
            expected: None,
            usual_gap: None,
        }
    }

    #[test]
    fn a_silence_counts_where_it_meets_the_window_and_no_statement_covers_it() {
        for (name, state, last_heard, window, closed, wanted) in [
            ("live", Live, Some(20), (1, 20), 0..0, Live),
            (
                "silent since then",
                Silent,
                Some(18),
                (19, 20),
                0..0,
                Silent,
            ),
            ("on the day itself", Late, Some(20), (20, 20), 0..0, Late),
            ("before the silence", Silent, Some(18), (1, 17), 0..0, Live),
            ("its first day", Silent, Some(18), (1, 18), 0..0, Silent),
            ("after today", Silent, Some(18), (21, 25), 0..0, Live),
            ("all covered", Silent, Some(18), (18, 19), 18..20, Live),
            ("today is not", Silent, Some(18), (18, 20), 18..20, Silent),
            ("never heard", Silent, None, (1, 2), 0..0, Silent),
            ("switched off", Closed, Some(18), (19, 20), 0..0, Closed),
        ] {
            let window = Window::new(day(window.0), day(window.1)).unwrap();
            let closed = closed.map(day).collect();
            let health = health(state, last_heard);
            let found = Hearing::new(health, Vec::new(), &closed, window, day(20));
            assert_eq!(found.state, wanted, "{name}");
            let since = last_heard.filter(|_| is_silence(wanted)).map(heard_on);
            assert_eq!(found.silent_since, since, "{name}");
            let is_gap = wanted == Silent && last_heard.is_some();
            assert_eq!(found.is_gap(), is_gap, "{name}");
        }
    }

    #[test]
    fn the_worst_source_that_is_switched_on_speaks_for_all() {
        let hearing = |state, silent_days: &[u32]| Hearing {
            state,
            silent_since: None,
            silent_days: silent_days.iter().map(|number| day(*number)).collect(),
        };
        for (name, hearings, wanted) in [
            ("none", vec![], Closed),
            ("all off", vec![hearing(Closed, &[])], Closed),
            (
                "one off",
                vec![hearing(Closed, &[]), hearing(Live, &[])],
                Live,
            ),
            ("late", vec![hearing(Late, &[]), hearing(Live, &[])], Late),
            (
                "silent",
                vec![hearing(Late, &[]), hearing(Silent, &[])],
                Silent,
            ),
            ("a day without", vec![hearing(Live, &[3])], Silent),
            ("off since", vec![hearing(Closed, &[3])], Silent),
        ] {
            assert_eq!(worst(&hearings), wanted, "{name}");
        }
    }
}
