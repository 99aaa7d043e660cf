//! The client of a request: its address and security.

use std::net::SocketAddr;

use http::HeaderMap;

use super::forwarded;
use super::proxies::Proxies;

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
    pub(super) fn behind(peer: Client, headers: &HeaderMap, proxies: &Proxies) -> Client {
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
