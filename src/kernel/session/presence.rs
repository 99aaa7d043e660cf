//! A session's own presence, as the kernel tracks it. Who is notified of it is up to the presence module.

use std::sync::Arc;

use xmpp::{Stanza, StanzaType};

use crate::session::Session;
use crate::session::event::{SessionEvent, SessionEventKind};
use crate::{Backlog, Kernel, Registrar, Resource};

/// A session's own presence, which has been recorded.
pub struct PresenceTaken<'a> {
    pub resource: &'a Resource,
    /// `available` or `unavailable`, from its full JID, without `to`.
    pub stanza: &'a Stanza,
}

pub(crate) type PresenceHandler = Arc<dyn Fn(&Arc<Kernel>, &PresenceTaken<'_>) + Send + Sync>;

impl Registrar<'_> {
    /// Calls a handler once the server has recorded a session's own presence, before it is announced: each available
    /// presence, and the unavailable one that follows, also if the server makes it since the session has ended without one. A
    /// session that waits to be resumed is still available. The calls of one session are in the order of its presence; the
    /// handler must not change that presence itself.
    pub fn presence<F>(&mut self, handler: F)
    where
        F: Fn(&Arc<Kernel>, &PresenceTaken<'_>) + Send + Sync + 'static,
    {
        self.beyond_hooks().presences.push(Arc::new(handler));
    }
}

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
        self.take_presence(session, &presence);
        Arrival { before, resource: resource.clone(), comes, backlog }
    }

    /// Records a session's available or unavailable presence, and shows it to features; `true` if it was available.
    fn take_presence(self: &Arc<Self>, session: &Arc<Session>, stanza: &Stanza) -> bool {
        let _serial = session.announcing.lock();
        let available = stanza.stanza_type() == StanzaType::None;
        let was_available = self.set_presence(session, available.then(|| stanza.clone()));
        if available || was_available {
            self.show_presence(session, stanza);
        }
        was_available
    }

    /// Removes the presence of a session that has ended, or that ends once its client has an answer, without `unavailable`; its
    /// watchers are not notified.
    pub(crate) fn withdraw(self: &Arc<Self>, session: &Arc<Session>) {
        let _serial = session.announcing.lock();
        if session.is_available() {
            session.set_presence(None);
            self.show_presence(
                session,
                &Stanza::presence(StanzaType::Unavailable, Some(session.jid()), None),
            );
        }
    }

    /// Calls the features that see presence; `announcing` is locked.
    fn show_presence(self: &Arc<Self>, session: &Arc<Session>, stanza: &Stanza) {
        let Some(table) = self.table(session.host()) else { return };
        let resource = Resource::new(session.clone());
        let taken = PresenceTaken { resource: &resource, stanza };
        table.registered.presences.iter().for_each(|handler| handler(self, &taken));
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

    /// Removes a session's presence; `true` if it was available. `stanza`: the `unavailable` of the client, or the one made for a
    /// session that has ended without.
    pub async fn leave(self: &Arc<Self>, resource: &Resource, stanza: &Stanza) -> bool {
        let available = self.take_presence(resource.session(), stanza);
        if available {
            self.publish_plain_event(SessionEventKind::Unavailable, resource.clone()).await;
        }
        available
    }
}
