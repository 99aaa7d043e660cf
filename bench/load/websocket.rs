//! XMPP over WebSocket (RFC 7395), the client's side: cheap, and trusting the server's frames.

use anyhow::{Context as _, Result, bail};

use crate::duplex::{self, Io};
use crate::http;
use crate::place::Place;

pub const PATH: &str = "/xmpp-websocket";
/// Any will do where nothing on the way reads along.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

pub struct WebSocket {
    io: Io,
    raw: Vec<u8>,
    out: Vec<u8>,
}

impl WebSocket {
    /// The upgrade of RFC 6455 §4.1.
    pub async fn connect(place: &Place, number: usize) -> Result<Self> {
        let mut io = place.connect(number).await?;
        let (mut raw, host) = (Vec::new(), place.host());
        let request = format!(
            "GET {PATH} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: bG9hZGdlbmVyYXRvcjAwMA==\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Protocol: xmpp\r\n\r\n"
        );
        duplex::write(&mut io, request.as_bytes(), &mut raw).await?;
        let head = loop {
            match http::head(&raw)? {
                Some(head) => break head,
                None => duplex::read(&mut io, &mut raw).await?,
            }
        };
        if head.status != 101 {
            bail!("the upgrade was answered with {}", head.status);
        }
        raw.drain(..head.length);
        Ok(Self { io, raw, out: Vec::new() })
    }

    /// One message for each stanza.
    pub async fn send(&mut self, stanzas: impl IntoIterator<Item = &[u8]>) -> Result<()> {
        let mut out = std::mem::take(&mut self.out);
        out.clear();
        for stanza in stanzas {
            put(&mut out, TEXT, stanza)?;
        }
        let sent = duplex::write(&mut self.io, &out, &mut self.raw).await;
        self.out = out;
        sent
    }

    /// Appends the payload of at least one whole frame to `into`.
    pub async fn fill(&mut self, into: &mut Vec<u8>) -> Result<()> {
        while !self.take(into).await? {
            duplex::read(&mut self.io, &mut self.raw).await?;
        }
        Ok(())
    }

    async fn take(&mut self, into: &mut Vec<u8>) -> Result<bool> {
        let (mut at, had, mut pongs) = (0, into.len(), Vec::new());
        while let Some((opcode, start, end)) = frame(&self.raw[at..])? {
            let payload = &self.raw[at + start..at + end];
            match opcode {
                CLOSE => bail!("the server closed the WebSocket"),
                PING => put(&mut pongs, PONG, payload)?,
                PONG => {}
                _ if payload.starts_with(b"<close") => bail!("the server closed the stream"),
                _ => into.extend_from_slice(payload),
            }
            at += end;
        }
        self.raw.drain(..at);
        if !pongs.is_empty() {
            duplex::write(&mut self.io, &pongs, &mut self.raw).await?;
        }
        Ok(into.len() > had)
    }
}

/// A masked frame (RFC 6455 §5.2).
fn put(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) -> Result<()> {
    out.push(0x80 | opcode);
    match payload.len() {
        length @ 0..126 => out.push(0x80 | u8::try_from(length)?),
        length @ 126..65_536 => {
            out.push(0x80 | 126);
            out.extend_from_slice(&u16::try_from(length)?.to_be_bytes());
        }
        length => {
            out.push(0x80 | 127);
            out.extend_from_slice(&u64::try_from(length)?.to_be_bytes());
        }
    }
    out.extend_from_slice(&MASK);
    out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    Ok(())
}

/// Opcode, start and end of the payload of the unmasked frame that `bytes` begin with, if all of it is there.
fn frame(bytes: &[u8]) -> Result<Option<(u8, usize, usize)>> {
    let &[first, second, ..] = bytes else { return Ok(None) };
    let (start, length): (usize, usize) = match second & 0x7f {
        126 => match bytes.get(2..4) {
            Some(length) => (4, usize::from(u16::from_be_bytes(length.try_into()?))),
            None => return Ok(None),
        },
        127 => match bytes.get(2..10) {
            Some(length) => (10, usize::try_from(u64::from_be_bytes(length.try_into()?))?),
            None => return Ok(None),
        },
        length => (2, usize::from(length)),
    };
    let end = start.checked_add(length).context("a frame too long")?;
    Ok((bytes.len() >= end).then_some((first & 0x0f, start, end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_read_whole_at_every_length() -> Result<()> {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let payload: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let mut out = Vec::new();
            put(&mut out, TEXT, &payload)?;
            assert!(out[1] & 0x80 != 0, "a client masks");
            let mask_ends = out.len() - length;
            assert_eq!(out[mask_ends - 4..mask_ends], MASK);
            // The same without the mask is what a server sends.
            let bare = [&out[..1], &[out[1] & 0x7f], &out[2..mask_ends - 4], &payload].concat();
            let whole = (TEXT, bare.len() - length, bare.len());
            assert_eq!(frame(&bare)?, Some(whole));
            assert_eq!(frame(&bare[..bare.len() - 1])?, None);
        }
        Ok(())
    }
}
