//! Pushes of changes to the resources that have requested the block list (XEP-0191 sections 3.3 to 3.5).

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use hashbrown::HashSet;
use kernel::{Account, Kernel, ListChange, Resource, State};
use xmpp::{Element, Jid, Stanza, StanzaType};

use super::list::blocked;
use super::request;

/// Whether a session has requested the block list.
#[derive(Default)]
pub(super) struct Asked(AtomicBool);

impl Asked {
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// The number of pushes an account has had, for their ids.
#[derive(Default)]
pub(super) struct Pushes(AtomicU64);

/// Sends a change to the resources that have requested the list. Called while the list is locked, so that
/// pushes leave in the order of the changes.
pub(super) fn push(
    kernel: &Kernel,
    account: &Account,
    payload: &Element,
    asked: State<Resource, Asked>,
    pushes: State<Account, Pushes>,
) {
    let has_asked =
        |resource: &Resource| asked.peek(resource).is_some_and(|asked| asked.0.load(Ordering::Acquire));
    let resources: Vec<_> = account.resources().into_iter().filter(has_asked).collect();
    if resources.is_empty() {
        return;
    }
    let number = pushes.of(account).0.fetch_add(1, Ordering::Relaxed) + 1;
    let push = Stanza::iq(StanzaType::Set, &format!("block-{number}"), None, None, Some(payload));
    for resource in resources {
        kernel.tell(&resource, push.clone().with_to(Some(resource.jid().clone())));
    }
}

/// Pushes what another protocol has blocked and unblocked (section 5), each address by name: a push without addresses would
/// say that nothing is blocked any more.
pub(super) fn others(
    kernel: &Kernel,
    change: &ListChange<'_>,
    asked: State<Resource, Asked>,
    pushes: State<Account, Pushes>,
) {
    if change.blocking {
        return; // pushed as it was requested
    }
    let (before, after) = (blocked(change.default_before), blocked(change.default_after));
    for (name, these, without) in [("unblock", &before, &after), ("block", &after, &before)] {
        let without: HashSet<&Jid> = without.iter().copied().collect();
        let jids: Vec<Jid> =
            these.iter().filter(|jid| !without.contains(*jid)).map(|jid| (*jid).clone()).collect();
        if !jids.is_empty() {
            push(kernel, change.account, &request::payload(name, &jids), asked, pushes);
        }
    }
}
