//! How a feature registers what it handles; the kernel owns the registrations.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use storage::StorageError;
use xmpp::{Element, Stanza, StanzaError};

use crate::hooks::job::Job;
use crate::hooks::registered::{Hooks, Registered};
use crate::hooks::stage::{Entry, Handler};
use crate::route::early::{EarlyHandler, EarlyRequest};
use crate::route::iq::{IqEntry, IqHandler, IqKey, Stranger};
use crate::route::service::{Service, ServiceAddress};
use crate::route::taken::Taken;
use crate::session::outlet::Release;
use crate::state::Owner;
use crate::{
    Account, BoxFuture, Counters, DiscoItem, Holds, Host, HostOptions, Identity, Interest, IqRequest,
    IqResult, Kernel, ListChange, Order, Packet, Resource, Rewritten, RosterEvent, Scope, ScreenChange,
    SessionEvent, SessionEventKind, Stage, State, Stored, Target, Verdict,
};

/// A module's description, for disco, the README's table and the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Its name in the configuration.
    pub name: Arc<str>,
    /// The XEPs or RFCs it implements, with the version followed: `("XEP-0199", "2.0.1")`.
    pub specifications: Vec<(&'static str, &'static str)>,
}

/// When a stream feature is offered (RFC 6120 section 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// With the SASL mechanisms, before authentication.
    Login,
    /// With resource binding, after authentication.
    Bind,
}

/// The request types of an IQ handler.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum IqKind {
    /// `type='get'`
    Get,
    /// `type='set'`
    Set,
}

/// A feature of the server: a built-in module or a plugin.
pub trait Module: Any + Send + Sync {
    fn about(&self) -> About;
    /// Registers everything it handles on one host. What that is may depend on nothing but the module, the host and the host's
    /// options, and nothing else may follow from the call: it is repeated when these change, may be made more than once, and what
    /// came of it may be dropped. A module is kept as long as its own options are the same.
    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>);
    /// Takes over the state of its predecessor on this host, the same feature with other options (`&dyn Any`
    /// is the module). State kept with hosts, accounts and sessions ([`State`]) needs no taking over.
    fn succeed(&self, _predecessor: &dyn Any) {}
}

/// Where modules register.
#[derive(Clone, Copy)]
pub(crate) struct Site<'a> {
    pub host: &'a Arc<Host>,
    /// Those in force once the tables are.
    pub options: &'a HostOptions,
    pub counters: &'a Counters,
}

/// Collects one module's registrations on one host.
pub struct Registrar<'a> {
    site: Site<'a>,
    owner: Arc<str>,
    registered: &'a mut Registered,
    hooks: Vec<(Stage, Arc<Entry>)>,
    only_hooks: bool,
}

impl<'a> Registrar<'a> {
    pub(crate) fn new(site: Site<'a>, owner: Arc<str>, registered: &'a mut Registered) -> Self {
        Self { site, owner, registered, hooks: Vec::new(), only_hooks: true }
    }

    /// The hooks, and whether nothing else was registered.
    pub(crate) fn done(self) -> (Hooks, bool) {
        (self.hooks.into(), self.only_hooks)
    }

    /// For all but hooks: what is registered here is shared by the tables that follow each other, so that the module cannot come or
    /// go without everything being built anew.
    pub(crate) fn beyond_hooks(&mut self) -> &mut Registered {
        self.only_hooks = false;
        self.registered
    }

    /// The module that registers.
    pub(crate) fn owner(&self) -> &Arc<str> {
        &self.owner
    }
}

impl Registrar<'_> {
    /// The host being built.
    pub fn host(&self) -> &Arc<Host> {
        self.site.host
    }

    /// The options in force once these tables are.
    pub fn options(&self) -> &HostOptions {
        self.site.options
    }

    /// Announces a feature of a target in disco#info (XEP-0030).
    pub fn feature(&mut self, target: Target, feature: &str) {
        self.beyond_hooks().target(target).features.push(feature.into());
    }

    /// Announces an identity of a target in disco#info (XEP-0030).
    pub fn identity(&mut self, target: Target, identity: Identity) {
        self.beyond_hooks().target(target).identities.push(identity);
    }

    /// Announces an item of a target in disco#items (XEP-0030).
    pub fn item(&mut self, target: Target, item: DiscoItem) {
        self.beyond_hooks().target(target).items.push(item);
    }

    /// Adds an element to the stream features of a phase (RFC 6120 section 4.3.2).
    pub fn stream_feature(&mut self, phase: Phase, feature: Element) {
        match phase {
            Phase::Login => self.beyond_hooks().login_features.push(feature),
            Phase::Bind => self.beyond_hooks().bind_features.push(feature),
        }
    }

    /// A value kept in memory with each owner; see [`State`].
    pub fn state<O: Owner, T: Any + Default + Send + Sync>(&self) -> State<O, T> {
        State::new()
    }

    /// A value kept in the store for each account; see [`Stored`]. It is read on first use.
    pub fn stored<T, F>(&self, load: F) -> Stored<T>
    where
        T: Any + Send + Sync,
        F: for<'a> Fn(&'a Kernel, &'a Account) -> BoxFuture<'a, Result<T, StorageError>>
            + Send
            + Sync
            + 'static,
    {
        Stored::new(load)
    }

    /// As [`stored`](Self::stored), but read when a session of the account is bound, so that it is available
    /// without waiting.
    pub fn stored_at_bind<T, F>(&mut self, load: F) -> Stored<T>
    where
        T: Any + Send + Sync,
        F: for<'a> Fn(&'a Kernel, &'a Account) -> BoxFuture<'a, Result<T, StorageError>>
            + Send
            + Sync
            + 'static,
    {
        let stored = self.stored(load);
        let at_bind = stored.clone();
        self.beyond_hooks().at_bind.push(Arc::new(move |kernel, account| {
            let stored = at_bind.clone();
            Box::pin(async move { stored.load(kernel, account).await.map(drop) })
        }));
        stored
    }

    /// Handles IQ requests of one (kind, namespace, element) to a target. The kernel replies, exactly once,
    /// with what the handler returns. While the handler waits, the session reads on; requests of one client
    /// to one feature are answered one after the other.
    pub fn iq<F, R>(&mut self, target: Target, kind: IqKind, name: &str, ns: &str, handler: F)
    where
        F: Fn(IqRequest) -> R + Send + Sync + 'static,
        R: Future<Output = IqResult> + Send + 'static,
    {
        self.iq_holding(Holds::Requests, target, kind, name, ns, handler);
    }

    /// As [`iq`](Self::iq), for a request that changes what other stanzas of the client depend on: those wait
    /// for its answer.
    pub fn iq_holding<F, R>(
        &mut self,
        holds: Holds,
        target: Target,
        kind: IqKind,
        name: &str,
        ns: &str,
        handler: F,
    ) where
        F: Fn(IqRequest) -> R + Send + Sync + 'static,
        R: Future<Output = IqResult> + Send + 'static,
    {
        let handler: IqHandler = Arc::new(move |request| Box::pin(handler(request)));
        let entry = IqEntry { owner: self.owner.clone(), holds, handler };
        let what = format!("requests {ns} ({name})");
        let key = IqKey { target, kind, ns: ns.into(), name: name.into() };
        if let Some(earlier) = self.beyond_hooks().iq.insert(key, entry) {
            let owners = [earlier.owner, self.owner.clone()];
            self.beyond_hooks().taken.push(Taken { what, owners });
        }
    }

    /// The error for a request to an account from a stranger, where the handler refuses strangers. Names
    /// without an account return the same error, so that accounts cannot be enumerated. The default is
    /// `service-unavailable`. With `resources` it also applies to requests to an account's resources.
    pub fn to_strangers(
        &mut self,
        kind: IqKind,
        name: &str,
        ns: &str,
        resources: bool,
        answer: fn(&Stanza) -> IqResult,
    ) {
        let key = IqKey { target: Target::Account, kind, ns: ns.into(), name: name.into() };
        self.beyond_hooks().strangers.insert(key, Stranger { resources, answer });
    }

    /// Handles IQ requests that only the account's owner may make; others are answered `forbidden`, whether
    /// the account exists or not.
    pub fn own_iq<F, R>(&mut self, holds: Holds, kind: IqKind, name: &str, ns: &str, handler: F)
    where
        F: Fn(IqRequest) -> R + Send + Sync + 'static,
        R: Future<Output = IqResult> + Send + 'static,
    {
        self.to_strangers(kind, name, ns, false, |_| Err(StanzaError::forbidden()));
        self.iq_holding(holds, Target::Account, kind, name, ns, handler);
    }

    /// Handles IQ requests of clients that have not authenticated yet.
    pub fn early_iq<F, R>(&mut self, kind: IqKind, name: &str, ns: &str, handler: F)
    where
        F: Fn(EarlyRequest) -> R + Send + Sync + 'static,
        R: Future<Output = IqResult> + Send + 'static,
    {
        let handler: EarlyHandler = Arc::new(move |request| Box::pin(handler(request)));
        let key = IqKey { target: Target::Host, kind, ns: ns.into(), name: name.into() };
        let entry = (self.owner.clone(), handler);
        if let Some((owner, _)) = self.beyond_hooks().early.insert(key, entry) {
            let what = format!("requests {ns} ({name}) before log-in");
            let owners = [owner, self.owner.clone()];
            self.beyond_hooks().taken.push(Taken { what, owners });
        }
    }

    /// Claims an address of its own: stanzas to it or to any JID of that domain go to the service. Requests
    /// to the domain are first looked up in the IQ table under `Target::Service`.
    pub fn service(&mut self, address: &str, service: Arc<dyn Service>) -> Arc<ServiceAddress> {
        let address =
            Arc::new(ServiceAddress::new(address, self.site.host.clone(), self.owner.clone(), service));
        self.beyond_hooks().services.push(address.clone());
        address
    }

    /// Calls a hook for each stanza to be written to a session that is [restrained](Kernel::restrain).
    pub fn write<F>(&mut self, hook: F)
    where
        F: Fn(&Resource, &Stanza) -> Release + Send + Sync + 'static,
    {
        self.beyond_hooks().writers.push(Arc::new(hook));
    }

    /// Registers a handler that answers at once.
    pub fn hook<F>(&mut self, stage: Stage, order: Order, interest: Interest, handler: F)
    where
        F: Fn(&Arc<Kernel>, &mut Packet) -> Verdict + Send + Sync + 'static,
    {
        self.entry(stage, order, interest, Handler::Now(Box::new(handler)));
    }

    /// Registers a handler that may wait for the store. The sender's next stanza waits with it; other senders
    /// do not.
    pub fn hook_later<F>(&mut self, stage: Stage, order: Order, interest: Interest, handler: F)
    where
        F: for<'a> Fn(&'a Arc<Kernel>, &'a mut Packet) -> BoxFuture<'a, Verdict> + Send + Sync + 'static,
    {
        self.entry(stage, order, interest, Handler::Later(Box::new(handler)));
    }

    fn entry(&mut self, stage: Stage, order: Order, interest: Interest, handler: Handler) {
        let drops = self.site.counters.of_drops(&self.owner, stage.name());
        let entry = Entry { order, by: self.owner.clone(), drops, interest, handler };
        self.hooks.push((stage, Arc::new(entry)));
    }

    /// Registers a handler of session events; awaited in registration order.
    pub fn session<F>(&mut self, kind: SessionEventKind, handler: F)
    where
        F: for<'a> Fn(&'a Arc<Kernel>, &'a SessionEvent) -> BoxFuture<'a, ()> + Send + Sync + 'static,
    {
        self.beyond_hooks().session_handlers[kind as usize].push(Arc::new(handler));
    }

    /// Registers a handler of account creation: by registration, by `user add`, or on first use of a foreign
    /// provider's account.
    pub fn creation<F>(&mut self, handler: F)
    where
        F: for<'a> Fn(&'a Arc<Kernel>, &'a Arc<Account>) -> BoxFuture<'a, ()> + Send + Sync + 'static,
    {
        self.beyond_hooks().creations.push(Arc::new(handler));
    }

    /// Registers a handler of roster changes: called after the commit and the pushes, before that roster's
    /// next change.
    pub fn roster_change<F>(&mut self, handler: F)
    where
        F: Fn(&RosterEvent<'_>) + Send + Sync + 'static,
    {
        self.beyond_hooks().roster_changes.push(Arc::new(handler));
    }

    /// Registers a handler of data that was written past the features, as by an import: called when it is in force, before
    /// the account's next change. It must not wait.
    pub fn rewritten<F>(&mut self, handler: F)
    where
        F: Fn(&Arc<Kernel>, &Rewritten<'_>) + Send + Sync + 'static,
    {
        self.beyond_hooks().rewrites.push(Arc::new(handler));
    }

    /// Registers a handler of changes of privacy lists: called after the commit, when the change is in force, before the
    /// account's next change. It must not wait.
    pub fn list_change<F>(&mut self, handler: F)
    where
        F: Fn(&Arc<Kernel>, &ListChange<'_>) + Send + Sync + 'static,
    {
        self.beyond_hooks().list_changes.push(Arc::new(handler));
    }

    /// Registers a handler of sessions for which another privacy list is in force: called after those of
    /// [`list_change`](Self::list_change), awaited before the account's next change, which it must not make itself.
    pub fn screen_change<F>(&mut self, handler: F)
    where
        F: for<'a> Fn(&'a Arc<Kernel>, &'a ScreenChange) -> BoxFuture<'a, ()> + Send + Sync + 'static,
    {
        self.beyond_hooks().screen_changes.push(Arc::new(handler));
    }

    /// Registers a handler of account deletion, called before the account's rows are deleted (the cascade of
    /// `user del`).
    pub fn deletion<F>(&mut self, handler: F)
    where
        F: for<'a> Fn(&'a Arc<Kernel>, &'a Arc<Account>) -> BoxFuture<'a, ()> + Send + Sync + 'static,
    {
        self.beyond_hooks().deletions.push(Arc::new(handler));
    }

    /// Runs a job at an interval while the module is enabled; with [`Scope::Server`] once, on however many
    /// domains that is.
    pub fn every<F>(&mut self, interval: Duration, scope: Scope, run: F)
    where
        F: for<'a> Fn(&'a Arc<Kernel>) -> BoxFuture<'a, ()> + Send + Sync + 'static,
    {
        let (owner, running) = (self.owner.clone(), AtomicBool::new(false));
        self.beyond_hooks().jobs.push(Arc::new(Job { interval, scope, owner, running, run: Box::new(run) }));
    }
}
