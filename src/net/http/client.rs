//! Who asks, and how safely.

use std::net::SocketAddr;

use http::HeaderMap;

use super::forwarded;
use super::proxies::Proxies;

/// The client of a request: whoever connected to us, or whoever the trusted proxies say it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// Its address; the port is 0 where a proxy does not tell it.
    pub address: SocketAddr,
    /// TLS between it and us, or between it and the first trusted proxy.
    pub secure: bool,
}

impl Client {
    /// The client behind the connection's peer, by `Forwarded` (RFC 7239) or `X-Forwarded-For` and
    /// `X-Forwarded-Proto`. The lists are walked from the right as long as who stands there is trusted; what stands
    /// further left may be anybody's invention.
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
