-- Bank statements: what a file says line by line, what became of it, and the days it closes.

-- One file of one account. Its lines are written down in steps while nobody sees them; one
-- short transaction at the end makes all of it visible.
CREATE TABLE statement_imports (
    id UUID PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES accounts (id),
    merchant_id UUID NOT NULL REFERENCES merchants (id),
    -- reading, done
    state TEXT NOT NULL,
    -- SHA-256 of the file: it is imported once for an account.
    file_hash BYTEA NOT NULL,
    -- camt053, camt054, mt940, csv, xlsx, xls
    form TEXT NOT NULL,
    -- The whole local days that it tells of.
    first_day DATE NOT NULL,
    last_day DATE NOT NULL,
    opening_vnd BIGINT,
    closing_vnd BIGINT,
    -- controlled (opening + credits - debits = closing), none
    balance TEXT NOT NULL,
    -- Booked lines that were taken.
    lines BIGINT NOT NULL,
    credited_vnd BIGINT NOT NULL,
    debited_vnd BIGINT NOT NULL,
    -- Lines that could not be read, and lines of money that has not moved yet.
    bad_lines BIGINT NOT NULL,
    unbooked_lines BIGINT NOT NULL,
    -- Verdicts.
    matched BIGINT NOT NULL,
    missing_here BIGINT NOT NULL,
    amount_differs BIGINT NOT NULL,
    missing_at_bank BIGINT NOT NULL,
    -- A user, a merchant.
    imported_by TEXT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    done_at TIMESTAMPTZ,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX statement_imports_once ON statement_imports (account_id, file_hash)
    WHERE state = 'done';
CREATE INDEX statement_imports_by_merchant ON statement_imports (merchant_id, id);

-- What one person proposed and a second one decided: to believe credits and debits that
-- nothing but a statement tells of.
CREATE TABLE statement_proposals (
    id UUID PRIMARY KEY,
    import_id UUID NOT NULL REFERENCES statement_imports (id),
    merchant_id UUID NOT NULL REFERENCES merchants (id),
    -- proposed, approved, rejected
    state TEXT NOT NULL,
    lines BIGINT NOT NULL,
    amount_vnd BIGINT NOT NULL,
    -- A user, a merchant.
    proposed_by TEXT NOT NULL,
    proposed_at TIMESTAMPTZ NOT NULL,
    decided_by TEXT,
    decided_at TIMESTAMPTZ,
    -- How many became transactions, and how many were told by a notice meanwhile.
    created BIGINT NOT NULL,
    attached BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX statement_proposals_by_merchant ON statement_proposals (merchant_id, id);
CREATE INDEX statement_proposals_by_import ON statement_proposals (import_id, id);

-- One line of a statement; or, behind them, a transaction of the period that it does not tell
-- of. A line with a transaction is evidence for it once its import is done.
CREATE TABLE statement_lines (
    import_id UUID NOT NULL REFERENCES statement_imports (id),
    -- From 1, in the order of the file.
    number BIGINT NOT NULL,
    -- The line or row of the file.
    file_line BIGINT,
    -- matched, missing_here, amount_differs, missing_at_bank
    verdict TEXT NOT NULL,
    -- credit, debit
    direction TEXT NOT NULL,
    amount_vnd BIGINT NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    local_day DATE NOT NULL,
    bank_reference TEXT,
    -- The transfer text, only while it may be needed: not of what is matched.
    content TEXT,
    transaction_id UUID REFERENCES bank_transactions (id),
    -- The newest proposal to believe it.
    proposal_id UUID REFERENCES statement_proposals (id),
    PRIMARY KEY (import_id, number)
);
CREATE INDEX statement_lines_by_transaction ON statement_lines (transaction_id);
CREATE INDEX statement_lines_by_verdict ON statement_lines (import_id, verdict, number);
CREATE INDEX statement_lines_missing_here ON statement_lines (import_id, local_day, amount_vnd)
    WHERE verdict = 'missing_here';
CREATE INDEX statement_lines_by_proposal ON statement_lines (proposal_id)
    WHERE proposal_id IS NOT NULL;

-- The local days of an account of which a reconciled statement has told everything.
CREATE TABLE statement_closed_days (
    account_id UUID NOT NULL REFERENCES accounts (id),
    day DATE NOT NULL,
    import_id UUID NOT NULL REFERENCES statement_imports (id),
    closed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (account_id, day)
);

-- What an account moved in a period.
CREATE INDEX bank_transactions_by_account ON bank_transactions (account_id, occurred_at, id);
