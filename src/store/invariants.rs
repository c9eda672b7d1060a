//! What must hold in the books whatever happened, asked of the database itself.
//!
//! Each rule is a query for its counter-examples: none of them is an answer that all is well.
//! Nothing here trusts a sum or a number that is kept; everything is counted again.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::statements::rules;
use super::{StoreError, Tx, on_engine};
use crate::domain::day::local_day;
use crate::domain::ids::{
    BankTransactionId, CallbackId, OutletId, PaymentId, ReversalId, SourceId, ZoneId,
};

/// A counter-example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// What does not hold.
    pub rule: &'static str,
    /// Of what.
    pub subject: String,
}

/// A rule about single rows: the query gives the ids of those that break it.
pub(super) struct RowRule {
    pub(super) rule: &'static str,
    pub(super) subject: fn(Uuid) -> String,
    pub(super) sql: &'static str,
}

/// A rule about a day of a place or a source.
struct DayRule {
    rule: &'static str,
    subject: fn(Uuid) -> String,
    sql: &'static str,
}

fn payment(id: Uuid) -> String {
    PaymentId::from_uuid(id).to_string()
}

fn transaction(id: Uuid) -> String {
    BankTransactionId::from_uuid(id).to_string()
}

fn reversal(id: Uuid) -> String {
    ReversalId::from_uuid(id).to_string()
}

fn callback(id: Uuid) -> String {
    CallbackId::from_uuid(id).to_string()
}

fn source(id: Uuid) -> String {
    SourceId::from_uuid(id).to_string()
}

fn outlet(id: Uuid) -> String {
    OutletId::from_uuid(id).to_string()
}

fn zone(id: Uuid) -> String {
    ZoneId::from_uuid(id).to_string()
}

const ROW_RULES: [RowRule; 16] = [
    RowRule {
        rule: "every payment has a bank transaction with evidence",
        subject: payment,
        sql: "SELECT p.id FROM payments p WHERE NOT EXISTS (
                SELECT 1 FROM transaction_evidence e
                JOIN bank_transactions t ON t.id = e.transaction_id
                WHERE e.transaction_id = p.transaction_id)
            ORDER BY p.id LIMIT $1",
    },
    RowRule {
        rule: "every bank transaction has evidence",
        subject: transaction,
        sql: "SELECT t.id FROM bank_transactions t WHERE NOT EXISTS (
                SELECT 1 FROM transaction_evidence e WHERE e.transaction_id = t.id)
            ORDER BY t.id LIMIT $1",
    },
    RowRule {
        rule: "a bank transaction is paid out to one payment at most",
        subject: transaction,
        sql: "SELECT transaction_id FROM payments WHERE standing <> 'voided'
            GROUP BY transaction_id
            HAVING COUNT(*) > 1 ORDER BY transaction_id LIMIT $1",
    },
    RowRule {
        rule: "a payment does not wait in suspense as well",
        subject: payment,
        sql: "SELECT p.id FROM payments p
            JOIN suspense_items s ON s.transaction_id = p.transaction_id
            WHERE s.state = 'open' AND p.standing <> 'voided' ORDER BY p.id LIMIT $1",
    },
    RowRule {
        rule: "the evidence of a source counts once",
        subject: source,
        sql: "SELECT source_id FROM transaction_evidence WHERE source_id IS NOT NULL
            GROUP BY source_id, transaction_key
            HAVING COUNT(*) > 1 ORDER BY source_id LIMIT $1",
    },
    RowRule {
        rule: "a source or a statement tells of a transaction once",
        subject: transaction,
        sql: "SELECT transaction_id FROM transaction_evidence
            GROUP BY transaction_id, teller_id
            HAVING COUNT(*) > 1 ORDER BY transaction_id LIMIT $1",
    },
    RowRule {
        rule: "the evidence of a bank transaction is about its account",
        subject: transaction,
        sql: "SELECT t.id FROM bank_transactions t
            JOIN transaction_evidence e ON e.transaction_id = t.id
            WHERE e.account_id <> t.account_id ORDER BY t.id LIMIT $1",
    },
    RowRule {
        rule: "no notice pays into an account that its source is not bound to",
        subject: payment,
        sql: "SELECT p.id FROM payments p
            JOIN bank_transactions t ON t.id = p.transaction_id
            JOIN transaction_evidence e ON e.transaction_id = t.id
            WHERE e.source_id IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM source_accounts a
                WHERE a.source_id = e.source_id AND a.account_id = t.account_id
                    AND (a.unbound_at IS NULL OR e.recorded_at <= a.unbound_at))
            ORDER BY p.id LIMIT $1",
    },
    RowRule {
        rule: "a bank transaction moves from 1 to 1 000 000 000 000 đồng",
        subject: transaction,
        sql: "SELECT id FROM bank_transactions
            WHERE amount_vnd < 1 OR amount_vnd > 1000000000000 ORDER BY id LIMIT $1",
    },
    RowRule {
        rule: "a payment received what the bank moved, and sold and returned no more",
        subject: payment,
        sql: "SELECT p.id FROM payments p
            JOIN bank_transactions t ON t.id = p.transaction_id
            WHERE p.received_vnd <> t.amount_vnd OR t.direction <> 'credit'
                OR p.sale_vnd < 0 OR p.sale_vnd > p.received_vnd - p.returned_vnd
                OR p.returned_vnd < 0 OR p.returned_vnd > p.received_vnd
            ORDER BY p.id LIMIT $1",
    },
    RowRule {
        rule: "what went back of a payment is what its confirmed reversals took back",
        subject: payment,
        sql: "SELECT p.id FROM payments p
            LEFT JOIN (SELECT taken_back_id, CAST(SUM(amount_vnd) AS BIGINT) AS back FROM reversals
                WHERE state = 'confirmed' GROUP BY taken_back_id) r
                ON r.taken_back_id = p.transaction_id
            WHERE p.standing <> 'voided' AND p.returned_vnd <>
                CASE WHEN COALESCE(r.back, 0) > p.received_vnd THEN p.received_vnd
                    ELSE COALESCE(r.back, 0) END
            ORDER BY p.id LIMIT $1",
    },
    RowRule {
        rule: "the state of a payment follows from what went back",
        subject: payment,
        sql: "SELECT id FROM payments
            WHERE status <> CASE
                WHEN standing = 'voided' THEN 'voided'
                WHEN returned_vnd = 0 THEN 'settled'
                WHEN returned_vnd < received_vnd THEN 'partially_returned'
                ELSE 'returned' END
            ORDER BY id LIMIT $1",
    },
    RowRule {
        rule: "a confirmed reversal has a movement of its own amount on its account",
        subject: reversal,
        sql: "SELECT r.id FROM reversals r
            LEFT JOIN bank_transactions m ON m.id = r.movement_id
            LEFT JOIN bank_transactions t ON t.id = r.taken_back_id
            WHERE r.state = 'confirmed' AND (m.id IS NULL OR t.id IS NULL
                OR m.amount_vnd <> r.amount_vnd
                OR m.account_id <> r.account_id OR t.account_id <> r.account_id)
            ORDER BY r.id LIMIT $1",
    },
    RowRule {
        rule: "a payment belongs to the merchant and the account of its code",
        subject: payment,
        sql: "SELECT p.id FROM payments p
            JOIN bank_transactions t ON t.id = p.transaction_id
            LEFT JOIN payment_codes c ON c.id = p.code_id
            WHERE p.merchant_id <> t.merchant_id
                OR (p.code_id IS NOT NULL
                    AND (c.id IS NULL OR c.merchant_id <> p.merchant_id
                        OR c.outlet_id <> p.outlet_id
                        OR c.account_id IS NULL OR c.account_id <> t.account_id))
            ORDER BY p.id LIMIT $1",
    },
    RowRule {
        rule: "an accepted notice is evidence of a bank transaction",
        subject: callback,
        sql: "SELECT c.id FROM callbacks c
            LEFT JOIN transaction_evidence e ON e.callback_id = c.id
            WHERE c.verdict = 'accepted' AND e.callback_id IS NULL
            ORDER BY c.id LIMIT $1",
    },
    RowRule {
        rule: "a kept body has its key",
        subject: callback,
        sql: "SELECT c.id FROM callbacks c
            LEFT JOIN body_keys k ON k.day = c.body_key_day
            WHERE c.body_sealed IS NOT NULL AND k.key_sealed IS NULL
            ORDER BY c.id LIMIT $1",
    },
];

/// Days of a place whose kept sums are not those of its payments.
macro_rules! sums_that_differ {
    ($place:literal, $table:literal) => {
        concat!(
            "SELECT place, day FROM (
                SELECT ",
            $place,
            " AS place, day, payments, sale_vnd, received_vnd,
                    by_account_payments AS others, by_account_sale_vnd AS others_vnd
                FROM ",
            $table,
            "
                UNION ALL
                SELECT ",
            $place,
            " AS place, local_day AS day, -1 AS payments, -sale_vnd AS sale_vnd,
                    -received_vnd AS received_vnd, 0 AS others, 0 AS others_vnd
                FROM payments WHERE counted_as = 'verified' AND sale_vnd > 0
                UNION ALL
                SELECT ",
            $place,
            " AS place, local_day AS day, 0 AS payments, 0 AS sale_vnd,
                    0 AS received_vnd, -1 AS others, -sale_vnd AS others_vnd
                FROM payments WHERE counted_as = 'by_account' AND sale_vnd > 0
            ) AS both_sides
            GROUP BY place, day
            HAVING SUM(payments) <> 0 OR SUM(sale_vnd) <> 0 OR SUM(received_vnd) <> 0
                OR SUM(others) <> 0 OR SUM(others_vnd) <> 0
            ORDER BY day, place LIMIT $1"
        )
    };
}

const DAY_RULES: [DayRule; 4] = [
    DayRule {
        rule: "the sums of an outlet's day equal a recount",
        subject: outlet,
        sql: sums_that_differ!("outlet_id", "outlet_days"),
    },
    DayRule {
        rule: "the sums of a zone's day equal a recount",
        subject: zone,
        sql: sums_that_differ!("zone_id", "zone_days"),
    },
    DayRule {
        rule: "the ticket sizes of a zone's day equal a recount",
        subject: zone,
        sql: "SELECT DISTINCT zone_id, day FROM (
                SELECT zone_id, day, sale_vnd FROM (
                    SELECT zone_id, day, sale_vnd, payments FROM ticket_days
                    UNION ALL
                    SELECT zone_id, local_day AS day, sale_vnd, -1 AS payments
                    FROM payments WHERE counted_as = 'verified' AND sale_vnd > 0
                ) AS both_sides
                GROUP BY zone_id, day, sale_vnd HAVING SUM(payments) <> 0
            ) AS different
            ORDER BY day, zone_id LIMIT $1",
    },
    DayRule {
        rule: "the counted deliveries of a source's day are those that are kept",
        subject: source,
        sql: "SELECT source_id, day FROM (
                SELECT source_id, day, accepted, ignored, failed, quarantined, conflict, repeated
                FROM source_days
                UNION ALL
                SELECT source_id, body_key_day AS day,
                    CASE verdict WHEN 'accepted' THEN -1 ELSE 0 END AS accepted,
                    CASE verdict WHEN 'ignored' THEN -1 ELSE 0 END AS ignored,
                    CASE verdict WHEN 'failed' THEN -1 ELSE 0 END AS failed,
                    CASE verdict WHEN 'quarantined' THEN -1 ELSE 0 END AS quarantined,
                    CASE verdict WHEN 'conflict' THEN -1 ELSE 0 END AS conflict,
                    CASE verdict WHEN 'duplicate' THEN -1 ELSE 0 END AS repeated
                FROM callbacks
            ) AS both_sides
            GROUP BY source_id, day
            HAVING SUM(accepted) <> 0 OR SUM(ignored) <> 0 OR SUM(failed) <> 0
                OR SUM(quarantined) <> 0 OR SUM(conflict) <> 0 OR SUM(repeated) <> 0
            ORDER BY day, source_id LIMIT $1",
    },
];

/// How many rules [`breaches`] looks at.
pub const RULES: usize = ROW_RULES.len() + rules::RULES.len() + DAY_RULES.len() + 2;
/// Payments that one query reads to look at their days.
const PAGE: i64 = 10_000;

/// Counter-examples to every rule, at most `limit` for each.
pub async fn breaches(tx: &mut Tx, limit: i64) -> Result<Vec<Breach>, StoreError> {
    let mut found = Vec::new();
    for RowRule { rule, subject, sql } in ROW_RULES.into_iter().chain(rules::RULES) {
        let ids: Vec<Uuid> = on_engine!(tx, |connection| {
            sqlx::query_scalar(sql)
                .bind(limit)
                .fetch_all(connection)
                .await
        })?;
        found.extend(ids.into_iter().map(|id| Breach {
            rule,
            subject: subject(id),
        }));
    }
    for DayRule { rule, subject, sql } in DAY_RULES {
        let days: Vec<(Uuid, NaiveDate)> = on_engine!(tx, |connection| {
            sqlx::query_as(sql).bind(limit).fetch_all(connection).await
        })?;
        found.extend(days.into_iter().map(|(id, day)| Breach {
            rule,
            subject: format!("{} {day}", subject(id)),
        }));
    }
    found.extend(event_numbers(tx).await?);
    found.extend(misdated(tx, limit).await?);
    Ok(found)
}

/// Events are numbered from 1 to the counter, without a gap.
async fn event_numbers(tx: &mut Tx) -> Result<Option<Breach>, StoreError> {
    const SQL: &str = "SELECT COUNT(*),
            CAST(COALESCE(MIN(sequence), 1) AS BIGINT),
            CAST(COALESCE(MAX(sequence), 0) AS BIGINT),
            (SELECT last_sequence FROM event_counter WHERE id = 1)
        FROM events";
    let (count, first, last, counter): (i64, i64, i64, i64) = on_engine!(tx, |connection| {
        sqlx::query_as(SQL).fetch_one(connection).await
    })?;
    let whole = first == 1 && count == last && last == counter;
    Ok((!whole).then(|| Breach {
        rule: "events are numbered without a gap",
        subject: format!("{count} events from {first} to {last}; the counter says {counter}"),
    }))
}

/// Payments whose day is not the Vietnamese one of the bank's time. Days are computed in the
/// domain, so every payment is read.
async fn misdated(tx: &mut Tx, limit: i64) -> Result<Vec<Breach>, StoreError> {
    const SQL: &str = "SELECT id, occurred_at, local_day FROM payments
        WHERE occurred_at > $1 OR (occurred_at = $1 AND id > $2)
        ORDER BY occurred_at, id LIMIT $3";
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut after = (DateTime::<Utc>::UNIX_EPOCH, Uuid::nil());
    let mut found = Vec::new();
    loop {
        let page: Vec<(Uuid, DateTime<Utc>, NaiveDate)> = on_engine!(tx, |connection| {
            sqlx::query_as(SQL)
                .bind(after.0)
                .bind(after.1)
                .bind(PAGE)
                .fetch_all(connection)
                .await
        })?;
        let Some(&(id, occurred_at, _)) = page.last() else {
            return Ok(found);
        };
        after = (occurred_at, id);
        let wrong = page
            .iter()
            .filter(|(_, at, day)| local_day(*at) != *day)
            .map(|(id, ..)| Breach {
                rule: "a payment counts on the Vietnamese day of the bank's time",
                subject: payment(*id),
            });
        found.extend(wrong.take(limit - found.len()));
    }
}
