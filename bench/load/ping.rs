//! Requests that the server answers itself.

use std::sync::Arc;

use anyhow::{Result, bail};
use client::framer::attribute;
use serde_json::Value;

use crate::client::Client;
use crate::place::Place;
use crate::{Plan, crowd, figures};

/// Each session asks again as soon as it has its answer.
pub async fn run(place: &Arc<Place>, plan: &Plan, sessions: usize) -> Result<Value> {
    for client in crowd::gather(place, plan, 0, sessions).await? {
        let domain = place.domain.clone();
        tokio::spawn(async move {
            if let Err(error) = ask(client, &domain).await {
                figures::dropped("an asker", &error);
            }
        });
    }
    figures::window(plan).await
}

async fn ask(mut client: Client, domain: &str) -> Result<()> {
    loop {
        let sent = figures::now();
        let request = format!("<iq type='get' id='t{sent}' to='{domain}'><ping xmlns='urn:xmpp:ping'/></iq>");
        client.send(request.as_bytes()).await?;
        loop {
            let stanza = client.receive().await?;
            if !stanza.starts_with(b"<iq") {
                continue;
            }
            if attribute(stanza, "type") != Some("result") {
                bail!("{}", String::from_utf8_lossy(stanza));
            }
            figures::arrived(sent);
            break;
        }
    }
}
