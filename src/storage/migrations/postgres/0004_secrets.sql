-- As sqlite/0004_secrets.sql.
CREATE TABLE account_secret (
    account_id  BIGINT      NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    format      VARCHAR(64) COLLATE "C" NOT NULL,
    secret      TEXT        COLLATE "C" NOT NULL,
    salt        TEXT        COLLATE "C"
);
