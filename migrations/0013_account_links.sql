-- How an account's notices reach us, and whether its owner agreed.

-- The consent and life of the way from one account through one source. That the source may
-- speak for the account is told by source_accounts, which an administrator decides; a link
-- that is revoked takes that away.
CREATE TABLE account_links (
    id UUID PRIMARY KEY,
    merchant_id UUID NOT NULL REFERENCES merchants (id),
    account_id UUID NOT NULL REFERENCES accounts (id),
    source_id UUID NOT NULL REFERENCES sources (id),
    -- aggregator_api, aggregator_consent, bank_direct, virtual_account, acquirer
    method TEXT NOT NULL,
    -- invited, consented, live, broken, revoked
    state TEXT NOT NULL,
    invited_by TEXT NOT NULL,
    -- paper, app, bank
    consent_means TEXT,
    consent_recorded_by TEXT,
    consented_at TIMESTAMPTZ,
    -- When the consent ends; open when null.
    expires_at TIMESTAMPTZ,
    -- Since when notices come, while it is live.
    live_at TIMESTAMPTZ,
    -- Since when they do not, and why: silent, closed, expired.
    broken_at TIMESTAMPTZ,
    broken_by TEXT,
    revoked_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX account_links_open ON account_links (account_id, source_id)
    WHERE state <> 'revoked';
CREATE INDEX account_links_by_merchant ON account_links (merchant_id, id);
CREATE INDEX account_links_by_source ON account_links (source_id, state, id);
CREATE INDEX account_links_by_expiry ON account_links (expires_at)
    WHERE state = 'consented' OR state = 'live';
