//! What the configuration says of a component.

use std::sync::Arc;
use std::time::Duration;

use settings::{Interval, Limit, Required, group, number};
use xmpp::Jid;

use crate::link::Bounds;

group! {
    /// Limits of one component.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ComponentLimits {
        /// Connections of it at once. One more replaces the oldest. Each sender's stanzas go over one of them, in order.
        connections: Required = number(4, 1..=64);
        /// Stanzas that wait for the component: for it to read, or with `away = "queue"` for it to come back.
        queue_stanzas: Required = number(10_000, 1..=1_000_000);
        /// The same in bytes.
        queue_bytes: Required = number(16_777_216, 65_536..=1 << 34);
        /// Seconds for which a stanza may wait, then its sender gets an error.
        queue_seconds: Required = number(60, 1..=86_400);
        /// Bytes of a stanza that the component may send.
        stanza_bytes: Required = number(262_144, 10_000..=net::MOST_STANZA_BYTES);
        /// Bytes that each connection may send per second on average; more is read later, not refused.
        bytes_per_second: Limit = number(0, 1_000..=u32::MAX.into());
        /// Bytes that it may send in a burst before that rate applies.
        burst_bytes: Interval = number(0, 1_000..=u32::MAX.into()).zero("as much as in one second");
    }
}

/// What becomes of stanzas for a component that is not connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Away {
    /// Their senders get an error.
    Bounce,
    /// They wait, within its limits.
    Queue,
}

/// A component. No `Debug`, since it has a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct ComponentOptions {
    /// Its address, a domain.
    pub name: Jid,
    pub secret: Arc<str>,
    /// The local domains that may reach it, and that it may reach; the first is its home.
    pub domains: Arc<[Box<str>]>,
    pub away: Away,
    pub limits: ComponentLimits,
}

/// Whether a name is below a domain, as `arena.chess.example` is below `chess.example`.
pub fn is_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

impl ComponentOptions {
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds {
            stanzas: self.limits.queue_stanzas.bound(),
            bytes: self.limits.queue_bytes.bound(),
            time: Duration::from_secs(self.limits.queue_seconds.get()),
        }
    }

    /// The limits of what it sends.
    pub(crate) fn stream(&self) -> net::StreamLimits {
        net::StreamLimits {
            stanza_bytes: self.limits.stanza_bytes,
            c2s_bytes_per_second: self.limits.bytes_per_second,
            c2s_burst_bytes: self.limits.burst_bytes,
            ..net::StreamLimits::default()
        }
    }

    pub(crate) fn reaches(&self, domain: &str) -> bool {
        self.domains.iter().any(|one| **one == *domain)
    }
}
