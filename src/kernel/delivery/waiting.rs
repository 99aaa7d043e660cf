//! A session that starts to take messages gets copies of the account's messages that wait in detached
//! sessions, which keep theirs for a resumption (XEP-0198 section 5).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hashbrown::HashMap;
use xmpp::Kind;

use crate::account::screen::{Matter, Way};
use crate::delivery::arrival::merge;
use crate::session::Session;
use crate::session::mailbox::{Charge, Handover};
use crate::{Item, Kernel, Resource};

impl Kernel {
    /// To be called once the session's presence has been sent, and before its stored messages are read: what
    /// has arrived for the session since is younger.
    pub(crate) fn take_from_waiting(&self, session: &Arc<Session>) {
        let state = session.account().state.lock(); // nothing is placed and no session ends meanwhile
        let waiting = state.sessions.iter().filter(|other| other.is_waiting());
        let mut held: Vec<Handover> =
            waiting.map(|waiting| waiting.mailbox.share(is_for_the_account)).collect();
        let mut holders: HashMap<*const AtomicUsize, usize> = HashMap::new();
        held.iter_mut().for_each(|held| {
            held.each(|items| {
                for copies in items.iter().filter_map(|item| item.copies.as_ref()) {
                    *holders.entry(Arc::as_ptr(copies)).or_default() += 1;
                }
            })
        });
        if holders.is_empty() {
            return;
        }
        let resource = Resource::new(session.clone());
        held.iter_mut().for_each(|held| {
            held.each(|items| {
                // Of several sessions with the same message, one hands it over; if any other session has it too,
                // none does.
                items.retain(|item| {
                    let copies = item.copies.as_ref();
                    let waiting = copies.and_then(|copies| holders.remove(&Arc::as_ptr(copies)));
                    waiting == copies.map(|copies| copies.load(Ordering::Acquire))
                        && self.may_have(&resource, item)
                });
                items.iter_mut().for_each(|item| hand_over(item, session));
            })
        });
        session.mailbox.take_over(merged(held));
    }

    fn may_have(&self, resource: &Resource, item: &Item) -> bool {
        let from = item.stanza.from();
        from.is_none_or(|from| self.admits_at(resource, Matter::of(Way::In, &item.stanza), from))
    }
}

/// What several sessions hand over, in the order of arrival.
fn merged(held: Vec<Handover>) -> Handover {
    let (ready, deferred): (Vec<_>, Vec<_>) =
        held.into_iter().map(|held| (held.ready, held.deferred)).unzip();
    let by_arrival = |mailboxes| merge(mailboxes, |item: &Item| item.received_us);
    Handover { ready: by_arrival(ready), deferred: by_arrival(deferred) }
}

/// A message to the account's bare JID, not to one of its resources.
fn is_for_the_account(item: &Item) -> bool {
    let bare = item.stanza.to().is_none_or(|to| to.resource().is_none());
    bare && !item.alone && item.stanza.kind() == Kind::Message
}

fn hand_over(item: &mut Item, session: &Session) {
    if let Some(copies) = &item.copies {
        copies.fetch_add(1, Ordering::AcqRel);
    }
    item.charge = Charge::Paced; // its size is bounded in the detached session
    item.stamp(session.host().jid());
}
