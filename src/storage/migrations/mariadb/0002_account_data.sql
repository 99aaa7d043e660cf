-- As sqlite/0002_account_data.sql.

CREATE TABLE IF NOT EXISTS private_xml (
    account_id  BIGINT     NOT NULL,
    digest      BINARY(32) NOT NULL,
    name        TEXT       NOT NULL,
    namespace   MEDIUMTEXT NOT NULL,
    xml         LONGTEXT   NOT NULL,
    PRIMARY KEY (account_id, digest),
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS vcard (
    account_id  BIGINT   NOT NULL PRIMARY KEY,
    xml         LONGTEXT NOT NULL,
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS last_activity (
    account_id  BIGINT     NOT NULL PRIMARY KEY,
    at_us       BIGINT     NOT NULL,
    status      MEDIUMTEXT NOT NULL,
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS privacy_item (
    account_id   BIGINT     NOT NULL,
    list_digest  BINARY(32) NOT NULL,
    list         TEXT       NOT NULL,
    item_order   BIGINT     NOT NULL,
    subject      SMALLINT   NOT NULL,
    value        MEDIUMTEXT,
    allow        SMALLINT   NOT NULL,
    kinds        SMALLINT   NOT NULL,
    PRIMARY KEY (account_id, list_digest, item_order),
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS privacy_default (
    account_id   BIGINT     NOT NULL PRIMARY KEY,
    list_digest  BINARY(32) NOT NULL,
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
