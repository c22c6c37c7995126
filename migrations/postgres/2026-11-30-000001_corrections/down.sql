DROP TABLE clarifications;
ALTER TABLE response_versions DROP COLUMN confirmed;
DROP TABLE corrections;
