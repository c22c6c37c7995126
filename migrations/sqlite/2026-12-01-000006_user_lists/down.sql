ALTER TABLE user_lists DROP COLUMN confirmations;
ALTER TABLE user_lists DROP COLUMN begun_on;
ALTER TABLE users DROP COLUMN unused_told_on;
