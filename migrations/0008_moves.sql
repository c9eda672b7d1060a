-- What a person decides about a credit: settling it out of suspense, counting it elsewhere.

-- Codes of an account by their time, to suggest what a credit was for.
CREATE INDEX payment_codes_by_account_time ON payment_codes (account_id, kind, created_at);

-- What a person made of an item: paid (a payment holds it) or not_a_sale; and what the person
-- wrote about it.
ALTER TABLE suspense_items ADD COLUMN outcome TEXT;
ALTER TABLE suspense_items ADD COLUMN settled_note TEXT;

-- A payment that moves to another code or outlet is voided and stays; a new one takes its
-- place. So a transaction has one payment that is not voided, and any number that are.
CREATE TABLE payments_next (
    id UUID PRIMARY KEY,
    transaction_id UUID NOT NULL REFERENCES bank_transactions (id),
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
INSERT INTO payments_next
    (id, transaction_id, merchant_id, outlet_id, zone_id, code_id, identity, attributed_by,
     standing, status, flags, expected_vnd, received_vnd, sale_vnd, returned_vnd, counted_as,
     local_day, occurred_at, explanation, recorded_at, version)
    SELECT id, transaction_id, merchant_id, outlet_id, zone_id, code_id, identity, attributed_by,
        standing, status, flags, expected_vnd, received_vnd, sale_vnd, returned_vnd, counted_as,
        local_day, occurred_at, explanation, recorded_at, version
    FROM payments;
DROP TABLE payments;
ALTER TABLE payments_next RENAME TO payments;
CREATE UNIQUE INDEX payments_once ON payments (transaction_id) WHERE standing <> 'voided';
CREATE INDEX payments_by_transaction ON payments (transaction_id);
CREATE INDEX payments_by_code ON payments (code_id, occurred_at);
CREATE INDEX payments_by_merchant ON payments (merchant_id, occurred_at, id);
CREATE INDEX payments_by_time ON payments (occurred_at, id);
CREATE INDEX payments_by_zone ON payments (zone_id, occurred_at, id);

-- What one person proposed and a second one decided: to count a payment elsewhere.
CREATE TABLE payment_moves (
    id UUID PRIMARY KEY,
    payment_id UUID NOT NULL REFERENCES payments (id),
    -- Where it is to count: an outlet, and a code when one is known.
    outlet_id UUID NOT NULL REFERENCES outlets (id),
    code_id UUID REFERENCES payment_codes (id),
    case_number TEXT NOT NULL,
    -- proposed, approved, rejected
    state TEXT NOT NULL,
    requested_by UUID NOT NULL REFERENCES users (id),
    requested_at TIMESTAMPTZ NOT NULL,
    decided_by UUID REFERENCES users (id),
    decided_at TIMESTAMPTZ,
    -- The payment that took its place.
    new_payment_id UUID REFERENCES payments (id),
    version BIGINT NOT NULL
);
-- One proposal for a payment waits at a time.
CREATE UNIQUE INDEX payment_moves_waiting ON payment_moves (payment_id) WHERE state = 'proposed';
