-- Who takes part.
CREATE TABLE offices (
    code text PRIMARY KEY,
    kind text NOT NULL,
    standing text NOT NULL,
    name text NOT NULL,
    own_name text NOT NULL,
    former_names json NOT NULL,
    protocol_order integer,
    since date NOT NULL,
    until date,
    mailbox text NOT NULL,
    in_text text
);

CREATE TABLE topics (
    id text PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE holidays (
    office text NOT NULL REFERENCES offices (code),
    date date NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (office, date)
);

-- Accounts. An address is unique without regard to case: email_key holds it in small letters.
CREATE TABLE users (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    office text NOT NULL REFERENCES offices (code),
    name text NOT NULL,
    email text NOT NULL,
    email_key text NOT NULL UNIQUE,
    grants json NOT NULL,
    status text NOT NULL,
    password_hash text
);
CREATE INDEX users_office ON users (office);

-- The link's secret is not here: only a hash of it.
CREATE TABLE invitations (
    secret_hash text PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    expires_at timestamptz NOT NULL
);
CREATE INDEX invitations_user ON invitations (user_id);

-- A refresh token is derived from a server key, the seed and the generation; an older generation ends the session.
CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    seed text NOT NULL,
    generation integer NOT NULL,
    rotated_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX sessions_user ON sessions (user_id);

-- Failed sign-ins by account and by address, shared by all servers.
CREATE TABLE throttles (
    key text PRIMARY KEY,
    failures integer NOT NULL,
    last_at timestamptz NOT NULL
);

-- Keys of the exchange, encrypted with the configured secret; empty where they lie in a file.
CREATE TABLE keys (
    name text PRIMARY KEY,
    sealed text NOT NULL
);

-- Queries. The status is computed from these facts and the clock. The long texts stand last: a list that does not want
-- them need not read past them.
CREATE TABLE queries (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    lead text NOT NULL REFERENCES offices (code),
    joint jsonb NOT NULL,
    originator text,
    title text NOT NULL,
    never_public boolean NOT NULL,
    topics jsonb NOT NULL,
    keywords jsonb NOT NULL,
    default_circle text NOT NULL,
    deadline date,
    urgent_reason text,
    number_year integer,
    number_sequence integer,
    launched_at timestamptz,
    requested_on date,
    ends_at timestamptz,
    audience text,
    extensions json NOT NULL,
    closed_early json,
    withdrawn json,
    edition_number integer,
    edition_at timestamptz,
    publications jsonb NOT NULL,
    published_from timestamptz,
    mailed_at timestamptz,
    imported jsonb,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    background text,
    public_background text,
    questions json NOT NULL,
    UNIQUE (number_year, number_sequence)
);
CREATE INDEX queries_requested ON queries (requested_on DESC NULLS LAST, id DESC);
CREATE INDEX queries_lead ON queries (lead);
CREATE INDEX queries_ends ON queries (ends_at);

CREATE TABLE addressees (
    query_id uuid NOT NULL REFERENCES queries (id) ON DELETE CASCADE,
    office text NOT NULL REFERENCES offices (code),
    standing text NOT NULL,
    expected boolean NOT NULL,
    told_at timestamptz NOT NULL,
    agreed_on date,
    PRIMARY KEY (query_id, office)
);
CREATE INDEX addressees_office ON addressees (office);

-- Responses: the draft in rows of its own, what was submitted in versions that never change. draft_version counts the
-- changes of the draft's rows and never goes back.
CREATE TABLE responses (
    id uuid PRIMARY KEY,
    query_id uuid NOT NULL REFERENCES queries (id),
    office text NOT NULL REFERENCES offices (code),
    version bigint NOT NULL,
    status text NOT NULL,
    last_version integer NOT NULL,
    submitted_at timestamptz,
    first_submitted_at timestamptz,
    late boolean NOT NULL,
    position_at timestamptz,
    reason text,
    circles json NOT NULL,
    draft_version bigint NOT NULL DEFAULT 0,
    UNIQUE (query_id, office)
);

CREATE TABLE draft_answers (
    response_id uuid NOT NULL REFERENCES responses (id) ON DELETE CASCADE,
    question text NOT NULL,
    version bigint NOT NULL,
    answer json NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by uuid REFERENCES users (id),
    PRIMARY KEY (response_id, question)
);

CREATE TABLE response_versions (
    response_id uuid NOT NULL REFERENCES responses (id),
    number integer NOT NULL,
    submitted_at timestamptz NOT NULL,
    submitted_by uuid REFERENCES users (id),
    answers json NOT NULL,
    PRIMARY KEY (response_id, number)
);

-- Editions: frozen. A view that became too wide names the edition that replaced it.
CREATE TABLE editions (
    id uuid PRIMARY KEY,
    query_id uuid NOT NULL REFERENCES queries (id),
    number integer NOT NULL,
    made_at timestamptz NOT NULL,
    composition jsonb NOT NULL,
    declined json NOT NULL,
    UNIQUE (query_id, number)
);

CREATE TABLE edition_views (
    edition_id uuid NOT NULL REFERENCES editions (id),
    circle text NOT NULL,
    sha256 text NOT NULL,
    body text NOT NULL,
    replaced_by integer,
    PRIMARY KEY (edition_id, circle)
);

CREATE TABLE summaries (
    edition_id uuid NOT NULL REFERENCES editions (id),
    circle text NOT NULL,
    version bigint NOT NULL,
    background text NOT NULL,
    respondents text NOT NULL,
    findings text NOT NULL,
    signed_at timestamptz,
    signed_by uuid REFERENCES users (id),
    PRIMARY KEY (edition_id, circle)
);

-- What happened: who did what to which thing, never an answer's text.
CREATE TABLE audit_events (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    user_id uuid,
    office text,
    action text NOT NULL,
    subject text NOT NULL,
    facts json NOT NULL
);
CREATE INDEX audit_events_at ON audit_events (at);
CREATE INDEX audit_events_subject ON audit_events (subject);

-- Mail to be sent: facts, not texts; rendered, and its rights checked, when sent.
CREATE TABLE outbox (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    query_id uuid REFERENCES queries (id),
    office text NOT NULL,
    user_id uuid REFERENCES users (id),
    facts json NOT NULL,
    created_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    status text NOT NULL,
    attempts integer NOT NULL,
    lease integer NOT NULL,
    settled_at timestamptz,
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
    reply json,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (caller, method, path, key)
);
CREATE INDEX replays_created ON replays (created_at);
