//! Limits of a domain.

use settings::{Interval, Limit, Values, group, number};

group! {
    /// Limits of one domain (`[limits]`, overridden by the domain's own `limits`): the kernel's own, and those of the parts
    /// below that ask the domain for theirs.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct DomainLimits {
        /// Stanzas that wait for one session: not yet written, or written but not yet acknowledged (XEP-0198). A sender
        /// that finds no room waits; if the client makes no progress in reading, its session is closed and undelivered
        /// stanzas go to another resource or the offline store.
        mailbox_stanzas: Limit = number(10_000, 16..=16_777_216);
        /// The same in bytes. Not less than `stanza_bytes`.
        mailbox_bytes: Limit = number(2_097_152, 16_384..=1 << 40);
        /// Seconds for which a session that lost its connection can be resumed (XEP-0198).
        resume_seconds: Interval = number(300, 1..=604_800).zero("resumption is not offered");
        /// Sessions of one account that wait to be resumed; beyond it the one that has waited longest ends.
        waiting_sessions_per_account: Limit = number(10, 1..=1_000_000);
        /// Sessions of one account at once; those that wait to be resumed do not count. Each is told of the presence of all
        /// the others.
        sessions_per_account: Limit = number(100, 1..=1_000_000);
    }
    with {
        /// What a client may send.
        stream: net::StreamLimits;
        /// What BOSH sessions may ask for.
        bosh: net::bosh::BoshLimits;
        /// How idle WebSockets are kept.
        websocket: net::websocket::PingLimits;
        /// The values themselves, for limits of features.
        features: Values;
    }
}
