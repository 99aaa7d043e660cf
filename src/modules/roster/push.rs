//! Roster pushes (RFC 6121 section 2.1.6).

use kernel::{Account, Kernel, Roster, RosterChange};
use xmpp::{Element, Jid, Stanza, StanzaType, ns};

use super::{item, version};

/// Sends a change to the account's interested resources. Called while the roster is locked, so that pushes
/// leave in the order of their versions. An item that is not in the roster is not pushed.
pub(crate) fn push(kernel: &Kernel, account: &Account, roster: &Roster, change: &RosterChange) {
    match change {
        RosterChange::Put(put) if put.in_roster => send(kernel, account, roster.version, item::element(put)),
        RosterChange::Put(_) => {}
        RosterChange::Remove(jid) => push_removal(kernel, account, roster, jid),
    }
}

/// Pushes that a contact is no longer in the roster.
pub(crate) fn push_removal(kernel: &Kernel, account: &Account, roster: &Roster, jid: &Jid) {
    let gone = Element::new("item", ns::ROSTER).attr("jid", jid.as_str()).attr("subscription", "remove");
    send(kernel, account, roster.version, gone);
}

fn send(kernel: &Kernel, account: &Account, number: u64, item: Element) {
    let interested: Vec<_> =
        account.resources().into_iter().filter(|resource| resource.is_interested()).collect();
    if interested.is_empty() {
        return;
    }
    let query = Element::new("query", ns::ROSTER).attr("ver", version(account, number)).child(item);
    let push = Stanza::iq(StanzaType::Set, &format!("push-{number}"), None, None, Some(&query));
    for resource in interested {
        kernel.tell(&resource, push.clone().with_to(Some(resource.jid().clone())));
    }
}
