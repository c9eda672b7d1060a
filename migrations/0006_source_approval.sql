-- A source speaks only after a second person has let it, as an account is used only then:
-- whoever knows its secret can tell of money that never came. Its states are pending, active,
-- disabled and discarded.
ALTER TABLE sources ADD COLUMN requested_by UUID;
ALTER TABLE sources ADD COLUMN approved_by UUID;

-- A new secret that waits for a second person; nothing is believed by it before that.
ALTER TABLE sources ADD COLUMN next_secret_sealed BYTEA;
ALTER TABLE sources ADD COLUMN next_secret_requested_by UUID;
ALTER TABLE sources ADD COLUMN next_secret_created_at TIMESTAMPTZ;

-- Since when an account is no longer bound. The row stays: what was credited while it was
-- bound was credited rightly.
ALTER TABLE source_accounts ADD COLUMN unbound_at TIMESTAMPTZ;
