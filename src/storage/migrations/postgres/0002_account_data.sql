-- As sqlite/0002_account_data.sql.

CREATE TABLE private_xml (
    account_id  BIGINT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    digest      BYTEA  NOT NULL,
    name        TEXT   COLLATE "C" NOT NULL,
    namespace   TEXT   COLLATE "C" NOT NULL,
    xml         TEXT   COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, digest)
);

CREATE TABLE vcard (
    account_id  BIGINT NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    xml         TEXT   COLLATE "C" NOT NULL
);

CREATE TABLE last_activity (
    account_id  BIGINT NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    at_us       BIGINT NOT NULL,
    status      TEXT   COLLATE "C" NOT NULL
);

CREATE TABLE privacy_item (
    account_id   BIGINT   NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    list_digest  BYTEA    NOT NULL,
    list         TEXT     COLLATE "C" NOT NULL,
    item_order   BIGINT   NOT NULL,
    subject      SMALLINT NOT NULL,
    value        TEXT     COLLATE "C",
    allow        SMALLINT NOT NULL,
    kinds        SMALLINT NOT NULL,
    PRIMARY KEY (account_id, list_digest, item_order)
);

CREATE TABLE privacy_default (
    account_id   BIGINT NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    list_digest  BYTEA  NOT NULL
);
