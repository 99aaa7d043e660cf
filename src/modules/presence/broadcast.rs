//! A session's own presence (RFC 6121 sections 4.2, 4.4 and 4.5): sent to the account's subscribers, to its
//! other resources, and, at the end, to the recipients of directed presence.

use std::sync::Arc;

use kernel::{Account, Cause, Kernel, Matter, Origin, Resource, Roster, State, Verdict, Way, log_failure};
use xmpp::{Jid, Stanza, StanzaType};

use super::directed::Directed;
use super::probe;
use super::sight::amend;
use crate::refused::Refused;

/// Presence without `to`: initial, or a change.
pub(super) async fn available(
    kernel: &Arc<Kernel>,
    resource: &Resource,
    stanza: Stanza,
    kept: State<Resource, Directed>,
) -> Verdict {
    let account = resource.account();
    let roster = match kernel.roster(account).await {
        Ok(roster) => roster,
        Err(error) => return Verdict::Reject(Refused::from(error).0),
    };
    let before = resource.screen();
    // What arrives from now on is younger than the stored messages, which are read back after the broadcast.
    let arrival = kernel.arrive(resource, stanza.clone());
    tell(kernel, resource, stanza, roster.watchers().chain([account.jid()])).await;
    amend(kernel, resource, before, roster.watchers()).await;
    if arrival.before.is_none() {
        probe::contacts(kernel, resource, &roster).await;
        requests(kernel, resource).await;
    }
    kernel.arrived(arrival).await;
    if resource.is_closed() {
        closed(kernel, resource, kept).await; // it was ended from elsewhere meanwhile
    }
    Verdict::Handled
}

/// `unavailable` without `to`. The resource that sends it receives it as well (section 4.5.2).
pub(super) async fn unavailable(
    kernel: &Arc<Kernel>,
    resource: &Resource,
    stanza: Stanza,
    kept: State<Resource, Directed>,
) -> Verdict {
    let before = resource.screen();
    if let Some(farewell) = leave(kernel, resource, &stanza, kept).await {
        tell(kernel, resource, stanza, farewell.recipients(resource).chain([resource.jid()])).await;
        amend(kernel, resource, before, farewell.recipients(resource)).await;
    }
    Verdict::Handled
}

/// A session has ended, in whatever way, without sending `unavailable`.
pub(super) async fn closed(kernel: &Arc<Kernel>, resource: &Resource, kept: State<Resource, Directed>) {
    let before = resource.screen();
    let stanza = Stanza::presence(StanzaType::Unavailable, Some(resource.jid()), None);
    if let Some(farewell) = leave(kernel, resource, &stanza, kept).await {
        tell(kernel, resource, stanza, farewell.recipients(resource)).await;
        amend(kernel, resource, before, farewell.recipients(resource)).await;
    }
}

async fn tell<'a>(
    kernel: &Arc<Kernel>,
    resource: &Resource,
    stanza: Stanza,
    recipients: impl IntoIterator<Item = &'a Jid>,
) {
    let origin = Origin::resource_of(resource, Cause::Broadcast);
    kernel.broadcast(resource.host(), origin, stanza, recipients).await;
}

/// The recipients of a session's `unavailable`.
struct Farewell {
    was_available: bool,
    roster: Arc<Roster>,
    directed: Vec<Jid>,
}

impl Farewell {
    fn recipients<'a>(&'a self, resource: &'a Resource) -> impl Iterator<Item = &'a Jid> {
        let account = resource.account();
        let watchers = self.roster.watchers().chain([account.jid()]).filter(|_| self.was_available);
        let others = self.directed.iter();
        watchers.chain(others.filter(|jid| !self.was_available || !knows(account, &self.roster, jid)))
    }
}

/// Removes the session's presence. Returns those to be notified; `None` if its presence was not known to any.
async fn leave(
    kernel: &Arc<Kernel>,
    resource: &Resource,
    stanza: &Stanza,
    kept: State<Resource, Directed>,
) -> Option<Farewell> {
    // First: a probe being answered meanwhile checks the presence again afterwards.
    let was_available = kernel.leave(resource, stanza).await;
    let directed = kept.peek(resource).map(Directed::take).unwrap_or_default();
    if !was_available && directed.is_empty() {
        return None;
    }
    let roster = kernel.roster(resource.account()).await.unwrap_or_else(|error| {
        log_failure(&error, "cannot send unavailable presence: the roster is not readable");
        Arc::default()
    });
    Some(Farewell { was_available, roster, directed })
}

/// Whether this JID receives the account's presence anyway.
pub(super) fn knows(account: &Account, roster: &Roster, jid: &Jid) -> bool {
    jid.same_bare(account.jid()) || roster.is_watched_by(jid)
}

/// Delivers pending subscription requests to a resource that has come online (section 3.1.3).
async fn requests(kernel: &Arc<Kernel>, resource: &Resource) {
    // Read again: a request that arrived after the first read found no resource.
    let Ok(roster) = kernel.roster(resource.account()).await else { return };
    for request in roster.items().filter_map(|item| item.pending_in.as_deref()) {
        let Ok(stanza) = Stanza::parse_str(request) else {
            tracing::error!(account = resource.account().id(), "a stored subscription request is damaged");
            continue;
        };
        let matter = Matter::of(Way::In, &stanza);
        if stanza.from().is_some_and(|from| !kernel.admits_at(resource, matter, from)) {
            continue; // blocked since it arrived; delivered once it is unblocked
        }
        kernel.tell(resource, stanza.with_to(Some(resource.account().jid().clone())));
    }
}

/// Sends the presence of the account's available resources to a contact that may see it from now on.
pub(crate) async fn available_to(kernel: &Arc<Kernel>, account: &Arc<Account>, contact: &Jid) {
    for resource in account.available() {
        probe::tell(kernel, &resource, contact, Cause::Subscription).await;
    }
}

/// Sends `unavailable` to a contact that may no longer see the account.
pub(crate) async fn unavailable_to(kernel: &Arc<Kernel>, account: &Arc<Account>, contact: &Jid) {
    for resource in account.available() {
        let stanza = Stanza::presence(StanzaType::Unavailable, Some(resource.jid()), Some(contact));
        kernel.send(Origin::resource_of(&resource, Cause::Subscription), stanza).await;
    }
}
