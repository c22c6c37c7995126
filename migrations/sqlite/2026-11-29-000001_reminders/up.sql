-- A date agreed with one office, and since when.
ALTER TABLE addressees ADD COLUMN agreed_at text;
-- Whether answers of the version in force are still to follow.
ALTER TABLE responses ADD COLUMN in_part boolean NOT NULL DEFAULT false;

-- Requests of offices for more time, and what the lead answered; one at a time waits.
CREATE TABLE extension_requests (
    id blob PRIMARY KEY,
    query_id blob NOT NULL REFERENCES queries (id),
    office text NOT NULL REFERENCES offices (code),
    proposed text NOT NULL,
    reason text NOT NULL,
    asked_at text NOT NULL,
    answered_at text,
    outcome text,
    granted text,
    note text
);
CREATE INDEX extension_requests_query ON extension_requests (query_id);
CREATE UNIQUE INDEX extension_requests_query_id_office_key ON extension_requests (query_id, office) WHERE answered_at IS NULL;

-- Reminders whose day came: once an office, a query, a deadline of that office and a step. Without a message where the
-- office had answered.
CREATE TABLE reminders (
    query_id blob NOT NULL REFERENCES queries (id),
    office text NOT NULL REFERENCES offices (code),
    deadline text NOT NULL,
    step text NOT NULL,
    at text NOT NULL,
    message_id blob,
    PRIMARY KEY (query_id, office, deadline, step)
);

-- Mail that comes by the calendar: for a recipient (a user's id, an office's code) and a kind its last day, and up to when
-- it told what happened.
CREATE TABLE mailings (
    recipient text NOT NULL,
    kind text NOT NULL,
    day text NOT NULL,
    through text NOT NULL,
    PRIMARY KEY (recipient, kind)
);

-- How a user wants mail, where that is not the usual way.
CREATE TABLE notifications (
    user_id blob PRIMARY KEY REFERENCES users (id),
    version integer NOT NULL,
    mail text NOT NULL,
    weekly boolean NOT NULL,
    quarterly boolean NOT NULL,
    absent_from text,
    absent_until text,
    deputy blob REFERENCES users (id)
);
CREATE INDEX notifications_deputy ON notifications (deputy);

-- Personal addresses that do not exist, until a day.
CREATE TABLE suppressions (
    user_id blob PRIMARY KEY REFERENCES users (id),
    email text NOT NULL,
    reason text NOT NULL,
    since text NOT NULL,
    until text NOT NULL
);

-- From when on a message was to be sent at all: tries end five days after that. A claim moves due_at.
ALTER TABLE outbox ADD COLUMN wanted_at text;
CREATE INDEX outbox_office ON outbox (office, created_at);
