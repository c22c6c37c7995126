DROP TABLE contributions;
ALTER TABLE draft_answers DROP COLUMN contributed_at;
ALTER TABLE draft_answers DROP COLUMN contributed_by;
ALTER TABLE responses DROP COLUMN approval_asked_by;
ALTER TABLE responses DROP COLUMN approval_asked_at;
DROP TABLE office_settings;
