-- A notice that became no transaction and comes again is found by its bytes: it counts once.
CREATE INDEX callbacks_by_body ON callbacks (source_id, body_hash);
