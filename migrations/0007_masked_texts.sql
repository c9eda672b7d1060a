-- Since when a transfer text is masked: what stands in it beside our reference, such as a
-- payer's name and account, is kept only while it may be needed.
ALTER TABLE bank_transactions ADD COLUMN text_masked_at TIMESTAMPTZ;
CREATE INDEX bank_transactions_unmasked ON bank_transactions (recorded_at)
    WHERE text_masked_at IS NULL;
