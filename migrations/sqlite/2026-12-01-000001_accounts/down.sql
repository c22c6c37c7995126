DROP TABLE user_lists;
DROP TABLE tokens;
DROP TABLE recovery_codes;
DROP TABLE second_factors;
DROP TABLE account_links;
ALTER TABLE office_settings DROP COLUMN second_factor;
ALTER TABLE sessions DROP COLUMN second_factor;
ALTER TABLE sessions DROP COLUMN client;
ALTER TABLE users DROP COLUMN seen_on;
