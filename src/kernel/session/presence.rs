//! What the kernel knows of presence: a session's own. What is told to whom is the presence module's matter.

use std::sync::Arc;

use xmpp::Stanza;

use crate::session::Session;
use crate::session::event::{SessionEvent, SessionEventKind};
use crate::{Backlog, Kernel, Resource};

/// A session's available presence has been taken in, and is to be told.
pub struct Arrival {
    /// Its priority before; `None`: it was not available.
    pub before: Option<i8>,
    resource: Resource,
    /// It takes messages from now on.
    comes: bool,
    backlog: Option<Backlog>,
}

impl Kernel {
    /// Takes a session's available presence in. If it takes messages from now on, what comes waits behind the stored
    /// ones, which are older; they are read back after [`arrived`](Self::arrived).
    pub fn arrive(self: &Arc<Self>, resource: &Resource, presence: Stanza) -> Arrival {
        let session = resource.session();
        let before = session.priority();
        let comes = presence.priority() >= 0 && before.is_none_or(|before| before < 0);
        let backlog = if comes { Backlog::begin(session) } else { None };
        self.set_presence(session, Some(presence));
        Arrival { before, resource: resource.clone(), comes, backlog }
    }

    /// Sets a session's presence; true when it was available. Deliveries see it before or after, never in between: if it
    /// takes messages no more, those that wait behind its stored ones go before any that is sent from now on.
    fn set_presence(self: &Arc<Self>, session: &Arc<Session>, presence: Option<Stanza>) -> bool {
        let account = session.account();
        let mut state = account.state.lock();
        let (was_available, was_ready) = (session.is_available(), session.is_ready());
        session.set_presence(presence);
        let left = was_ready && !session.is_ready();
        let job = left.then(|| session.mailbox.take_deferred_messages());
        let job = job.and_then(|items| self.shut_for(session, &mut state, items));
        drop(state);
        if let Some(job) = job {
            self.run_gate(account, job);
        }
        was_available
    }

    /// Whoever watches the session has been told.
    pub async fn arrived(self: &Arc<Self>, arrival: Arrival) {
        let Arrival { before, resource, comes, backlog } = arrival;
        if comes {
            self.take_from_waiting(resource.session());
        }
        if before.is_none() || backlog.is_some() {
            self.publish_session_event(SessionEvent::new(SessionEventKind::Available, resource, backlog))
                .await;
        }
    }

    /// Takes a session's presence away; true when it was available.
    pub async fn leave(self: &Arc<Self>, resource: &Resource) -> bool {
        let session = resource.session();
        let available = self.set_presence(session, None);
        if available {
            self.publish_plain_event(SessionEventKind::Unavailable, resource.clone()).await;
        }
        available
    }
}
