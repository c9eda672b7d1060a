-- Who may do what, and the record of what was done.

-- A person who works with the system. Sellers have none: their phones hold tokens.
CREATE TABLE users (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL,
    -- admin, staff
    role TEXT NOT NULL,
    -- Staff see the zones of user_zones unless this is set.
    all_zones BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    disabled_at TIMESTAMPTZ,
    version BIGINT NOT NULL
);

CREATE TABLE user_zones (
    user_id UUID NOT NULL REFERENCES users (id),
    zone_id UUID NOT NULL,
    PRIMARY KEY (user_id, zone_id)
);

-- A bearer token: 32 random bytes shown once, kept as SHA-256. Exactly one of user_id and
-- merchant_id is set; outlet_id narrows a merchant's token to one till.
CREATE TABLE tokens (
    id UUID PRIMARY KEY,
    secret_hash BYTEA NOT NULL UNIQUE,
    label TEXT NOT NULL,
    user_id UUID REFERENCES users (id),
    merchant_id UUID,
    outlet_id UUID,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ,
    revoked_at TIMESTAMPTZ,
    last_used_at TIMESTAMPTZ
);
CREATE INDEX tokens_by_user ON tokens (user_id);
CREATE INDEX tokens_by_merchant ON tokens (merchant_id);

-- A link that shows one token once: the way in after the first start.
CREATE TABLE one_time_links (
    secret_hash BYTEA PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ
);

-- The first answer to a creating request, written with its effect.
CREATE TABLE idempotency_keys (
    principal TEXT NOT NULL,
    operation TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    request_hash BYTEA NOT NULL,
    -- Both empty while the first request runs.
    response_status BIGINT,
    response_body BYTEA,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (principal, operation, idempotency_key)
);
CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);

-- The head of each hash chain; one chain for each writer.
CREATE TABLE audit_chains (
    name TEXT PRIMARY KEY,
    last_sequence BIGINT NOT NULL,
    last_hash BYTEA NOT NULL
);

-- One entry for each change, in the transaction of the change. Never updated or deleted.
CREATE TABLE audit_entries (
    chain TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- A JSON object: what changed.
    detail TEXT NOT NULL,
    -- SHA-256 over the previous hash and this entry.
    hash BYTEA NOT NULL,
    PRIMARY KEY (chain, sequence)
);
CREATE INDEX audit_entries_by_subject ON audit_entries (subject, at);

-- One row: the number of the newest event. Its lock makes numbers follow commit order.
CREATE TABLE event_counter (
    id BIGINT PRIMARY KEY,
    last_sequence BIGINT NOT NULL
);
INSERT INTO event_counter (id, last_sequence) VALUES (1, 0);

-- What happened, for readers that ask "after n".
CREATE TABLE events (
    sequence BIGINT PRIMARY KEY,
    id UUID NOT NULL UNIQUE,
    at TIMESTAMPTZ NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    merchant_id UUID,
    outlet_id UUID,
    -- A JSON object.
    payload TEXT NOT NULL
);
CREATE INDEX events_by_merchant ON events (merchant_id, sequence);

-- What a person must look at.
CREATE TABLE alerts (
    id UUID PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- A JSON object.
    detail TEXT NOT NULL,
    merchant_id UUID,
    raised_at TIMESTAMPTZ NOT NULL,
    settled_at TIMESTAMPTZ,
    settled_by TEXT
);
CREATE INDEX alerts_open ON alerts (raised_at) WHERE settled_at IS NULL;
