-- The rhythm of each source, and how long after the bank's time we know of a credit.

-- Distinct authentic notices of a source by the hour they came in. An hour is counted from
-- 1970-01-01 00:00 in Vietnam: divided by 24 it gives the local day. Kept for sixteen weeks.
CREATE TABLE source_hours (
    source_id UUID NOT NULL REFERENCES sources (id),
    local_hour BIGINT NOT NULL,
    notices BIGINT NOT NULL,
    PRIMARY KEY (source_id, local_hour)
);
CREATE INDEX source_hours_by_hour ON source_hours (local_hour);

-- How many transactions a source was the first to tell of, by the local day its notice came
-- in and by the delay since the bank's time, rounded up to a step of the domain's ladder.
CREATE TABLE source_delays (
    source_id UUID NOT NULL REFERENCES sources (id),
    day DATE NOT NULL,
    -- Seconds; the last step holds whatever was later.
    at_most_s BIGINT NOT NULL,
    notices BIGINT NOT NULL,
    PRIMARY KEY (source_id, day, at_most_s)
);
