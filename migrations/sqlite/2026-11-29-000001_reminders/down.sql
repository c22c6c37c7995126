DROP INDEX outbox_office;
ALTER TABLE outbox DROP COLUMN wanted_at;
DROP TABLE suppressions;
DROP TABLE notifications;
DROP TABLE mailings;
DROP TABLE reminders;
DROP TABLE extension_requests;
ALTER TABLE responses DROP COLUMN in_part;
ALTER TABLE addressees DROP COLUMN agreed_at;
