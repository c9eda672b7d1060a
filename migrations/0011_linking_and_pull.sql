-- One transaction however many tell of it, history that is fetched, and how late notices are.

-- A source is not the only one that tells: a statement does, too. Each tells of a transaction
-- once at most, and each telling keeps what a later one is linked or compared by.
CREATE TABLE evidence_of_tellers (
    -- The source or the statement that told.
    teller_id UUID NOT NULL,
    transaction_key TEXT NOT NULL,
    -- NULL when a statement told.
    source_id UUID REFERENCES sources (id),
    transaction_id UUID NOT NULL REFERENCES bank_transactions (id),
    account_id UUID NOT NULL REFERENCES accounts (id),
    -- callback, pulled, statement
    kind TEXT NOT NULL,
    provider_txn_id TEXT NOT NULL,
    -- The facts as this evidence told them: another telling under the same key is a conflict.
    fact_hash BYTEA NOT NULL,
    bank_reference TEXT,
    virtual_account TEXT,
    -- A keyed hash of account, direction, amount, local day and folded text; it outlives the
    -- text. NULL for what was told before there was one: that is linked by reference only.
    text_link BYTEA,
    callback_id UUID REFERENCES callbacks (id),
    recorded_at TIMESTAMPTZ NOT NULL,
    -- The provider's number, or the bank's reference, of the transaction that is taken back.
    reverses TEXT,
    PRIMARY KEY (teller_id, transaction_key)
);
INSERT INTO evidence_of_tellers
    (teller_id,
     transaction_key,
     source_id,
     transaction_id,
     account_id,
     kind,
     provider_txn_id,
     fact_hash,
     bank_reference,
     virtual_account,
     callback_id,
     recorded_at,
     reverses)
    SELECT e.source_id,
        e.transaction_key,
        e.source_id,
        e.transaction_id,
        t.account_id,
        e.kind,
        e.provider_txn_id,
        e.fact_hash,
        t.bank_reference,
        t.virtual_account,
        e.callback_id,
        e.recorded_at,
        e.reverses
    FROM transaction_evidence e JOIN bank_transactions t ON t.id = e.transaction_id;
DROP TABLE transaction_evidence;
ALTER TABLE evidence_of_tellers RENAME TO transaction_evidence;
CREATE INDEX transaction_evidence_by_transaction ON transaction_evidence (transaction_id);
CREATE INDEX transaction_evidence_reverses ON transaction_evidence (reverses)
    WHERE reverses IS NOT NULL;
CREATE INDEX transaction_evidence_by_number ON transaction_evidence (source_id, provider_txn_id);
CREATE INDEX transaction_evidence_by_reference ON transaction_evidence (account_id, bank_reference);
CREATE INDEX transaction_evidence_by_text ON transaction_evidence (text_link, teller_id);
CREATE INDEX transaction_evidence_without_reference ON transaction_evidence (text_link)
    WHERE bank_reference IS NULL;

-- Two writers that store the same transaction at the same moment take the same place: the
-- second one fails, looks again and finds the first.
ALTER TABLE bank_transactions ADD COLUMN text_link BYTEA;
ALTER TABLE bank_transactions ADD COLUMN text_place BIGINT;
ALTER TABLE bank_transactions ADD COLUMN reference_place BIGINT;
CREATE UNIQUE INDEX bank_transactions_place_by_text ON bank_transactions (text_link, text_place);
CREATE UNIQUE INDEX bank_transactions_place_by_reference
    ON bank_transactions (account_id, bank_reference, amount_vnd, direction, reference_place);
DROP INDEX bank_transactions_link;

-- Keys under which a text is hashed, sealed; drawn when first needed and never changed.
CREATE TABLE hash_keys (
    name TEXT PRIMARY KEY,
    key_sealed BYTEA NOT NULL
);

-- From where the history of a source is fetched, and how that goes.
CREATE TABLE source_pulls (
    source_id UUID PRIMARY KEY REFERENCES sources (id),
    -- What is in use; NULL until a second person has let it.
    base_url TEXT,
    token_sealed BYTEA,
    approved_by UUID,
    approved_at TIMESTAMPTZ,
    -- What waits for a second person.
    next_base_url TEXT,
    next_token_sealed BYTEA,
    next_requested_by UUID,
    next_requested_at TIMESTAMPTZ,
    -- When somebody asked for a pull at once.
    demanded_at TIMESTAMPTZ,
    -- Which instance pulls at this moment, and until when it may.
    held_by UUID,
    held_until TIMESTAMPTZ,
    attempted_at TIMESTAMPTZ,
    succeeded_at TIMESTAMPTZ,
    -- Since when no pull has succeeded, how often in a row, and the last reason.
    failing_since TIMESTAMPTZ,
    failures BIGINT NOT NULL,
    last_error TEXT,
    -- Rows that were handed in since the beginning.
    rows_pulled BIGINT NOT NULL,
    version BIGINT NOT NULL
);

-- Up to which of the provider's numbers the history of an account is in the books.
CREATE TABLE pull_cursors (
    source_id UUID NOT NULL REFERENCES sources (id),
    account_id UUID NOT NULL REFERENCES accounts (id),
    since_id BIGINT NOT NULL,
    moved_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (source_id, account_id)
);

-- How many transactions a source told how long after the bank's time, by the local day on
-- which it told them.
CREATE TABLE source_delays (
    source_id UUID NOT NULL REFERENCES sources (id),
    day DATE NOT NULL,
    -- callback, pulled
    kind TEXT NOT NULL,
    -- The longest delay that is counted here, in seconds; -1 stands for all longer ones.
    up_to_s BIGINT NOT NULL,
    transactions BIGINT NOT NULL,
    PRIMARY KEY (source_id, day, kind, up_to_s)
);
