-- What plugins store. The widths of 0001 hold. A plugin's name is at most 64 bytes of ASCII, a key at most 1023 bytes.

-- A plugin on a domain, to which values belong; its row is locked while they change.
CREATE TABLE plugin_usage (
    owner_digest  BLOB        NOT NULL PRIMARY KEY,  -- 32 bytes, over plugin, NUL and domain
    plugin        VARCHAR(64) NOT NULL,
    domain        TEXT        NOT NULL,              -- U-label
    bytes         BIGINT      NOT NULL               -- of all its values, expired ones too: key and value, and 64 for each
) WITHOUT ROWID;
CREATE INDEX plugin_usage_plugin ON plugin_usage (plugin);
CREATE INDEX plugin_usage_domain ON plugin_usage (domain);

-- With rowids, as its rows may be large: a value is at most 65536 bytes, MEDIUMBLOB on MariaDB.
CREATE TABLE plugin_value (
    owner_digest  BLOB   NOT NULL REFERENCES plugin_usage (owner_digest),
    item_key      TEXT   NOT NULL,
    value         BLOB   NOT NULL,
    expires_us    BIGINT,                            -- NULL for never
    PRIMARY KEY (owner_digest, item_key)
);
CREATE INDEX plugin_value_expiry ON plugin_value (expires_us);
CREATE INDEX plugin_value_owner_expiry ON plugin_value (owner_digest, expires_us);

-- What a plugin keeps with an account: at most 4096 bytes.
CREATE TABLE plugin_slot (
    account_id  BIGINT      NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    plugin      VARCHAR(64) NOT NULL,
    value       BLOB        NOT NULL,
    PRIMARY KEY (account_id, plugin)
) WITHOUT ROWID;
CREATE INDEX plugin_slot_plugin ON plugin_slot (plugin);
