-- Whether a kept message's sender was not in the recipient's roster: all who are not share a part of its store.
ALTER TABLE offline_message ADD COLUMN stranger SMALLINT NOT NULL DEFAULT 0;
