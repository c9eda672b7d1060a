-- Every telling of a transaction keeps what it says of the transaction's time and what its
-- texts name, so that the books say the same in whatever order the tellings come.

-- The bank's time as told.
ALTER TABLE transaction_evidence ADD COLUMN occurred_at TIMESTAMPTZ;
UPDATE transaction_evidence SET occurred_at = (SELECT t.occurred_at FROM bank_transactions t
    WHERE t.id = transaction_evidence.transaction_id);

-- What the texts name, as JSON and without the texts; NULL when they name nothing.
ALTER TABLE transaction_evidence ADD COLUMN naming TEXT;
UPDATE transaction_evidence SET naming = COALESCE(
    (SELECT MIN(p.explanation) FROM payments p
        WHERE p.transaction_id = transaction_evidence.transaction_id),
    (SELECT s.explanation FROM suspense_items s
        WHERE s.transaction_id = transaction_evidence.transaction_id));

-- Whether what a line of a statement adds has not been drawn into its transaction yet: that
-- is done in small steps after the import is visible.
ALTER TABLE transaction_evidence ADD COLUMN is_to_follow BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX transaction_evidence_to_follow ON transaction_evidence (teller_id, transaction_key)
    WHERE is_to_follow;

-- Transactions that somebody contradicts.
CREATE INDEX doubts_of_conflicts ON doubts (transaction_id) WHERE kind = 'conflict';

-- Lines by the reference of a notice that comes after their statement.
CREATE INDEX statement_lines_by_reference ON statement_lines (import_id, bank_reference)
    WHERE verdict <> 'matched';
