-- Widths hold on PostgreSQL and MariaDB too: a domain and a local part are at most 1023 bytes each, a JID at
-- most 3071, so an index over a JID is over its SHA-256. Text compares bytewise. Times are UTC microseconds.
-- Ids are never given out again, not even after the highest row was deleted: what still holds an old id must
-- not reach a new row by it.

CREATE TABLE account (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,  -- BIGINT, identity
    domain      TEXT     NOT NULL,                  -- U-label
    local       TEXT     NOT NULL,                  -- after nodeprep
    created_us  BIGINT   NOT NULL,
    enabled     SMALLINT NOT NULL,
    hashes      SMALLINT NOT NULL                   -- which hashes account_key has rows for, one bit each
);
CREATE UNIQUE INDEX account_name ON account (domain, local);
CREATE INDEX account_hashes ON account (domain, hashes);

-- What SCRAM verifies against (RFC 5802 section 3).
CREATE TABLE account_key (
    account_id  BIGINT   NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    hash        SMALLINT NOT NULL,                  -- the bit in account.hashes
    iterations  INTEGER  NOT NULL,
    salt        BLOB     NOT NULL,
    stored_key  BLOB     NOT NULL,
    server_key  BLOB     NOT NULL,
    PRIMARY KEY (account_id, hash)
) WITHOUT ROWID;

CREATE TABLE roster (
    account_id  BIGINT NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    version     BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE roster_item (
    account_id    BIGINT   NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    jid_digest    BLOB     NOT NULL,                -- 32 bytes
    jid           TEXT     NOT NULL,
    name          TEXT,
    subscription  SMALLINT NOT NULL,                -- 0 none, 1 to, 2 from, 3 both
    ask           SMALLINT NOT NULL,
    approved      SMALLINT NOT NULL,
    in_roster     SMALLINT NOT NULL,
    pending_in    TEXT,                             -- the subscribe stanza that waits for an answer
    item_groups   TEXT     NOT NULL,                -- a JSON array of strings
    version       BIGINT   NOT NULL,
    PRIMARY KEY (account_id, jid_digest)
) WITHOUT ROWID;

CREATE TABLE offline_message (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,  -- BIGINT, identity; grows in the order of commits
    account_id  BIGINT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    stored_us   BIGINT NOT NULL,
    expires_us  BIGINT,
    xml         BLOB   NOT NULL
);
CREATE INDEX offline_message_account ON offline_message (account_id, id);
CREATE INDEX offline_message_expiry ON offline_message (expires_us);

CREATE TABLE setting (
    name   VARCHAR(255) NOT NULL PRIMARY KEY,
    value  BLOB         NOT NULL
) WITHOUT ROWID;
