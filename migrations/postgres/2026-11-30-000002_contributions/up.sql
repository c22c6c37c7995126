-- What offices have settled for themselves, where that is not the usual way.
CREATE TABLE office_settings (
    office text PRIMARY KEY REFERENCES offices (code),
    version bigint NOT NULL,
    approval boolean NOT NULL
);

-- Approval of a draft that was asked for, until the draft is changed or submitted.
ALTER TABLE responses ADD COLUMN approval_asked_at timestamptz;
ALTER TABLE responses ADD COLUMN approval_asked_by uuid REFERENCES users (id);

-- Who outside the office proposed an answer of the draft, and when. It never leaves the office.
ALTER TABLE draft_answers ADD COLUMN contributed_by text;
ALTER TABLE draft_answers ADD COLUMN contributed_at timestamptz;

-- What contact points ask experts outside for. The link's secret is not here: only a hash of it.
CREATE TABLE contributions (
    id uuid PRIMARY KEY,
    query_id uuid NOT NULL REFERENCES queries (id),
    office text NOT NULL REFERENCES offices (code),
    version bigint NOT NULL,
    secret_hash text NOT NULL UNIQUE,
    email text NOT NULL,
    name text,
    questions jsonb NOT NULL,
    reply_by date NOT NULL,
    note text,
    asked_at timestamptz NOT NULL,
    asked_by uuid REFERENCES users (id),
    message_id uuid NOT NULL,
    returned_at timestamptz,
    declined_at timestamptz,
    reason text,
    revoked_at timestamptz,
    answers jsonb NOT NULL
);
CREATE INDEX contributions_query ON contributions (query_id, office);
