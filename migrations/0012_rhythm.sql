-- The rhythm of each source.

-- Distinct authentic notices of a source by the hour they came in. An hour is counted from
-- 1970-01-01 00:00 in Vietnam: divided by 24 it gives the local day. Kept for sixteen weeks.
CREATE TABLE source_hours (
    source_id UUID NOT NULL REFERENCES sources (id),
    local_hour BIGINT NOT NULL,
    notices BIGINT NOT NULL,
    PRIMARY KEY (source_id, local_hour)
);
CREATE INDEX source_hours_by_hour ON source_hours (local_hour);
