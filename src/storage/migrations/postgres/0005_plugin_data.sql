-- As sqlite/0005_plugin_data.sql.

CREATE TABLE plugin_usage (
    owner_digest  BYTEA       NOT NULL PRIMARY KEY,
    plugin        VARCHAR(64) COLLATE "C" NOT NULL,
    domain        TEXT        COLLATE "C" NOT NULL,
    bytes         BIGINT      NOT NULL
);
CREATE INDEX plugin_usage_plugin ON plugin_usage (plugin);
CREATE INDEX plugin_usage_domain ON plugin_usage (domain);

CREATE TABLE plugin_value (
    owner_digest  BYTEA  NOT NULL REFERENCES plugin_usage (owner_digest),
    item_key      TEXT   COLLATE "C" NOT NULL,
    value         BYTEA  NOT NULL,
    expires_us    BIGINT,
    PRIMARY KEY (owner_digest, item_key)
);
CREATE INDEX plugin_value_expiry ON plugin_value (expires_us);
CREATE INDEX plugin_value_owner_expiry ON plugin_value (owner_digest, expires_us);

CREATE TABLE plugin_slot (
    account_id  BIGINT      NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    plugin      VARCHAR(64) COLLATE "C" NOT NULL,
    value       BYTEA       NOT NULL,
    PRIMARY KEY (account_id, plugin)
);
CREATE INDEX plugin_slot_plugin ON plugin_slot (plugin);
