//! How long after the bank's time sources tell, counted in classes with each transaction.

use chrono::NaiveDate;

use super::{StoreError, Tx, inconsistent, on_engine};
use crate::domain::day::Window;
use crate::domain::delay::DelayClass;
use crate::domain::ids::SourceId;

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DelayPlace {
    /// Who told.
    pub source: SourceId,
    /// The local day on which it told.
    pub day: NaiveDate,
    /// `callback` or `pulled`.
    pub kind: &'static str,
    /// How late it was.
    pub class: DelayClass,
}

/// Adds transactions to a count.
pub async fn add(tx: &mut Tx, place: &DelayPlace, more: i64) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO source_delays (source_id, day, kind, up_to_s, transactions)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (source_id, day, kind, up_to_s) DO UPDATE SET
            transactions = source_delays.transactions + excluded.transactions";
    on_engine!(tx, |connection| {
        sqlx::query(SQL)
            .bind(place.source.uuid())
            .bind(place.day)
            .bind(place.kind)
            .bind(place.class.stored())
            .bind(more)
            .execute(connection)
            .await
            .map(|_| ())
    })?;
    Ok(())
}

/// What a source told over local days, by how it came (in the order of the alphabet), then by
/// delay from the shortest on.
pub async fn counted(
    tx: &mut Tx,
    source: SourceId,
    window: Window,
) -> Result<Vec<(String, DelayClass, i64)>, StoreError> {
    const SQL: &str = "SELECT kind, up_to_s, CAST(SUM(transactions) AS BIGINT) AS transactions
        FROM source_delays WHERE source_id = $1 AND day >= $2 AND day <= $3
        GROUP BY kind, up_to_s ORDER BY kind, up_to_s";
    let rows: Vec<(String, i64, i64)> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(source.uuid())
            .bind(window.first())
            .bind(window.last())
            .fetch_all(connection)
            .await
    })?;
    let read = |(kind, up_to_s, count)| {
        let class = DelayClass::from_stored(up_to_s)
            .ok_or_else(|| inconsistent("source_delays", "up_to_s", up_to_s))?;
        Ok((kind, class, count))
    };
    let mut counted: Vec<_> = rows
        .into_iter()
        .map(read)
        .collect::<Result<_, StoreError>>()?;
    // The last class has no end and is stored as the least number.
    counted.sort();
    Ok(counted)
}
