//! Which contacts stop or start seeing a session when another privacy list is in force for it (XEP-0191 sections 3.3 and
//! 3.4, XEP-0016 section 2.11).
//!
//! What the server sends for an account is not screened by the account's own list, so `unavailable` is sent
//! after the list is in force: no presence can follow it. Presence being sent meanwhile is withdrawn by its
//! sender, which checks the list again afterwards.

use std::sync::{Arc, LazyLock};

use hashbrown::{HashMap, HashSet};
use kernel::{
    Cause, Kernel, Matter, Origin, Resource, Roster, Screen, ScreenChange, Screened, State, Way, log_failure,
};
use storage::{Kinds, Subject};
use xmpp::{Jid, Stanza, StanzaType};

use super::directed::Directed;
use super::probe;

/// Full JIDs of contacts that are considered at most: a list may name a resource of all contacts at a domain.
const FULL: usize = 10_000;

/// Sends those who may see the sessions' presence what they may see now, and probes those that are allowed again.
pub(super) async fn changed(
    kernel: &Arc<Kernel>,
    change: &ScreenChange,
    directed: State<Resource, Directed>,
) {
    // Read now: contacts added later are sent presence under the new list.
    let roster = kernel.roster(&change.account).await.unwrap_or_else(|error| {
        log_failure(&error, "cannot send presence to blocked contacts: the roster is not readable");
        Arc::default()
    });
    for session in &change.sessions {
        let sight = Sight { kernel, session, now: session.resource.screen() };
        if session.resource.is_available() || session.was_available {
            sight.show(&roster).await;
            sight.look(&roster).await;
        }
        sight.withdraw_directed(directed).await;
    }
}

/// What a session shows and sees, under the list before and under the one in force now.
struct Sight<'a> {
    kernel: &'a Arc<Kernel>,
    session: &'a Screened,
    now: Option<Arc<Screen>>,
}

impl Sight<'_> {
    fn resource(&self) -> &Resource {
        &self.session.resource
    }

    fn admitted(&self, matter: Matter, other: &Jid) -> bool {
        let before = self.session.before.as_deref();
        self.kernel.admits_under(self.resource().account(), before, matter, other)
    }

    fn admits(&self, matter: Matter, other: &Jid) -> bool {
        self.kernel.admits_at(self.resource(), matter, other)
    }

    async fn show(&self, roster: &Roster) {
        for watcher in roster.watchers() {
            let (was, is) = (self.admitted(*SHOWN, watcher), self.admits(*SHOWN, watcher));
            self.flip(watcher, was, is).await;
        }
        for full in self.full(roster.watchers(), Kinds::PRESENCE_OUT) {
            let bare = full.bare();
            // All resources of a contact receive what it is sent.
            let was = match (self.admitted(*SHOWN, &bare), self.admits(*SHOWN, &bare)) {
                (was, is) if was == is => self.admitted(*SHOWN, &full),
                (_, is) => is,
            };
            self.flip(&full, was, self.admits(*SHOWN, &full)).await;
        }
    }

    async fn flip(&self, to: &Jid, was: bool, is: bool) {
        match (was, is) {
            (true, false) => withdraw(self.kernel, self.resource(), to).await,
            (false, true) => probe::tell(self.kernel, self.resource(), to, Cause::Subscription).await,
            _ => {}
        }
    }

    /// Requests presence that was not allowed before.
    async fn look(&self, roster: &Roster) {
        let again = |jid: &Jid| !self.admitted(*SEEN, jid) && self.admits(*SEEN, jid);
        let bare = roster.watched().filter(|jid| again(jid)).cloned();
        let full = self.full(roster.watched(), Kinds::PRESENCE_IN).into_iter();
        let full = full.filter(|full| again(full) && !again(&full.bare()));
        let all: Vec<Jid> = bare.chain(full).collect();
        let resource = self.resource();
        if !all.is_empty() && resource.is_available() {
            let probe = Stanza::presence(StanzaType::Probe, Some(resource.jid()), None);
            let origin = Origin::resource_of(resource, Cause::Probe);
            self.kernel.broadcast(resource.host(), origin, probe, &all).await;
        }
    }

    async fn withdraw_directed(&self, directed: State<Resource, Directed>) {
        let Some(kept) = directed.peek(self.resource()) else { return };
        for jid in kept.take_if(|jid| !self.admits(*SHOWN, jid)) {
            if self.admitted(*SHOWN, &jid) {
                withdraw(self.kernel, self.resource(), &jid).await;
            }
        }
    }

    /// The full JIDs of these contacts that items of either list are about, for this kind of stanza. A domain with a resource
    /// stands for that resource of all contacts there.
    fn full<'c>(&self, contacts: impl Iterator<Item = &'c Jid>, kind: Kinds) -> HashSet<Jid> {
        let screens = [self.session.before.as_deref(), self.now.as_deref()];
        let items = screens.into_iter().flatten().flat_map(|screen| &screen.list().items);
        let jids: Vec<&Jid> = items
            .filter(|item| item.kinds.contains(kind))
            .filter_map(|item| match &item.subject {
                Subject::Jid(jid) if jid.resource().is_some() => Some(jid),
                _ => None,
            })
            .collect();
        full(contacts, &jids)
    }
}

/// The resources of these contacts that full JIDs stand for.
fn full<'a>(contacts: impl Iterator<Item = &'a Jid>, jids: &[&Jid]) -> HashSet<Jid> {
    let mut full = HashSet::new();
    if jids.is_empty() {
        return full;
    }
    let mut by_bare: HashMap<&str, Vec<&str>> = HashMap::new();
    for jid in jids {
        by_bare.entry(jid.bare_str()).or_default().extend(jid.resource());
    }
    for contact in contacts {
        let domain = contact.local().and_then(|_| by_bare.get(contact.domain()));
        for resource in by_bare.get(contact.as_str()).into_iter().chain(domain).flatten() {
            if full.len() >= FULL {
                return full;
            }
            full.extend(contact.with_resource(resource));
        }
    }
    full
}

/// A resource's presence was recorded and broadcast to these since the list `before` was in force for it. If another is
/// now, those it denies may have received that presence, or missed its end: they are sent `unavailable`.
pub(super) async fn amend<'a>(
    kernel: &Arc<Kernel>,
    resource: &Resource,
    before: Option<Arc<Screen>>,
    recipients: impl IntoIterator<Item = &'a Jid>,
) {
    let now = resource.screen();
    if now.as_ref().map(Arc::as_ptr) == before.as_ref().map(Arc::as_ptr) {
        return;
    }
    for to in recipients {
        let was = kernel.admits_under(resource.account(), before.as_deref(), *SHOWN, to);
        if was && !sees(kernel, resource, to) {
            withdraw(kernel, resource, to).await;
        }
    }
}

/// Whether a resource's presence is allowed to this address.
pub(super) fn sees(kernel: &Kernel, resource: &Resource, to: &Jid) -> bool {
    kernel.admits_at(resource, *SHOWN, to)
}

/// The presence of a session as its lists see it.
static SHOWN: LazyLock<Matter> = LazyLock::new(|| notification(Way::Out));
/// The presence of a contact as the lists see it.
static SEEN: LazyLock<Matter> = LazyLock::new(|| notification(Way::In));

fn notification(way: Way) -> Matter {
    Matter::of(way, &Stanza::presence(StanzaType::None, None, None))
}

/// Sends `unavailable` for a resource; or its presence, if the list has changed again.
async fn withdraw(kernel: &Arc<Kernel>, resource: &Resource, to: &Jid) {
    let stanza = Stanza::presence(StanzaType::Unavailable, Some(resource.jid()), Some(to));
    kernel.send(Origin::resource_of(resource, Cause::Subscription), stanza).await;
    probe::tell(kernel, resource, to, Cause::Subscription).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_of_contacts_that_an_address_stands_for() {
        let contacts = ["a@x", "b@x", "x", "a@y"].map(|jid| Jid::parse(jid).unwrap());
        for (jids, expected) in [
            (&["a@x/r"][..], &["a@x/r"][..]),
            (&["a@x/r", "a@x/s", "a@x/r"], &["a@x/r", "a@x/s"]),
            (&["x/r"], &["a@x/r", "b@x/r", "x/r"]),
            (&["x/r", "b@x/s"], &["a@x/r", "b@x/r", "b@x/s", "x/r"]),
            (&["c@x/r", "z/r"], &[]),
            (&[], &[]),
        ] {
            let parsed: Vec<_> = jids.iter().map(|jid| Jid::parse(jid).unwrap()).collect();
            let mut got: Vec<_> =
                full(contacts.iter(), &parsed.iter().collect::<Vec<_>>()).into_iter().collect();
            got.sort_by(|one, other| one.as_str().cmp(other.as_str()));
            let got: Vec<_> = got.iter().map(Jid::as_str).collect();
            assert_eq!(got, expected, "{jids:?}");
        }
    }

    #[test]
    fn they_are_bounded() {
        let contacts: Vec<_> = (0..200).map(|n| Jid::parse(&format!("c{n}@x")).unwrap()).collect();
        let jids: Vec<_> = (0..200).map(|n| Jid::parse(&format!("x/r{n}")).unwrap()).collect();
        assert_eq!(full(contacts.iter(), &jids.iter().collect::<Vec<_>>()).len(), FULL);
    }
}
