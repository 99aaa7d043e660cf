//! One client connection, up to a bound session that has sent its presence.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use client::framer::{Event, Framer, attribute, has, text_after};
use client::{Scram, Wire};

use crate::place::Place;

/// Requests and answers of a log-in: two stream headers, SASL's two, bind, roster, presence.
const EXCHANGES: usize = 7;

/// A session that is logged in.
pub struct Client {
    wire: Wire,
    framer: Framer,
    pub jid: String,
}

impl Client {
    /// Connects, authenticates, binds, asks for the roster and becomes available. A server that knows no XMPP gets as
    /// much to read and to answer.
    pub async fn log_in(place: &Arc<Place>, user: &str, number: usize) -> Result<Self> {
        let wire = Wire::connect(&place.server, number).await?;
        let mut client = Client { framer: wire.framer(), wire, jid: String::new() };
        match place.server.bare {
            true => client.exchange().await?,
            false => client.negotiate(place, user).await?,
        }
        Ok(client)
    }

    /// As many messages there and back as a log-in has, of the same length by and large.
    async fn exchange(&mut self) -> Result<()> {
        let message = format!("<message>{}</message>", "x".repeat(300));
        for _ in 0..EXCHANGES {
            self.send(message.as_bytes()).await?;
            self.receive().await?;
        }
        Ok(())
    }

    async fn negotiate(&mut self, place: &Place, user: &str) -> Result<()> {
        self.open(&place.domain).await?;
        self.authenticate(user, &place.password).await.context("SASL")?;
        let features = self.open(&place.domain).await?;
        self.bind(has(&features, "xmpp-session") && !has(&features, "<optional")).await.context("bind")?;
        self.send(b"<iq type='get' id='r1'><query xmlns='jabber:iq:roster'/></iq>").await?;
        self.expect("jabber:iq:roster").await.context("roster")?;
        self.send(b"<presence/>").await
    }

    /// Begins a stream and gives the features.
    async fn open(&mut self, domain: &str) -> Result<Vec<u8>> {
        self.framer = self.wire.framer();
        self.wire.open(domain, &mut self.framer.buffer).await?;
        self.expect(":features").await
    }

    async fn authenticate(&mut self, user: &str, password: &str) -> Result<()> {
        let scram = Scram::sha1(user, password);
        self.send(scram.auth().as_bytes()).await?;
        let challenge = self.expect("<challenge").await?;
        let challenge = text_after(&challenge, ">").context("an empty challenge")?;
        self.send(scram.response(challenge)?.as_bytes()).await?;
        self.expect("<success").await?;
        Ok(())
    }

    async fn bind(&mut self, with_session: bool) -> Result<()> {
        self.send(
            b"<iq type='set' id='b1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>load</resource></bind></iq>",
        )
        .await?;
        let bound = self.expect("<jid>").await?;
        self.jid = text_after(&bound, "<jid>").context("no JID")?.to_owned();
        if with_session {
            self.send(b"<iq type='set' id='s1'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>")
                .await?;
            self.expect("s1").await?;
        }
        Ok(())
    }

    pub fn bare_jid(&self) -> &str {
        self.jid.split_once('/').map_or(&self.jid, |(bare, _)| bare)
    }

    /// The next stanza, or the stream header.
    pub async fn receive(&mut self) -> Result<&[u8]> {
        loop {
            match self.framer.next_event() {
                Some((Event::End, _)) => bail!("the server closed the stream"),
                Some((_, range)) => return Ok(&self.framer.buffer[range]),
                None => {
                    self.framer.compact();
                    self.wire.fill(&mut self.framer.buffer).await?;
                }
            }
        }
    }

    /// The next stanza with `what` in it; an error instead ends the wait.
    pub async fn expect(&mut self, what: &str) -> Result<Vec<u8>> {
        loop {
            let stanza = self.receive().await?;
            let is_error = stanza.starts_with(b"<iq") && attribute(stanza, "type") == Some("error");
            if is_error || has(stanza, "<failure") || has(stanza, "stream:error") {
                bail!("{}", String::from_utf8_lossy(stanza));
            }
            if has(stanza, what) {
                return Ok(stanza.to_vec());
            }
        }
    }

    /// Sends one stanza.
    pub async fn send(&mut self, stanza: &[u8]) -> Result<()> {
        self.wire.send(&[stanza], &mut self.framer.buffer).await
    }

    /// Sends many stanzas with one write.
    pub async fn send_all(&mut self, stanzas: &[String]) -> Result<()> {
        self.wire.send(stanzas, &mut self.framer.buffer).await
    }

    /// Ends the session in an orderly way.
    pub async fn close(mut self) {
        let end = async {
            self.wire.close(&mut self.framer.buffer).await?;
            while self.receive().await.is_ok() {}
            anyhow::Ok(())
        };
        // A server that does not answer has still been told.
        let _ = tokio::time::timeout(Duration::from_millis(500), end).await;
    }
}
