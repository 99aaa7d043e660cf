//! One account's presence, broadcast to its contacts (RFC 6121 §4.4.2).

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Result, anyhow};
use client::framer::text_after;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::client::Client;
use crate::place::Place;
use crate::{Plan, contacts, crowd, figures};

/// The broadcast under way.
#[derive(Default)]
struct Broadcast {
    now: Mutex<Underway>,
    complete: Notify,
}

#[derive(Default)]
struct Underway {
    stamp: u64,
    /// Contacts that have not received it.
    missing: usize,
}

/// The plan's first account has `contacts` contacts, `online` of which are logged in, and broadcasts presence as soon as
/// all of those have received the one before. What is counted are deliveries.
pub async fn run(place: &Arc<Place>, plan: &Plan, contacts: usize, online: usize) -> Result<Value> {
    contacts::befriend(place, plan, contacts).await?;
    let broadcast: Arc<Broadcast> = Arc::default();
    let shared = broadcast.clone();
    crowd::log_in(place, plan, 1, online, move |_, client| {
        drop(tokio::spawn(figures::report("a contact", listen(client, shared.clone()))));
    })
    .await?;
    let hub = Client::log_in(place, &plan.user(0), 0).await?;
    tokio::spawn(figures::report("the broadcaster", speak(hub, broadcast, online)));
    figures::window(plan).await
}

async fn speak(mut client: Client, broadcast: Arc<Broadcast>, online: usize) -> Result<()> {
    loop {
        let stamp = figures::now();
        broadcast.begin(stamp, online)?;
        let presence = format!("<presence><show>away</show><status>t{stamp}</status></presence>");
        client.send(presence.as_bytes()).await?;
        let round = async {
            loop {
                tokio::select! {
                    () = broadcast.complete.notified() => return anyhow::Ok(()),
                    // Its own presence comes back.
                    got = client.receive() => { got?; }
                }
            }
        };
        match timeout(Duration::from_secs(10), round).await {
            Ok(complete) => complete?,
            Err(_) => figures::dropped("a broadcast", &anyhow!("did not reach every contact in 10 s")),
        }
    }
}

async fn listen(mut client: Client, broadcast: Arc<Broadcast>) -> Result<()> {
    loop {
        let status = text_after(client.receive().await?, "<status>");
        if let Some(stamp) = status.and_then(|text| text.strip_prefix('t')?.parse().ok()) {
            figures::arrived(stamp);
            broadcast.arrived(stamp)?;
        }
    }
}

impl Broadcast {
    fn begin(&self, stamp: u64, online: usize) -> Result<()> {
        *self.now.lock().map_err(|_| anyhow!("a contact panicked"))? = Underway { stamp, missing: online };
        Ok(())
    }

    /// One more contact has received it; those of an earlier broadcast no longer matter.
    fn arrived(&self, stamp: u64) -> Result<()> {
        let mut now = self.now.lock().map_err(|_| anyhow!("a contact panicked"))?;
        if now.stamp == stamp {
            now.missing = now.missing.saturating_sub(1);
            if now.missing == 0 {
                self.complete.notify_one();
            }
        }
        Ok(())
    }
}
