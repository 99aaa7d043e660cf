-- As sqlite/0007_imported.sql.
CREATE TABLE imported (
    account_id      BIGINT   NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    source          SMALLINT NOT NULL,
    password_here   BYTEA,
    password_there  BYTEA,
    records         BYTEA    NOT NULL,
    PRIMARY KEY (account_id, source)
);
