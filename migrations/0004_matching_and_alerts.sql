-- Since when credits are matched by their account, and what settled an alert.

-- Every time the merchant of an outlet switched matching by account on or off: a late notice
-- is judged by what was so at the bank's time.
CREATE TABLE match_by_account_switches (
    outlet_id UUID NOT NULL REFERENCES outlets (id),
    switched_at TIMESTAMPTZ NOT NULL,
    is_on BOOLEAN NOT NULL,
    PRIMARY KEY (outlet_id, switched_at)
);
INSERT INTO match_by_account_switches (outlet_id, switched_at, is_on)
    SELECT id, created_at, match_by_account FROM outlets;

-- What the person who settled an alert wrote about it.
ALTER TABLE alerts ADD COLUMN settled_note TEXT;

-- Finds the codes that ever showed a scanned text, and those of an account.
CREATE INDEX code_revisions_by_payload ON code_revisions (payload);
CREATE INDEX payment_codes_by_account ON payment_codes (account_id, outlet_id);
