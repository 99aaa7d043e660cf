//! Listening sockets: bound first, so that every error shows before anything is served.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use parking_lot::Mutex;
use runtime::Counter;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::socket;

/// Connections queued for accepting; the kernel may hold fewer (`net.core.somaxconn`).
const BACKLOG: i32 = 4096;

/// How long accepting pauses when the process has no descriptors or memory left for another connection.
const PAUSE: Duration = Duration::from_millis(100);

/// Between two log lines about that.
const QUIET: Duration = Duration::from_secs(60);

/// The protocol of a listener: the keys of `[listen]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Clients, STARTTLS required.
    C2s,
    /// Clients without TLS.
    C2sPlain,
    /// Clients with direct TLS (XEP-0368).
    C2sTls,
    /// Servers.
    S2s,
    /// Servers with direct TLS (XEP-0368).
    S2sTls,
    Http,
    /// HTTP over TLS.
    Https,
    /// Components (XEP-0114).
    Component,
}

impl Kind {
    pub const fn name(self) -> &'static str {
        match self {
            Kind::C2s => "c2s",
            Kind::C2sPlain => "c2s_plain",
            Kind::C2sTls => "c2s_tls",
            Kind::S2s => "s2s",
            Kind::S2sTls => "s2s_tls",
            Kind::Http => "http",
            Kind::Https => "https",
            Kind::Component => "component",
        }
    }
}

/// A failure to listen on an address.
#[derive(Debug)]
pub struct BindError {
    /// The address.
    pub addr: SocketAddr,
    /// The cause.
    pub what: io::Error,
}

impl BindError {
    /// What the operator can do about it.
    pub fn remedy(&self) -> &'static str {
        match self.what.kind() {
            io::ErrorKind::AddrInUse => "stop the program that listens there, or choose another port",
            io::ErrorKind::AddrNotAvailable => "choose an address that this machine has",
            io::ErrorKind::PermissionDenied => {
                "choose a port above 1023, or grant CAP_NET_BIND_SERVICE (systemd: AmbientCapabilities=)"
            }
            _ => "choose another address",
        }
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot listen on {}: {}", self.addr, self.what)
    }
}

impl std::error::Error for BindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.what)
    }
}

/// A bound socket. Connections queue in the kernel until [`accept`](Self::accept) is called.
pub struct Listener {
    socket: TcpListener,
    addr: SocketAddr,
    kind: Kind,
    failures: Counter,
    /// When the last of them was logged.
    logged: Mutex<Option<Instant>>,
}

impl Listener {
    /// Binds and listens; must be called within a tokio runtime. An IPv6 address means IPv6 only, so that
    /// `0.0.0.0` and `[::]` can be used side by side. Port 0 lets the system choose.
    ///
    /// # Errors
    /// [`BindError`].
    pub fn bind(addr: SocketAddr, kind: Kind) -> Result<Self, BindError> {
        let bound = listen(addr).and_then(|socket| {
            let addr = socket.local_addr()?;
            Ok(Listener { socket, addr, kind, failures: Counter::new(), logged: Mutex::default() })
        });
        bound.map_err(|what| BindError { addr, what })
    }

    /// The bound address, with its actual port.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How often accepting failed for lack of descriptors or memory.
    pub fn failures(&self) -> u64 {
        self.failures.get()
    }

    /// The next connection, with `TCP_NODELAY` and keep-alive. Never fails: a connection that died in the
    /// queue is skipped; when the process runs out of resources, this counts a failure, pauses and continues.
    /// Cancel-safe.
    pub async fn accept(&self) -> (TcpStream, SocketAddr) {
        loop {
            match self.socket.accept().await {
                Ok((stream, peer)) => {
                    socket::prepare(&stream);
                    return (stream, peer);
                }
                Err(error) if of_the_peer(&error) => {}
                Err(error) => self.rest(&error).await,
            }
        }
    }

    async fn rest(&self, error: &io::Error) {
        self.failures.inc();
        let (now, failures) = (Instant::now(), self.failures.get());
        let last = *self.logged.lock();
        if last.is_none_or(|last| now.duration_since(last) >= QUIET) {
            *self.logged.lock() = Some(now);
            let (address, listener) = (self.addr, self.kind.name());
            tracing::warn!(%address, listener, %error, failures, "cannot accept connections: they wait");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether the queued connection failed, not the listener (accept(2): network errors must be treated like
/// `EAGAIN`).
fn of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionAborted, ConnectionRefused, ConnectionReset, HostUnreachable, Interrupted, NetworkDown,
        NetworkUnreachable,
    };
    matches!(
        error.kind(),
        ConnectionAborted
            | ConnectionRefused
            | ConnectionReset
            | HostUnreachable
            | Interrupted
            | NetworkDown
            | NetworkUnreachable
    )
}

fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    // Connections in TIME_WAIT from the last run must not prevent a restart.
    socket.set_reuse_address(true)?;
    if addr.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

#[cfg(test)]
mod tests {
    use socket2::SockRef;

    use super::*;

    fn loopback() -> SocketAddr {
        "127.0.0.1:0".parse().unwrap()
    }

    #[tokio::test]
    async fn bound_first_served_later() {
        let listener = Listener::bind(loopback(), Kind::C2s).unwrap();
        assert_ne!(listener.addr().port(), 0);
        let client = TcpStream::connect(listener.addr()).await.unwrap();
        let (stream, peer) = listener.accept().await;
        assert_eq!(peer, client.local_addr().unwrap());
        assert!(stream.nodelay().unwrap());
        assert!(SockRef::from(&stream).keepalive().unwrap());
        assert_eq!(listener.failures(), 0);
    }

    #[tokio::test]
    async fn an_address_in_use() {
        let first = Listener::bind(loopback(), Kind::C2s).unwrap();
        let error = Listener::bind(first.addr(), Kind::C2sTls).err().unwrap();
        assert_eq!(error.remedy(), "stop the program that listens there, or choose another port");
        assert_eq!(error.addr, first.addr());
        assert!(error.to_string().contains(&first.addr().to_string()));
        drop(first);
        assert!(Listener::bind(error.addr, Kind::C2s).is_ok());
    }

    #[tokio::test]
    async fn an_address_of_another_machine() {
        let error = Listener::bind("192.0.2.1:5222".parse().unwrap(), Kind::C2s).err().unwrap();
        assert_eq!(error.remedy(), "choose an address that this machine has");
    }

    #[tokio::test]
    async fn ipv4_and_ipv6_side_by_side() {
        let Ok(six) = Listener::bind("[::]:0".parse().unwrap(), Kind::C2s) else { return };
        let four = SocketAddr::new("0.0.0.0".parse().unwrap(), six.addr().port());
        assert!(Listener::bind(four, Kind::C2s).is_ok());
    }

    #[test]
    fn whose_fault() {
        let of = |code| of_the_peer(&io::Error::from_raw_os_error(code));
        assert!(of(103)); // ECONNABORTED
        assert!(!of(24)); // EMFILE
        assert!(!of(23)); // ENFILE
        assert!(!of(105)); // ENOBUFS
    }
}
