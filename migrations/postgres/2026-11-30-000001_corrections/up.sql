-- Corrections of the wording of a launched query, with what it was before; the wordings of a question stand with it too.
CREATE TABLE corrections (
    id uuid PRIMARY KEY,
    query_id uuid NOT NULL REFERENCES queries (id),
    at timestamptz NOT NULL,
    reason text NOT NULL,
    background json,
    questions json NOT NULL
);
CREATE INDEX corrections_query ON corrections (query_id, at);

-- The later wordings for which answers of a version were confirmed; the answers stay as they were submitted.
ALTER TABLE response_versions ADD COLUMN confirmed json;

-- What offices want to know about a query, and the one reply of its requesters.
CREATE TABLE clarifications (
    id uuid PRIMARY KEY,
    query_id uuid NOT NULL REFERENCES queries (id),
    office text NOT NULL REFERENCES offices (code),
    question text,
    text text NOT NULL,
    asked_at timestamptz NOT NULL,
    replied_at timestamptz,
    replied_by text REFERENCES offices (code),
    reply text
);
CREATE INDEX clarifications_query ON clarifications (query_id, asked_at);
