-- What offices have settled for themselves, where that is not the usual way.
CREATE TABLE office_settings (
    office text PRIMARY KEY REFERENCES offices (code),
    version integer NOT NULL,
    approval boolean NOT NULL
);

-- Approval of a draft that was asked for, until the draft is changed or submitted.
ALTER TABLE responses ADD COLUMN approval_asked_at text;
ALTER TABLE responses ADD COLUMN approval_asked_by blob REFERENCES users (id);

-- Who outside the office proposed an answer of the draft, and when. It never leaves the office.
ALTER TABLE draft_answers ADD COLUMN contributed_by text;
ALTER TABLE draft_answers ADD COLUMN contributed_at text;

-- What contact points ask experts outside for. The link's secret is not here: only a hash of it.
CREATE TABLE contributions (
    id blob PRIMARY KEY,
    query_id blob NOT NULL REFERENCES queries (id),
    office text NOT NULL REFERENCES offices (code),
    version integer NOT NULL,
    secret_hash text NOT NULL UNIQUE,
    email text NOT NULL,
    name text,
    questions text NOT NULL CHECK (json_valid(questions)),
    reply_by text NOT NULL,
    note text,
    asked_at text NOT NULL,
    asked_by blob REFERENCES users (id),
    message_id blob NOT NULL,
    returned_at text,
    declined_at text,
    reason text,
    revoked_at text,
    answers text NOT NULL CHECK (json_valid(answers))
);
CREATE INDEX contributions_query ON contributions (query_id, office);
