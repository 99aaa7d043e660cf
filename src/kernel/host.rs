//! A served domain.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use arc_swap::ArcSwap;
use xmpp::Jid;

use crate::account::directory::Accounts;
use crate::account::login::{Login, Logins};
use crate::session::outlet::WriteHook;
use crate::state::{Slots, sealed};
use crate::{Conflict, DomainLimits};

/// How a site's pages look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brand {
    /// The site's name; if empty, the domain is shown.
    pub title: String,
    /// A CSS color.
    pub color: String,
}

/// What a domain's web clients are offered, and which origins are allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Web {
    /// Allowed origins of pages, as browsers send them (RFC 6454); empty: any.
    pub origins: Vec<String>,
    /// The public WebSocket URL (XEP-0156); `None`: derived from the request.
    pub websocket: Option<String>,
    /// The public BOSH URL (XEP-0156); `None`: derived from the request.
    pub bosh: Option<String>,
    /// Where web clients are sent instead of being served (`see-other-uri` of RFC 7395 and XEP-0124): each
    /// transport takes the first address of its own scheme.
    pub see_other_uri: Vec<String>,
}

impl Web {
    /// Whether pages of this origin are allowed.
    pub fn admits(&self, origin: &str) -> bool {
        self.origins.is_empty() || self.origins.iter().any(|known| known == origin)
    }
}

/// The configuration of a domain. Replaced as a whole at `reload`; open sessions stay.
#[derive(Clone)]
pub struct HostOptions {
    /// The limits in force.
    pub limits: DomainLimits,
    /// What happens when a client binds a resource that is in use.
    pub conflict: Conflict,
    /// Providers of keys and passwords, tried in order.
    pub auth: auth::Chain,
    /// The site's name and colours.
    pub brand: Brand,
    /// Its web clients.
    pub web: Web,
    /// Bare JIDs of the domain's administrators.
    pub admins: Vec<Jid>,
}

/// A served domain: its options and its accounts in memory.
pub struct Host {
    index: usize,
    jid: Jid,
    options: ArcSwap<HostOptions>,
    /// Incremented with every change of the options.
    version: AtomicU32,
    pub(crate) accounts: Accounts,
    pub(crate) logins: Arc<Logins>,
    /// Hooks at the Write stage.
    writers: ArcSwap<Vec<WriteHook>>,
    slots: Slots,
    enabled: AtomicBool,
}

impl sealed::Sealed for Host {
    fn slots(&self) -> &Slots {
        &self.slots
    }
}

impl Host {
    pub(crate) fn new(index: usize, jid: Jid, options: Arc<HostOptions>) -> Self {
        Self {
            index,
            jid,
            options: ArcSwap::new(options),
            version: AtomicU32::new(0),
            accounts: Accounts::default(),
            logins: Arc::default(),
            writers: ArcSwap::default(),
            slots: Slots::default(),
            enabled: AtomicBool::new(true),
        }
    }

    /// Begins a log-in of this account, which need not exist. `local` is prepared.
    pub fn begin_login(&self, local: &str) -> Login {
        self.logins.begin(local)
    }

    /// Its index in tables; never reused while the process lives.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The domain name as U-labels.
    pub fn name(&self) -> &str {
        self.jid.domain()
    }

    pub fn jid(&self) -> &Jid {
        &self.jid
    }

    /// The options in force.
    pub fn options(&self) -> Arc<HostOptions> {
        self.options.load_full()
    }

    pub(crate) fn set_options(&self, options: Arc<HostOptions>) {
        if Arc::ptr_eq(&self.options.load(), &options) {
            return;
        }
        self.options.store(options);
        self.version.fetch_add(1, Ordering::AcqRel);
        // Detached sessions notice the change now rather than with their next stanza.
        let accounts = self.accounts.all();
        accounts.iter().flat_map(|account| account.sessions()).for_each(|session| session.mailbox.nudge());
    }

    /// Incremented with every change of the [options](Self::options), so that a caller can tell when a cached
    /// copy is stale.
    pub fn version(&self) -> u32 {
        self.version.load(Ordering::Acquire)
    }

    pub(crate) fn writers(&self) -> Arc<Vec<WriteHook>> {
        self.writers.load_full()
    }

    /// Replaces the hooks at the Write stage.
    pub(crate) fn set_writers(&self, writers: &[WriteHook]) {
        if writers.is_empty() && self.writers.load().is_empty() {
            return;
        }
        let none = writers.is_empty();
        self.writers.store(Arc::new(writers.to_vec()));
        if none {
            // Flush what was held back: with the hooks gone, nothing else would release it.
            let accounts = self.accounts.all();
            accounts
                .iter()
                .flat_map(|account| account.sessions())
                .for_each(|session| session.mailbox.flush());
        }
    }

    /// Accounts with sessions, connected or waiting to be resumed.
    pub fn online_accounts(&self) -> usize {
        self.accounts.all().iter().filter(|account| account.has_sessions()).count()
    }

    /// False once the domain is disabled or removed: no more sessions can be bound.
    pub fn is_enabled(&self) -> bool {
        self.enabled.load(Ordering::Acquire)
    }

    pub(crate) fn set_enabled(&self, enabled: bool) {
        self.enabled.store(enabled, Ordering::Release);
    }
}

#[cfg(test)]
impl Host {
    /// `chess.example` with default options.
    pub(crate) fn for_tests() -> Arc<Self> {
        let options = HostOptions {
            limits: DomainLimits::default(),
            conflict: Conflict::default(),
            auth: auth::Chain::new(Vec::new(), auth::Decoys::new(vec![0; 32], 4096)),
            brand: Brand::default(),
            web: Web::default(),
            admins: Vec::new(),
        };
        Arc::new(Self::new(0, Jid::domain_only("chess.example").unwrap(), options.into()))
    }
}
