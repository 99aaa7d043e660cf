//! The composition root: builds, runs and shuts down a server from a configuration.

#[cfg(test)]
mod bed;
mod beside;
#[cfg(test)]
mod bounds;
mod control;
pub mod deletion;
mod deployed;
mod domains;
mod federation;
mod holders;
mod import;
mod listeners;
mod metrics;
mod plugins;
mod providers;
mod prune;
mod purge;
mod sessions;
mod standing;
mod stats;
mod streams;
mod users;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::thread::available_parallelism;
use std::time::Duration;

use admin::Lock;
use admin::metrics::Page;
use auth::{Decoys, Hashing, Internal, LoginLimiter, LoginLimits};
use kernel::{Kernel, KernelOptions};
use net::http::Routes;
use net::{Connections, Kind, Listener, TlsStore};
use runtime::Runtime;
use storage::Store;
use storage::source::Sources;
use stream::component::Components;
use stream::s2s::{S2s, S2sOptions};
use stream::{C2s, C2sOptions};
use tokio::sync::Mutex;

pub use self::domains::platform;
use self::listeners::Front;
use crate::config::{Auth, FileValues, Loaded};
use crate::failure::Failure;
use crate::signals::{Asked, Signals};
use crate::{database, logging, output};

/// How long connections and writes may take to finish at shutdown.
const DRAIN: Duration = Duration::from_secs(20);

/// A complete server.
pub struct Server {
    kernel: Arc<Kernel>,
    tls: TlsStore,
    internal: Arc<Internal>,
    providers: providers::Providers,
    decoys: Decoys,
    platform: Arc<wasm::Platform>,
    /// Foreign databases in force.
    sources: Arc<Sources>,
    /// The deployed plugins; never locked while anything is awaited.
    deployed: parking_lot::Mutex<deployed::Deployed>,
    /// The built-in modules in use.
    standing: Mutex<standing::Standing>,
    /// The configuration in force; locked while it is changed.
    loaded: Mutex<Loaded>,
    purges: purge::Purges,
    /// How passwords are stored, as configured at start.
    auth: Auth,
    /// The values of the file at start, compared with later ones to find settings that need a restart.
    started: FileValues,
    /// External components.
    components: Arc<Components>,
    /// Streams between servers.
    s2s: Arc<S2s>,
    federation: parking_lot::Mutex<federation::Shared>,
    /// The client streams, once they are served.
    c2s: OnceLock<Arc<C2s>>,
    file: Option<PathBuf>,
    listening: Vec<crate::api::Listening>,
    since_us: i64,
    baseline: metrics::Baseline,
    /// `/metrics`, once it is served.
    metrics: OnceLock<Arc<Page>>,
}

/// Builds, runs and shuts down a server; the lock of its data directory is held throughout. `said`: plugins of whose trouble the log
/// tells already.
///
/// # Errors
/// Whatever prevents it from starting.
pub async fn serve(
    mut loaded: Loaded,
    file: Option<PathBuf>,
    lock: &Lock,
    said: &BTreeSet<String>,
) -> Result<(), Failure> {
    let mut signals = Signals::listen().map_err(|e| format!("cannot listen for signals: {e}"))?;
    let runtime = Runtime::system();
    let bound = listeners::bind(&loaded)?;
    let options = database::configured(&loaded)?;
    let store = Store::open(options, &runtime).await.map_err(|e| e.to_string())?;
    let admin = admin::Server::bind(&loaded.config.data_dir, lock).map_err(|e| {
        format!("cannot create the admin socket in {}: {e}", loaded.config.data_dir.display())
    })?;
    let limiter = limiter(&loaded, &runtime);
    let limits = loaded.config.limits.of();
    let connections = listeners::connections(&loaded.config.limits);
    let http = listeners::http_options(&loaded.config.limits, connections.clone());
    let interrupted = loaded
        .take_up_purges()
        .map_err(|e| format!("cannot write to {}: {e}", loaded.config.data_dir.display()))?;
    let allowed = metrics::allowed(&loaded.config);
    let peer_limit = listeners::peer_limit(&loaded.config.limits);
    let server =
        Server::build(loaded, file, store.clone(), &runtime, &bound, limiter.clone(), connections.clone())
            .await?;
    server.begin(said).await?;
    server.kernel.set_peer_limit(peer_limit);
    if bound.iter().any(|one| matches!(one.kind(), Kind::S2s | Kind::S2sTls)) {
        server.kernel.set_default_link(Some(server.s2s.clone())).await;
    }
    server.resume_purges(interrupted).await?;
    let (kernel, tls) = (server.kernel.clone(), server.tls.clone());
    let c2s = C2s::new(C2sOptions { kernel, tls, limiter, limits, connections });
    // It is not set yet: this server was just built.
    let _ = server.c2s.set(c2s.clone());
    let streams = stream::web::routes(&c2s);
    let routes = streams.into_iter().fold(Routes::new(), |routes, (path, route)| routes.at(path, route));
    let routes = routes.at("/metrics", server.metrics_page(allowed));
    let routes = Arc::new(web::routes(&server.kernel, routes));
    let (tls, components, s2s) = (server.tls.clone(), server.components.clone(), server.s2s.clone());
    let front = Front { c2s, components, s2s, tls, routes, http, tasks: runtime.tasks.clone() };
    server.baseline.take();
    front.serve(bound);
    server.components.start();
    server.s2s.start();
    runtime.tasks.spawn("clock", runtime::log_clock_steps(runtime.clone()));
    runtime.tasks.spawn("plugins", server.clone().tidy_plugins());
    runtime.tasks.spawn("admin", admin.serve(server.clone(), runtime.tasks.clone()));
    output::announce("ready");
    server.wait(&mut signals).await;
    server.drain(&runtime, &store).await
}

fn limiter(loaded: &Loaded, runtime: &Runtime) -> Arc<LoginLimiter> {
    let LoginLimits { logins_per_minute } = loaded.config.limits.of();
    Arc::new(LoginLimiter::new(logins_per_minute, runtime.clock.clone()))
}

impl Server {
    async fn build(
        loaded: Loaded,
        file: Option<PathBuf>,
        store: Store,
        runtime: &Runtime,
        bound: &[Listener],
        limiter: Arc<LoginLimiter>,
        connections: Arc<Connections>,
    ) -> Result<Arc<Self>, Failure> {
        let auth = loaded.config.auth.clone();
        let decoys =
            Decoys::open(&store, &*runtime.random, auth.iterations).await.map_err(|e| e.to_string())?;
        let hashing = Hashing {
            hashes: auth.scram.iter().map(|scram| scram.hash()).collect(),
            iterations: auth.iterations,
            at_once: available_parallelism().unwrap_or(NonZeroUsize::MIN),
        };
        let random = runtime.random.clone();
        let internal =
            Arc::new(Internal::new(store.clone(), random.clone(), decoys.clone(), hashing.clone()));
        let tls = TlsStore::new(runtime.clock.clone()).map_err(|e| e.to_string())?;
        let kernel = Kernel::new(KernelOptions { runtime: runtime.clone(), store });
        let platform = platform(&loaded, runtime)?;
        let sources = Arc::new(Sources::new(runtime.clone()));
        platform.connect(&kernel, sources.clone());
        let providers = providers::Providers::new(platform.clone(), random, decoys.clone(), hashing);
        let components = Components::new(kernel.clone(), limiter);
        let own = bound.iter().filter(|one| matches!(one.kind(), Kind::S2s | Kind::S2sTls));
        let s2s = S2s::new(S2sOptions {
            kernel: kernel.clone(),
            tls: tls.clone(),
            connections,
            own: own.map(Listener::addr).collect(),
            limits: loaded.config.limits.of(),
        });
        let since_us = runtime.clock.now_us();
        let listening = listeners::shown(bound);
        let server = Arc::new(Self {
            kernel,
            tls,
            internal,
            providers,
            decoys,
            platform,
            sources,
            deployed: parking_lot::Mutex::default(),
            standing: Mutex::default(),
            purges: purge::Purges::default(),
            auth: auth.clone(),
            started: loaded.file.values.clone(),
            components,
            s2s,
            federation: parking_lot::Mutex::default(),
            c2s: OnceLock::new(),
            loaded: Mutex::new(loaded),
            file,
            listening,
            since_us,
            baseline: metrics::Baseline::default(),
            metrics: OnceLock::new(),
        });
        Ok(server)
    }

    /// Puts the configuration in force for the first time. `said`: plugins of whose trouble the log tells already.
    async fn begin(&self, said: &BTreeSet<String>) -> Result<(), Failure> {
        let loaded = self.loaded.lock().await;
        let beside = beside::Beside { at_start: Some(said), ..beside::Beside::default() };
        let notes = self.apply(&loaded, beside).await.map_err(|e| Failure::Message(e.to_string()))?;
        notes.notes().await.iter().for_each(|note| logging::warn(note));
        // Without an overlay nothing is known of what commands have installed: it may be put back.
        if loaded.has_overlay() {
            crate::plugins::clean(&self.platform, &loaded.config);
        }
        Ok(())
    }

    /// Waits for a signal to stop.
    async fn wait(&self, signals: &mut Signals) {
        while signals.next().await == Asked::Reload {
            match self.reload().await {
                Ok(notes) => notes.iter().for_each(|note| tracing::info!("{note}")),
                Err(error) => tracing::error!("reload failed: {error}"),
            }
        }
    }

    /// Ends every session, stores undelivered messages, and waits for work in progress.
    async fn drain(&self, runtime: &Runtime, store: &Store) -> Result<(), Failure> {
        runtime.tasks.start_drain();
        let before = self.kernel.counters().unstored.get();
        self.kernel.shut_down().await;
        tokio::join!(self.components.close(), self.s2s.close());
        let left = runtime.tasks.join_all(DRAIN).await;
        if left > 0 {
            tracing::warn!(left, "shutdown timed out: the remaining tasks were aborted");
        }
        let unstored = self.kernel.counters().unstored.get() - before;
        if unstored > 0 {
            tracing::error!(unstored, "messages that had not been delivered could not be stored");
        }
        self.sources.close().await;
        store.close().await.map_err(|e| Failure::Message(e.to_string()))
    }
}
