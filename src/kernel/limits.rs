//! Limits that the kernel and the streams keep; 0 switches a limit off.

/// Limits of one domain (`[limits]`, overridden by the domain's own `limits`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one stanza.
    pub stanza_bytes: usize,
    /// Depth of elements in one stanza.
    pub depth: usize,
    /// Attributes of one element.
    pub attributes: usize,
    /// Elements in one stanza.
    pub children: usize,
    /// Bytes a second that a client may send.
    pub c2s_bytes_per_second: u64,
    /// Failed log-ins a minute from one address.
    pub logins_per_minute: u32,
    /// Seconds that a client may take to log in.
    pub login_seconds: u64,
    /// Stanzas that may wait for one session, unsent and unacknowledged together.
    pub mailbox_stanzas: usize,
    /// Bytes that may wait for one session.
    pub mailbox_bytes: usize,
    /// Seconds that a session waits for its client to resume it (XEP-0198).
    pub resume_seconds: u64,
    /// Sessions of one account.
    pub sessions_per_account: usize,
    /// Contacts in one roster.
    pub roster_items: usize,
    /// Seconds that BOSH holds a request at most (XEP-0124 `wait`).
    pub bosh_wait: u64,
    /// Requests of one session that BOSH holds at most (XEP-0124 `hold`).
    pub bosh_hold: usize,
    /// Seconds that a BOSH session may be without a request (XEP-0124 `inactivity`).
    pub bosh_inactivity: u64,
    /// Seconds that a BOSH session may announce to be without a request (XEP-0124 `maxpause`).
    pub bosh_max_pause: u64,
    /// Seconds between the requests of a BOSH session that polls (XEP-0124 `polling`).
    pub bosh_polling: u64,
    /// BOSH sessions that are not logged in, by address; of the whole server.
    pub bosh_sessions_per_address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            stanza_bytes: 262_144,
            depth: 64,
            attributes: 64,
            children: 4096,
            c2s_bytes_per_second: 0,
            logins_per_minute: 60,
            login_seconds: 60,
            mailbox_stanzas: 10_000,
            mailbox_bytes: 2 << 20,
            resume_seconds: 300,
            sessions_per_account: 0,
            roster_items: 5000,
            bosh_wait: 60,
            bosh_hold: 2,
            bosh_inactivity: 60,
            bosh_max_pause: 120,
            bosh_polling: 2,
            bosh_sessions_per_address: 500,
        }
    }
}

/// A limit as a bound: 0 means none.
pub(crate) fn bound(limit: usize) -> usize {
    if limit == 0 { usize::MAX } else { limit }
}
