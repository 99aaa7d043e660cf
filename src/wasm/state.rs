//! The host's state while an instance runs.

use std::sync::Arc;

use kernel::{Resource, State as KernelState};
use tokio::time::Instant;
use wasmtime::{Result, format_err};
use xmpp::{Jid, Stanza};

use crate::deadline::Deadline;
use crate::kept::{Keeping, Kept};
use crate::limits::MemoryLimiter;
use crate::quota::OverQuota;
use crate::scope::{Domain, Scope};

/// The data of one instance's store.
pub(crate) struct StoreData {
    pub scope: Arc<Scope>,
    /// The stanza being judged; `None` during init and configure.
    pub call: Option<Call>,
    pub limits: MemoryLimiter,
    pub deadline: Deadline,
    /// While settings are about to come into force: the warnings that it logs about them. Another instance that reads the same
    /// settings later logs nothing.
    pub heard: Option<Vec<String>>,
    /// The domain whose settings are being read.
    pub configuring: Option<u32>,
    /// The domain that a service's call is about, with a stanza or without.
    pub about: Option<u32>,
    /// When the call must have ended, for one that may wait.
    pub ends: Option<Instant>,
    /// Whether the call sees a password: nothing that it says is written.
    pub sees_password: bool,
    /// Whether its calls may wait.
    pub is_service: bool,
    /// What the guest has written to its standard output and error, up to the next line feed.
    pub output: Vec<u8>,
}

/// The subject of a call.
#[derive(Clone)]
pub(crate) struct Call {
    pub stanza: Stanza,
    /// The local client that sent it.
    pub session: Keeper,
    pub domain: u32,
    pub account: Account,
    /// The bare JIDs of its recipients, where it is about to be delivered.
    pub recipients: Option<Arc<[Jid]>>,
}

/// The account whose roster is queried.
#[derive(Clone)]
pub(crate) enum Account {
    /// That of the session: in hooks for what clients send.
    Senders,
    /// The recipient, in the offline hook.
    Recipients(Option<Jid>),
}

impl Call {
    /// The account whose roster is queried.
    pub fn account(&self) -> Option<&Jid> {
        match &self.account {
            Account::Senders => self.session.sender().map(|resource| resource.account().jid()),
            Account::Recipients(jid) => jid.as_ref(),
        }
    }
}

/// The session that a call is about, with which plugins may keep something.
#[derive(Clone)]
pub(crate) enum Keeper {
    /// The stanza was not sent by a local client.
    Nobody,
    Session(Resource),
    /// A session on another domain: nothing is kept with it.
    Elsewhere(Resource),
    /// A session created by a test.
    #[cfg(test)]
    Made(u64, Arc<Kept>),
}

impl Keeper {
    /// The local session that sent the stanza, on whatever domain.
    pub fn sender(&self) -> Option<&Resource> {
        match self {
            Self::Session(resource) | Self::Elsewhere(resource) => Some(resource),
            _ => None,
        }
    }

    /// The session's id; 0 if there is none on this domain.
    pub fn id(&self) -> u64 {
        match self {
            Self::Nobody | Self::Elsewhere(_) => 0,
            Self::Session(resource) => resource.id(),
            #[cfg(test)]
            Self::Made(id, _) => *id,
        }
    }

    fn kept(&self) -> Option<&Kept> {
        const KEPT: KernelState<Resource, Kept> = KernelState::new();
        match self {
            Self::Nobody | Self::Elsewhere(_) => None,
            Self::Session(resource) => Some(KEPT.of(resource)),
            #[cfg(test)]
            Self::Made(_, kept) => Some(kept),
        }
    }
}

impl StoreData {
    pub fn new(scope: Arc<Scope>) -> Self {
        Self {
            call: None,
            limits: MemoryLimiter::new(scope.services.memory_bytes),
            heard: None,
            configuring: None,
            about: None,
            is_service: false,
            scope,
            deadline: Deadline::default(),
            ends: None,
            sees_password: false,
            output: Vec::new(),
        }
    }

    /// The call in progress.
    ///
    /// # Errors
    /// Outside a call: a trap.
    pub fn call(&self) -> Result<&Call> {
        self.call.as_ref().ok_or_else(|| format_err!("no call is in progress"))
    }

    /// The domain that the call in progress is about.
    ///
    /// # Errors
    /// Outside a call: a trap.
    pub fn on(&self) -> Result<&Domain> {
        let domain = self.call.as_ref().map(|call| call.domain).or(self.about);
        self.domain(domain.ok_or_else(|| format_err!("no call is in progress"))?)
    }

    /// A domain of the plugin.
    ///
    /// # Errors
    /// If the plugin is not enabled there: a trap.
    pub fn domain(&self, id: u32) -> Result<&Domain> {
        let domain = self.scope.domains.get(&id);
        domain.ok_or_else(|| format_err!("the plugin is not enabled on domain {id}"))
    }

    /// How the plugin keeps something with the session of the call in progress.
    fn keeping(&self) -> Result<Keeping<'_>> {
        let domain = self.domain(self.call()?.domain)?;
        let cap = self.scope.services.limits.state_bytes();
        Ok(Keeping { memory: &self.scope.memory, quota: &domain.memory.state, cap })
    }

    /// Keeps something with the session of the call in progress; if there is no room for it, once more after counters that have expired
    /// were dropped. A denial is counted.
    pub fn keep<T>(
        &self,
        interface: &'static str,
        keep: impl Fn(&Kept, &Keeping<'_>) -> std::result::Result<T, OverQuota>,
    ) -> Result<std::result::Result<T, OverQuota>> {
        let (kept, keeping) = (self.kept()?, self.keeping()?);
        let on = &self.domain(self.call()?.domain)?.memory;
        let done = keep(kept, &keeping).or_else(|OverQuota| {
            on.rates.purge(self.scope.now_ms(), &on.state);
            keep(kept, &keeping)
        });
        if done.is_err() {
            self.denied(interface);
        }
        Ok(done)
    }

    /// Whether this function is granted. If not, the denial is counted.
    pub fn allows(&self, interface: &'static str, function: &str) -> bool {
        let allowed = self.scope.grants.allow(interface, function);
        if !allowed {
            self.denied(interface);
        }
        allowed
    }

    /// Whether this function is granted for a subject: what the scopes of its grants are about. A denial is counted.
    pub fn allows_for(&self, interface: &'static str, function: &str, subject: &str) -> bool {
        let allowed = self.scope.grants.allow_for(interface, function, subject);
        if !allowed {
            self.denied(interface);
        }
        allowed
    }

    /// Counts a denied call into the host, for the domain that the call in progress is about.
    pub fn denied(&self, interface: &'static str) {
        let domain = self.call.as_ref().map(|call| call.domain).or(self.about).or(self.configuring);
        self.scope.memory.stats.denied(interface, domain);
    }

    /// What plugins keep with the local session of the call in progress.
    pub fn kept(&self) -> Result<&Kept> {
        self.call()?.session.kept().ok_or_else(|| format_err!("this call does not concern a local session"))
    }
}

/// Checks the size of what a guest passes to the host.
pub(crate) fn bounded(bytes: usize, most: usize) -> Result<()> {
    if bytes <= most { Ok(()) } else { Err(format_err!("{bytes} bytes; at most {most} are allowed")) }
}
