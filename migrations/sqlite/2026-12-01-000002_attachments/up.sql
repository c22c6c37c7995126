-- Files beside queries and answers. What they hold lies in the store of files, under the hash and the id.
CREATE TABLE attachments (
    id blob PRIMARY KEY,
    query_id blob NOT NULL REFERENCES queries (id) ON DELETE CASCADE,
    response_id blob REFERENCES responses (id),
    question text CHECK ((response_id IS NULL) = (question IS NULL)),
    name text NOT NULL,
    media_type text NOT NULL,
    bytes integer NOT NULL,
    sha256 text NOT NULL,
    added_at text NOT NULL,
    added_by blob REFERENCES users (id),
    -- A version that was submitted names it: it stays, also when it leaves the draft.
    submitted boolean NOT NULL,
    removed_at text
);
CREATE INDEX attachments_query ON attachments (query_id);
CREATE INDEX attachments_response ON attachments (response_id);
