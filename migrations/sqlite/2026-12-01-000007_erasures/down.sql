ALTER TABLE edition_views DROP COLUMN erased_at;
ALTER TABLE edition_views DROP COLUMN body_sha256;
DROP TABLE erasures;
