//! A subscription's new state, written into the roster.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kernel::{Account, Kernel, Roster, RosterChange};
use storage::RosterItem;
use xmpp::Jid;

use crate::refused::Refused;
use crate::roster::{self, item, push};
use crate::subscription::State;

/// Computes a transition and writes its state; interested resources hear of what they can see of it. What has become
/// of it, as `transition` said: `(state afterwards, anything else)`. `request` is kept while it is pending in.
pub(super) async fn change<T>(
    kernel: &Arc<Kernel>,
    account: &Arc<Account>,
    contact: &Jid,
    request: Option<&str>,
    transition: impl FnOnce(State) -> (State, T),
) -> Result<T, Refused> {
    let limits = roster::limits(account);
    let mut outcome = None;
    let seen = AtomicBool::new(false);
    let compute = |roster: &Roster| {
        let old = roster.get(contact);
        let before = State::of(old.map(|item| &**item));
        let (after, value) = transition(before);
        outcome = Some(value);
        if after == before {
            return Ok::<_, Refused>(None);
        }
        let mut new = item::item_or_new(roster, contact);
        write(&mut new, after, request);
        item::fits(roster, &new, &limits)?;
        seen.store(visible(&new) != old.and_then(|item| visible(item)), Ordering::Relaxed);
        Ok(Some(match new.in_roster || !after.is_nothing() {
            true => RosterChange::Put(new),
            false => RosterChange::Remove(contact.clone()),
        }))
    };
    kernel
        .change_roster(account, compute, |roster, change| {
            if let (true, RosterChange::Put(_)) = (seen.load(Ordering::Relaxed), change) {
                push::push(kernel, account, roster, change);
            }
        })
        .await?;
    outcome.ok_or_else(|| Refused(xmpp::StanzaError::internal_server_error()))
}

fn write(item: &mut RosterItem, state: State, request: Option<&str>) {
    item.subscription = state.subscription();
    item.ask = state.pending_out;
    item.approved = state.approved;
    item.pending_in = match state.pending_in {
        true => item.pending_in.take().or_else(|| request.map(str::to_owned)),
        false => None,
    };
    // Whatever the user has said about a contact puts it into the roster; a request of somebody else does not.
    item.in_roster |= state.to || state.from || state.pending_out || state.approved;
}

/// What clients see of an item; nothing of one that is not in the roster.
fn visible(item: &RosterItem) -> Option<(storage::Subscription, bool, bool)> {
    item.in_roster.then_some((item.subscription, item.ask, item.approved))
}
