//! Streams of clients: their state, and the road from a connection to a session.

mod bind;
mod client;
mod early;
mod exchange;
mod login;
mod serve;

use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use auth::LoginLimiter;
use kernel::Kernel;
use net::{Connection, Connections, TlsStore};
use settings::{Required, group, number};
use tokio::net::TcpStream;
use tokio::time::Instant;

pub use serve::serve;

use crate::established::{self, Bound};
use crate::listener::{self, Security};
use crate::opening::{Ended, Line, Secured};
use crate::pipe::Pipe;
use crate::tcp::Tcp;

group! {
    /// Limits of the whole server: those that hold until a stream has named its domain, and those that no domain has.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct C2sLimits {
        /// Seconds from the connection until log-in completes.
        login_seconds: Required = number(60, 5..=3600).server_wide();
    }
    with {
        /// Those that a domain has as well.
        host: kernel::DomainLimits;
        /// BOSH by address.
        bosh: net::bosh::AddressLimits;
        /// Connections.
        connections: net::ConnectionLimits;
    }
}

pub struct C2sOptions {
    pub kernel: Arc<Kernel>,
    /// Certificates by domain.
    pub tls: TlsStore,
    /// Failed logins by address.
    pub limiter: Arc<LoginLimiter>,
    /// Server-wide limits.
    pub limits: C2sLimits,
    /// All connections, shared with HTTP.
    pub connections: Arc<Connections>,
}

/// Client streams: one instance for all listeners and transports.
pub struct C2s {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) tls: TlsStore,
    pub(crate) limiter: Arc<LoginLimiter>,
    pub(crate) connections: Arc<Connections>,
    limits: ArcSwap<C2sLimits>,
}

impl C2s {
    pub fn new(options: C2sOptions) -> Arc<Self> {
        let C2sOptions { kernel, tls, limiter, limits, connections } = options;
        Arc::new(Self { kernel, tls, limiter, connections, limits: ArcSwap::from_pointee(limits) })
    }

    /// Sets the limits of connections and streams accepted from now on.
    pub fn set_limits(&self, limits: C2sLimits) {
        self.connections.set_limits(limits.connections);
        self.limits.store(Arc::new(limits));
    }

    /// All open connections.
    pub fn connections(&self) -> &Connections {
        &self.connections
    }

    /// The same, for other listeners to count theirs among.
    pub fn shared_connections(&self) -> Arc<Connections> {
        self.connections.clone()
    }

    pub(crate) fn limits(&self) -> Arc<C2sLimits> {
        self.limits.load_full()
    }

    /// The authentication deadline of a connection accepted now.
    pub(crate) fn login_deadline(&self) -> Instant {
        Instant::now() + self.limits.load().login_seconds.seconds()
    }
}

/// What opening a client's stream leads to.
type Opening<P> = Result<(Box<P>, Bound), Ended>;

impl C2s {
    /// A client's connection, from its first byte to its last. The opening is boxed, so that its state does not enlarge that of
    /// a session, which is idle most of the time.
    pub(crate) async fn serve(self: Arc<Self>, socket: TcpStream, peer: SocketAddr, security: Security) {
        if let Ok((pipe, bound)) = Box::pin(self.accept(socket, peer, security)).await {
            established::run(pipe, bound).await;
        }
    }

    /// A client's stream on a transport of the web, which is as secure as it will be.
    pub(crate) async fn serve_web<P: Pipe>(self: Arc<Self>, pipe: Box<P>, until: Instant) {
        if let Ok((pipe, bound)) = Box::pin(self.log_in(Line::new(pipe, &*self, until))).await {
            established::run(pipe, bound).await;
        }
    }

    async fn accept(&self, socket: TcpStream, peer: SocketAddr, security: Security) -> Opening<Tcp> {
        let until = self.login_deadline();
        let limits = self.limits().host.stream.before_login();
        let connection = match security {
            Security::Direct => {
                let accepted = Connection::accept_tls(socket, peer, self.tls.direct(), limits);
                listener::in_time(self.kernel.runtime(), peer, until, accepted).await?
            }
            Security::StartTls | Security::None => Connection::plain(socket, peer, limits),
        };
        let line = Line::new(Box::new(Tcp::new(connection)), self, until);
        match security {
            Security::StartTls => {
                let opened = line.open().await?;
                let config = self.tls.for_domain(opened.local.name());
                opened.encrypt(config).await?.log_in().await?.bind().await
            }
            Security::Direct | Security::None => self.log_in(line).await,
        }
    }

    async fn log_in<P: Pipe>(&self, line: Line<'_, P, Self>) -> Opening<P> {
        Secured(line.open().await?).log_in().await?.bind().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bosh::BoshPipe;
    use crate::websocket::WebSocketPipe;

    fn size<A, B, C, F: Future>(_: impl Fn(A, B, C) -> F) -> usize {
        size_of::<F>()
    }

    /// Each idle session holds one of these for its whole life: the state of a phase that ends belongs in a
    /// box of its own.
    #[test]
    fn the_state_of_a_stream_is_small() {
        let web = [size(C2s::serve_web::<WebSocketPipe>), size(C2s::serve_web::<BoshPipe>)];
        let tcp = |c2s: Arc<C2s>, socket, peer| c2s.serve(socket, peer, Security::StartTls);
        assert!(web.into_iter().chain([size(tcp)]).all(|size| size <= 640), "{web:?} bytes, {}", size(tcp));
    }
}
