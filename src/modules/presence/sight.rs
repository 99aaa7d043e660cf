//! Who loses sight of an account or gets it back when its default privacy list changes (XEP-0191 sections 3.3 and 3.4).
//!
//! What the server sends for an account is not screened by the account's own list, so `unavailable` goes out after the
//! list is in force: no presence can follow it. Presence that was under way meanwhile is taken back by those who sent it,
//! who look at the list once more afterwards.

use std::sync::{Arc, LazyLock};

use hashbrown::{HashMap, HashSet};
use kernel::{Account, Cause, Kernel, Matter, Origin, Resource, Roster, Screen, State, Way};
use xmpp::{Jid, Stanza, StanzaType};

use super::directed::Directed;
use super::probe;

/// What the account's default list let through, and which resources could be seen, at one moment.
pub(crate) struct Sight {
    screen: Option<Arc<Screen>>,
    available: Vec<Resource>,
}

impl Sight {
    /// As it is now.
    pub(crate) fn of(account: &Account) -> Self {
        Self { screen: account.screen(), available: account.available() }
    }

    /// The default list has changed since, where it is about these addresses: shows those who may see the account's
    /// presence what they see now, and asks for the presence of those who are let in again.
    pub(crate) async fn changed(
        self,
        kernel: &Arc<Kernel>,
        account: &Arc<Account>,
        jids: &[Jid],
        directed: State<Resource, Directed>,
    ) {
        // Read now: whoever is added later is shown presence by the list as it is now.
        let roster = kernel.roster(account).await.unwrap_or_else(|error| {
            tracing::error!(%error, "cannot send presence to blocked contacts: the roster is not readable");
            Arc::default()
        });
        let (watchers, watched) = (covered(roster.watchers(), jids), covered(roster.watched(), jids));
        let present = account.resources();
        let left = self.available.iter().filter(|resource| !present.contains(resource));
        for resource in present.iter().chain(left) {
            if resource.is_available() || self.available.contains(resource) {
                self.show(kernel, resource, &roster, &watchers).await;
                self.look(kernel, resource, &roster, &watched).await;
            }
            let taken = directed.peek(resource).map(|kept| kept.take_if(|jid| !sees(kernel, resource, jid)));
            for jid in
                taken.into_iter().flatten().filter(|jid| admitted(self.screen.as_deref(), &roster, jid))
            {
                withdraw(kernel, resource, &jid).await;
            }
        }
    }

    async fn show(
        &self,
        kernel: &Arc<Kernel>,
        resource: &Resource,
        roster: &Roster,
        watchers: &HashSet<Jid>,
    ) {
        for watcher in watchers {
            match (admitted(self.screen.as_deref(), roster, watcher), sees(kernel, resource, watcher)) {
                (true, false) => withdraw(kernel, resource, watcher).await,
                (false, true) => probe::tell(kernel, resource, watcher, Cause::Subscription).await,
                _ => {}
            }
        }
    }

    /// Asks for presence that was not let in before.
    async fn look(&self, kernel: &Arc<Kernel>, resource: &Resource, roster: &Roster, watched: &HashSet<Jid>) {
        let again =
            |jid: &&Jid| !admitted(self.screen.as_deref(), roster, jid) && sees(kernel, resource, jid);
        let again: Vec<&Jid> = watched.iter().filter(again).collect();
        if !again.is_empty() && resource.is_available() {
            let probe = Stanza::presence(StanzaType::Probe, Some(resource.jid()), None);
            let origin = Origin::resource_of(resource, Cause::Probe);
            kernel.broadcast(resource.host(), origin, probe, again).await;
        }
    }
}

/// A resource's presence was taken in and broadcast to these since its account's default list was `before`. If the list
/// has changed meanwhile, those whom it denies now may have got that presence, or may not have got its end: they see the
/// resource no more.
pub(super) async fn amend<'a>(
    kernel: &Arc<Kernel>,
    resource: &Resource,
    before: Option<Arc<Screen>>,
    roster: &Roster,
    recipients: impl IntoIterator<Item = &'a Jid>,
) {
    let now = resource.account().screen();
    if now.as_ref().map(Arc::as_ptr) == before.as_ref().map(Arc::as_ptr) {
        return;
    }
    for to in recipients {
        if admitted(before.as_deref(), roster, to) && !sees(kernel, resource, to) {
            withdraw(kernel, resource, to).await;
        }
    }
}

/// Did a default list let presence out to this address?
fn admitted(screen: Option<&Screen>, roster: &Roster, to: &Jid) -> bool {
    screen.is_none_or(|screen| screen.admits(*NOTIFICATION, to, Some(roster)))
}

/// Is a resource's presence let out to this address?
pub(super) fn sees(kernel: &Kernel, resource: &Resource, to: &Jid) -> bool {
    kernel.admits_at(resource, *NOTIFICATION, to)
}

/// A resource's presence as its account's lists see it.
static NOTIFICATION: LazyLock<Matter> =
    LazyLock::new(|| Matter::of(Way::Out, &Stanza::presence(StanzaType::None, None, None)));

/// Takes a resource out of sight; back into it, if the list has changed again.
async fn withdraw(kernel: &Arc<Kernel>, resource: &Resource, to: &Jid) {
    let stanza = Stanza::presence(StanzaType::Unavailable, Some(resource.jid()), Some(to));
    kernel.send(Origin::resource_of(resource, Cause::Subscription), stanza).await;
    probe::tell(kernel, resource, to, Cause::Subscription).await;
}

/// The addresses among contacts (bare JIDs) that these JIDs stand for: a domain stands for all its contacts, a full JID
/// for one resource.
fn covered<'a>(contacts: impl Iterator<Item = &'a Jid>, jids: &[Jid]) -> HashSet<Jid> {
    let mut by_bare: HashMap<&str, Vec<&Jid>> = HashMap::new();
    for jid in jids {
        by_bare.entry(jid.bare_str()).or_default().push(jid);
    }
    let mut covered = HashSet::new();
    for contact in contacts {
        let domain = contact.local().and_then(|_| by_bare.get(contact.domain()));
        for jid in by_bare.get(contact.as_str()).into_iter().chain(domain).flatten() {
            covered.extend(match jid.resource() {
                Some(resource) => contact.with_resource(resource).ok(),
                None => Some(contact.clone()),
            });
        }
    }
    covered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_that_an_address_stands_for() {
        let contacts = ["a@x", "b@x", "x", "a@y"].map(|jid| Jid::parse(jid).unwrap());
        for (jids, expected) in [
            (&["a@x"][..], &["a@x"][..]),
            (&["a@x/r"], &["a@x/r"]),
            (&["x"], &["a@x", "b@x", "x"]),
            (&["x/r"], &["a@x/r", "b@x/r", "x/r"]),
            (&["x", "b@x", "z"], &["a@x", "b@x", "x"]),
            (&["c@x", "z"], &[]),
        ] {
            let parsed: Vec<_> = jids.iter().map(|jid| Jid::parse(jid).unwrap()).collect();
            let mut got: Vec<_> = covered(contacts.iter(), &parsed).into_iter().collect();
            got.sort_by(|one, other| one.as_str().cmp(other.as_str()));
            let got: Vec<_> = got.iter().map(Jid::as_str).collect();
            assert_eq!(got, expected, "{jids:?}");
        }
    }
}
