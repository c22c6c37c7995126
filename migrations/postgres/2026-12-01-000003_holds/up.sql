-- What of a query is suspended, and was: answers of an office (all of them where no question is named), or an edition with
-- those that took its place.
CREATE TABLE holds (
    id uuid PRIMARY KEY,
    query_id uuid NOT NULL REFERENCES queries (id),
    office text REFERENCES offices (code),
    question text,
    editions json,
    reason text NOT NULL,
    placed_at timestamptz NOT NULL,
    placed_by text NOT NULL REFERENCES offices (code),
    lifted_at timestamptz,
    lifted_by text REFERENCES offices (code)
);
CREATE INDEX holds_query ON holds (query_id, placed_at);
