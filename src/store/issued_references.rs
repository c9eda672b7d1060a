//! Which references were issued, for many texts at a time.

use std::collections::BTreeSet;

use sqlx::QueryBuilder;

use super::{StoreError, Tx, on_engine};

/// The most references that one statement to the database holds.
const REFERENCES_AT_ONCE: usize = 500;

/// Which of some references were ever issued.
pub async fn among(
    tx: &mut Tx,
    references: &BTreeSet<String>,
) -> Result<BTreeSet<String>, StoreError> {
    // The list grows with the references; all else is fixed.
    const SQL: &str = "SELECT reference FROM payment_codes WHERE reference IN (";
    let references: Vec<&String> = references.iter().collect();
    let mut issued = BTreeSet::new();
    for some in references.chunks(REFERENCES_AT_ONCE) {
        let found: Vec<String> = on_engine!(tx, |connection| {
            let mut query = QueryBuilder::new(SQL);
            let mut values = query.separated(", ");
            for reference in some {
                values.push_bind(reference.as_str());
            }
            query.push(")");
            query.build_query_scalar().fetch_all(connection).await
        })?;
        issued.extend(found);
    }
    Ok(issued)
}
