//! Several senders to one account.

use std::sync::Arc;

use anyhow::{Result, bail};
use client::framer::attribute;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::client::Client;
use crate::place::Place;
use crate::{Plan, crowd, figures};

/// The plan's first account receives; each sender has at most `ahead` messages under way.
pub async fn run(
    place: &Arc<Place>,
    plan: &Plan,
    senders: usize,
    ahead: usize,
    body: usize,
) -> Result<Value> {
    let recipient = Client::log_in(place, &plan.user(0), 0).await?;
    let to = recipient.jid.clone();
    let gates: Arc<[_]> = (0..senders).map(|_| Semaphore::new(ahead)).collect();
    tokio::spawn(figures::report("the recipient", receive(recipient, gates.clone())));
    let body: String = "lorem ipsum ".chars().cycle().take(body).collect();
    let clients = crowd::gather(place, plan, 1, senders).await?;
    for (number, client) in clients.into_iter().enumerate() {
        let sender = send(client, to.clone(), number, gates.clone(), body.clone());
        tokio::spawn(figures::report("a sender", sender));
    }
    figures::window(plan).await
}

async fn send(
    mut client: Client,
    to: String,
    number: usize,
    gates: Arc<[Semaphore]>,
    body: String,
) -> Result<()> {
    loop {
        tokio::select! {
            permit = gates[number].acquire() => permit?.forget(),
            got = client.receive() => {
                let stanza = got?;
                if stanza.starts_with(b"<message") {
                    bail!("bounced: {}", String::from_utf8_lossy(stanza));
                }
                continue;
            }
        }
        let stamp = figures::now();
        let message =
            format!("<message to='{to}' type='chat' id='t{stamp}-{number}'><body>{body}</body></message>");
        client.send(message.as_bytes()).await?;
    }
}

async fn receive(mut client: Client, gates: Arc<[Semaphore]>) -> Result<()> {
    loop {
        let stanza = client.receive().await?;
        if !stanza.starts_with(b"<message") {
            continue;
        }
        let id = attribute(stanza, "id").and_then(|id| id.strip_prefix('t')?.split_once('-'));
        if let Some((stamp, number)) = id
            && let (Ok(stamp), Ok(number)) = (stamp.parse(), number.parse::<usize>())
            && let Some(gate) = gates.get(number)
        {
            figures::arrived(stamp);
            gate.add_permits(1);
        }
    }
}
