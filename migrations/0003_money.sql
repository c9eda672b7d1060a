-- What banks said, what it means, and the sums that the figures are made of.

-- A vendor account at a bank or aggregator that sends notices.
CREATE TABLE sources (
    id UUID PRIMARY KEY,
    -- The last part of its address, /v1/callbacks/{name}.
    name TEXT NOT NULL UNIQUE,
    adapter TEXT NOT NULL,
    -- active, disabled
    state TEXT NOT NULL,
    -- How old or how early a signed time may be, in seconds.
    tolerance_s BIGINT NOT NULL,
    -- A JSON object of the vendor's terminal or partner numbers.
    config TEXT NOT NULL,
    secret_sealed BYTEA NOT NULL,
    secret_created_at TIMESTAMPTZ NOT NULL,
    secret_last_used_at TIMESTAMPTZ,
    -- The secret before, live until it expires.
    previous_secret_sealed BYTEA,
    previous_secret_expires_at TIMESTAMPTZ,
    previous_secret_last_used_at TIMESTAMPTZ,
    ed25519_public_key TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL
);

-- The accounts a source may speak for. Authentic is not authorised.
CREATE TABLE source_accounts (
    source_id UUID NOT NULL REFERENCES sources (id),
    account_id UUID NOT NULL REFERENCES accounts (id),
    bound_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (source_id, account_id)
);
CREATE INDEX source_accounts_by_account ON source_accounts (account_id);

-- The keys under which raw bodies rest, one for each day; destroyed after the retention.
CREATE TABLE body_keys (
    day DATE PRIMARY KEY,
    key_sealed BYTEA,
    destroyed_at TIMESTAMPTZ
);

-- Every authenticated delivery, byte for byte.
CREATE TABLE callbacks (
    id UUID PRIMARY KEY,
    source_id UUID NOT NULL REFERENCES sources (id),
    received_at TIMESTAMPTZ NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    query TEXT NOT NULL,
    -- Chosen headers as a JSON array of pairs.
    headers TEXT NOT NULL,
    body_sealed BYTEA,
    body_key_day DATE NOT NULL,
    body_hash BYTEA NOT NULL,
    peer TEXT NOT NULL,
    -- accepted, duplicate, conflict, ignored, failed, quarantined
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- Which secret verified it: current, previous, public_key
    verified_with TEXT NOT NULL
);
CREATE INDEX callbacks_by_source ON callbacks (source_id, received_at);
CREATE INDEX callbacks_by_time ON callbacks (received_at, id);

-- Deliveries that failed authentication: the newest ones only.
CREATE TABLE refused_deliveries (
    id UUID PRIMARY KEY,
    source_id UUID,
    received_at TIMESTAMPTZ NOT NULL,
    peer TEXT NOT NULL,
    reason TEXT NOT NULL,
    body_hash BYTEA NOT NULL,
    body_bytes BIGINT NOT NULL
);
CREATE INDEX refused_deliveries_by_time ON refused_deliveries (received_at);

-- Deliveries counted by the day they arrived and by what became of them.
CREATE TABLE source_days (
    source_id UUID NOT NULL REFERENCES sources (id),
    day DATE NOT NULL,
    -- Distinct authentic notices: accepted + ignored + failed + quarantined + conflict.
    accepted BIGINT NOT NULL,
    ignored BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    quarantined BIGINT NOT NULL,
    conflict BIGINT NOT NULL,
    -- Further deliveries of a notice that was counted already.
    repeated BIGINT NOT NULL,
    -- Deliveries that failed authentication.
    refused BIGINT NOT NULL,
    PRIMARY KEY (source_id, day)
);

-- The immutable bank fact.
CREATE TABLE bank_transactions (
    id UUID PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES accounts (id),
    merchant_id UUID NOT NULL REFERENCES merchants (id),
    -- credit, debit
    direction TEXT NOT NULL,
    amount_vnd BIGINT NOT NULL,
    virtual_account TEXT,
    content TEXT NOT NULL,
    bank_reference TEXT,
    -- The vendor's order field, where it is one.
    order_reference TEXT,
    occurred_at TIMESTAMPTZ NOT NULL,
    local_day DATE NOT NULL,
    -- Another row that may be the same money; this one is not counted until a person says so.
    duplicate_of_id UUID REFERENCES bank_transactions (id),
    recorded_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX bank_transactions_link ON bank_transactions (account_id, bank_reference, amount_vnd, direction);
CREATE INDEX bank_transactions_by_merchant ON bank_transactions (merchant_id, occurred_at, id);
CREATE INDEX bank_transactions_by_time ON bank_transactions (occurred_at, id);

-- How we know of a transaction. The key makes a notice count once, for ever.
CREATE TABLE transaction_evidence (
    source_id UUID NOT NULL REFERENCES sources (id),
    transaction_key TEXT NOT NULL,
    transaction_id UUID NOT NULL REFERENCES bank_transactions (id),
    -- callback, pulled, statement
    kind TEXT NOT NULL,
    provider_txn_id TEXT NOT NULL,
    -- The facts as this evidence told them: another telling under the same key is a conflict.
    fact_hash BYTEA NOT NULL,
    callback_id UUID REFERENCES callbacks (id),
    recorded_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (source_id, transaction_key)
);
CREATE INDEX transaction_evidence_by_transaction ON transaction_evidence (transaction_id);

-- One credit attributed to one outlet, and to a code when one was named.
CREATE TABLE payments (
    id UUID PRIMARY KEY,
    transaction_id UUID NOT NULL UNIQUE REFERENCES bank_transactions (id),
    merchant_id UUID NOT NULL REFERENCES merchants (id),
    outlet_id UUID NOT NULL REFERENCES outlets (id),
    zone_id UUID NOT NULL REFERENCES zones (id),
    code_id UUID REFERENCES payment_codes (id),
    -- Orders the credits of a code that have the same bank time, however they arrived.
    identity TEXT NOT NULL,
    -- reference, account, person
    attributed_by TEXT NOT NULL,
    -- counts, duplicate_suspected, voided
    standing TEXT NOT NULL,
    -- settled, partially_returned, returned, voided
    status TEXT NOT NULL,
    -- Sorted names with a space between.
    flags TEXT NOT NULL,
    expected_vnd BIGINT,
    received_vnd BIGINT NOT NULL,
    sale_vnd BIGINT NOT NULL,
    returned_vnd BIGINT NOT NULL,
    -- Which sums it is in: verified, by_account, none
    counted_as TEXT NOT NULL,
    local_day DATE NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    -- Why it was attributed so, as JSON.
    explanation TEXT NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX payments_by_code ON payments (code_id, occurred_at);
CREATE INDEX payments_by_merchant ON payments (merchant_id, occurred_at, id);
CREATE INDEX payments_by_time ON payments (occurred_at, id);
CREATE INDEX payments_by_zone ON payments (zone_id, occurred_at, id);

-- A credit that names no single code.
CREATE TABLE suspense_items (
    id UUID PRIMARY KEY,
    transaction_id UUID NOT NULL UNIQUE REFERENCES bank_transactions (id),
    merchant_id UUID NOT NULL REFERENCES merchants (id),
    account_id UUID NOT NULL REFERENCES accounts (id),
    -- open, settled
    state TEXT NOT NULL,
    -- Why no code was taken, as JSON.
    explanation TEXT NOT NULL,
    opened_at TIMESTAMPTZ NOT NULL,
    settled_at TIMESTAMPTZ,
    settled_by TEXT,
    version BIGINT NOT NULL
);
CREATE INDEX suspense_items_by_merchant ON suspense_items (merchant_id, opened_at, id);
CREATE INDEX suspense_items_open ON suspense_items (opened_at, id) WHERE state = 'open';

-- Sums by outlet and local day of the bank's time, kept with each payment.
CREATE TABLE outlet_days (
    outlet_id UUID NOT NULL REFERENCES outlets (id),
    day DATE NOT NULL,
    zone_id UUID NOT NULL REFERENCES zones (id),
    merchant_id UUID NOT NULL,
    payments BIGINT NOT NULL,
    sale_vnd BIGINT NOT NULL,
    received_vnd BIGINT NOT NULL,
    by_account_payments BIGINT NOT NULL,
    by_account_sale_vnd BIGINT NOT NULL,
    PRIMARY KEY (outlet_id, day)
);
CREATE INDEX outlet_days_by_zone ON outlet_days (zone_id, day);

-- Sums by zone and local day.
CREATE TABLE zone_days (
    zone_id UUID NOT NULL REFERENCES zones (id),
    day DATE NOT NULL,
    payments BIGINT NOT NULL,
    sale_vnd BIGINT NOT NULL,
    received_vnd BIGINT NOT NULL,
    by_account_payments BIGINT NOT NULL,
    by_account_sale_vnd BIGINT NOT NULL,
    -- Raised by every change after the day was closed.
    revision BIGINT NOT NULL,
    PRIMARY KEY (zone_id, day)
);
CREATE INDEX zone_days_by_day ON zone_days (day);

-- How many counted payments had which sale amount: medians without reading payments.
CREATE TABLE ticket_days (
    zone_id UUID NOT NULL REFERENCES zones (id),
    day DATE NOT NULL,
    sale_vnd BIGINT NOT NULL,
    payments BIGINT NOT NULL,
    PRIMARY KEY (zone_id, day, sale_vnd)
);

-- What moved after a day was closed.
CREATE TABLE day_revisions (
    zone_id UUID NOT NULL REFERENCES zones (id),
    day DATE NOT NULL,
    revision BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    payments_delta BIGINT NOT NULL,
    sale_delta_vnd BIGINT NOT NULL,
    cause TEXT NOT NULL,
    PRIMARY KEY (zone_id, day, revision)
);
