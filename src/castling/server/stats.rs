//! Counters, for `castling stats`.

use admin::CommandError;
use serde_json::{Value, json};

use super::Server;

fn micros(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Server {
    pub(super) fn stats(&self) -> Result<Value, CommandError> {
        let counters = self.kernel.counters();
        let drops: Vec<Value> = counters
            .drops()
            .into_iter()
            .map(|(reason, counts)| json!({ "by": &*reason.by, "stage": reason.stage, "count": counts.iter().sum::<u64>() }))
            .collect();
        let store = self.kernel.store();
        let writer = store.writer_stat();
        let statements: Vec<Value> = store
            .statement_counts()
            .into_iter()
            .map(|s| json!({ "name": s.name, "calls": s.calls, "rows": s.rows, "failures": s.failures, "total_us": micros(s.total()), "max_us": micros(s.max) }))
            .collect();
        Ok(json!({
            "connections": self.c2s.get().map_or(0, |c2s| c2s.connections().open()),
            "connections_refused": self.c2s.get().map_or(0, |c2s| c2s.connections().refused()),
            "sessions": self.kernel.session_count(),
            "tasks": self.kernel.runtime().tasks.running(),
            "panics": self.kernel.runtime().tasks.panics(),
            "log_lost": crate::logging::lost(),
            "stanzas": counters.stanzas.sum(),
            "delivered": counters.delivered.sum(),
            "bounced": counters.bounced.sum(),
            "unstored": counters.unstored.get(),
            "slow_readers": counters.slow_readers.get(),
            "resumed": counters.resumed.get(),
            "dropped": drops,
            "statements": statements,
            "writer_queue": writer.queued,
            "storage": {
                "away_seconds": store.away_for().map(|away| away.as_secs()),
                "readers_busy": store.pool_stat().readers_busy,
                "writes": writer.writes,
                "batches": writer.batches,
                "reruns": writer.reruns,
                "refused": writer.refused,
                "overloaded": writer.overloaded,
            },
            "plugins": self.platform.stats(),
        }))
    }
}
