//! Messages to accounts that are away: what storing costs, and whether each message arrives exactly once.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use client::framer::attribute;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::client::Client;
use crate::place::Place;
use crate::procfs::sample;
use crate::{Plan, crowd, figures};

/// Messages in one write.
const BATCH: usize = 20;

/// Ids that arrived, and how many came once more.
#[derive(Default)]
struct Seen {
    ids: HashSet<String>,
    again: u64,
}

/// One sender; the accounts after it get `each` messages, then log in and should find them all.
pub async fn run(
    place: &Arc<Place>,
    plan: &Plan,
    accounts: usize,
    each: usize,
    body: usize,
) -> Result<Value> {
    let mut sender = Client::log_in(place, &plan.user(0), 0).await?;
    let mark = format!("o{}-{}", std::process::id(), figures::now());
    sleep(Duration::from_secs(plan.warm)).await;
    let (before, start) = (sample(&plan.pid).cpu_us, Instant::now());
    store(&mut sender, plan, &mark, accounts, each, body).await?;
    let seconds = start.elapsed().as_secs_f64();
    // Work that was put off counts, too.
    sleep(Duration::from_secs(2)).await;
    let stored = sample(&plan.pid).cpu_us;
    let count = u64::try_from(accounts * each)?;
    let seen = fetch(place, plan, &mark, accounts, count).await?;
    let fetched = sample(&plan.pid).cpu_us;
    figures::finish();
    let seen = seen.lock().map_err(|_| anyhow::anyhow!("a reader panicked"))?;
    Ok(json!({
        "count": count,
        "per_s": count as f64 / seconds,
        "server_us_each": figures::each(stored - before, count),
        "fetch_us_each_with_login": figures::each(fetched - stored, count),
        "lost": count - seen.ids.len() as u64,
        "twice": seen.again,
        "dropped": figures::dropped_so_far(),
    }))
}

async fn store(
    sender: &mut Client,
    plan: &Plan,
    mark: &str,
    accounts: usize,
    each: usize,
    body: usize,
) -> Result<()> {
    let text: String = "lorem ipsum ".chars().cycle().take(body).collect();
    let mut batch = Vec::new();
    for number in 0..each {
        for account in 1..=accounts {
            let to = format!("{}@{}", plan.user(account), plan.domain);
            let message = format!(
                "<message to='{to}' type='chat' id='{mark}-{number}-{account}'><body>{text}</body></message>"
            );
            batch.push(message);
            if batch.len() == BATCH {
                sender.send_all(&batch).await?;
                batch.clear();
            }
        }
    }
    // The answer to this says that all before it was taken in.
    let barrier =
        format!("<iq type='get' id='barrier' to='{}'><ping xmlns='urn:xmpp:ping'/></iq>", plan.domain);
    batch.push(barrier);
    sender.send_all(&batch).await?;
    timeout(Duration::from_secs(120), sender.expect("barrier"))
        .await
        .context("no answer after the last message")??;
    Ok(())
}

async fn fetch(
    place: &Arc<Place>,
    plan: &Plan,
    mark: &str,
    accounts: usize,
    count: u64,
) -> Result<Arc<Mutex<Seen>>> {
    let seen: Arc<Mutex<Seen>> = Arc::default();
    let (into, mark) = (seen.clone(), mark.to_owned());
    crowd::log_in(place, plan, 1, accounts, move |_, client| {
        drop(tokio::spawn(note(client, into.clone(), mark.clone())));
    })
    .await?;
    let (mut last, mut still) = (0, Instant::now());
    while still.elapsed() < Duration::from_secs(5) && last < count {
        sleep(Duration::from_millis(50)).await;
        let have = seen.lock().map_or(0, |seen| seen.ids.len() as u64);
        if have != last {
            (last, still) = (have, Instant::now());
        }
    }
    Ok(seen)
}

async fn note(mut client: Client, into: Arc<Mutex<Seen>>, mark: String) {
    while let Ok(stanza) = client.receive().await {
        let id =
            attribute(stanza, "id").filter(|id| stanza.starts_with(b"<message") && id.starts_with(&mark));
        if let (Some(id), Ok(mut seen)) = (id, into.lock())
            && !seen.ids.insert(id.to_owned())
        {
            seen.again += 1;
        }
    }
}
