-- What was erased on a written order, or is to be: answers of an office (all of them where no question is named), or the
-- summary of an edition. Two people of the service provider name themselves; their accounts may be gone when a list of
-- erasures is applied again.
CREATE TABLE erasures (
    id uuid PRIMARY KEY,
    query_id uuid NOT NULL REFERENCES queries (id),
    office text,
    question text,
    edition integer,
    written_order text NOT NULL,
    asked_at timestamptz NOT NULL,
    asked_by uuid NOT NULL,
    confirmed_at timestamptz,
    confirmed_by uuid,
    withdrawn_at timestamptz,
    withdrawn_by uuid
);
CREATE INDEX erasures_asked ON erasures (asked_at, id);
-- The hash of a view stays that of what was frozen; where something was erased, the body has another.
ALTER TABLE edition_views ADD COLUMN body_sha256 text;
ALTER TABLE edition_views ADD COLUMN erased_at timestamptz;
