//! Sessions that repeat the same presence without end, what reaches a contact of each, and when they are closed.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use client::framer::{attribute, has};
use serde_json::{Value, json};
use tokio::sync::Barrier;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use crate::client::Client;
use crate::place::Place;
use crate::{Plan, contacts, crowd};

const PRESENCE: &str = "<presence><show>away</show><status>moving</status></presence>";
/// How often a session writes what is due.
const EVERY: Duration = Duration::from_millis(20);
/// From the log-ins to the storm.
const CALM: Duration = Duration::from_secs(1);
/// After the storm: until what was sent has arrived.
const AFTER: Duration = Duration::from_secs(3);

/// What became of one of the sessions.
struct Fate {
    sent: u64,
    /// How long it lasted; none if it was never closed.
    closed: Option<Duration>,
    reason: String,
}

/// The accounts go in pairs of contacts: one of each repeats its presence `rate` times a second, for as long as the plan measures.
pub async fn run(place: &Arc<Place>, plan: &Plan, sessions: usize, rate: u64) -> Result<Value> {
    for pair in 0..sessions {
        let pair = Plan { first: plan.first + pair * 2, ..plan.clone() };
        contacts::befriend(place, &pair, 1).await?;
    }
    let mut clients = crowd::gather(place, plan, 0, sessions * 2).await?.into_iter();
    let ready = Arc::new(Barrier::new(sessions * 2 + 1));
    let (mut fates, mut counts) = (Vec::new(), Vec::new());
    while let (Some(one), Some(contact)) = (clients.next(), clients.next()) {
        let (from, secs) = (one.jid.clone(), Duration::from_secs(plan.secs));
        fates.push(tokio::spawn(repeat(one, ready.clone(), rate, secs)));
        counts.push(tokio::spawn(count(contact, from, ready.clone(), secs)));
    }
    eprintln!("ready");
    ready.wait().await;
    report(fates, counts).await
}

async fn report(
    fates: Vec<tokio::task::JoinHandle<Result<Fate>>>,
    counts: Vec<tokio::task::JoinHandle<Result<u64>>>,
) -> Result<Value> {
    let (mut sent, mut closed, mut last, mut reason) = (0, 0, Duration::ZERO, String::new());
    for fate in fates {
        let fate = fate.await??;
        sent += fate.sent;
        closed += u64::from(fate.closed.is_some());
        last = last.max(fate.closed.unwrap_or_default());
        reason = if fate.reason.is_empty() { reason } else { fate.reason };
    }
    let mut received = Vec::new();
    for count in counts {
        received.push(count.await??);
    }
    Ok(json!({
        "sent": sent,
        "closed": closed,
        "last_closed_ms": last.as_millis(),
        "reason": reason,
        "received": received.iter().sum::<u64>(),
        "received_most": received.iter().max(),
    }))
}

/// Repeats the presence until the server closes the stream, or the time is over.
async fn repeat(mut client: Client, ready: Arc<Barrier>, rate: u64, secs: Duration) -> Result<Fate> {
    ready.wait().await;
    let start = Instant::now() + CALM;
    let mut fate = Fate { sent: 0, closed: None, reason: String::new() };
    sleep_until(start).await;
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    while start.elapsed() < secs {
        tokio::select! {
            biased;
            got = client.receive() => {
                let stanza = match got {
                    Ok(stanza) => stanza,
                    Err(_) => return Ok(ended(fate, start)),
                };
                if has(stanza, "stream:error") {
                    fate.reason = String::from_utf8_lossy(stanza).into_owned();
                    return Ok(ended(fate, start));
                }
            }
            _ = ticks.tick() => {
                let due = rate * u64::try_from(start.elapsed().as_millis())? / 1_000;
                let batch = vec![PRESENCE.to_owned(); usize::try_from(due.saturating_sub(fate.sent))?];
                fate.sent = due;
                // The reason is still to be read if it is closed.
                if client.send_all(&batch).await.is_err() {
                    let reason = timeout(AFTER, client.expect("stream:error")).await;
                    fate.reason = reason.map(|said| format!("{said:?}")).unwrap_or_default();
                    return Ok(ended(fate, start));
                }
            }
        }
    }
    Ok(fate)
}

fn ended(mut fate: Fate, start: Instant) -> Fate {
    fate.closed = Some(start.elapsed());
    fate
}

/// How many of the presences of a session reach its contact.
async fn count(mut client: Client, from: String, ready: Arc<Barrier>, secs: Duration) -> Result<u64> {
    ready.wait().await;
    let end = Instant::now() + CALM + secs + AFTER;
    let mut count = 0;
    loop {
        tokio::select! {
            biased;
            () = sleep_until(end) => return Ok(count),
            got = client.receive() => {
                let stanza = got.context("a contact was closed")?;
                let is_storm = attribute(stanza, "from") == Some(&*from) && has(stanza, "moving");
                count += u64::from(is_storm);
            }
        }
    }
}
