//! A served domain.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use arc_swap::ArcSwap;
use xmpp::Jid;

use crate::account::directory::Accounts;
use crate::session::outlet::WriteHook;
use crate::state::{Slots, sealed};
use crate::{Conflict, Limits};

/// How a site shows itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brand {
    /// The site's name; empty: the domain.
    pub title: String,
    /// A CSS colour.
    pub color: String,
}

/// What a domain's web clients are told, and which of them are let in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Web {
    /// Origins of pages that are let in, as browsers send them (RFC 6454); empty: any.
    pub origins: Vec<String>,
    /// The public address of WebSocket (XEP-0156); none: derived from the request.
    pub websocket: Option<String>,
    /// The public address of BOSH (XEP-0156); none: derived from the request.
    pub bosh: Option<String>,
    /// Where web clients are sent instead of being served (`see-other-uri` of RFC 7395 and XEP-0124): each transport takes
    /// the first address of its own scheme.
    pub see_other_uri: Vec<String>,
}

impl Web {
    /// Is a page of this origin let in?
    pub fn admits(&self, origin: &str) -> bool {
        self.origins.is_empty() || self.origins.iter().any(|known| known == origin)
    }
}

/// What the configuration says of a domain. Replaced as a whole at `reload`; open sessions stay.
#[derive(Clone)]
pub struct HostOptions {
    /// The limits in force.
    pub limits: Limits,
    /// What happens when a resource is bound that is in use.
    pub conflict: Conflict,
    /// Asked in order for keys and passwords.
    pub auth: auth::Chain,
    /// The site's name and colours.
    pub brand: Brand,
    /// Its web clients.
    pub web: Web,
    /// Bare JIDs of those who may administer the domain.
    pub admins: Vec<Jid>,
}

/// A served domain: its options, its accounts in use.
pub struct Host {
    index: usize,
    jid: Jid,
    options: ArcSwap<HostOptions>,
    /// Rises with every change of the options.
    version: AtomicU32,
    pub(crate) accounts: Accounts,
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
    pub(crate) fn new(index: usize, jid: Jid, options: HostOptions) -> Self {
        Self {
            index,
            jid,
            options: ArcSwap::from_pointee(options),
            version: AtomicU32::new(0),
            accounts: Accounts::default(),
            writers: ArcSwap::default(),
            slots: Slots::default(),
            enabled: AtomicBool::new(true),
        }
    }

    /// Its place in tables; never reused while the process lives.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Its name, a U-label.
    pub fn name(&self) -> &str {
        self.jid.domain()
    }

    pub fn jid(&self) -> &Jid {
        &self.jid
    }

    /// What the configuration says at present.
    pub fn options(&self) -> Arc<HostOptions> {
        self.options.load_full()
    }

    pub(crate) fn set_options(&self, options: HostOptions) {
        self.options.store(Arc::new(options));
        self.version.fetch_add(1, Ordering::AcqRel);
        // Sessions that wait for their clients look at it now, and not behind one more stanza.
        let accounts = self.accounts.all();
        accounts.iter().flat_map(|account| account.sessions()).for_each(|session| session.mailbox.nudge());
    }

    /// Rises with every change of the [options](Self::options): whoever holds something of them for long compares it.
    pub fn version(&self) -> u32 {
        self.version.load(Ordering::Acquire)
    }

    pub(crate) fn writers(&self) -> Arc<Vec<WriteHook>> {
        self.writers.load_full()
    }

    /// Takes the hooks at the Write stage that are in force from now on.
    pub(crate) fn set_writers(&self, writers: Vec<WriteHook>) {
        if writers.is_empty() && self.writers.load().is_empty() {
            return;
        }
        let none = writers.is_empty();
        self.writers.store(Arc::new(writers));
        if none {
            // What was held back follows: nobody would release it any more.
            let accounts = self.accounts.all();
            accounts
                .iter()
                .flat_map(|account| account.sessions())
                .for_each(|session| session.mailbox.flush());
        }
    }

    /// False once the domain is disabled or removed: nobody binds on it any more.
    pub fn is_enabled(&self) -> bool {
        self.enabled.load(Ordering::Acquire)
    }

    pub(crate) fn set_enabled(&self, enabled: bool) {
        self.enabled.store(enabled, Ordering::Release);
    }
}
