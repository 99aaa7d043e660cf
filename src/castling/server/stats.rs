//! Counters, for `castling stats`.

use admin::CommandError;
use serde_json::{Map, Value, json};
use storage::Counted;
use storage::source::SourceStat;

use super::Server;

fn micros(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// A row of the table of statements.
fn statement<N>(name: &str, stat: &Counted<N>) -> Value {
    json!({
        "name": name,
        "calls": stat.calls,
        "rows": stat.rows,
        "failures": stat.failures,
        "total_us": micros(stat.total()),
        "max_us": micros(stat.max),
    })
}

fn datasource(stat: &SourceStat) -> Value {
    json!({
        "state": stat.breaker.word(),
        "waiting": stat.waiting,
        "busy": stat.busy,
        "idle": stat.idle,
        "connected": stat.connected,
        "connect_failures": stat.connect_failures,
        "refused": stat.refused,
        "overloaded": stat.overloaded,
    })
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
        let mut statements: Vec<Value> =
            store.statement_counts().iter().map(|stat| statement(stat.name, stat)).collect();
        let sources = self.sources.stats();
        for source in &sources {
            let run = source.statements.iter().filter(|stat| stat.calls > 0);
            statements.extend(run.map(|stat| statement(&format!("{}/{}", source.name, stat.name), stat)));
        }
        let sources: Map<String, Value> =
            sources.into_iter().map(|source| (source.name.clone(), datasource(&source))).collect();
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
            "datasources": sources,
            "plugins": self.platform.stats(),
        }))
    }
}
