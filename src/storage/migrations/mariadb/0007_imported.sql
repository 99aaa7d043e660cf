-- As sqlite/0007_imported.sql.
CREATE TABLE IF NOT EXISTS imported (
    account_id      BIGINT     NOT NULL,
    source          SMALLINT   NOT NULL,
    password_here   TINYBLOB,
    password_there  TINYBLOB,
    records         MEDIUMBLOB NOT NULL,
    PRIMARY KEY (account_id, source),
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
