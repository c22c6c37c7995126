-- When somebody used the account last; accounts that nobody uses are disabled.
ALTER TABLE users ADD COLUMN seen_on date;

-- What the session was opened from, as it calls itself, and whether a second factor was given.
ALTER TABLE sessions ADD COLUMN client text NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN second_factor boolean NOT NULL DEFAULT false;

-- Whether all users of the office need a second factor.
ALTER TABLE office_settings ADD COLUMN second_factor boolean NOT NULL DEFAULT false;

-- Links that set a new password or a new address. A link's secret is not here: only a hash of it.
CREATE TABLE account_links (
    secret_hash text PRIMARY KEY,
    purpose text NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id),
    email text,
    expires_at timestamptz NOT NULL
);
CREATE INDEX account_links_user ON account_links (user_id);

-- Second factors: a secret is derived from a server key and the seed. The step of the last code is kept: each is good once.
CREATE TABLE second_factors (
    user_id uuid PRIMARY KEY REFERENCES users (id),
    seed text NOT NULL,
    confirmed_at timestamptz,
    used_step bigint
);

CREATE TABLE recovery_codes (
    user_id uuid NOT NULL REFERENCES users (id),
    code_hash text NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);

-- Tokens of programs: service accounts of an office, and personal ones of a user.
CREATE TABLE tokens (
    id uuid PRIMARY KEY,
    office text NOT NULL REFERENCES offices (code),
    user_id uuid REFERENCES users (id),
    name text NOT NULL,
    scopes jsonb NOT NULL,
    secret_hash text NOT NULL UNIQUE,
    made_at timestamptz NOT NULL,
    made_by uuid NOT NULL REFERENCES users (id),
    last_day date NOT NULL,
    used_on date,
    revoked_at timestamptz,
    warned_days integer
);
CREATE INDEX tokens_office ON tokens (office);
CREATE INDEX tokens_user ON tokens (user_id);

-- When an office confirmed last that its users are the right ones, and when it was asked.
CREATE TABLE user_lists (
    office text PRIMARY KEY REFERENCES offices (code),
    confirmed_on date,
    confirmed_by uuid REFERENCES users (id),
    asked_on date
);
