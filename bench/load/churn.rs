//! Memory that many log-ins leave behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::client::Client;
use crate::place::Place;
use crate::procfs::sample;
use crate::{Plan, figures};

/// What is read after each step.
struct Reading {
    logins: usize,
    rss_kb: u64,
}

/// Logs in and out until `total`, over `accounts` accounts in turn; reads memory after every `step`, once the server has
/// settled. The first step warms pools and caches: what grows after it is the figure.
pub async fn run(
    place: &Arc<Place>,
    plan: &Plan,
    total: usize,
    step: usize,
    accounts: usize,
    settle: u64,
) -> Result<Value> {
    let (base, start) = (sample(&plan.pid), Instant::now());
    let mut readings = Vec::new();
    for logins in (step..=total).step_by(step) {
        log_in_and_out(place, plan, logins - step..logins, accounts).await;
        sleep(Duration::from_secs(settle)).await;
        readings.push(Reading { logins, rss_kb: sample(&plan.pid).rss_kb });
    }
    let cpu = sample(&plan.pid).cpu_us - base.cpu_us;
    figures::finish();
    Ok(report(&readings, base.rss_kb, cpu, start.elapsed()))
}

async fn log_in_and_out(place: &Arc<Place>, plan: &Plan, logins: std::ops::Range<usize>, accounts: usize) {
    let (next, mut workers) = (Arc::new(AtomicUsize::new(logins.start)), JoinSet::new());
    for _ in 0..plan.at_once {
        let (place, plan, next, end) = (place.clone(), plan.clone(), next.clone(), logins.end);
        workers.spawn(async move {
            loop {
                let number = next.fetch_add(1, Relaxed);
                if number >= end {
                    return;
                }
                one(&place, &plan.user(number % accounts), number).await;
            }
        });
    }
    while workers.join_next().await.is_some() {}
}

async fn one(place: &Arc<Place>, user: &str, number: usize) {
    match timeout(Duration::from_secs(30), Client::log_in(place, user, number)).await {
        Ok(Ok(client)) => client.close().await,
        Ok(Err(error)) => figures::dropped(user, &error),
        Err(_) => figures::dropped(user, &anyhow!("not logged in after 30 s")),
    }
}

fn report(readings: &[Reading], base_kb: u64, cpu_us: u64, elapsed: Duration) -> Value {
    let count = readings.last().map_or(0, |last| last.logins);
    json!({
        "count": count,
        "per_s": count as f64 / elapsed.as_secs_f64(),
        "server_us_each": figures::each(cpu_us, count as u64),
        "base_rss_kb": base_kb,
        "steps": readings
            .iter()
            .map(|reading| json!({ "logins": reading.logins, "rss_kb": reading.rss_kb }))
            .collect::<Vec<_>>(),
        "kb_per_1000": kb_per_1000(readings),
        "dropped": figures::dropped_so_far(),
    })
}

/// Growth after the first reading, in kB for 1,000 log-ins; 0 if there is but one reading.
fn kb_per_1000(readings: &[Reading]) -> f64 {
    match readings {
        [first, .., last] => {
            (last.rss_kb as f64 - first.rss_kb as f64) * 1000.0 / (last.logins - first.logins) as f64
        }
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_counts_from_the_first_reading() {
        let at = |logins, rss_kb| Reading { logins, rss_kb };
        assert_eq!(kb_per_1000(&[at(5000, 900), at(10_000, 1000), at(20_000, 1200)]), 20.0);
        assert_eq!(kb_per_1000(&[at(5000, 900), at(10_000, 800)]), -20.0);
        assert_eq!(kb_per_1000(&[at(5000, 900)]), 0.0);
    }
}
