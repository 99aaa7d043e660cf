-- As sqlite/0004_secrets.sql.
CREATE TABLE IF NOT EXISTS account_secret (
    account_id  BIGINT      NOT NULL PRIMARY KEY,
    format      VARCHAR(64) NOT NULL,
    secret      TEXT        NOT NULL,
    salt        TEXT,
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
