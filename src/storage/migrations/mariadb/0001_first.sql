-- As sqlite/0001_first.sql, where the columns are explained. Names compare bytewise on every database; those of an
-- account are binary, since an index holds 3072 bytes and a character counts as four. Definitions commit by
-- themselves: each can be run again.

CREATE TABLE IF NOT EXISTS account (
    id          BIGINT          NOT NULL PRIMARY KEY AUTO_INCREMENT,
    domain      VARBINARY(1023) NOT NULL,
    local       VARBINARY(1023) NOT NULL,
    created_us  BIGINT          NOT NULL,
    enabled     SMALLINT        NOT NULL,
    hashes      SMALLINT        NOT NULL,
    UNIQUE INDEX account_name (domain, local),
    INDEX account_hashes (domain, hashes)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS account_key (
    account_id  BIGINT   NOT NULL,
    hash        SMALLINT NOT NULL,
    iterations  INTEGER  NOT NULL,
    salt        BLOB     NOT NULL,
    stored_key  BLOB     NOT NULL,
    server_key  BLOB     NOT NULL,
    PRIMARY KEY (account_id, hash),
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS roster (
    account_id  BIGINT NOT NULL PRIMARY KEY,
    version     BIGINT NOT NULL,
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS roster_item (
    account_id    BIGINT     NOT NULL,
    jid_digest    BINARY(32) NOT NULL,
    jid           TEXT       NOT NULL,
    name          MEDIUMTEXT,
    subscription  SMALLINT   NOT NULL,
    ask           SMALLINT   NOT NULL,
    approved      SMALLINT   NOT NULL,
    in_roster     SMALLINT   NOT NULL,
    pending_in    LONGTEXT,
    item_groups   LONGTEXT   NOT NULL,
    version       BIGINT     NOT NULL,
    PRIMARY KEY (account_id, jid_digest),
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS offline_message (
    id          BIGINT   NOT NULL PRIMARY KEY AUTO_INCREMENT,
    account_id  BIGINT   NOT NULL,
    stored_us   BIGINT   NOT NULL,
    expires_us  BIGINT,
    xml         LONGBLOB NOT NULL,
    INDEX offline_message_account (account_id, id),
    INDEX offline_message_expiry (expires_us),
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS setting (
    name   VARCHAR(255) NOT NULL PRIMARY KEY,
    value  LONGBLOB     NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
