//! What must hold of statements whatever happened, asked of the database itself.

use uuid::Uuid;

use crate::domain::ids::{BankTransactionId, StatementId};
use crate::store::invariants::RowRule;

fn statement(id: Uuid) -> String {
    StatementId::from_uuid(id).to_string()
}

fn transaction(id: Uuid) -> String {
    BankTransactionId::from_uuid(id).to_string()
}

/// Rules about statements and about what nothing but a statement tells of.
pub(in crate::store) const RULES: [RowRule; 5] = [
    RowRule {
        rule: "what only a statement tells of was approved by a third hand",
        subject: transaction,
        sql: "SELECT t.id FROM bank_transactions t
            WHERE NOT EXISTS (SELECT 1 FROM transaction_evidence e
                    WHERE e.transaction_id = t.id AND e.source_id IS NOT NULL)
                AND NOT EXISTS (SELECT 1 FROM statement_lines l
                    JOIN statement_imports i ON i.id = l.import_id
                    JOIN statement_proposals p ON p.id = l.proposal_id
                    WHERE l.transaction_id = t.id AND l.verdict = 'matched'
                        AND i.state = 'done' AND p.state = 'approved'
                        AND p.decided_by <> p.proposed_by AND p.decided_by <> i.imported_by)
            ORDER BY t.id LIMIT $1",
    },
    RowRule {
        rule: "a matched line of a statement is the same money on the same account",
        subject: statement,
        sql: "SELECT DISTINCT i.id FROM statement_imports i
            JOIN statement_lines l ON l.import_id = i.id
            LEFT JOIN bank_transactions t ON t.id = l.transaction_id
            WHERE i.state = 'done' AND l.verdict = 'matched'
                AND (t.id IS NULL OR t.amount_vnd <> l.amount_vnd
                    OR t.direction <> l.direction OR t.account_id <> i.account_id)
            ORDER BY i.id LIMIT $1",
    },
    RowRule {
        rule: "two lines of a statement are not one transaction",
        subject: statement,
        sql: "SELECT DISTINCT import_id FROM (
                SELECT import_id FROM statement_lines WHERE transaction_id IS NOT NULL
                GROUP BY import_id, transaction_id HAVING COUNT(*) > 1) AS twice
            ORDER BY import_id LIMIT $1",
    },
    RowRule {
        rule: "the verdicts of a statement are those of its lines",
        subject: statement,
        sql: "SELECT i.id FROM statement_imports i
            WHERE i.state = 'done' AND (
                i.lines <> i.matched + i.missing_here + i.amount_differs
                OR i.matched <> (SELECT COUNT(*) FROM statement_lines l
                    WHERE l.import_id = i.id AND l.verdict = 'matched')
                OR i.missing_here <> (SELECT COUNT(*) FROM statement_lines l
                    WHERE l.import_id = i.id AND l.verdict = 'missing_here')
                OR i.amount_differs <> (SELECT COUNT(*) FROM statement_lines l
                    WHERE l.import_id = i.id AND l.verdict = 'amount_differs'))
            ORDER BY i.id LIMIT $1",
    },
    RowRule {
        rule: "a statement closes days that it tells of and agrees with",
        subject: statement,
        sql: "SELECT DISTINCT i.id FROM statement_closed_days d
            JOIN statement_imports i ON i.id = d.import_id
            WHERE i.state <> 'done' OR i.account_id <> d.account_id
                OR d.day < i.first_day OR d.day > i.last_day
                OR i.balance <> 'controlled' OR i.bad_lines <> 0
                OR i.missing_here <> 0 OR i.amount_differs <> 0 OR i.missing_at_bank <> 0
            ORDER BY i.id LIMIT $1",
    },
];
