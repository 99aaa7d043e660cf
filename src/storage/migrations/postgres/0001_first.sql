-- As sqlite/0001_first.sql, where the columns are explained. Names compare bytewise on every database.

CREATE TABLE account (
    id          BIGINT   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    domain      TEXT     COLLATE "C" NOT NULL,
    local       TEXT     COLLATE "C" NOT NULL,
    created_us  BIGINT   NOT NULL,
    enabled     SMALLINT NOT NULL,
    hashes      SMALLINT NOT NULL
);
CREATE UNIQUE INDEX account_name ON account (domain, local);
CREATE INDEX account_hashes ON account (domain, hashes);

CREATE TABLE account_key (
    account_id  BIGINT   NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    hash        SMALLINT NOT NULL,
    iterations  INTEGER  NOT NULL,
    salt        BYTEA    NOT NULL,
    stored_key  BYTEA    NOT NULL,
    server_key  BYTEA    NOT NULL,
    PRIMARY KEY (account_id, hash)
);

CREATE TABLE roster (
    account_id  BIGINT NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    version     BIGINT NOT NULL
);

CREATE TABLE roster_item (
    account_id    BIGINT   NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    jid_digest    BYTEA    NOT NULL,
    jid           TEXT     COLLATE "C" NOT NULL,
    name          TEXT     COLLATE "C",
    subscription  SMALLINT NOT NULL,
    ask           SMALLINT NOT NULL,
    approved      SMALLINT NOT NULL,
    in_roster     SMALLINT NOT NULL,
    pending_in    TEXT     COLLATE "C",
    item_groups   TEXT     COLLATE "C" NOT NULL,
    version       BIGINT   NOT NULL,
    PRIMARY KEY (account_id, jid_digest)
);

CREATE TABLE offline_message (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id  BIGINT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    stored_us   BIGINT NOT NULL,
    expires_us  BIGINT,
    xml         BYTEA  NOT NULL
);
CREATE INDEX offline_message_account ON offline_message (account_id, id);
CREATE INDEX offline_message_expiry ON offline_message (expires_us);

CREATE TABLE setting (
    name   VARCHAR(255) COLLATE "C" NOT NULL PRIMARY KEY,
    value  BYTEA        NOT NULL
);
