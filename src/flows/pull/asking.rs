//! One page at a time, never faster than the vendor takes it.

use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::{Job, PullFault, Puller};
use crate::banks::{HistoryPage, HistoryQuery};
use crate::outbound::{Fetched, OutboundError};

/// What to do after an attempt.
enum Attempt {
    Page(HistoryPage),
    /// It may be better after a pause, or after the one that the vendor asks for.
    Again(PullFault, Option<Duration>),
    Never(PullFault),
}

impl Puller {
    /// Asks for a page, unless the service stops. Nothing in it touches the database, so it may
    /// be broken off anywhere.
    pub(super) async fn page(
        &self,
        job: &Job,
        query: &HistoryQuery<'_>,
    ) -> Result<HistoryPage, PullFault> {
        let mut stopped = self.stopped.subscribe();
        tokio::select! {
            // The sender lives in `self`, so the wait cannot fail.
            _ = stopped.wait_for(|stopped| *stopped) => Err(PullFault::Stopped),
            asked = self.ask(job, query) => asked,
        }
    }

    /// Asks some more times if it fails in a way that may pass.
    async fn ask(&self, job: &Job, query: &HistoryQuery<'_>) -> Result<HistoryPage, PullFault> {
        let mut pauses = self.pace.pauses.iter();
        loop {
            self.wait_for_turn().await;
            let asked = self.attempt(job, query).await;
            let (fault, wanted) = match asked {
                Attempt::Page(page) => return Ok(page),
                Attempt::Never(fault) => return Err(fault),
                Attempt::Again(fault, wanted) => (fault, wanted),
            };
            metrics::counter!("pull_requests_failed_total", "reason" => fault.as_str())
                .increment(1);
            let Some(pause) = pauses.next() else {
                return Err(fault);
            };
            match wanted {
                Some(wanted) if wanted > self.pace.longest_wait => return Err(fault),
                wanted => sleep(wanted.unwrap_or_default().max(*pause)).await,
            }
        }
    }

    /// All sources share one rhythm: they may belong to one account at the vendor.
    async fn wait_for_turn(&self) {
        let mut next = self.next_request.lock().await;
        if let Some(turn) = *next {
            sleep_until(turn).await;
        }
        *next = Some(Instant::now() + self.pace.between);
    }

    async fn attempt(&self, job: &Job, query: &HistoryQuery<'_>) -> Attempt {
        metrics::counter!("pull_requests_total").increment(1);
        let target = (job.history.target)(query);
        match self.outbound.get(&job.base, &target, &job.token).await {
            Ok(answer) => read(job, &answer),
            Err(fault) => match fault {
                OutboundError::Unreachable | OutboundError::TimedOut | OutboundError::BrokenOff => {
                    Attempt::Again(fault.into(), None)
                }
                OutboundError::Request
                | OutboundError::PrivateAddress
                | OutboundError::Tls
                | OutboundError::TooLarge => Attempt::Never(fault.into()),
            },
        }
    }
}

fn read(job: &Job, answer: &Fetched) -> Attempt {
    let status = PullFault::Status(answer.status);
    match answer.status {
        200 => match (job.history.read)(&answer.body) {
            Ok(page) => Attempt::Page(page),
            Err(fault) => Attempt::Never(fault.into()),
        },
        401 | 403 => Attempt::Never(PullFault::TokenRefused),
        429 => Attempt::Again(status, answer.retry_after_s.map(Duration::from_secs)),
        500..600 => Attempt::Again(status, None),
        _ => Attempt::Never(status),
    }
}
