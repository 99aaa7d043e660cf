//! Writes a subscription's new state into the roster.

use std::sync::{Arc, OnceLock};

use kernel::{Account, Kernel, Roster, RosterChange};
use storage::RosterItem;
use xmpp::Jid;

use crate::refused::Refused;
use crate::roster::{self, item, push};
use crate::subscription::SubscriptionState;

/// Computes a transition and writes the new state; interested resources get a push of what is visible of it.
/// Returns the output of `transition`: `(next state, anything else)`. `request` is stored while it is pending
/// in. Once the state is written, `first` is called with the outcome; what it delivers precedes the roster
/// push.
pub(super) async fn change<T: Send + Sync>(
    kernel: &Arc<Kernel>,
    account: &Arc<Account>,
    contact: &Jid,
    request: Option<&str>,
    transition: impl FnOnce(SubscriptionState) -> (SubscriptionState, T),
    first: impl FnOnce(&T),
) -> Result<T, Refused> {
    let limits = roster::limits(account);
    // The outcome, and whether the change is visible to clients; set by the first closure and read by the
    // second.
    let outcome = OnceLock::new();
    let compute = |roster: &Roster| {
        let old = roster.get(contact);
        let before = SubscriptionState::of(old.map(|item| &**item));
        let (after, value) = transition(before);
        if after == before {
            _ = outcome.set((value, false));
            return Ok::<_, Refused>(None);
        }
        let mut new = item::item_or_new(roster, contact);
        write(&mut new, after, request);
        item::fits(roster, &new, &limits)?;
        _ = outcome.set((value, visible(&new) != old.and_then(|item| visible(item))));
        Ok(Some(match new.in_roster || !after.is_nothing() {
            true => RosterChange::Put(new),
            false => RosterChange::Remove(contact.clone()),
        }))
    };
    kernel
        .change_roster(account, compute, |roster, change| {
            let Some((value, seen)) = outcome.get() else { return };
            first(value);
            if let (true, RosterChange::Put(_)) = (seen, change) {
                push::push(kernel, account, roster, change);
            }
        })
        .await?;
    outcome
        .into_inner()
        .map(|(value, _)| value)
        .ok_or_else(|| Refused(xmpp::StanzaError::internal_server_error()))
}

fn write(item: &mut RosterItem, state: SubscriptionState, request: Option<&str>) {
    item.subscription = state.subscription();
    item.ask = state.pending_out;
    item.approved = state.approved;
    item.pending_in = match state.pending_in {
        true => item.pending_in.take().or_else(|| request.map(str::to_owned)),
        false => None,
    };
    // Any decision of the user about a contact puts it into the roster; a request by the contact does not.
    item.in_roster |= state.to || state.from || state.pending_out || state.approved;
}

/// What clients see of an item; `None` if it is not in the roster.
fn visible(item: &RosterItem) -> Option<(storage::Subscription, bool, bool)> {
    item.in_roster.then_some((item.subscription, item.ask, item.approved))
}
