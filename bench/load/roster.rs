//! Changes of rosters, each of which must be stored before it is answered.

use std::sync::Arc;

use anyhow::{Result, bail};
use client::framer::attribute;
use serde_json::Value;

use crate::client::Client;
use crate::place::Place;
use crate::{Plan, crowd, figures};

/// How many contacts each session renames in turn.
const CONTACTS: usize = 20;

/// Each session renames its next contact as soon as the last one is stored.
pub async fn run(place: &Arc<Place>, plan: &Plan, sessions: usize) -> Result<Value> {
    for client in crowd::gather(place, plan, 0, sessions).await? {
        tokio::spawn(async move {
            if let Err(error) = change(client).await {
                figures::dropped("a session", &error);
            }
        });
    }
    figures::window(plan).await
}

async fn change(mut client: Client) -> Result<()> {
    for number in 0.. {
        let (sent, contact) = (figures::now(), number % CONTACTS);
        let request = format!(
            "<iq type='set' id='t{sent}'><query xmlns='jabber:iq:roster'>\
             <item jid='c{contact}@far.example' name='{number}'/></query></iq>"
        );
        client.send(request.as_bytes()).await?;
        loop {
            let stanza = client.receive().await?;
            match attribute(stanza, "type") {
                Some("result") if stanza.starts_with(b"<iq") => break,
                Some("error") => bail!("{}", String::from_utf8_lossy(stanza)),
                _ => {} // the push that comes with it
            }
        }
        figures::arrived(sent);
    }
    Ok(())
}
