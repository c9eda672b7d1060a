-- Money that goes back, recorded here and executed elsewhere; and what a person decides about
-- money that was told in two ways.

-- The provider's number, or the bank's reference, of the transaction that a telling takes back.
ALTER TABLE transaction_evidence ADD COLUMN reverses TEXT;
CREATE INDEX transaction_evidence_reverses ON transaction_evidence (reverses)
    WHERE reverses IS NOT NULL;
CREATE INDEX transaction_evidence_by_number ON transaction_evidence (source_id, provider_txn_id);

-- Debits by account and amount: one of them may confirm that a trader gave money back.
CREATE INDEX bank_transactions_debits ON bank_transactions (account_id, amount_vnd, occurred_at)
    WHERE direction = 'debit';

-- What a person decided about a row that may be another one told twice: same_money (it never
-- counts) or other_money (it counts).
ALTER TABLE bank_transactions ADD COLUMN double_decision TEXT;

-- A bank's word that takes a transaction back, or a trader's record of money given back.
CREATE TABLE reversals (
    id UUID PRIMARY KEY,
    merchant_id UUID NOT NULL REFERENCES merchants (id),
    account_id UUID NOT NULL REFERENCES accounts (id),
    -- bank, merchant
    origin TEXT NOT NULL,
    amount_vnd BIGINT NOT NULL,
    -- The transaction that it takes back: a credit, or a debit that bounced. Null while a
    -- bank's word names nothing known.
    taken_back_id UUID REFERENCES bank_transactions (id),
    -- The transaction by which the money went. Null while a trader's record waits for it.
    movement_id UUID REFERENCES bank_transactions (id),
    -- waiting, confirmed, covered, undone, cancelled
    state TEXT NOT NULL,
    -- reference, amount, person
    matched_by TEXT,
    -- The other end as a person chose it: of a trader's record the movement, of a bank's word
    -- the transaction that it takes back.
    chosen_id UUID REFERENCES bank_transactions (id),
    -- Of a trader's record: customer_request, duplicate, overpayment, cash_out,
    -- operational_error, fraud
    nature TEXT,
    -- Of a trader's record: words.
    note TEXT,
    recorded_by TEXT NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    confirmed_at TIMESTAMPTZ,
    version BIGINT NOT NULL
);
-- A movement confirms one reversal, and a bank's word is one row.
CREATE UNIQUE INDEX reversals_once ON reversals (movement_id) WHERE state = 'confirmed';
CREATE UNIQUE INDEX reversals_of_banks ON reversals (movement_id) WHERE origin = 'bank';
CREATE INDEX reversals_by_transaction ON reversals (taken_back_id);
CREATE INDEX reversals_by_amount ON reversals (account_id, amount_vnd);
CREATE INDEX reversals_by_merchant ON reversals (merchant_id, recorded_at, id);
CREATE INDEX reversals_waiting ON reversals (recorded_at, id) WHERE state = 'waiting';

-- The question whether two tellings are the same money, for a person to decide.
CREATE TABLE doubts (
    id UUID PRIMARY KEY,
    -- double: two transactions of one source with one bank reference; conflict: one number,
    -- told again with other facts
    kind TEXT NOT NULL,
    merchant_id UUID NOT NULL REFERENCES merchants (id),
    account_id UUID REFERENCES accounts (id),
    -- Of a double the later transaction, of a conflict the one that was told first.
    transaction_id UUID NOT NULL REFERENCES bank_transactions (id),
    -- open, proposed, settled
    state TEXT NOT NULL,
    -- same_money, other_money
    decision TEXT,
    requested_by TEXT,
    decided_by TEXT,
    decided_at TIMESTAMPTZ,
    -- Of a conflict that is other money: the transaction that it became.
    new_transaction_id UUID REFERENCES bank_transactions (id),
    opened_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL,
    -- Of a conflict: what was told the second time, and by whom.
    source_id UUID REFERENCES sources (id),
    transaction_key TEXT,
    fact_hash BYTEA,
    provider_txn_id TEXT,
    callback_id UUID REFERENCES callbacks (id),
    direction TEXT,
    amount_vnd BIGINT,
    virtual_account TEXT,
    content TEXT,
    bank_reference TEXT,
    order_reference TEXT,
    reverses TEXT,
    occurred_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX doubts_once ON doubts (source_id, transaction_key, fact_hash)
    WHERE kind = 'conflict';
CREATE UNIQUE INDEX doubts_of_doubles ON doubts (transaction_id) WHERE kind = 'double';
CREATE INDEX doubts_by_merchant ON doubts (merchant_id, opened_at, id);
CREATE INDEX doubts_unsettled ON doubts (opened_at, id) WHERE state <> 'settled';
INSERT INTO doubts
    (id, kind, merchant_id, account_id, transaction_id, state, opened_at, version)
    SELECT id, 'double', merchant_id, account_id, id, 'open', recorded_at, 1
    FROM bank_transactions WHERE duplicate_of_id IS NOT NULL;
