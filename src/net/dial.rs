//! TCP connections to other servers.

mod error;
mod race;

use std::future::{Future, ready};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;

use crate::dns::{Candidate, DnsError, Family, Host, Resolver};
use crate::socket;
pub use error::{DialError, Failure};
use race::race;

/// Whether a connection to an address may be made. An IPv6 address that stands for an IPv4 address is asked for as that.
pub type Allowed<'a> = &'a (dyn Fn(SocketAddr) -> bool + Sync);

/// Connects to a candidate: its IPv6 and IPv4 addresses are tried in turns, the next one when one fails or after 250 ms; the
/// first connection wins (RFC 8305). It has `TCP_NODELAY` and keep-alive. `limit` is for everything, DNS included.
/// Cancel-safe: then no connection is left.
///
/// # Errors
/// [`DialError`] says what went wrong for each address.
pub async fn dial(
    resolver: &Resolver,
    candidate: &Candidate,
    limit: Duration,
    allowed: Allowed<'_>,
) -> Result<(TcpStream, SocketAddr), DialError> {
    let connect = |address| open(address, allowed);
    let port = candidate.port;
    match &candidate.host {
        Host::Name(name) => {
            let six = resolver.addresses_of(name, Family::V6);
            let four = resolver.addresses_of(name, Family::V4);
            race(candidate, port, six, four, limit, connect).await
        }
        Host::Address(address) => {
            let (six, four) = match address {
                IpAddr::V6(_) => (vec![*address], Vec::new()),
                IpAddr::V4(_) => (Vec::new(), vec![*address]),
            };
            race(candidate, port, ready(Ok(six)), ready(Ok(four)), limit, connect).await
        }
    }
}

/// Connects to one address, as [`dial`] does.
///
/// # Errors
/// [`DialError`].
pub async fn connect(
    address: SocketAddr,
    limit: Duration,
    allowed: Allowed<'_>,
) -> Result<TcpStream, DialError> {
    let lookup = ready(Ok::<_, DnsError>(vec![address.ip()]));
    let none = ready(Ok(Vec::new()));
    let connected = race(&address, address.port(), lookup, none, limit, |one| open(one, allowed)).await;
    connected.map(|(stream, _)| stream)
}

fn open(address: SocketAddr, allowed: Allowed<'_>) -> impl Future<Output = Result<TcpStream, Failure>> {
    // To the system, the unspecified address is the machine itself; no predicate would expect it.
    let ip = address.ip();
    let permitted = !ip.is_unspecified() && !ip.is_multicast() && allowed(address);
    async move {
        if !permitted {
            return Err(Failure::Forbidden);
        }
        let stream: io::Result<TcpStream> = TcpStream::connect(address).await;
        let stream = stream.map_err(Failure::Io)?;
        socket::prepare(&stream);
        Ok(stream)
    }
}

#[cfg(test)]
mod tests;
