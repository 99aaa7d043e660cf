//! The sockets: all bound before anything is served.

use std::sync::Arc;

use net::http::{HttpOptions, ProxySettings, Routes};
use net::{Connections, Kind, Listener, TlsStore};
use runtime::Tasks;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use settings::Values;
use stream::{C2s, Security};

use crate::api::Listening;
use crate::config::Loaded;
use crate::failure::Failure;

/// File descriptors for what is no connection of a client: databases, files, sockets of plugins.
const KEPT: usize = 256;
/// As many are asked for where there is no limit: the system gives no more than this to a process unless it is told to.
const ENOUGH: u64 = 1 << 20;

/// Binds every listener of this version.
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

/// As `castling status` shows them.
pub fn shown(bound: &[Listener]) -> Vec<Listening> {
    let one =
        |listener: &Listener| Listening { kind: listener.kind().name().to_owned(), address: listener.addr() };
    bound.iter().map(one).collect()
}

/// What listeners serve.
pub struct Front {
    pub c2s: Arc<C2s>,
    pub tls: TlsStore,
    pub routes: Arc<Routes>,
    pub http: Arc<HttpOptions>,
    pub tasks: Tasks,
}

/// How HTTP connections are bounded, and whom they believe.
pub fn http_options(limits: &Values, connections: Arc<Connections>) -> Arc<HttpOptions> {
    let ProxySettings { trusted_proxies } = limits.of();
    Arc::new(HttpOptions { trusted_proxies, connections, ..HttpOptions::default() })
}

/// How many connections of clients there may be.
pub fn connections(limits: &Values) -> Arc<Connections> {
    let ProxySettings { trusted_proxies } = limits.of();
    Connections::new(limits.of(), trusted_proxies, descriptors() - KEPT)
}

/// Takes as many file descriptors as the process may have; how many that are.
fn descriptors() -> usize {
    let now = getrlimit(Resource::Nofile);
    // Where that is refused, or is more than the system gives, what there was stays.
    let most = now.maximum.unwrap_or(ENOUGH);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(most), ..now });
    let current = if raised.is_ok() { Some(most) } else { now.current };
    let descriptors = current.map_or(usize::MAX, |number| usize::try_from(number).unwrap_or(usize::MAX));
    tracing::info!(descriptors, connections = descriptors.saturating_sub(KEPT), "file descriptor limit");
    descriptors.max(2 * KEPT)
}

impl Front {
    /// Accepts connections, as a task for each listener.
    pub fn serve(&self, bound: Vec<Listener>) {
        for listener in bound {
            match listener.kind() {
                Kind::C2s => self.streams(listener, Security::StartTls),
                Kind::C2sTls => self.streams(listener, Security::Direct),
                Kind::C2sPlain => self.streams(listener, Security::None),
                Kind::Http => self.web(listener, None),
                Kind::Https => self.web(listener, Some(self.tls.clone())),
                Kind::S2s | Kind::Component => {}
            }
        }
    }

    fn streams(&self, listener: Listener, security: Security) {
        self.tasks.spawn("listener", stream::serve(self.c2s.clone(), listener, security));
    }

    fn web(&self, listener: Listener, tls: Option<TlsStore>) {
        let (routes, http, tasks) = (self.routes.clone(), self.http.clone(), self.tasks.clone());
        self.tasks.spawn("listener", net::http::serve(listener, tls, routes, http, tasks));
    }
}
