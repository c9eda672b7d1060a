-- Where people trade, who trades there, and where their money goes.

CREATE TABLE zones (
    id UUID PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    -- street, market, supermarket, food_street, parking
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    -- pilot, comparison
    role TEXT NOT NULL,
    -- Empty, or what is uncertain about this zone's facts.
    note TEXT NOT NULL,
    facts_verified BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL
);

-- The ward of a zone as of a day; wards changed on 2025-07-01. A NULL ward is unknown.
CREATE TABLE zone_wards (
    zone_id UUID NOT NULL REFERENCES zones (id),
    valid_from DATE NOT NULL,
    -- The last day, or NULL while it lasts.
    valid_to DATE,
    ward TEXT,
    PRIMARY KEY (zone_id, valid_from)
);

-- A place that trades, found by the census, enrolled or not: the denominator of every rate.
CREATE TABLE establishments (
    id UUID PRIMARY KEY,
    zone_id UUID NOT NULL REFERENCES zones (id),
    -- Where it stands in the zone, such as a stall number or a house number.
    position TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (zone_id, position)
);

-- One walk-through of one zone. Versions are kept for ever.
CREATE TABLE censuses (
    id UUID PRIMARY KEY,
    zone_id UUID NOT NULL REFERENCES zones (id),
    version BIGINT NOT NULL,
    surveyed_on DATE NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    UNIQUE (zone_id, version)
);
CREATE INDEX censuses_by_day ON censuses (zone_id, surveyed_on);

-- What one census saw of one establishment.
CREATE TABLE census_records (
    census_id UUID NOT NULL REFERENCES censuses (id),
    establishment_id UUID NOT NULL REFERENCES establishments (id),
    -- trading, vacant, ceased, unknown
    status TEXT NOT NULL,
    trade TEXT NOT NULL,
    -- stall, small, large, chain
    size_class TEXT NOT NULL,
    -- Such as "daily" or "lunar 4 9 14".
    open_days TEXT NOT NULL,
    operates_at_night BOOLEAN NOT NULL,
    accepts_cashless BOOLEAN,
    accepted_means TEXT NOT NULL,
    -- The household or company behind it; the unit of disclosure tests.
    owner_key TEXT NOT NULL,
    -- female, male, or NULL when not asked.
    owner_sex TEXT,
    owner_over_60 BOOLEAN,
    PRIMARY KEY (census_id, establishment_id)
);
CREATE INDEX census_records_by_establishment ON census_records (establishment_id);

-- Confirmed openings and closures between two censuses.
CREATE TABLE establishment_changes (
    establishment_id UUID NOT NULL REFERENCES establishments (id),
    day DATE NOT NULL,
    -- opened, closed
    change TEXT NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (establishment_id, day, change)
);

CREATE TABLE merchants (
    id UUID PRIMARY KEY,
    -- household, company
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    -- The name without diacritics, in capitals.
    search_name TEXT NOT NULL,
    representative TEXT NOT NULL,
    -- Personal data when the merchant is a household.
    tax_code TEXT NOT NULL,
    phone TEXT NOT NULL,
    -- draft, submitted, under_review, changes_requested, rejected, active, suspended, closed
    state TEXT NOT NULL,
    state_reason TEXT NOT NULL,
    created_by UUID NOT NULL,
    -- The maker of the newest submission; the approver must be another person.
    submitted_by UUID,
    approved_by UUID,
    -- The first approval.
    approved_at TIMESTAMPTZ,
    closed_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX merchants_tax_code ON merchants (tax_code) WHERE state <> 'closed' AND state <> 'rejected';
CREATE INDEX merchants_by_creation ON merchants (created_at, id);

-- Where a code hangs: a merchant's stall in a zone.
CREATE TABLE outlets (
    id UUID PRIMARY KEY,
    merchant_id UUID NOT NULL REFERENCES merchants (id),
    zone_id UUID NOT NULL REFERENCES zones (id),
    establishment_id UUID REFERENCES establishments (id),
    stall_label TEXT NOT NULL,
    trade TEXT NOT NULL,
    -- planned, tested, open, paused, closed
    state TEXT NOT NULL,
    -- Credits without a reference count for this outlet when its account serves no other.
    match_by_account BOOLEAN NOT NULL,
    -- Below this, an unarmed credit is announced as a small sum.
    floor_vnd BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    tested_at TIMESTAMPTZ,
    opened_at TIMESTAMPTZ,
    closed_at TIMESTAMPTZ,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX outlets_stall ON outlets (zone_id, stall_label) WHERE state <> 'closed';
CREATE INDEX outlets_by_merchant ON outlets (merchant_id, id);
CREATE INDEX outlets_by_establishment ON outlets (establishment_id);

-- A settlement account at a bank. A change is a new row; issued codes keep the old one.
CREATE TABLE accounts (
    id UUID PRIMARY KEY,
    merchant_id UUID NOT NULL REFERENCES merchants (id),
    bank_bin TEXT NOT NULL,
    account_number TEXT NOT NULL,
    -- As the bank shows it to the payer.
    holder_name TEXT NOT NULL,
    -- personal, household, company
    holder_kind TEXT NOT NULL,
    registered_name TEXT NOT NULL,
    checked_at TIMESTAMPTZ,
    -- pending, approved, rejected, retired
    state TEXT NOT NULL,
    requested_by UUID NOT NULL,
    approved_by UUID,
    approved_at TIMESTAMPTZ,
    -- When new codes may use it: at approval, or 24 hours later when it replaces another.
    effective_at TIMESTAMPTZ,
    replaces_id UUID REFERENCES accounts (id),
    retired_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX accounts_number ON accounts (bank_bin, account_number)
    WHERE state <> 'rejected' AND state <> 'retired';
CREATE INDEX accounts_by_number ON accounts (account_number);
CREATE INDEX accounts_by_merchant ON accounts (merchant_id, id);

-- What is scanned.
CREATE TABLE payment_codes (
    id UUID PRIMARY KEY,
    merchant_id UUID NOT NULL REFERENCES merchants (id),
    outlet_id UUID NOT NULL REFERENCES outlets (id),
    -- NULL for an acquirer's code.
    account_id UUID REFERENCES accounts (id),
    -- static, dynamic
    kind TEXT NOT NULL,
    -- transfer (ours), merchant_pay (an acquirer's, registered here)
    scheme TEXT NOT NULL,
    -- Unique for ever; NULL for an acquirer's code.
    reference TEXT UNIQUE,
    -- fixed, open, suggested
    amount_rule TEXT NOT NULL,
    -- The fixed or suggested amount.
    amount_vnd BIGINT,
    floor_vnd BIGINT,
    ceiling_vnd BIGINT,
    expires_at TIMESTAMPTZ,
    -- active, completed, cancelled, superseded, revoked; expiry is derived from the clock
    state TEXT NOT NULL,
    -- When it stopped being in use: cancelled, superseded or revoked.
    retired_at TIMESTAMPTZ,
    completed_at TIMESTAMPTZ,
    -- Its payments open an outlet and are left out of every figure.
    for_test BOOLEAN NOT NULL,
    revision BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX payment_codes_by_merchant ON payment_codes (merchant_id, id);
CREATE INDEX payment_codes_by_outlet ON payment_codes (outlet_id, id);

-- Every text that was ever shown for a code. Never updated or deleted.
CREATE TABLE code_revisions (
    code_id UUID NOT NULL REFERENCES payment_codes (id),
    revision BIGINT NOT NULL,
    payload TEXT NOT NULL,
    amount_rule TEXT NOT NULL,
    amount_vnd BIGINT,
    floor_vnd BIGINT,
    ceiling_vnd BIGINT,
    created_by TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (code_id, revision)
);
