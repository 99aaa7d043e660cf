//! Contacts: accounts that subscribe to each other's presence (RFC 6121 §3).

use std::collections::HashSet;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use client::framer::attribute;

use crate::Plan;
use crate::client::Client;
use crate::place::Place;

/// Makes the accounts after the plan's first one its contacts, each subscribed to the other. Those that are already are
/// left as they are, so that a second run finds them.
pub async fn befriend(place: &Arc<Place>, plan: &Plan, contacts: usize) -> Result<()> {
    let mut hub = Client::log_in(place, &plan.user(0), 0).await?;
    let have = mutual(&mut hub).await.context("roster")?;
    for number in 1..=contacts {
        let user = plan.user(number);
        if !have.contains(&format!("{user}@{}", plan.domain)) {
            let mut contact = Client::log_in(place, &user, number).await?;
            subscribe(&mut hub, &mut contact).await.with_context(|| format!("subscription of {user}"))?;
            contact.close().await;
        }
    }
    hub.close().await;
    Ok(())
}

/// Bare JIDs of the contacts with a subscription in both directions.
async fn mutual(client: &mut Client) -> Result<HashSet<String>> {
    client.send(b"<iq type='get' id='mutual'><query xmlns='jabber:iq:roster'/></iq>").await?;
    let roster = String::from_utf8(client.expect("mutual").await?)?;
    let items = roster.split("<item").skip(1).map(|item| format!("<item{item}"));
    Ok(items
        .filter(|item| attribute(item.as_bytes(), "subscription") == Some("both"))
        .filter_map(|item| attribute(item.as_bytes(), "jid").map(str::to_owned))
        .collect())
}

async fn subscribe(one: &mut Client, other: &mut Client) -> Result<()> {
    for (from, to) in [(true, "subscribe"), (false, "subscribed"), (false, "subscribe"), (true, "subscribed")]
    {
        let (sender, recipient) = if from { (&mut *one, &mut *other) } else { (&mut *other, &mut *one) };
        let presence = format!("<presence to='{}' type='{to}'/>", recipient.bare_jid());
        sender.send(presence.as_bytes()).await?;
        arrival(recipient, to).await?;
    }
    Ok(())
}

/// Waits for a presence of this type.
async fn arrival(client: &mut Client, kind: &str) -> Result<()> {
    loop {
        let stanza = client.receive().await?;
        if stanza.starts_with(b"<presence") && attribute(stanza, "type") == Some(kind) {
            return Ok(());
        }
    }
}
