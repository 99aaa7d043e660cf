-- As sqlite/0003_strangers.sql.
ALTER TABLE offline_message ADD COLUMN stranger SMALLINT NOT NULL DEFAULT 0;
