-- A place where a bank's engineer tries his notices before anybody let him in. Nothing here
-- is referred to from another table, and nothing here refers to one: a trial touches no
-- merchant, no source and no money.

CREATE TABLE trials (
    id UUID PRIMARY KEY,
    -- SHA-256 of the token that reads it.
    token_hash BYTEA NOT NULL,
    -- The format that is tried.
    adapter TEXT NOT NULL,
    -- Sealed under the master key, as a source's is.
    secret_sealed BYTEA NOT NULL,
    ed25519_public_key TEXT,
    -- A JSON object: what else the format needs, invented.
    config TEXT NOT NULL,
    -- The one account that a trial may speak for, invented.
    account_number TEXT NOT NULL,
    -- The one reference that its texts may name; never issued to anybody.
    reference TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    -- How many deliveries came; the newest one has this number.
    deliveries BIGINT NOT NULL
);
CREATE INDEX trials_by_expiry ON trials (expires_at);

-- What came, the newest ones only: of a body its hash and what was read of it.
CREATE TABLE trial_deliveries (
    trial_id UUID NOT NULL REFERENCES trials (id),
    number BIGINT NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    method TEXT NOT NULL,
    -- What the caller appended to the trial's address.
    path_below TEXT NOT NULL,
    -- SHA-256 of the body, or of the query of a notice without one.
    told_hash BYTEA NOT NULL,
    told_bytes BIGINT NOT NULL,
    -- A JSON object: the verdict, what was wrong, what to do, and what was read.
    findings TEXT NOT NULL,
    answer_status BIGINT NOT NULL,
    answer_body TEXT NOT NULL,
    PRIMARY KEY (trial_id, number)
);

-- The movements that a trial was told of, so that a repeat is known as one.
CREATE TABLE trial_movements (
    trial_id UUID NOT NULL REFERENCES trials (id),
    -- SHA-256 of the movement's identity.
    key_hash BYTEA NOT NULL,
    -- SHA-256 of what must not change between two tellings.
    fact_hash BYTEA NOT NULL,
    -- SHA-256 of the transfer text; empty for what is no credit.
    text_hash BYTEA NOT NULL,
    -- Stands in answers that name our transaction.
    receipt UUID NOT NULL,
    -- The delivery that told of it first.
    number BIGINT NOT NULL,
    PRIMARY KEY (trial_id, key_hash)
);

-- What has been shown to work, with the first delivery that showed it.
CREATE TABLE trial_checks (
    trial_id UUID NOT NULL REFERENCES trials (id),
    name TEXT NOT NULL,
    number BIGINT NOT NULL,
    passed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (trial_id, name)
);

-- How many deliveries came to what, also of those that are no longer listed.
CREATE TABLE trial_counts (
    trial_id UUID NOT NULL REFERENCES trials (id),
    -- accepted, duplicate, conflict, failed, ignored, quarantined, refused, logged_in
    verdict TEXT NOT NULL,
    deliveries BIGINT NOT NULL,
    PRIMARY KEY (trial_id, verdict)
);
