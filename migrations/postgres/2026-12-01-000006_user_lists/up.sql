-- When somebody was told that their account will be disabled because nobody uses it.
ALTER TABLE users ADD COLUMN unused_told_on date;

-- From when on the year counts until an office that never confirmed its users is asked to, and how often it has confirmed.
ALTER TABLE user_lists ADD COLUMN begun_on date;
ALTER TABLE user_lists ADD COLUMN confirmations bigint NOT NULL DEFAULT 0;
