-- When somebody used the account last; accounts that nobody uses are disabled.
ALTER TABLE users ADD COLUMN seen_on text;

-- What the session was opened from, as it calls itself, and whether a second factor was given.
ALTER TABLE sessions ADD COLUMN client text NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN second_factor boolean NOT NULL DEFAULT false;

-- Whether all users of the office need a second factor.
ALTER TABLE office_settings ADD COLUMN second_factor boolean NOT NULL DEFAULT false;

-- Links that set a new password or a new address. A link's secret is not here: only a hash of it.
CREATE TABLE account_links (
    secret_hash text PRIMARY KEY,
    purpose text NOT NULL,
    user_id blob NOT NULL REFERENCES users (id),
    email text,
    expires_at text NOT NULL
);
CREATE INDEX account_links_user ON account_links (user_id);

-- Second factors: a secret is derived from a server key and the seed. The step of the last code is kept: each is good once.
CREATE TABLE second_factors (
    user_id blob PRIMARY KEY REFERENCES users (id),
    seed text NOT NULL,
    confirmed_at text,
    used_step integer
);

CREATE TABLE recovery_codes (
    user_id blob NOT NULL REFERENCES users (id),
    code_hash text NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);

-- Tokens of programs: service accounts of an office, and personal ones of a user.
CREATE TABLE tokens (
    id blob PRIMARY KEY,
    office text NOT NULL REFERENCES offices (code),
    user_id blob REFERENCES users (id),
    name text NOT NULL,
    scopes text NOT NULL CHECK (json_valid(scopes)),
    secret_hash text NOT NULL UNIQUE,
    made_at text NOT NULL,
    made_by blob NOT NULL REFERENCES users (id),
    last_day text NOT NULL,
    used_on text,
    revoked_at text,
    warned_days integer
);
CREATE INDEX tokens_office ON tokens (office);
CREATE INDEX tokens_user ON tokens (user_id);

-- When an office confirmed last that its users are the right ones, and when it was asked.
CREATE TABLE user_lists (
    office text PRIMARY KEY REFERENCES offices (code),
    confirmed_on text,
    confirmed_by blob REFERENCES users (id),
    asked_on text
);
