//! What the host knows while an instance runs.

use std::sync::Arc;

use kernel::{Resource, State as KernelState};
use wasmtime::{Result, format_err};
use xmpp::{Jid, Stanza};

use crate::deadline::Deadline;
use crate::kept::Kept;
use crate::limits::{self, Limits};
use crate::scope::{Domain, Scope};

/// The data of one instance's store.
pub(crate) struct State {
    pub scope: Arc<Scope>,
    /// The stanza being judged; none during init and configure.
    pub call: Option<Call>,
    pub limits: Limits,
    pub deadline: Deadline,
    /// What the guest has written to its standard output and error, up to the next line feed.
    pub output: Vec<u8>,
}

/// What a call is about.
#[derive(Clone)]
pub(crate) struct Call {
    pub stanza: Stanza,
    /// The client of ours that sent it.
    pub session: Keeper,
    pub domain: u32,
    /// Whose roster is asked: the sender where clients send, the recipient where stanzas are stored.
    pub account: Option<Jid>,
}

/// With whom plugins keep something: the session that is the subject of a call.
#[derive(Clone)]
pub(crate) enum Keeper {
    /// No client of ours sent the stanza.
    Nobody,
    Session(Resource),
    /// A session that a test has made up.
    #[cfg(test)]
    Made(u64, Arc<Kept>),
}

impl Keeper {
    /// The session's id; 0 for nobody.
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

impl State {
    pub fn new(scope: Arc<Scope>) -> Self {
        Self {
            scope,
            call: None,
            limits: Limits::new(limits::MEMORY_BYTES),
            deadline: Deadline::default(),
            output: Vec::new(),
        }
    }

    /// The call in progress.
    ///
    /// # Errors
    /// Outside one: a trap.
    pub fn call(&self) -> Result<&Call> {
        self.call.as_ref().ok_or_else(|| format_err!("no call is in progress"))
    }

    /// A domain of the plugin.
    ///
    /// # Errors
    /// When the plugin is not enabled there: a trap.
    pub fn domain(&self, id: u32) -> Result<&Domain> {
        let domain = self.scope.domains.get(&id);
        domain.ok_or_else(|| format_err!("the plugin is not enabled on domain {id}"))
    }

    /// What plugins keep with the local session of the call in progress.
    pub fn kept(&self) -> Result<&Kept> {
        self.call()?.session.kept().ok_or_else(|| format_err!("this call does not concern a local session"))
    }
}

/// Bounds what a guest hands over.
pub(crate) fn bounded(bytes: usize, most: usize) -> Result<()> {
    if bytes <= most { Ok(()) } else { Err(format_err!("{bytes} bytes; at most {most} are allowed")) }
}
