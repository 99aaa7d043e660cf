-- As sqlite/0006_adopted.sql.
ALTER TABLE account ADD COLUMN IF NOT EXISTS provider VARCHAR(64) COLLATE utf8mb4_nopad_bin,
    ADD INDEX IF NOT EXISTS account_provider (domain, provider, local);
