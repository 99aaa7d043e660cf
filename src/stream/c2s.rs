//! State shared by all client streams.

use std::sync::Arc;

use arc_swap::ArcSwap;
use auth::LoginLimiter;
use kernel::Kernel;
use net::{Connections, TlsStore};
use settings::{Required, group, number};
use tokio::time::Instant;

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

    pub(crate) fn limits(&self) -> Arc<C2sLimits> {
        self.limits.load_full()
    }

    /// The authentication deadline of a connection accepted now.
    pub(crate) fn login_deadline(&self) -> Instant {
        Instant::now() + self.limits.load().login_seconds.seconds()
    }
}
