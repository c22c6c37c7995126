-- Secret addresses at which the deadlines of an office are read as a calendar. The secret is not here: only a hash of it.
CREATE TABLE calendar_feeds (
    id blob PRIMARY KEY,
    office text NOT NULL REFERENCES offices (code),
    secret_hash text NOT NULL UNIQUE,
    made_at text NOT NULL,
    made_by blob NOT NULL REFERENCES users (id),
    read_at text
);
CREATE INDEX calendar_feeds_office ON calendar_feeds (office);
