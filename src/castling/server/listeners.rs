//! The sockets: all bound before anything is served.

use std::sync::Arc;
use std::time::Duration;

use net::http::{HttpOptions, ProxySettings, Routes};
use net::{ConnectionLimits, Connections, Kind, Listener, TlsStore};
use runtime::Tasks;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use settings::Values;
use stream::component::Components;
use stream::s2s::S2s;
use stream::{C2s, Security};

use crate::api::Listening;
use crate::config::Loaded;
use crate::failure::Failure;

/// File descriptors reserved for everything except client connections (databases, files, sockets of plugins), or half of all
/// if there are fewer than twice as many.
const KEPT: usize = 256;
/// The number requested if there is no limit: by default the system gives a process no more than this.
const ENOUGH: u64 = 1 << 20;

/// Binds all supported listeners.
///
/// # Errors
/// All addresses that cannot be listened on.
pub fn bind(loaded: &Loaded) -> Result<Vec<Listener>, Failure> {
    let listen = &loaded.config.listen;
    let kinds = [
        (Kind::C2s, &listen.c2s),
        (Kind::C2sTls, &listen.c2s_tls),
        (Kind::C2sPlain, &listen.c2s_plain),
        (Kind::Http, &listen.http),
        (Kind::Https, &listen.https),
        (Kind::S2s, &listen.s2s),
        (Kind::S2sTls, &listen.s2s_tls),
        (Kind::Component, &listen.component),
    ];
    let (mut bound, mut refused) = (Vec::new(), Vec::new());
    for (kind, addresses) in kinds {
        for address in addresses.iter().filter_map(|address| address.0) {
            match Listener::bind(address, kind) {
                Ok(listener) => bound.push(listener),
                Err(error) => refused.push(format!("{error} — {}", error.remedy())),
            }
        }
    }
    if refused.is_empty() { Ok(bound) } else { Err(refused.join("\n").into()) }
}

/// The listeners, for `castling status`.
pub fn shown(bound: &[Listener]) -> Vec<Listening> {
    let one =
        |listener: &Listener| Listening { kind: listener.kind().name().to_owned(), address: listener.addr() };
    bound.iter().map(one).collect()
}

/// What listeners need to serve connections.
pub struct Front {
    pub c2s: Arc<C2s>,
    pub components: Arc<Components>,
    pub s2s: Arc<S2s>,
    pub tls: TlsStore,
    pub routes: Arc<Routes>,
    pub http: Arc<HttpOptions>,
    pub tasks: Tasks,
}

/// Limits of HTTP connections, and the trusted proxies.
pub fn http_options(limits: &Values, connections: Arc<Connections>) -> Arc<HttpOptions> {
    let ProxySettings { trusted_proxies } = limits.of();
    Arc::new(HttpOptions { trusted_proxies, connections, ..HttpOptions::default() })
}

/// Limits on the number of client connections.
pub fn connections(limits: &Values) -> Arc<Connections> {
    let ProxySettings { trusted_proxies } = limits.of();
    Connections::new(limits.of(), trusted_proxies, room(descriptors()))
}

/// For how long a client may be silent that was asked for an acknowledgement.
pub fn peer_limit(limits: &Values) -> Option<Duration> {
    let ConnectionLimits { peer_seconds, .. } = limits.of();
    peer_seconds.get().map(|seconds| Duration::from_secs(seconds.get()))
}

/// How many of the descriptors are for clients: where there are few, half.
fn room(descriptors: usize) -> usize {
    descriptors - KEPT.min(descriptors / 2)
}

/// Raises the limit of file descriptors as far as allowed; returns the limit.
fn descriptors() -> usize {
    let now = getrlimit(Resource::Nofile);
    // If that is refused or exceeds the system's limit, the old one stays.
    let most = now.maximum.unwrap_or(ENOUGH);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(most), ..now });
    let current = if raised.is_ok() { Some(most) } else { now.current };
    let descriptors = current.map_or(usize::MAX, |number| usize::try_from(number).unwrap_or(usize::MAX));
    tracing::info!(descriptors, connections = room(descriptors), "file descriptor limit");
    descriptors
}

impl Front {
    /// Accepts connections, with one task per listener.
    pub fn serve(&self, bound: Vec<Listener>) {
        for listener in bound {
            match listener.kind() {
                Kind::C2s => self.streams(listener, Security::StartTls),
                Kind::C2sTls => self.streams(listener, Security::Direct),
                Kind::C2sPlain => self.streams(listener, Security::None),
                Kind::Http => self.web(listener, None),
                Kind::Https => self.web(listener, Some(self.tls.clone())),
                Kind::Component => self.components(listener),
                Kind::S2s => self.servers(listener, Security::StartTls),
                Kind::S2sTls => self.servers(listener, Security::Direct),
            }
        }
    }

    fn streams(&self, listener: Listener, security: Security) {
        self.tasks.spawn("listener", stream::serve(self.c2s.clone(), listener, security));
    }

    fn components(&self, listener: Listener) {
        let (components, connections) = (self.components.clone(), self.c2s.shared_connections());
        self.tasks.spawn("listener", stream::component::serve(components, connections, listener));
    }

    fn servers(&self, listener: Listener, security: Security) {
        let (s2s, connections) = (self.s2s.clone(), self.c2s.shared_connections());
        self.tasks.spawn("listener", stream::s2s::serve(s2s, connections, listener, security));
    }

    fn web(&self, listener: Listener, tls: Option<TlsStore>) {
        let (routes, http, tasks) = (self.routes.clone(), self.http.clone(), self.tasks.clone());
        self.tasks.spawn("listener", net::http::serve(listener, tls, routes, http, tasks));
    }
}

#[cfg(test)]
mod tests {
    use super::room;

    #[test]
    fn clients_never_get_descriptors_that_are_not_there() {
        let rooms = [0, 1, 100, 511, 512, 1024].map(room);
        assert_eq!(rooms, [0, 1, 50, 256, 256, 768]);
    }
}
