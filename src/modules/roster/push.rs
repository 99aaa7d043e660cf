//! Roster pushes (RFC 6121 section 2.1.6).

use std::sync::Arc;

use kernel::{Account, Kernel, Rewritten, Roster, RosterChange};
use xmpp::{Content, Element, Jid, Stanza, StanzaError, StanzaType, ns};

use super::{item, version};

/// Sends a change to the account's interested resources. Called while the roster is locked, so that pushes
/// leave in the order of their versions. An item that is not in the roster is not pushed.
pub(crate) fn push(kernel: &Kernel, account: &Account, roster: &Roster, change: &RosterChange) {
    match change {
        RosterChange::Put(put) if put.in_roster => {
            send(kernel, account, roster.version, || item::list([put].into_iter()));
        }
        RosterChange::Put(_) => {}
        RosterChange::Remove(jid) => push_removal(kernel, account, roster, jid),
    }
}

/// Pushes what was written past this feature. Each push has a version of its own, the last one the roster's, so that a
/// client which gets a part of them asks for the rest.
pub(crate) fn push_all(kernel: &Arc<Kernel>, rewritten: &Rewritten<'_>) {
    let Some(roster) = rewritten.roster else { return };
    let changes = rewritten.changes;
    for (change, left) in changes.iter().zip((0..changes.len() as u64).rev()) {
        let version = roster.version.saturating_sub(left);
        match change {
            RosterChange::Put(item) if item.in_roster => {
                send(kernel, rewritten.account, version, || item::list([item].into_iter()));
            }
            RosterChange::Put(_) => {}
            RosterChange::Remove(jid) => send(kernel, rewritten.account, version, || item::removed(jid)),
        }
    }
}

/// Pushes that a contact is no longer in the roster.
pub(crate) fn push_removal(kernel: &Kernel, account: &Account, roster: &Roster, jid: &Jid) {
    send(kernel, account, roster.version, || item::removed(jid));
}

fn send(
    kernel: &Kernel,
    account: &Account,
    number: u64,
    item: impl FnOnce() -> Result<Content, StanzaError>,
) {
    let interested: Vec<_> =
        account.resources().into_iter().filter(|resource| resource.is_interested()).collect();
    if interested.is_empty() {
        return;
    }
    let item = match item() {
        Ok(item) => item,
        // Should not happen: the roster's limits bound its size.
        Err(_) => {
            return tracing::error!(
                account = account.jid().as_str(),
                "a roster push is too large to be written"
            );
        }
    };
    let query = Element::new("query", ns::ROSTER).attr("ver", version(account, number)).content(&item);
    let push = Stanza::iq(StanzaType::Set, &format!("push-{number}"), None, None, Some(&query));
    for resource in interested {
        kernel.tell(&resource, push.clone().with_to(Some(resource.jid().clone())));
    }
}
