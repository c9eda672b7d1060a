-- What the figures of adoption ask for.

-- A notice that became no transaction and comes again is found by its bytes: it counts once.
CREATE INDEX callbacks_by_body ON callbacks (source_id, body_hash);

-- Tickets of a window, in all zones or in some.
CREATE INDEX ticket_days_by_day ON ticket_days (day);

-- A change of a closed day says everything that moved.
ALTER TABLE day_revisions ADD COLUMN received_delta_vnd BIGINT NOT NULL DEFAULT 0;
ALTER TABLE day_revisions ADD COLUMN by_account_payments_delta BIGINT NOT NULL DEFAULT 0;
ALTER TABLE day_revisions ADD COLUMN by_account_sale_delta_vnd BIGINT NOT NULL DEFAULT 0;
