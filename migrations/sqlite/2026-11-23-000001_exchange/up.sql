-- Who takes part.
CREATE TABLE offices (
    code text PRIMARY KEY,
    kind text NOT NULL,
    standing text NOT NULL,
    name text NOT NULL,
    own_name text NOT NULL,
    former_names text NOT NULL CHECK (json_valid(former_names)),
    protocol_order integer,
    since text NOT NULL,
    until text,
    mailbox text NOT NULL,
    in_text text
);

CREATE TABLE topics (
    id text PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE holidays (
    office text NOT NULL REFERENCES offices (code),
    date text NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (office, date)
);

-- Accounts. An address is unique without regard to case: email_key holds it in small letters.
CREATE TABLE users (
    id blob PRIMARY KEY,
    version integer NOT NULL,
    office text NOT NULL REFERENCES offices (code),
    name text NOT NULL,
    email text NOT NULL,
    email_key text NOT NULL UNIQUE,
    grants text NOT NULL CHECK (json_valid(grants)),
    status text NOT NULL,
    password_hash text
);
CREATE INDEX users_office ON users (office);

-- The link's secret is not here: only a hash of it.
CREATE TABLE invitations (
    secret_hash text PRIMARY KEY,
    user_id blob NOT NULL REFERENCES users (id),
    expires_at text NOT NULL
);
CREATE INDEX invitations_user ON invitations (user_id);

-- A refresh token is derived from a server key, the seed and the generation; an older generation ends the session.
CREATE TABLE sessions (
    id blob PRIMARY KEY,
    user_id blob NOT NULL REFERENCES users (id),
    seed text NOT NULL,
    generation integer NOT NULL,
    rotated_at text NOT NULL,
    created_at text NOT NULL,
    expires_at text NOT NULL,
    ended_at text
);
CREATE INDEX sessions_user ON sessions (user_id);

-- Failed sign-ins by account and by address, shared by all servers.
CREATE TABLE throttles (
    key text PRIMARY KEY,
    failures integer NOT NULL,
    last_at text NOT NULL
);

-- Keys of the exchange, encrypted with the configured secret; empty where they lie in a file.
CREATE TABLE keys (
    name text PRIMARY KEY,
    sealed text NOT NULL
);

-- Queries. The status is computed from these facts and the clock. The long texts stand last: a list that does not want
-- them need not read past them.
CREATE TABLE queries (
    id blob PRIMARY KEY,
    version integer NOT NULL,
    lead text NOT NULL REFERENCES offices (code),
    joint text NOT NULL CHECK (json_valid(joint)),
    originator text,
    title text NOT NULL,
    never_public boolean NOT NULL,
    topics text NOT NULL CHECK (json_valid(topics)),
    keywords text NOT NULL CHECK (json_valid(keywords)),
    default_circle text NOT NULL,
    deadline text,
    urgent_reason text,
    number_year integer,
    number_sequence integer,
    launched_at text,
    requested_on text,
    ends_at text,
    audience text,
    extensions text NOT NULL CHECK (json_valid(extensions)),
    closed_early text CHECK (json_valid(closed_early)),
    withdrawn text CHECK (json_valid(withdrawn)),
    edition_number integer,
    edition_at text,
    publications text NOT NULL CHECK (json_valid(publications)),
    published_from text,
    mailed_at text,
    imported text CHECK (json_valid(imported)),
    created_at text NOT NULL,
    changed_at text NOT NULL,
    background text,
    public_background text,
    questions text NOT NULL CHECK (json_valid(questions)),
    UNIQUE (number_year, number_sequence)
);
CREATE INDEX queries_requested ON queries (requested_on, id);
CREATE INDEX queries_lead ON queries (lead);
CREATE INDEX queries_ends ON queries (ends_at);

CREATE TABLE addressees (
    query_id blob NOT NULL REFERENCES queries (id) ON DELETE CASCADE,
    office text NOT NULL REFERENCES offices (code),
    standing text NOT NULL,
    expected boolean NOT NULL,
    told_at text NOT NULL,
    agreed_on text,
    PRIMARY KEY (query_id, office)
);
CREATE INDEX addressees_office ON addressees (office);

-- Responses: the draft in rows of its own, what was submitted in versions that never change. draft_version counts the
-- changes of the draft's rows and never goes back.
CREATE TABLE responses (
    id blob PRIMARY KEY,
    query_id blob NOT NULL REFERENCES queries (id),
    office text NOT NULL REFERENCES offices (code),
    version integer NOT NULL,
    status text NOT NULL,
    last_version integer NOT NULL,
    submitted_at text,
    first_submitted_at text,
    late boolean NOT NULL,
    position_at text,
    reason text,
    circles text NOT NULL CHECK (json_valid(circles)),
    draft_version integer NOT NULL DEFAULT 0,
    UNIQUE (query_id, office)
);

CREATE TABLE draft_answers (
    response_id blob NOT NULL REFERENCES responses (id) ON DELETE CASCADE,
    question text NOT NULL,
    version integer NOT NULL,
    answer text NOT NULL CHECK (json_valid(answer)),
    changed_at text NOT NULL,
    changed_by blob REFERENCES users (id),
    PRIMARY KEY (response_id, question)
);

CREATE TABLE response_versions (
    response_id blob NOT NULL REFERENCES responses (id),
    number integer NOT NULL,
    submitted_at text NOT NULL,
    submitted_by blob REFERENCES users (id),
    answers text NOT NULL CHECK (json_valid(answers)),
    PRIMARY KEY (response_id, number)
);

-- Editions: frozen. A view that became too wide names the edition that replaced it.
CREATE TABLE editions (
    id blob PRIMARY KEY,
    query_id blob NOT NULL REFERENCES queries (id),
    number integer NOT NULL,
    made_at text NOT NULL,
    composition text NOT NULL CHECK (json_valid(composition)),
    declined text NOT NULL CHECK (json_valid(declined)),
    UNIQUE (query_id, number)
);

CREATE TABLE edition_views (
    edition_id blob NOT NULL REFERENCES editions (id),
    circle text NOT NULL,
    sha256 text NOT NULL,
    body text NOT NULL,
    replaced_by integer,
    PRIMARY KEY (edition_id, circle)
);

CREATE TABLE summaries (
    edition_id blob NOT NULL REFERENCES editions (id),
    circle text NOT NULL,
    version integer NOT NULL,
    background text NOT NULL,
    respondents text NOT NULL,
    findings text NOT NULL,
    signed_at text,
    signed_by blob REFERENCES users (id),
    PRIMARY KEY (edition_id, circle)
);

-- What happened: who did what to which thing, never an answer's text.
CREATE TABLE audit_events (
    id blob PRIMARY KEY,
    at text NOT NULL,
    user_id blob,
    office text,
    action text NOT NULL,
    subject text NOT NULL,
    facts text NOT NULL CHECK (json_valid(facts))
);
CREATE INDEX audit_events_at ON audit_events (at);
CREATE INDEX audit_events_subject ON audit_events (subject);

-- Mail to be sent: facts, not texts; rendered, and its rights checked, when sent.
CREATE TABLE outbox (
    id blob PRIMARY KEY,
    kind text NOT NULL,
    query_id blob REFERENCES queries (id),
    office text NOT NULL,
    user_id blob REFERENCES users (id),
    facts text NOT NULL CHECK (json_valid(facts)),
    created_at text NOT NULL,
    due_at text NOT NULL,
    status text NOT NULL,
    attempts integer NOT NULL,
    lease integer NOT NULL,
    settled_at text,
    fault text
);
CREATE INDEX outbox_due ON outbox (status, due_at);
CREATE INDEX outbox_query ON outbox (query_id);

-- Replies kept for Idempotency-Key: seven days.
CREATE TABLE replays (
    caller text NOT NULL,
    method text NOT NULL,
    path text NOT NULL,
    key text NOT NULL,
    body_hash text NOT NULL,
    reply text CHECK (json_valid(reply)),
    created_at text NOT NULL,
    PRIMARY KEY (caller, method, path, key)
);
CREATE INDEX replays_created ON replays (created_at);
