-- Passwords as other software has hashed them, of accounts that have not logged in since they were imported. Their
-- account.hashes is 8, and there are no keys; 16 if the text is the password itself.
CREATE TABLE account_secret (
    account_id  INTEGER      NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,  -- BIGINT
    format      VARCHAR(64)  NOT NULL,
    secret      TEXT         NOT NULL,
    salt        TEXT                                -- or the realm, if the format has one
);
