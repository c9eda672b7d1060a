//! Everything that rests sealed under the master key, for a change of that key.
//!
//! A raw body rests under the key of its day and an answer that waits to be repeated under its
//! caller's token, so neither is here. [`COLUMNS`] names what is; a test holds it against the
//! migrations.

use chrono::NaiveDate;
use uuid::Uuid;

use super::{StoreError, Tx, expect_one, on_engine};

/// The columns that hold a value sealed under the master key.
pub const COLUMNS: [(&str, &str); 8] = [
    ("sources", "secret_sealed"),
    ("sources", "previous_secret_sealed"),
    ("sources", "next_secret_sealed"),
    ("body_keys", "key_sealed"),
    ("hash_keys", "key_sealed"),
    ("source_pulls", "token_sealed"),
    ("source_pulls", "next_token_sealed"),
    ("trials", "secret_sealed"),
];

/// Reads and writes one such column.
macro_rules! sealed_column {
    ($(#[$doc:meta])* $read:ident, $(#[$write_doc:meta])* $write:ident,
        $table:literal, $column:literal, $key:literal: $key_type:ty) => {
        $(#[$doc])*
        pub async fn $read(tx: &mut Tx) -> Result<Vec<($key_type, Vec<u8>)>, StoreError> {
            const SQL: &str = concat!(
                "SELECT ", $key, ", ", $column, " FROM ", $table,
                " WHERE ", $column, " IS NOT NULL ORDER BY ", $key
            );
            Ok(on_engine!(tx, |connection| {
                sqlx::query_as(SQL).fetch_all(connection).await
            })?)
        }

        $(#[$write_doc])*
        pub async fn $write(
            tx: &mut Tx,
            key: $key_type,
            sealed: &[u8],
        ) -> Result<(), StoreError> {
            const SQL: &str = concat!(
                "UPDATE ", $table, " SET ", $column, " = $2 WHERE ", $key, " = $1"
            );
            let affected = on_engine!(tx, |connection| {
                let query = sqlx::query(SQL).bind(key).bind(sealed);
                query
                    .execute(connection)
                    .await
                    .map(|done| done.rows_affected())
            })?;
            expect_one($table, affected)
        }
    };
}

sealed_column! {
    /// The secrets in use, by their source.
    secrets,
    /// Puts a secret in the place of the same one under another key.
    put_secret,
    "sources", "secret_sealed", "id": Uuid
}
sealed_column! {
    /// The secrets before those in use.
    previous_secrets,
    /// The same for a secret before the one in use.
    put_previous_secret,
    "sources", "previous_secret_sealed", "id": Uuid
}
sealed_column! {
    /// The secrets that wait for a second person.
    next_secrets,
    /// The same for a secret that waits.
    put_next_secret,
    "sources", "next_secret_sealed", "id": Uuid
}
sealed_column! {
    /// The keys of the raw bodies that are still kept, by their day.
    body_keys,
    /// The same for the key of a day.
    put_body_key,
    "body_keys", "key_sealed", "day": NaiveDate
}
sealed_column! {
    /// The keys under which texts are hashed, by their name.
    hash_keys,
    /// The same for the key of a hash.
    put_hash_key,
    "hash_keys", "key_sealed", "name": String
}
sealed_column! {
    /// The tokens with which histories are fetched, by their source.
    pull_tokens,
    /// The same for the token of a history.
    put_pull_token,
    "source_pulls", "token_sealed", "source_id": Uuid
}
sealed_column! {
    /// Such tokens that wait for a second person.
    next_pull_tokens,
    /// The same for a token that waits.
    put_next_pull_token,
    "source_pulls", "next_token_sealed", "source_id": Uuid
}
sealed_column! {
    /// The secrets of trials, by their trial.
    trial_secrets,
    /// The same for the secret of a trial.
    put_trial_secret,
    "trials", "secret_sealed", "id": Uuid
}
