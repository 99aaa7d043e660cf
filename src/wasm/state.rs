//! The host's state while an instance runs.

use std::sync::Arc;

use kernel::{Resource, State as KernelState};
use wasmtime::{Result, format_err};
use xmpp::{Jid, Stanza};

use crate::deadline::Deadline;
use crate::kept::Kept;
use crate::limits::{self, MemoryLimiter};
use crate::scope::{Domain, Scope};

/// The data of one instance's store.
pub(crate) struct StoreData {
    pub scope: Arc<Scope>,
    /// The stanza being judged; `None` during init and configure.
    pub call: Option<Call>,
    pub limits: MemoryLimiter,
    pub deadline: Deadline,
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
    /// The account whose roster is queried: the sender for client hooks, the recipient in the offline hook.
    pub account: Option<Jid>,
}

/// The session that a call is about, with which plugins may keep something.
#[derive(Clone)]
pub(crate) enum Keeper {
    /// The stanza was not sent by a local client.
    Nobody,
    Session(Resource),
    /// A session created by a test.
    #[cfg(test)]
    Made(u64, Arc<Kept>),
}

impl Keeper {
    /// The session's id; 0 for `Nobody`.
    pub fn id(&self) -> u64 {
        match self {
            Self::Nobody => 0,
            Self::Session(resource) => resource.id(),
            #[cfg(test)]
            Self::Made(id, _) => *id,
        }
    }

    fn kept(&self) -> Option<&Kept> {
        const KEPT: KernelState<Resource, Kept> = KernelState::new();
        match self {
            Self::Nobody => None,
            Self::Session(resource) => Some(KEPT.of(resource)),
            #[cfg(test)]
            Self::Made(_, kept) => Some(kept),
        }
    }
}

impl StoreData {
    pub fn new(scope: Arc<Scope>) -> Self {
        Self {
            scope,
            call: None,
            limits: MemoryLimiter::new(limits::MEMORY_BYTES),
            deadline: Deadline::default(),
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

    /// A domain of the plugin.
    ///
    /// # Errors
    /// If the plugin is not enabled there: a trap.
    pub fn domain(&self, id: u32) -> Result<&Domain> {
        let domain = self.scope.domains.get(&id);
        domain.ok_or_else(|| format_err!("the plugin is not enabled on domain {id}"))
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
