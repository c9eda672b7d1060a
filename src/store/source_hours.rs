//! Notices of sources by the hour they came in: what a [rhythm](crate::domain::rhythm) is
//! made of.

use super::{StoreError, Tx, on_engine};
use crate::domain::ids::SourceId;
use crate::domain::rhythm::{LocalHour, Rhythm, WEEKS_AT_MOST};

/// Adds distinct notices to a source's hour.
pub async fn add(
    tx: &mut Tx,
    source: SourceId,
    hour: LocalHour,
    notices: i64,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO source_hours (source_id, local_hour, notices)
        VALUES ($1, $2, $3)
        ON CONFLICT (source_id, local_hour) DO UPDATE SET
            notices = source_hours.notices + excluded.notices";
    on_engine!(tx, |connection| {
        let query = sqlx::query(SQL)
            .bind(source.uuid())
            .bind(hour.count())
            .bind(notices);
        query.execute(connection).await.map(|_| ())
    })?;
    Ok(())
}

/// The rhythm of a source, once it is known for long enough.
pub async fn rhythm(tx: &mut Tx, source: SourceId) -> Result<Option<Rhythm>, StoreError> {
    let Some((first, last)) = first_and_last(tx, source).await? else {
        return Ok(None);
    };
    let begin = last.weeks_before(WEEKS_AT_MOST);
    let hours = hours_from(tx, source, begin).await?;
    Ok(Rhythm::new(first, last, hours))
}

async fn first_and_last(
    tx: &mut Tx,
    source: SourceId,
) -> Result<Option<(LocalHour, LocalHour)>, StoreError> {
    const SQL: &str = "SELECT MIN(local_hour), MAX(local_hour) FROM source_hours
        WHERE source_id = $1";
    let (first, last): (Option<i64>, Option<i64>) = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(source.uuid())
            .fetch_one(connection)
            .await
    })?;
    let hour = LocalHour::from_count;
    Ok(first
        .zip(last)
        .map(|(first, last)| (hour(first), hour(last))))
}

async fn hours_from(
    tx: &mut Tx,
    source: SourceId,
    begin: LocalHour,
) -> Result<Vec<(LocalHour, i64)>, StoreError> {
    const SQL: &str = "SELECT local_hour, notices FROM source_hours
        WHERE source_id = $1 AND local_hour >= $2 ORDER BY local_hour";
    let rows: Vec<(i64, i64)> = on_engine!(tx, |connection| {
        sqlx::query_as(SQL)
            .bind(source.uuid())
            .bind(begin.count())
            .fetch_all(connection)
            .await
    })?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|(hour, notices)| (LocalHour::from_count(hour), notices))
        .collect())
}

/// Forgets the counts of the hours before one; how many is returned. A source that was silent
/// for so long is judged by its days.
pub async fn forget_before(tx: &mut Tx, hour: LocalHour) -> Result<u64, StoreError> {
    const SQL: &str = "DELETE FROM source_hours WHERE local_hour < $1";
    Ok(on_engine!(tx, |connection| {
        let query = sqlx::query(SQL).bind(hour.count());
        query
            .execute(connection)
            .await
            .map(|done| done.rows_affected())
    })?)
}
