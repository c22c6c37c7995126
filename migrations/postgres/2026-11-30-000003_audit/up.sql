-- The chain of the audit: the number of each event, and the hash over the hash before it and the event. Rows are added
-- by the sealer and never changed.
CREATE TABLE audit_seals (
    number bigint PRIMARY KEY,
    event_id uuid NOT NULL REFERENCES audit_events (id),
    hash text NOT NULL
);
CREATE UNIQUE INDEX audit_seals_event_id_key ON audit_seals (event_id);
