//! What is counted: one window of time per run, in which stanzas, CPU time and latencies are measured.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::Plan;
use crate::procfs::{own_cpu_us, sample};

/// Before, in and after the window.
static PHASE: AtomicU8 = AtomicU8::new(0);
static COUNT: AtomicU64 = AtomicU64::new(0);
static DROPPED: AtomicU64 = AtomicU64::new(0);
static START: LazyLock<Instant> = LazyLock::new(Instant::now);
static LATENCIES: Mutex<Option<Histogram<u64>>> = Mutex::new(None);

/// Nanoseconds since the program began: what stanzas carry.
pub fn now() -> u64 {
    u64::try_from(START.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// One more has arrived that was sent at `since`.
pub fn arrived(since: u64) {
    COUNT.fetch_add(1, Relaxed);
    if PHASE.load(Relaxed) == 1
        && let Ok(mut latencies) = LATENCIES.lock()
        && let Some(latencies) = latencies.as_mut()
    {
        latencies.saturating_record((now().saturating_sub(since) / 1000).max(1));
    }
}

/// A session ended that should not have.
pub fn dropped(who: &str, why: &anyhow::Error) {
    if PHASE.load(Relaxed) < 2 && DROPPED.fetch_add(1, Relaxed) < 5 {
        eprintln!("{who}: {why:#}");
    }
}

/// Runs a session to its end, and counts it as dropped if that is an error.
pub async fn report(who: &str, session: impl Future<Output = Result<()>>) {
    if let Err(error) = session.await {
        dropped(who, &error);
    }
}

/// How many sessions ended that should not have.
pub fn dropped_so_far() -> u64 {
    DROPPED.load(Relaxed)
}

pub fn is_over() -> bool {
    PHASE.load(Relaxed) == 2
}

/// From now on the end of a session is nothing to tell.
pub fn finish() {
    PHASE.store(2, Relaxed);
}

/// Waits for the warm-up, measures for the plan's seconds, and reports.
pub async fn window(plan: &Plan) -> Result<Value> {
    sleep(Duration::from_secs(plan.warm)).await;
    if let Ok(mut latencies) = LATENCIES.lock() {
        *latencies = Some(Histogram::new_with_bounds(1, 120_000_000, 3)?);
    }
    PHASE.store(1, Relaxed);
    let (server, own, count, start) = (sample(&plan.pid), own_cpu_us(), COUNT.load(Relaxed), Instant::now());
    sleep(Duration::from_secs(plan.secs)).await;
    let (count, seconds) = (COUNT.load(Relaxed) - count, start.elapsed().as_secs_f64());
    let (server, own, rss) =
        (sample(&plan.pid).cpu_us - server.cpu_us, own_cpu_us() - own, sample(&plan.pid).rss_kb);
    let all = COUNT.load(Relaxed);
    finish();
    Ok(json!({
        "count": count,
        "all": all,
        "per_s": count as f64 / seconds,
        "server_us_each": each(server, count),
        "server_cpu_pct": server as f64 / seconds / 1e4,
        "generator_us_each": each(own, count),
        "generator_cpu_pct": own as f64 / seconds / 1e4,
        "rss_kb": rss,
        "latency_us": latencies(),
        "dropped": dropped_so_far(),
    }))
}

/// Microseconds for each; 0 where there is none.
pub fn each(microseconds: u64, count: u64) -> f64 {
    if count == 0 { 0.0 } else { microseconds as f64 / count as f64 }
}

fn latencies() -> Value {
    let Ok(latencies) = LATENCIES.lock() else { return Value::Null };
    let Some(latencies) = latencies.as_ref() else { return Value::Null };
    let at = |quantile| latencies.value_at_quantile(quantile);
    json!({ "p50": at(0.5), "p99": at(0.99), "p999": at(0.999), "max": latencies.max() })
}
