-- Who somebody is at a provider of identities (OpenID Connect), linked to their account.
CREATE TABLE identities (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    issuer text NOT NULL,
    subject text NOT NULL,
    linked_at timestamptz NOT NULL,
    seen_on date
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
    user_id uuid REFERENCES users (id),
    session_id uuid,
    invitation_hash text,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    subject text
);
CREATE INDEX authorizations_user ON authorizations (user_id);
