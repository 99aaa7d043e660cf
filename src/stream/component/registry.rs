//! All components, by name, and the listener for their connections.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use auth::LoginLimiter;
use hashbrown::HashMap;
use kernel::{Kernel, Link, Links, Module};
use net::{Connections, Listener};
use parking_lot::Mutex;
use xmpp::{Jid, StreamCondition, StreamError};

use super::connection;
use super::figures::ComponentFigures;
use super::items::Items;
use super::link::Component;
use super::options::{ComponentOptions, is_below};
use crate::listener;

/// How often is looked for stanzas that have waited too long.
const LOOK: Duration = Duration::from_secs(1);

/// How long connections may take at shutdown to be sent what waits for them.
const LAST: Duration = Duration::from_secs(5);

type ByName = HashMap<Box<str>, Arc<Component>>;

/// External components.
pub struct Components {
    kernel: Arc<Kernel>,
    limiter: Arc<LoginLimiter>,
    by_name: ArcSwap<ByName>,
    announced: Mutex<Announced>,
}

/// The module of each domain, with the components that it announces.
type Announced = HashMap<Box<str>, (Vec<Jid>, Arc<dyn Module>)>;

/// Components as they will be; put in force after the kernel routes to them.
pub struct PreparedComponents {
    next: ByName,
    options: Vec<ComponentOptions>,
}

impl Components {
    /// None yet.
    pub fn new(kernel: Arc<Kernel>, limiter: Arc<LoginLimiter>) -> Arc<Self> {
        Arc::new(Self { kernel, limiter, by_name: ArcSwap::default(), announced: Mutex::default() })
    }

    pub(super) fn kernel(&self) -> &Arc<Kernel> {
        &self.kernel
    }

    pub(super) fn limiter(&self) -> &LoginLimiter {
        &self.limiter
    }

    pub(super) fn component(&self, name: &str) -> Option<Arc<Component>> {
        self.by_name.load().get(name).cloned()
    }

    /// The module by which a domain announces those below it; the same as long as they are.
    pub fn module(&self, domain: &str, options: &[ComponentOptions]) -> Option<Arc<dyn Module>> {
        let below = |one: &&ComponentOptions| is_below(one.name.domain(), domain) && one.reaches(domain);
        let below: Vec<Jid> = options.iter().filter(below).map(|one| one.name.clone()).collect();
        let mut announced = self.announced.lock();
        if below.is_empty() {
            announced.remove(domain);
            return None;
        }
        if let Some((known, module)) = announced.get(domain)
            && *known == below
        {
            return Some(module.clone());
        }
        let module: Arc<dyn Module> = Arc::new(Items(below.clone()));
        announced.insert(domain.into(), (below, module.clone()));
        Some(module)
    }

    /// The components that there will be. Those that there are stay connected.
    pub fn prepare(&self, options: Vec<ComponentOptions>) -> PreparedComponents {
        let now = self.by_name.load();
        let next = options.iter().map(|one| {
            let name = one.name.domain();
            let component = now.get(name).cloned();
            let made = || Arc::new(Component::new(self.kernel.clone(), one.clone()));
            (name.into(), component.unwrap_or_else(made))
        });
        PreparedComponents { next: next.collect(), options }
    }

    /// Puts prepared components in force. The connections of those that are no more are closed, and what waits for them is
    /// bounced.
    pub fn put_in_force(&self, prepared: PreparedComponents) {
        let PreparedComponents { next, options } = prepared;
        for one in options {
            if let Some(component) = next.get(one.name.domain()) {
                component.set_options(one);
            }
        }
        let before = self.by_name.swap(Arc::new(next));
        let now = self.by_name.load();
        for (_, gone) in before.iter().filter(|(name, _)| !now.contains_key(*name)) {
            let error = StreamError::new(StreamCondition::HostGone);
            gone.end_all(&error.text("this component is no longer served here"));
            let gone = gone.clone();
            self.kernel.runtime().tasks.spawn("component", async move { gone.give_up().await });
        }
    }

    /// What each component does, by name.
    pub fn figures(&self) -> Vec<ComponentFigures> {
        let mut all: Vec<_> = self.by_name.load().iter().map(|(name, one)| one.figures(name)).collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }

    /// Ends all connections, once what waits for them is sent. At shutdown, after the sessions have ended: components hear of
    /// that.
    pub async fn close(&self) {
        let error = StreamError::new(StreamCondition::SystemShutdown).text("the server is shutting down");
        let all = self.by_name.load_full();
        all.values().for_each(|component| component.end_all(&error));
        let ended = async {
            for component in all.values() {
                component.empty().await;
            }
        };
        let _ = tokio::time::timeout(LAST, ended).await;
    }

    /// Bounces what has waited too long, until shutdown begins.
    async fn look(self: Arc<Self>) {
        while self.kernel.runtime().tasks.pause(LOOK).await {
            for component in self.by_name.load_full().values() {
                component.expire().await;
            }
        }
    }

    /// Starts what goes on beside the connections.
    pub fn start(self: &Arc<Self>) {
        self.kernel.runtime().tasks.spawn("components", self.clone().look());
    }
}

impl PreparedComponents {
    /// The links, by the domains that lead to them.
    pub fn links(&self) -> Links {
        self.next.iter().map(|(name, one)| (name.clone(), one.clone() as Arc<dyn Link>)).collect()
    }
}

/// Accepts connections of components until shutdown begins.
pub async fn serve(components: Arc<Components>, connections: Arc<Connections>, listener: Listener) {
    let each = |socket, peer, admission| {
        let components = components.clone();
        async move {
            if let Ok((pipe, component)) = Box::pin(components.accept(socket, peer)).await {
                connection::run(pipe, component).await;
            }
            drop(admission);
        }
    };
    listener::accept(components.kernel.runtime(), &listener, &connections, "component", each).await;
}
