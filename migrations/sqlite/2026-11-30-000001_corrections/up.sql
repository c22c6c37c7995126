-- Corrections of the wording of a launched query, with what it was before; the wordings of a question stand with it too.
CREATE TABLE corrections (
    id blob PRIMARY KEY,
    query_id blob NOT NULL REFERENCES queries (id),
    at text NOT NULL,
    reason text NOT NULL,
    background text CHECK (json_valid(background)),
    questions text NOT NULL CHECK (json_valid(questions))
);
CREATE INDEX corrections_query ON corrections (query_id, at);

-- The later wordings for which answers of a version were confirmed; the answers stay as they were submitted.
ALTER TABLE response_versions ADD COLUMN confirmed text CHECK (json_valid(confirmed));

-- What offices want to know about a query, and the one reply of its requesters.
CREATE TABLE clarifications (
    id blob PRIMARY KEY,
    query_id blob NOT NULL REFERENCES queries (id),
    office text NOT NULL REFERENCES offices (code),
    question text,
    text text NOT NULL,
    asked_at text NOT NULL,
    replied_at text,
    replied_by text REFERENCES offices (code),
    reply text
);
CREATE INDEX clarifications_query ON clarifications (query_id, asked_at);
