//! Which contacts stop or start seeing an account when its default privacy list changes (XEP-0191 sections
//! 3.3 and 3.4).
//!
//! What the server sends for an account is not screened by the account's own list, so `unavailable` is sent
//! after the list is in force: no presence can follow it. Presence being sent meanwhile is withdrawn by its
//! sender, which checks the list again afterwards.

use std::sync::{Arc, LazyLock};

use hashbrown::{HashMap, HashSet};
use kernel::{Account, Cause, Kernel, Matter, Origin, Resource, Roster, Screen, State, Way, log_failure};
use xmpp::{Jid, Stanza, StanzaType};

use super::directed::Directed;
use super::probe;

/// A snapshot of the account's default list and its visible resources.
pub(crate) struct Sight {
    screen: Option<Arc<Screen>>,
    available: Vec<Resource>,
}

impl Sight {
    /// The current snapshot.
    pub(crate) fn of(account: &Account) -> Self {
        Self { screen: account.screen(), available: account.available() }
    }

    /// The default list has changed since, with regard to these addresses: sends those who may see the
    /// account's presence what they may see now, and probes those that are allowed again.
    pub(crate) async fn changed(
        self,
        kernel: &Arc<Kernel>,
        account: &Arc<Account>,
        jids: &[Jid],
        directed: State<Resource, Directed>,
    ) {
        // Read now: contacts added later are sent presence under the new list.
        let roster = kernel.roster(account).await.unwrap_or_else(|error| {
            log_failure(&error, "cannot send presence to blocked contacts: the roster is not readable");
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

    /// Requests presence that was not allowed before.
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

/// A resource's presence was recorded and broadcast to these since its account's default list was `before`.
/// If the list has changed meanwhile, those it denies now may have received that presence, or missed its end:
/// they are sent `unavailable`.
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

/// Whether a default list allowed presence to this address.
fn admitted(screen: Option<&Screen>, roster: &Roster, to: &Jid) -> bool {
    screen.is_none_or(|screen| screen.admits(*NOTIFICATION, to, Some(roster)))
}

/// Whether a resource's presence is allowed to this address.
pub(super) fn sees(kernel: &Kernel, resource: &Resource, to: &Jid) -> bool {
    kernel.admits_at(resource, *NOTIFICATION, to)
}

/// A presence notification as the account's lists see it.
static NOTIFICATION: LazyLock<Matter> =
    LazyLock::new(|| Matter::of(Way::Out, &Stanza::presence(StanzaType::None, None, None)));

/// Sends `unavailable` for a resource; or its presence, if the list has changed again.
async fn withdraw(kernel: &Arc<Kernel>, resource: &Resource, to: &Jid) {
    let stanza = Stanza::presence(StanzaType::Unavailable, Some(resource.jid()), Some(to));
    kernel.send(Origin::resource_of(resource, Cause::Subscription), stanza).await;
    probe::tell(kernel, resource, to, Cause::Subscription).await;
}

/// The contacts (bare JIDs) covered by these JIDs: a domain covers all contacts there, a JID with a resource
/// only that resource of them.
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
