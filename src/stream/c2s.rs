//! What every client stream shares.

use std::sync::Arc;
use std::time::Duration;

use auth::LoginLimiter;
use kernel::{Kernel, Limits};
use net::TlsStore;
use tokio::time::Instant;

/// What client streams are built from.
pub struct C2sOptions {
    /// The kernel.
    pub kernel: Arc<Kernel>,
    /// Certificates by domain.
    pub tls: TlsStore,
    /// Failed log-ins by address.
    pub limiter: Arc<LoginLimiter>,
    /// The limits until a stream has named its domain.
    pub limits: Limits,
}

/// Client streams: one for all listeners and transports.
pub struct C2s {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) tls: TlsStore,
    pub(crate) limiter: Arc<LoginLimiter>,
    pub(crate) limits: Limits,
}

impl C2s {
    /// Puts the parts together.
    pub fn new(options: C2sOptions) -> Arc<Self> {
        let C2sOptions { kernel, tls, limiter, limits } = options;
        Arc::new(Self { kernel, tls, limiter, limits })
    }

    /// When a connection that begins now has to have logged in.
    pub(crate) fn login_deadline(&self) -> Instant {
        Instant::now() + Duration::from_secs(self.limits.login_seconds.max(1))
    }
}
