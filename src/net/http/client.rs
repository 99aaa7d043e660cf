//! The client of a request: its address and security.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

use super::forwarded;
use super::networks::Networks;

/// The client of a request: the connection's peer, or the one reported by trusted proxies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// Its address; the port is 0 if a proxy does not report it.
    pub address: SocketAddr,
    /// Whether there is TLS between it and this server, or between it and the first trusted proxy.
    pub secure: bool,
}

impl Client {
    /// The client behind the connection's peer, by `Forwarded` (RFC 7239) or `X-Forwarded-For` and
    /// `X-Forwarded-Proto`. The lists are walked from the right while entries are trusted proxies; anything
    /// further left may be forged.
    pub(super) fn behind(peer: Client, headers: &HeaderMap, proxies: &Networks) -> Client {
        if !proxies.contains(peer.address.ip()) {
            return peer;
        }
        let mut client = peer;
        for hop in forwarded::hops(headers).iter().rev() {
            client.secure = hop.secure.unwrap_or(peer.secure);
            let Some(address) = hop.address else { break };
            client.address = address;
            if !proxies.contains(address.ip()) {
                break;
            }
        }
        client
    }
}

/// The address by which access is decided: the peer's, unless the request came by way of a proxy. Then it is the one that
/// trusted proxies report; `None` if the peer is not trusted, or if what it says is not clear.
pub(super) fn answerable(peer: IpAddr, headers: &HeaderMap, proxies: &Networks) -> Option<IpAddr> {
    if !forwarded::is_forwarded(headers) {
        return Some(peer);
    }
    let mut address = proxies.contains(peer).then_some(peer)?;
    let hops = forwarded::hops(headers);
    hops.last()?; // the two styles of headers contradict each other
    for hop in hops.iter().rev() {
        address = hop.address?.ip();
        if !proxies.contains(address) {
            break;
        }
    }
    Some(address)
}
