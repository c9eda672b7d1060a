//! Reading the history of one account, whichever way the vendor's list runs.
//!
//! A list that runs from old to new is read forward from the last number of each page. One
//! that runs from new to old leaves out the middle when it is cut: from each page of it we
//! walk back in time until nothing is new, and only then is the account read up to the newest
//! number. Both end at a page that holds nothing new.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::{Job, PullFault, Pulled, Puller};
use crate::banks::{HistoryPage, HistoryQuery, HistoryRow};
use crate::domain::ids::AccountId;
use crate::domain::linking::Teller;
use crate::flows::intake::{NotStored, Notice, Receipt, Told};
use crate::store::pulls::{self, PulledAccount};
use crate::store::{StoreError, transactions};

/// Numbers before the one that was reached that are read again: a row may become visible after
/// one with a higher number.
const OVERLAP: i64 = 200;

/// Rows that wait in the queue at once: the rest of it is left to notices.
const AT_ONCE: usize = 64;

/// An account on its way.
struct Walk<'a> {
    job: &'a Job,
    account: &'a PulledAccount,
    since_id: Option<i64>,
    seen: BTreeSet<i64>,
    pages: usize,
    /// The most rows that a page had: a vendor may give fewer than we ask for.
    longest: usize,
}

/// What a page adds.
struct Step {
    /// Whether any of its rows was not on a page before.
    is_new: bool,
    /// The bank's time of its last row, if the list runs from new to old.
    back_from: Option<DateTime<Utc>>,
    /// Whether it holds as many rows as were asked for.
    is_full: bool,
    /// Whether it may have been cut within a second, as far as its own rows tell: they are all
    /// of one second, and no page was longer.
    may_be_cut: bool,
}

impl Puller {
    /// Reads an account from where it was read to.
    pub(super) async fn walk(
        &self,
        job: &Job,
        account: &PulledAccount,
        pulled: &mut Pulled,
    ) -> Result<(), PullFault> {
        let mut walk = Walk {
            job,
            account,
            since_id: account.since_id.map(|reached| (reached - OVERLAP).max(0)),
            seen: BTreeSet::new(),
            pages: 0,
            longest: 0,
        };
        loop {
            let step = self.step(&mut walk, None, pulled).await?;
            if !step.is_new {
                return Ok(());
            }
            let mut back_from = step.back_from;
            while let Some(until) = back_from {
                let step = self.step(&mut walk, Some(until), pulled).await?;
                if !step.is_new
                    && (step.is_full || self.is_cut(&mut walk, &step, until, pulled).await?)
                {
                    // More rows of one second than a page holds: nothing leads behind them.
                    return Err(PullFault::TooMuch);
                }
                back_from = step.back_from.filter(|_| step.is_new);
            }
            walk.since_id = walk.seen.last().copied();
            if let Some(reached) = walk.since_id {
                self.reached(job, account, reached).await?;
            }
        }
    }

    /// Whether there is something before a page that holds nothing new: then it is not the
    /// end of the list, and rows of its second may be on no page.
    async fn is_cut(
        &self,
        walk: &mut Walk<'_>,
        step: &Step,
        until: DateTime<Utc>,
        pulled: &mut Pulled,
    ) -> Result<bool, PullFault> {
        if !step.may_be_cut {
            return Ok(false);
        }
        let before = until - TimeDelta::seconds(1);
        Ok(self.step(walk, Some(before), pulled).await?.is_new)
    }

    /// Fetches one page and hands in what is new on it.
    async fn step(
        &self,
        walk: &mut Walk<'_>,
        until: Option<DateTime<Utc>>,
        pulled: &mut Pulled,
    ) -> Result<Step, PullFault> {
        if walk.pages == self.pace.pages_max {
            return Err(PullFault::TooMuch);
        }
        walk.pages += 1;
        if !self.hold(walk.job.source).await? {
            return Err(PullFault::NotHeld);
        }
        let query = HistoryQuery {
            account_number: &walk.account.account_number,
            since_id: walk.since_id,
            from: walk.since_id.is_none().then_some(walk.account.bound_at),
            until,
            limit: self.pace.page_rows,
        };
        let HistoryPage { rows, unusable } = self.page(walk.job, &query).await?;
        walk.longest = walk.longest.max(rows.len());
        let mut moments = rows.iter().map(|row| row.fact().occurred_at.timestamp());
        let first = moments.next();
        let step = Step {
            may_be_cut: rows.len() == walk.longest && moments.all(|it| Some(it) == first),
            is_new: rows.iter().any(|row| !walk.seen.contains(&row.number())),
            back_from: back_from(&rows),
            is_full: rows.len() >= usize::try_from(self.pace.page_rows).unwrap_or(usize::MAX),
        };
        for why in &unusable {
            let (source, why) = (&walk.job.name, why.as_str());
            tracing::warn!(source, why, "a fetched row cannot be read");
        }
        let unreadable = u64::try_from(unusable.len()).unwrap_or(u64::MAX);
        pulled.unreadable = pulled.unreadable.max(unreadable);
        let rows = rows.into_iter();
        let mut fresh: Vec<_> = rows.filter(|row| walk.seen.insert(row.number())).collect();
        let all = fresh.len();
        let asked = Some(walk.account.account_number.as_str());
        fresh.retain(|row| row.fact().account_number.as_deref() == asked);
        pulled.foreign += u64::try_from(all - fresh.len()).unwrap_or(u64::MAX);
        fresh.sort_by_key(HistoryRow::number);
        let unknown = self.unknown(walk, fresh).await?;
        pulled.new += self.hand_in(walk.job, unknown).await?;
        Ok(step)
    }

    /// Leaves out what was read again and is in the books.
    async fn unknown(
        &self,
        walk: &Walk<'_>,
        rows: Vec<HistoryRow>,
    ) -> Result<Vec<HistoryRow>, StoreError> {
        let teller = Teller::source(walk.job.source);
        let mut unknown = Vec::with_capacity(rows.len());
        let mut tx = self.ledger.store.begin_read().await?;
        for row in rows {
            let again = walk.account.since_id.is_some_and(|it| row.number() <= it);
            let key = &row.fact().dedupe_key;
            if !again
                || transactions::find_evidence(&mut tx, teller, key)
                    .await?
                    .is_none()
            {
                unknown.push(row);
            }
        }
        tx.commit().await?;
        Ok(unknown)
    }

    /// Waits until all of them are durable; gives how many were new.
    async fn hand_in(&self, job: &Job, rows: Vec<HistoryRow>) -> Result<u64, PullFault> {
        let mut new = 0;
        let mut rows = rows.into_iter();
        loop {
            let mut waiting = JoinSet::new();
            for row in rows.by_ref().take(AT_ONCE) {
                let (puller, source, name) = (self.clone(), job.source, job.name.clone());
                waiting.spawn(async move {
                    let notice = || Notice {
                        source,
                        source_name: name.clone(),
                        told: Told::Pulled(row.clone()),
                        received_at: puller.now(),
                    };
                    puller.submit(notice).await
                });
            }
            if waiting.is_empty() {
                return Ok(new);
            }
            while let Some(done) = waiting.join_next().await {
                let receipt = done.map_err(|_| NotStored::Failed)??;
                if matches!(receipt, Receipt::Stored(_)) {
                    new += 1;
                }
            }
        }
    }

    /// Notices go first: when the queue is full, a fetched row comes again.
    async fn submit(&self, notice: impl Fn() -> Notice) -> Result<Receipt, NotStored> {
        for pause in &self.pace.pauses {
            match self.intake.submit(notice()).await {
                Err(NotStored::QueueFull) => sleep(*pause).await,
                done => return done,
            }
        }
        self.intake.submit(notice()).await
    }

    async fn reached(
        &self,
        job: &Job,
        account: &PulledAccount,
        number: i64,
    ) -> Result<(), StoreError> {
        if account.since_id.is_some_and(|before| number <= before) {
            return Ok(());
        }
        let place = (job.source, AccountId::from_uuid(account.account_id));
        let mut tx = self.ledger.store.begin_write().await?;
        pulls::advance(&mut tx, place, number, self.now()).await?;
        tx.commit().await
    }
}

/// From when to walk back: the bank's time of the last row, if it has a lower number than the
/// first one.
fn back_from(rows: &[HistoryRow]) -> Option<DateTime<Utc>> {
    let (first, last) = (rows.first()?, rows.last()?);
    (first.number() > last.number()).then(|| last.fact().occurred_at)
}
