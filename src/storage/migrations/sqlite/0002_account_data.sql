-- What clients keep on the server and choose for their accounts. The widths of 0001 hold: the name of a privacy
-- list is at most 1023 bytes and a namespace has no bound, so an index over either is over a SHA-256. XML is
-- MEDIUMTEXT on MariaDB.

-- XEP-0049. With rowids, as its rows are large.
CREATE TABLE private_xml (
    account_id  BIGINT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    digest      BLOB   NOT NULL,                    -- 32 bytes, over name and namespace
    name        TEXT   NOT NULL,                    -- of the payload's root element
    namespace   TEXT   NOT NULL,
    xml         TEXT   NOT NULL,
    PRIMARY KEY (account_id, digest)
);

-- XEP-0054.
CREATE TABLE vcard (
    account_id  INTEGER NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,  -- BIGINT
    xml         TEXT    NOT NULL
);

-- XEP-0012.
CREATE TABLE last_activity (
    account_id  BIGINT NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    at_us       BIGINT NOT NULL,
    status      TEXT   NOT NULL
) WITHOUT ROWID;

-- XEP-0016. A list is its items: without any it does not exist.
CREATE TABLE privacy_item (
    account_id   BIGINT   NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    list_digest  BLOB     NOT NULL,                 -- 32 bytes
    list         TEXT     NOT NULL,
    item_order   BIGINT   NOT NULL,
    subject      SMALLINT NOT NULL,                 -- 0 anyone, 1 JID, 2 group, 3 subscription
    value        TEXT,                              -- NULL for anyone
    allow        SMALLINT NOT NULL,
    kinds        SMALLINT NOT NULL,                 -- one bit each: 1 message, 2 iq, 4 presence-in, 8 presence-out, 16 others
    PRIMARY KEY (account_id, list_digest, item_order)
) WITHOUT ROWID;

-- The list that applies to all of an account's sessions without an active list of their own.
CREATE TABLE privacy_default (
    account_id   BIGINT NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    list_digest  BLOB   NOT NULL
) WITHOUT ROWID;
