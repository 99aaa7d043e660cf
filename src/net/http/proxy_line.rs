//! The PROXY protocol, versions 1 and 2: the header a TCP proxy sends before it forwards a connection
//! (HAProxy's `proxy-protocol.txt`).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::client::Client;

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
const WORD: &[u8] = b"PROXY ";
/// Bytes of the longest header of version 1, with CR LF (section 2.1).
const LINE: usize = 107;
/// Bytes of version 2's addresses and TLVs that are read; longer ones are refused.
const BLOCK: usize = 2048;
/// How long to wait before peeking again at an incomplete beginning: doubled each time, up to the maximum, so
/// that a client that sends single bytes costs next to nothing.
const AGAIN: Duration = Duration::from_millis(5);
const AGAIN_MOST: Duration = Duration::from_secs(2);

/// Whether the connection begins with these bytes, which are not consumed. The caller sets the time limit.
pub(super) async fn begins_with(stream: &TcpStream, word: &[u8]) -> io::Result<bool> {
    let mut buffer = [0; 16];
    let mut pause = AGAIN;
    loop {
        let count = stream.peek(&mut buffer).await?;
        let came = buffer.get(..count).unwrap_or_default();
        if came.is_empty() || !word.starts_with(came) {
            return Ok(came.starts_with(word));
        }
        if came.len() == word.len() {
            return Ok(true);
        }
        sleep(pause).await;
        pause = (pause * 2).min(AGAIN_MOST);
    }
}

/// The client behind a trusted proxy that uses the protocol; else `peer` itself.
pub(super) async fn read(stream: &mut TcpStream, peer: Client) -> io::Result<Client> {
    if begins_with(stream, WORD).await? {
        return line(stream, peer).await;
    }
    if begins_with(stream, SIGNATURE).await? {
        return block(stream, peer).await;
    }
    Ok(peer)
}

/// `PROXY TCP4 192.0.2.1 192.0.2.2 56324 443` CR LF
async fn line(stream: &mut TcpStream, peer: Client) -> io::Result<Client> {
    let mut line = Vec::with_capacity(LINE);
    while !line.ends_with(b"\r\n") {
        if line.len() >= LINE {
            return Err(bad("unterminated PROXY header"));
        }
        // One by one, so that nothing after it is consumed; the line is short, and there is only one per
        // connection.
        line.push(stream.read_u8().await?);
    }
    let line = std::str::from_utf8(&line).map_err(|_| bad("the PROXY header is not valid UTF-8"))?;
    let mut words = line.trim_end().split(' ').skip(1);
    let family = words.next();
    if family == Some("UNKNOWN") {
        return Ok(peer);
    }
    let source = words.next().and_then(|word| word.parse::<IpAddr>().ok());
    let port = words.nth(1).and_then(|word| word.parse().ok());
    match (family, source, port) {
        (Some("TCP4"), Some(source @ IpAddr::V4(_)), Some(port))
        | (Some("TCP6"), Some(source @ IpAddr::V6(_)), Some(port)) => {
            Ok(Client { address: SocketAddr::new(source.to_canonical(), port), ..peer })
        }
        _ => Err(bad("PROXY header without valid addresses")),
    }
}

async fn block(stream: &mut TcpStream, peer: Client) -> io::Result<Client> {
    let mut head = [0; 16];
    stream.read_exact(&mut head).await?;
    let [.., command, family, high, low] = head;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > BLOCK {
        return Err(bad("the PROXY header is too long"));
    }
    let mut block = vec![0; length];
    stream.read_exact(&mut block).await?;
    match command {
        0x20 => Ok(peer), // LOCAL: the proxy's own connection
        0x21 => match source(family, &block) {
            Some(Some((address, additions))) => {
                Ok(Client { address, secure: peer.secure || encrypted(additions) })
            }
            Some(None) => Ok(peer),
            None => Err(bad("PROXY header without valid addresses")),
        },
        _ => Err(bad("unsupported version or command of the PROXY protocol")),
    }
}

/// The source and what follows the addresses; `Some(None)` for families other than IPv4 and IPv6.
fn source(family: u8, block: &[u8]) -> Option<Option<(SocketAddr, &[u8])>> {
    match family >> 4 {
        1 => {
            let (addresses, additions) = block.split_first_chunk::<12>()?;
            let [a, b, c, d, _, _, _, _, high, low, ..] = *addresses;
            let port = u16::from_be_bytes([high, low]);
            Some(Some((SocketAddr::from((Ipv4Addr::new(a, b, c, d), port)), additions)))
        }
        2 => {
            let (addresses, additions) = block.split_first_chunk::<36>()?;
            let (source, rest) = addresses.split_first_chunk::<16>()?;
            let (_, ports) = rest.split_first_chunk::<16>()?;
            let [high, low, ..] = ports else { return None };
            let ip = IpAddr::V6(Ipv6Addr::from(*source)).to_canonical();
            Some(Some((SocketAddr::new(ip, u16::from_be_bytes([*high, *low])), additions)))
        }
        _ => Some(None),
    }
}

/// Whether the client connected to the proxy over TLS (PP2_TYPE_SSL with PP2_CLIENT_SSL, section 2.2.5).
fn encrypted(mut additions: &[u8]) -> bool {
    while let Some(([kind, high, low], rest)) = additions.split_first_chunk::<3>() {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some((value, rest)) = rest.split_at_checked(length) else { return false };
        if *kind == 0x20 {
            return value.first().is_some_and(|client| client & 1 != 0);
        }
        additions = rest;
    }
    false
}

fn bad(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
