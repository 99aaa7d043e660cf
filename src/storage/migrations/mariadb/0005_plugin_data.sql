-- As sqlite/0005_plugin_data.sql. A key is binary, as the names of an account.

CREATE TABLE IF NOT EXISTS plugin_usage (
    owner_digest  BINARY(32)      NOT NULL PRIMARY KEY,
    plugin        VARCHAR(64)     NOT NULL,
    domain        VARBINARY(1023) NOT NULL,
    bytes         BIGINT          NOT NULL,
    INDEX plugin_usage_plugin (plugin),
    INDEX plugin_usage_domain (domain)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS plugin_value (
    owner_digest  BINARY(32)      NOT NULL,
    item_key      VARBINARY(1023) NOT NULL,
    value         MEDIUMBLOB      NOT NULL,
    expires_us    BIGINT,
    PRIMARY KEY (owner_digest, item_key),
    INDEX plugin_value_expiry (expires_us),
    INDEX plugin_value_owner_expiry (owner_digest, expires_us),
    FOREIGN KEY (owner_digest) REFERENCES plugin_usage (owner_digest)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS plugin_slot (
    account_id  BIGINT      NOT NULL,
    plugin      VARCHAR(64) NOT NULL,
    value       BLOB        NOT NULL,
    PRIMARY KEY (account_id, plugin),
    INDEX plugin_slot_plugin (plugin),
    FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_nopad_bin;
