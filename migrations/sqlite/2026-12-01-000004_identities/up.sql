-- Who somebody is at a provider of identities (OpenID Connect), linked to their account.
CREATE TABLE identities (
    id blob PRIMARY KEY,
    user_id blob NOT NULL REFERENCES users (id),
    issuer text NOT NULL,
    subject text NOT NULL,
    linked_at text NOT NULL,
    seen_on text
);
CREATE UNIQUE INDEX identities_issuer_subject_key ON identities (issuer, subject);
CREATE INDEX identities_user ON identities (user_id);

-- Those who were sent to a provider and are to come back within minutes. Neither the state nor what binds it to who asked
-- is here: only hashes. The subject stands where the provider has named it and the code of the second factor is awaited.
CREATE TABLE authorizations (
    state_hash text PRIMARY KEY,
    binding_hash text NOT NULL,
    provider text NOT NULL,
    purpose text NOT NULL,
    user_id blob REFERENCES users (id),
    session_id blob,
    invitation_hash text,
    expires_at text NOT NULL,
    used_at text,
    subject text
);
CREATE INDEX authorizations_user ON authorizations (user_id);
