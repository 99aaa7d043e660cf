//! A session's own presence, as the kernel tracks it. Who is notified of it is up to the presence module.

use std::sync::Arc;

use xmpp::Stanza;

use crate::session::Session;
use crate::session::event::{SessionEvent, SessionEventKind};
use crate::{Backlog, Kernel, Resource};

/// A session's available presence has been recorded and must be announced.
pub struct Arrival {
    /// Its priority before; `None` if it was not available.
    pub before: Option<i8>,
    resource: Resource,
    /// Whether it starts to take messages.
    comes: bool,
    backlog: Option<Backlog>,
}

impl Kernel {
    /// Records a session's available presence. If it starts to take messages, new ones wait behind the stored
    /// ones, which are older; those are read back after [`arrived`](Self::arrived).
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

    /// To be called once the session's watchers have been notified; publishes `Available`.
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

    /// Removes a session's presence; `true` if it was available.
    pub async fn leave(self: &Arc<Self>, resource: &Resource) -> bool {
        let session = resource.session();
        let available = self.set_presence(session, None);
        if available {
            self.publish_plain_event(SessionEventKind::Unavailable, resource.clone()).await;
        }
        available
    }
}
