-- Documents that were handed out once: printed again they might differ, after the program changed.
CREATE TABLE documents (
    view_sha256 text NOT NULL,
    summary_sha256 text NOT NULL,
    form text NOT NULL,
    bytes bytea NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (view_sha256, summary_sha256, form)
);

-- Many editions asked for at once: which ones, and how far their documents have been made.
CREATE TABLE exports (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    asked_at timestamptz NOT NULL,
    wanted json NOT NULL,
    entries json NOT NULL,
    due_at timestamptz NOT NULL,
    lease integer NOT NULL,
    done integer NOT NULL,
    finished_at timestamptz
);
CREATE INDEX exports_due ON exports (due_at) WHERE finished_at IS NULL;
