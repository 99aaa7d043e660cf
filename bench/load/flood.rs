//! More than anybody can want: one sender writes to one recipient as fast as it can.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::Result;
use client::framer::{attribute, has};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::client::Client;
use crate::place::Place;
use crate::procfs::sample;
use crate::{Plan, figures};

/// How long the last message may be under way.
const PATIENCE: Duration = Duration::from_secs(60);

/// What has become of the messages so far.
#[derive(Default)]
struct Counts {
    delivered: AtomicUsize,
    bounced: AtomicUsize,
}

/// The recipient reads all the time; the sender reads only where its writes block, and in the end.
pub async fn run(place: &Arc<Place>, plan: &Plan, messages: usize, body: usize) -> Result<Value> {
    let recipient = Client::log_in(place, &plan.user(0), 0).await?;
    let mut sender = Client::log_in(place, &plan.user(1), 1).await?;
    let (to, counts, before) =
        (recipient.bare_jid().to_owned(), Arc::<Counts>::default(), sample(&plan.pid).rss_kb);
    let reading = tokio::spawn(figures::report("the recipient", receive(recipient, counts.clone())));
    let peak = Arc::new(AtomicUsize::new(0));
    tokio::spawn(watch(plan.pid.clone(), peak.clone()));
    let body: String = "lorem ipsum ".chars().cycle().take(body).collect();
    let start = Instant::now();
    for number in 0..messages {
        let message = format!("<message to='{to}' type='chat' id='f{number}'><body>{body}</body></message>");
        if sender.send(message.as_bytes()).await.is_err() {
            break; // the server has ended the sender's session
        }
    }
    let written = start.elapsed();
    let all = timeout(PATIENCE, bounces(&mut sender, place, &counts, messages)).await;
    let (delivered, bounced) = (counts.delivered.load(Relaxed), counts.bounced.load(Relaxed));
    let answer = json!({
        "messages": messages,
        "delivered": delivered,
        "bounced": bounced,
        "lost": messages.saturating_sub(delivered + bounced),
        "sender_ended": !matches!(all, Ok(Ok(()))),
        "recipient_ended": reading.is_finished(),
        "written_s": written.as_secs_f64(),
        "all_s": start.elapsed().as_secs_f64(),
        "rss_before_kb": before,
        "rss_peak_kb": peak.load(Relaxed),
    });
    figures::finish();
    Ok(answer)
}

async fn receive(mut client: Client, counts: Arc<Counts>) -> Result<()> {
    loop {
        let stanza = client.receive().await?;
        if stanza.starts_with(b"<message") {
            counts.delivered.fetch_add(1, Relaxed);
        }
    }
}

/// Reads what comes back until every message has met its fate.
async fn bounces(sender: &mut Client, place: &Place, counts: &Counts, messages: usize) -> Result<()> {
    let mut asked = 0;
    loop {
        asked += 1;
        let ping =
            format!("<iq type='get' id='p{asked}' to='{}'><ping xmlns='urn:xmpp:ping'/></iq>", place.domain);
        sender.send(ping.as_bytes()).await?;
        loop {
            let stanza = sender.receive().await?;
            if stanza.starts_with(b"<message") && attribute(stanza, "type") == Some("error") {
                counts.bounced.fetch_add(1, Relaxed);
            }
            if stanza.starts_with(b"<iq") && has(stanza, &format!("p{asked}")) {
                break;
            }
        }
        if counts.delivered.load(Relaxed) + counts.bounced.load(Relaxed) >= messages {
            return Ok(());
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// Keeps the highest reading of the server's memory.
async fn watch(pids: Vec<i32>, peak: Arc<AtomicUsize>) {
    while !figures::is_over() {
        peak.fetch_max(usize::try_from(sample(&pids).rss_kb).unwrap_or(0), Relaxed);
        sleep(Duration::from_millis(20)).await;
    }
}
