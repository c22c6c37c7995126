-- Files beside queries and answers. What they hold lies in the store of files, under the hash and the id.
CREATE TABLE attachments (
    id uuid PRIMARY KEY,
    query_id uuid NOT NULL REFERENCES queries (id) ON DELETE CASCADE,
    response_id uuid REFERENCES responses (id),
    question text CHECK ((response_id IS NULL) = (question IS NULL)),
    name text NOT NULL,
    media_type text NOT NULL,
    bytes bigint NOT NULL,
    sha256 text NOT NULL,
    added_at timestamptz NOT NULL,
    added_by uuid REFERENCES users (id),
    -- A version that was submitted names it: it stays, also when it leaves the draft.
    submitted boolean NOT NULL,
    removed_at timestamptz
);
CREATE INDEX attachments_query ON attachments (query_id);
CREATE INDEX attachments_response ON attachments (response_id);
