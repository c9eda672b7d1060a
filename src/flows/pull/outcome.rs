//! How a pull ended: noted with the source, and a person is told when it goes on failing.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{PullFault, Pulled, Puller};
use crate::domain::day::to_rfc3339;
use crate::domain::ids::SourceId;
use crate::flows::access::Act;
use crate::flows::alarm::{self, PROGRAM, Warning};
use crate::flows::change::record;
use crate::store::pulls::{self, Ended};
use crate::store::{StoreError, Tx, alerts};

/// The kind of the alert that pulling a source has failed for long.
pub const PULL_FAILING: &str = "source.pull_failing";
/// The kind of the alert that rows of its history cannot be read.
pub const PULL_UNREADABLE: &str = "source.pull_unreadable";
/// From the first failure in a row to the alert: a vendor's short trouble wakes nobody.
pub const FAILING_AFTER: TimeDelta = TimeDelta::minutes(30);

impl Puller {
    pub(super) async fn finish(
        &self,
        source: SourceId,
        began_at: DateTime<Utc>,
        pulled: &Pulled,
        fault: Option<&PullFault>,
    ) -> Result<(), StoreError> {
        let error = fault.map(PullFault::as_str);
        let outcome = error.unwrap_or("complete");
        metrics::counter!("pulls_total", "outcome" => outcome).increment(1);
        metrics::counter!("pull_rows_total").increment(pulled.new);
        let Pulled {
            new,
            unreadable,
            foreign,
        } = *pulled;
        tracing::info!(%source, outcome, new, unreadable, foreign, "a source was pulled");
        let ended = Ended {
            began_at,
            error,
            rows: i64::try_from(new).unwrap_or(i64::MAX),
        };
        let mut tx = self.ledger.store.begin_write().await?;
        if !pulls::finish(&mut tx, source, self.holder, &ended).await? {
            // Whoever pulls it now says how that ends.
            return tx.rollback().await;
        }
        if unreadable > 0 {
            let detail = json!({"rows": unreadable});
            self.raise(&mut tx, PULL_UNREADABLE, source, detail).await?;
        }
        match pulls::find(&mut tx, source)
            .await?
            .map(|row| row.failing_since)
        {
            Some(Some(since)) if self.now() - since >= FAILING_AFTER => {
                let detail = json!({"since": to_rfc3339(since), "reason": outcome});
                self.raise(&mut tx, PULL_FAILING, source, detail).await?;
            }
            Some(None) => self.settle(&mut tx, source).await?,
            _ => {}
        }
        tx.commit().await
    }

    /// Raises an alert, unless one of its kind waits.
    async fn raise(
        &self,
        tx: &mut Tx,
        kind: &'static str,
        source: SourceId,
        detail: serde_json::Value,
    ) -> Result<(), StoreError> {
        if alerts::is_open(tx, kind, &source.to_string()).await? {
            return Ok(());
        }
        let warning = Warning {
            kind,
            subject: &source.to_string(),
            merchant: None,
            detail,
        };
        let deed = alarm::raise(tx, &self.act(), warning).await?;
        record(tx, &self.act(), deed).await
    }

    /// Settles the alert of a source that can be pulled again.
    async fn settle(&self, tx: &mut Tx, source: SourceId) -> Result<(), StoreError> {
        let words = "Đã lấy được lịch sử giao dịch của nguồn trở lại.";
        let about = (PULL_FAILING, &*source.to_string());
        if let Some(deed) = alarm::settle(tx, &self.act(), about, words).await? {
            record(tx, &self.act(), deed).await?;
        }
        Ok(())
    }

    fn act(&self) -> Act<'_> {
        Act {
            actor: PROGRAM,
            now: self.now(),
            entropy: &self.ledger.entropy,
        }
    }
}
