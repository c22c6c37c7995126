DROP TABLE authorizations;
DROP TABLE identities;
