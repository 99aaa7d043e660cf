-- As sqlite/0006_adopted.sql.
ALTER TABLE account ADD COLUMN provider VARCHAR(64) COLLATE "C";
CREATE INDEX account_provider ON account (domain, provider, local);
