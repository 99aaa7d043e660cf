-- What was imported from another server, so that a later import tells what has changed since, there and here. With an account
-- it goes.
CREATE TABLE imported (
    account_id      BIGINT   NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    source          SMALLINT NOT NULL,              -- 1 jabberd2, 2 ejabberd, 3 Prosody, 4 XEP-0227
    password_here   BLOB,                           -- digest of how the password was kept here after the import
    password_there  BLOB,                           -- digest of a hash there; NULL for a password itself
    records         BLOB     NOT NULL,              -- 17 bytes each: kind, digest of the key, digest of the content
    PRIMARY KEY (account_id, source)
) WITHOUT ROWID;
