-- From where and with which client certificate a source may be spoken to, beside its proof:
-- words with a space between, each a range of addresses or sha256: and the fingerprint of a
-- certificate. Empty: from everywhere, without one.
ALTER TABLE sources ADD COLUMN entry_rules TEXT NOT NULL DEFAULT '';

-- Other rules that wait for a second person.
ALTER TABLE sources ADD COLUMN next_entry_rules TEXT;
ALTER TABLE sources ADD COLUMN next_entry_requested_by UUID;
ALTER TABLE sources ADD COLUMN next_entry_created_at TIMESTAMPTZ;
