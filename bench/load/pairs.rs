//! Pairs of sessions that send each other stanzas: chat messages, or directed presence.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::ValueEnum;
use client::framer::attribute;
use serde_json::Value;
use tokio::time::{Instant, sleep_until, timeout};

use crate::client::Client;
use crate::place::Place;
use crate::{Plan, crowd, figures};

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum What {
    Message,
    /// Directed presence (RFC 6121 §4.6), each with another text
    Presence,
}

impl What {
    fn write(self, to: &str, sent: u64, body: &str) -> String {
        match self {
            What::Message => {
                format!("<message to='{to}' type='chat' id='t{sent}'><body>{body}</body></message>")
            }
            What::Presence => {
                format!("<presence to='{to}' id='t{sent}'><status>{sent} {body}</status></presence>")
            }
        }
    }

    fn start(self) -> &'static [u8] {
        match self {
            What::Message => b"<message",
            What::Presence => b"<presence",
        }
    }
}

/// What one half of a pair does.
struct Half {
    client: Client,
    to: String,
    what: What,
    body: Arc<str>,
}

/// Starts the pairs and measures.
pub async fn run(
    place: &Arc<Place>,
    plan: &Plan,
    what: What,
    pairs: usize,
    body: usize,
    rate: f64,
) -> Result<Value> {
    let mut clients = crowd::gather(place, plan, 0, pairs * 2).await?.into_iter();
    let body: Arc<str> = "lorem ipsum ".chars().cycle().take(body).collect::<String>().into();
    for number in 0..pairs {
        let (Some(one), Some(other)) = (clients.next(), clients.next()) else { break };
        let (jid_one, jid_other) = (one.jid.clone(), other.jid.clone());
        let one = Half { client: one, to: jid_other, what, body: body.clone() };
        let other = Half { client: other, to: jid_one, what, body: body.clone() };
        if place.server.bare {
            // What one sends comes back to itself.
            tokio::spawn(figures::report("a player", one.serve()));
        } else if rate > 0.0 {
            let every = Duration::from_secs_f64(pairs as f64 / rate);
            tokio::spawn(figures::report("a listener", other.listen()));
            tokio::spawn(figures::report(
                "a sender",
                one.keep_to_timetable(every, number as f64 / pairs as f64),
            ));
        } else {
            tokio::spawn(figures::report("a player", other.answer()));
            tokio::spawn(figures::report("a player", one.serve()));
        }
    }
    figures::window(plan).await
}

impl Half {
    /// The first stanza, then an answer to each.
    async fn serve(mut self) -> Result<()> {
        self.send().await?;
        self.answer().await
    }

    async fn answer(mut self) -> Result<()> {
        loop {
            match timeout(Duration::from_secs(10), self.take()).await {
                Ok(taken) => taken?,
                // A lost stanza would end the pair for good.
                Err(_) => figures::dropped("a pair", &anyhow::anyhow!("nothing came for 10 s")),
            }
            self.send().await?;
        }
    }

    async fn listen(mut self) -> Result<()> {
        loop {
            self.take().await?;
        }
    }

    /// Sends on time whatever comes back; what is sent late counts from the timetable.
    async fn keep_to_timetable(mut self, every: Duration, phase: f64) -> Result<()> {
        let start = Instant::now() + every.mul_f64(phase);
        let start_ns = figures::now() + u64::try_from(every.mul_f64(phase).as_nanos())?;
        for number in 0u32.. {
            let due = every * number;
            loop {
                tokio::select! {
                    biased;
                    () = sleep_until(start + due) => break,
                    got = self.client.receive() => { got?; }
                }
            }
            let planned = start_ns + u64::try_from(due.as_nanos())?;
            let late = figures::now().saturating_sub(planned) > 5_000_000;
            self.send_stamped(if late { planned } else { figures::now() }).await?;
        }
        Ok(())
    }

    async fn send(&mut self) -> Result<()> {
        self.send_stamped(figures::now()).await
    }

    async fn send_stamped(&mut self, stamp: u64) -> Result<()> {
        let stanza = self.what.write(&self.to, stamp, &self.body);
        self.client.send(stanza.as_bytes()).await
    }

    /// Waits for a stanza of the other half.
    async fn take(&mut self) -> Result<()> {
        loop {
            let stanza = self.client.receive().await?;
            if !stanza.starts_with(self.what.start()) {
                continue;
            }
            if attribute(stanza, "type") == Some("error") {
                bail!("bounced: {}", String::from_utf8_lossy(stanza));
            }
            let id = attribute(stanza, "id").and_then(|id| id.strip_prefix('t'));
            if let Some(sent) = id.and_then(|id| id.parse().ok()) {
                figures::arrived(sent);
                return Ok(());
            }
        }
    }
}
