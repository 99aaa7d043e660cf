//! How a feature takes part: it registers what it handles, and the kernel owns the registrations.

use std::sync::Arc;
use std::time::Duration;

use xmpp::Element;

use crate::hooks::{Entry, Handler};
use crate::iq::{IqHandler, IqKey, IqRequest, IqResult};
use crate::tables::HostTable;
use crate::{
    Account, BoxFuture, Host, Interest, Kernel, Moment, Order, Packet, Session, Stage, Target, Verdict,
};

/// What a module says of itself; feeds disco, the README's table and the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Its name in the configuration.
    pub name: Arc<str>,
    /// The XEPs or RFCs it implements, with the version followed: `("XEP-0199", "2.0.1")`.
    pub specifications: Vec<(&'static str, &'static str)>,
}

/// A disco identity (XEP-0030 section 3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `category`, such as `server`.
    pub category: &'static str,
    /// `type`, such as `im`.
    pub kind: &'static str,
    /// `name`, or none.
    pub name: Option<String>,
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
pub trait Module: Send + Sync + 'static {
    /// Name and specifications.
    fn about(&self) -> About;
    /// Registers everything it handles on one host. Called anew whenever the host's tables are built.
    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>);
}

/// Takes one module's registrations on one host.
pub struct Registrar<'a> {
    pub(crate) table: &'a mut HostTable,
    pub(crate) entries: &'a mut [Vec<Entry>; Stage::COUNT],
    pub(crate) host: &'a Arc<Host>,
    pub(crate) owner: Arc<str>,
}

impl Registrar<'_> {
    /// The host being built.
    pub fn host(&self) -> &Arc<Host> {
        self.host
    }

    /// Announces a feature in disco#info of the host and, when `account` is true, of its accounts (XEP-0030).
    pub fn feature(&mut self, ns: &'static str, account: bool) {
        self.table.features.push(ns);
        if account {
            self.table.account_features.push(ns);
        }
    }

    /// Announces an identity of the host (XEP-0030).
    pub fn identity(&mut self, identity: Identity) {
        self.table.identities.push(identity);
    }

    /// Adds an element to the stream features offered after authentication (RFC 6120 section 4.3.2).
    pub fn stream_feature(&mut self, feature: Element) {
        self.table.stream_features.push(feature);
    }

    /// Answers IQ requests of one (kind, namespace, element) to the host or to an account. The kernel replies,
    /// exactly once, with what the handler returns.
    pub fn iq<F, R>(&mut self, target: Target, kind: IqKind, name: &str, ns: &str, handler: F)
    where
        F: Fn(IqRequest) -> R + Send + Sync + 'static,
        R: Future<Output = IqResult> + Send + 'static,
    {
        let handler: IqHandler = Arc::new(move |request| Box::pin(handler(request)));
        self.table.iq.insert(IqKey { target, kind, ns: ns.into(), name: name.into() }, handler);
    }

    /// Asks a handler that answers at once.
    pub fn hook<F>(&mut self, stage: Stage, order: Order, interest: Interest, handler: F)
    where
        F: Fn(&Arc<Kernel>, &mut Packet) -> Verdict + Send + Sync + 'static,
    {
        self.entry(stage, order, interest, Handler::Now(Box::new(handler)));
    }

    /// Asks a handler that may wait for the store. The sender's next stanza waits with it, nobody else's.
    pub fn hook_later<F>(&mut self, stage: Stage, order: Order, interest: Interest, handler: F)
    where
        F: for<'a> Fn(&'a Arc<Kernel>, &'a mut Packet) -> BoxFuture<'a, Verdict> + Send + Sync + 'static,
    {
        self.entry(stage, order, interest, Handler::Later(Box::new(handler)));
    }

    fn entry(&mut self, stage: Stage, order: Order, interest: Interest, handler: Handler) {
        let entry = Entry { order, owner: self.owner.clone(), interest, handler };
        self.entries[stage as usize].push(entry);
    }

    /// Tells of a moment in a session's life; awaited in registration order.
    pub fn session<F>(&mut self, moment: Moment, handler: F)
    where
        F: for<'a> Fn(&'a Arc<Kernel>, &'a Arc<Session>) -> BoxFuture<'a, ()> + Send + Sync + 'static,
    {
        self.table.moments[moment as usize].push(Arc::new(handler));
    }

    /// Tells that an account is being deleted, before its rows go (the cascade of `user del`).
    pub fn deletion<F>(&mut self, handler: F)
    where
        F: for<'a> Fn(&'a Arc<Kernel>, &'a Arc<Account>) -> BoxFuture<'a, ()> + Send + Sync + 'static,
    {
        self.table.deletions.push(Arc::new(handler));
    }

    /// Runs a job at an interval for as long as the module is on.
    pub fn every<F>(&mut self, interval: Duration, job: F)
    where
        F: for<'a> Fn(&'a Arc<Kernel>) -> BoxFuture<'a, ()> + Send + Sync + 'static,
    {
        self.table.jobs.push((interval, Arc::new(job)));
    }
}
