//! Memory of sessions that do nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::client::Client;
use crate::place::Place;
use crate::procfs::sample;
use crate::{Plan, crowd, figures};

/// Logs in up to each of the steps, lets the server settle and reads its memory.
pub async fn run(place: &Arc<Place>, plan: &Plan, steps: &[usize], settle: u64) -> Result<Value> {
    let base = sample(&plan.pid).rss_kb;
    let (mut readings, mut have, start) = (Vec::new(), 0, Instant::now());
    for &sessions in steps {
        let more = sessions.saturating_sub(have);
        crowd::log_in(place, plan, have, more, |_, client| drop(tokio::spawn(hold(client)))).await?;
        have = sessions;
        sleep(Duration::from_secs(settle)).await;
        let rss = sample(&plan.pid).rss_kb;
        readings.push(json!({
            "sessions": sessions,
            "rss_kb": rss,
            "kb_each": (rss as f64 - base as f64) / sessions as f64,
            "dropped": figures::dropped_so_far(),
            "at_s": start.elapsed().as_secs_f64(),
        }));
    }
    figures::finish();
    Ok(json!({ "base_rss_kb": base, "readings": readings }))
}

async fn hold(mut client: Client) {
    loop {
        if let Err(error) = client.receive().await {
            return figures::dropped("an idle session", &error);
        }
    }
}
