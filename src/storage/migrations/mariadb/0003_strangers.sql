-- As sqlite/0003_strangers.sql.
ALTER TABLE offline_message ADD COLUMN IF NOT EXISTS stranger SMALLINT NOT NULL DEFAULT 0;
