//! `castling stats`: what was counted.

use admin::CommandError;
use serde_json::{Value, json};

use super::Server;

impl Server {
    pub(super) fn stats(&self) -> Result<Value, CommandError> {
        let counters = self.kernel.counters();
        let drops: Vec<Value> = counters
            .drops()
            .into_iter()
            .map(|(reason, count)| json!({ "by": &*reason.by, "stage": reason.stage, "count": count }))
            .collect();
        let store = self.kernel.store();
        let statements: Vec<Value> = store
            .statement_counts()
            .into_iter()
            .map(|s| json!({ "name": s.name, "calls": s.calls, "rows": s.rows, "total_us": s.total_us, "max_us": s.max_us }))
            .collect();
        Ok(json!({
            "sessions": self.kernel.session_count(),
            "tasks": self.kernel.runtime().tasks.running(),
            "panics": self.kernel.runtime().tasks.panics(),
            "stanzas": counters.stanzas.get(),
            "delivered": counters.delivered.get(),
            "bounced": counters.bounced.get(),
            "slow_readers": counters.slow_readers.get(),
            "resumed": counters.resumed.get(),
            "dropped": drops,
            "statements": statements,
            "plugins": self.plugins.stats(),
        }))
    }
}
