//! A bound resource as features see it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use xmpp::{Jid, Stanza, StreamError};

use crate::session::Session;
use crate::state::{Slots, sealed};
use crate::{Account, Attachment, Host, SessionAbout};

/// A bound resource (RFC 6120 section 7): its address and what it has announced about itself. Holding one
/// does not keep the session from ending; stanzas are sent to it by [`Kernel::tell`](crate::Kernel::tell).
#[derive(Clone)]
pub struct Resource(Arc<Session>);

impl Resource {
    pub(crate) fn new(session: Arc<Session>) -> Self {
        Self(session)
    }

    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.0
    }

    /// The session's id: never reused while the process lives; never 0.
    pub fn id(&self) -> u64 {
        self.0.id
    }

    pub fn jid(&self) -> &Jid {
        self.0.jid()
    }

    pub fn account(&self) -> &Arc<Account> {
        self.0.account()
    }

    pub fn host(&self) -> &Arc<Host> {
        self.0.account().host()
    }

    /// Its presence priority; `None` while it is not available.
    pub fn priority(&self) -> Option<i8> {
        self.0.priority()
    }

    /// Whether it has sent available presence.
    pub fn is_available(&self) -> bool {
        self.0.is_available()
    }

    /// Whether it takes messages to the bare JID (RFC 6121 section 8.5).
    pub fn is_ready(&self) -> bool {
        self.0.is_ready()
    }

    /// Its last available presence, as it was broadcast.
    pub fn presence(&self) -> Option<Stanza> {
        self.0.presence()
    }

    /// When it was bound, UTC microseconds.
    pub fn since_us(&self) -> i64 {
        self.0.since_us()
    }

    /// Its current connection, or the last one.
    pub fn about(&self) -> SessionAbout {
        self.0.about()
    }

    pub fn attachment(&self) -> Attachment {
        self.0.attachment()
    }

    /// Whether it has ended.
    pub fn is_closed(&self) -> bool {
        self.0.attachment() == Attachment::Closed
    }

    /// Its client is read no further until then, by the monotonic clock: the stanza after the present one waits.
    pub fn rest_until(&self, until: Duration) {
        self.0.rest.until(until);
    }

    /// Requests its end: its stream is closed with this error. The first error is kept.
    pub fn close(&self, error: StreamError) {
        self.0.close(error);
    }

    /// The error its stream is to be closed with, if its end was requested.
    pub fn closing(&self) -> Option<StreamError> {
        self.0.mailbox.ending()
    }
}

impl PartialEq for Resource {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for Resource {}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.jid())
    }
}

impl sealed::Sealed for Resource {
    fn slots(&self) -> &Slots {
        &self.0.slots
    }
}
