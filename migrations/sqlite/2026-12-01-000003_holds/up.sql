-- What of a query is suspended, and was: answers of an office (all of them where no question is named), or an edition with
-- those that took its place.
CREATE TABLE holds (
    id blob PRIMARY KEY,
    query_id blob NOT NULL REFERENCES queries (id),
    office text REFERENCES offices (code),
    question text,
    editions text CHECK (json_valid(editions)),
    reason text NOT NULL,
    placed_at text NOT NULL,
    placed_by text NOT NULL REFERENCES offices (code),
    lifted_at text,
    lifted_by text REFERENCES offices (code)
);
CREATE INDEX holds_query ON holds (query_id, placed_at);
