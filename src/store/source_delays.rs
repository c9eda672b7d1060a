//! How long after the bank's time sources told of credits, counted by day.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use uuid::Uuid;

use super::{StoreError, Tx, on_engine};
use crate::domain::day::Window;
use crate::domain::delay::Delays;
use crate::domain::ids::SourceId;

/// Adds transactions to a step of a source's day.
pub async fn add(
    tx: &mut Tx,
    source: SourceId,
    day: NaiveDate,
    at_most_s: i64,
    notices: i64,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO source_delays (source_id, day, at_most_s, notices)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (source_id, day, at_most_s) DO UPDATE SET
            notices = source_delays.notices + excluded.notices";
    on_engine!(tx, |connection| {
        let query = sqlx::query(SQL)
            .bind(source.uuid())
            .bind(day)
            .bind(at_most_s)
            .bind(notices);
        query.execute(connection).await.map(|_| ())
    })?;
    Ok(())
}

/// The delays of every source over local days, by the name of the source. One that told of
/// nothing in them is there with none.
pub async fn by_source(
    tx: &mut Tx,
    window: Window,
) -> Result<Vec<(SourceId, String, Delays)>, StoreError> {
    const SOURCES: &str = "SELECT id, name FROM sources ORDER BY name";
    const DELAYS: &str = "SELECT source_id, at_most_s, CAST(SUM(notices) AS BIGINT)
        FROM source_delays WHERE day >= $1 AND day <= $2 GROUP BY source_id, at_most_s";
    let sources: Vec<(Uuid, String)> = on_engine!(tx, |connection| {
        sqlx::query_as(SOURCES).fetch_all(connection).await
    })?;
    let rows: Vec<(Uuid, i64, i64)> = on_engine!(tx, |connection| {
        sqlx::query_as(DELAYS)
            .bind(window.first())
            .bind(window.last())
            .fetch_all(connection)
            .await
    })?;
    let mut steps: BTreeMap<Uuid, Vec<(i64, i64)>> = BTreeMap::new();
    for (source, at_most_s, notices) in rows {
        steps.entry(source).or_default().push((at_most_s, notices));
    }
    let delays = |(id, name)| {
        let steps = steps.remove(&id).unwrap_or_default();
        (SourceId::from_uuid(id), name, steps.into_iter().collect())
    };
    Ok(sources.into_iter().map(delays).collect())
}
