//! Events in the life of a session, published to features.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::{Backlog, BoxFuture, Kernel, Resource};

/// What has happened to a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SessionEventKind {
    /// A resource has been bound.
    Bound,
    /// It is available, or takes messages from now on, and whoever watches it has been told: stored messages are read
    /// back now.
    Available,
    /// It is not available any more.
    Unavailable,
    /// Its connection is lost; it waits to be resumed.
    Detached,
    /// Another connection has taken it up.
    Resumed,
    /// The session was ended: by its client, by loss of the connection, or by the server. It is out of its
    /// account's list; `unavailable` has to be told to whoever knew it.
    Closed,
}

impl SessionEventKind {
    pub(crate) const COUNT: usize = 6;
}

/// Something has happened to a session.
pub struct SessionEvent {
    /// What.
    pub kind: SessionEventKind,
    /// To which.
    pub resource: Resource,
    backlog: Mutex<Option<Backlog>>,
}

impl SessionEvent {
    pub(crate) fn new(kind: SessionEventKind, resource: Resource, backlog: Option<Backlog>) -> Self {
        Self { kind, resource, backlog: Mutex::new(backlog) }
    }

    /// At Available: what is sent to the session waits behind stored messages while the backlog lives. Taken by the one
    /// feature that reads them back; `None` if they are being read back already, or the session takes no messages.
    pub fn take_backlog(&self) -> Option<Backlog> {
        self.backlog.lock().take()
    }
}

/// A handler of session events.
pub type SessionHandler =
    Arc<dyn for<'a> Fn(&'a Arc<Kernel>, &'a SessionEvent) -> BoxFuture<'a, ()> + Send + Sync>;

impl Kernel {
    /// Publishes an event that brings no backlog.
    pub(crate) async fn publish_plain_event(self: &Arc<Self>, kind: SessionEventKind, resource: Resource) {
        self.publish_session_event(SessionEvent::new(kind, resource, None)).await;
    }

    pub(crate) async fn publish_session_event(self: &Arc<Self>, event: SessionEvent) {
        let Some(table) = self.table(event.resource.host()) else { return };
        for handler in table.session_handlers.get(event.kind as usize).into_iter().flatten() {
            handler(self, &event).await;
        }
    }
}
