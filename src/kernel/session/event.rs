//! Session events, published to features.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::{Backlog, BoxFuture, Kernel, Resource};

/// What has happened to a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SessionEventKind {
    Bound,
    /// It is available, or takes messages from now on, and its watchers have been notified: stored messages
    /// are read back now.
    Available,
    /// It is no longer available.
    Unavailable,
    /// Its connection is lost; it can be resumed.
    Detached,
    /// Another connection has resumed it.
    Resumed,
    /// It has ended: by its client, by loss of the connection, or by the server. It is out of its account's
    /// list; `unavailable` must be sent to those who saw its presence.
    Closed,
}

impl SessionEventKind {
    pub(crate) const COUNT: usize = 6;
}

pub struct SessionEvent {
    pub kind: SessionEventKind,
    pub resource: Resource,
    backlog: Mutex<Option<Backlog>>,
}

impl SessionEvent {
    pub(crate) fn new(kind: SessionEventKind, resource: Resource, backlog: Option<Backlog>) -> Self {
        Self { kind, resource, backlog: Mutex::new(backlog) }
    }

    /// At Available: new stanzas for the session wait behind stored messages while the backlog lives. Taken
    /// by the one feature that reads them back; `None` if a read-back is already running, or the session
    /// takes no messages.
    pub fn take_backlog(&self) -> Option<Backlog> {
        self.backlog.lock().take()
    }
}

pub type SessionHandler =
    Arc<dyn for<'a> Fn(&'a Arc<Kernel>, &'a SessionEvent) -> BoxFuture<'a, ()> + Send + Sync>;

impl Kernel {
    /// Publishes an event without a backlog.
    pub(crate) async fn publish_plain_event(self: &Arc<Self>, kind: SessionEventKind, resource: Resource) {
        self.publish_session_event(SessionEvent::new(kind, resource, None)).await;
    }

    pub(crate) async fn publish_session_event(self: &Arc<Self>, event: SessionEvent) {
        let Some(table) = self.table(event.resource.host()) else { return };
        let handlers = table.registered.session_handlers.get(event.kind as usize);
        let handlers = handlers.map(Vec::as_slice).unwrap_or_default();
        // The first to hear that a session begins is the last to hear that it ends: by then the others have said their last, such as
        // its presence.
        match event.kind {
            SessionEventKind::Closed => {
                for handler in handlers.iter().rev() {
                    handler(self, &event).await;
                }
            }
            _ => {
                for handler in handlers {
                    handler(self, &event).await;
                }
            }
        }
    }
}
