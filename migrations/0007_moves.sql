-- What a person decides about a credit: settling it out of suspense.

-- Codes of an account by their time, to suggest what a credit was for.
CREATE INDEX payment_codes_by_account_time ON payment_codes (account_id, kind, created_at);

-- What a person made of an item: paid (a payment holds it) or not_a_sale; and what the person
-- wrote about it.
ALTER TABLE suspense_items ADD COLUMN outcome TEXT;
ALTER TABLE suspense_items ADD COLUMN settled_note TEXT;
