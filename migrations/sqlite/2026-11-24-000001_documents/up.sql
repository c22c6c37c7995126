-- Documents that were handed out once: printed again they might differ, after the program changed.
CREATE TABLE documents (
    view_sha256 text NOT NULL,
    summary_sha256 text NOT NULL,
    form text NOT NULL,
    bytes blob NOT NULL,
    made_at text NOT NULL,
    PRIMARY KEY (view_sha256, summary_sha256, form)
);

-- Many editions asked for at once: which ones, and how far their documents have been made.
CREATE TABLE exports (
    id blob PRIMARY KEY,
    user_id blob NOT NULL REFERENCES users (id),
    asked_at text NOT NULL,
    wanted text NOT NULL CHECK (json_valid(wanted)),
    entries text NOT NULL CHECK (json_valid(entries)),
    due_at text NOT NULL,
    lease integer NOT NULL,
    done integer NOT NULL,
    finished_at text
);
CREATE INDEX exports_due ON exports (due_at) WHERE finished_at IS NULL;
