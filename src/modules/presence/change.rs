//! Writes a subscription's new state into the roster.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use kernel::{Account, Announce, Joint, Kernel, Roster, RosterChange};
use storage::RosterItem;
use xmpp::Jid;

use crate::refused::Refused;
use crate::roster::{self, RosterLimits, item, push};
use crate::subscription::SubscriptionState;

/// A transition that was computed, with the output of whoever computed it.
struct Computed<T> {
    value: T,
    /// Whether clients see the change.
    seen: bool,
    change: Option<RosterChange>,
}

/// Computes a transition and writes the new state, the sender's side `beside` it; interested resources get a push of what
/// is visible of it. Returns the output of `transition`: `(next state, anything else)`. `request` is stored while it is
/// pending in. Once the state is written, `first` is called with the outcome; what it delivers precedes the roster
/// push.
pub(super) async fn change<T: Send + Sync>(
    kernel: &Arc<Kernel>,
    account: &Arc<Account>,
    contact: &Jid,
    Beside { request, joint }: Beside<'_>,
    transition: impl FnOnce(SubscriptionState) -> (SubscriptionState, T),
    first: impl FnOnce(&T),
) -> Result<T, Refused> {
    let limits = roster::limits(account);
    // The outcome, and whether the change is visible to clients; set by the first closure and read by the
    // second.
    let outcome = OnceLock::new();
    let compute = |roster: &Roster| {
        let Computed { value, seen, change } = computed(roster, contact, request, &limits, transition)?;
        _ = outcome.set((value, seen));
        Ok::<_, Refused>(change)
    };
    let announce = |roster: &Roster, change: &RosterChange| {
        let Some((value, seen)) = outcome.get() else { return };
        first(value);
        if *seen {
            push::push(kernel, account, roster, change);
        }
    };
    kernel.change_roster_beside(account, joint.as_deref(), compute, announce).await?;
    outcome.into_inner().map(|(value, _)| value).ok_or_else(unknown)
}

/// What goes with a change.
#[derive(Default)]
pub(super) struct Beside<'a> {
    /// A request as it is stored while it is pending in.
    pub request: Option<&'a str>,
    /// The sender's side, written in the same transaction.
    pub joint: Option<Arc<Joint>>,
}

/// Computes a transition whose new state is written with that of the contact; see [`change`].
pub(super) async fn stage<T: Send + Sync>(
    kernel: &Arc<Kernel>,
    account: &Arc<Account>,
    contact: &Jid,
    transition: impl FnOnce(SubscriptionState) -> (SubscriptionState, T),
) -> Result<(T, Joint), Refused> {
    let limits = roster::limits(account);
    let (outcome, seen) = (OnceLock::new(), Arc::new(AtomicBool::new(false)));
    let compute = |roster: &Roster| {
        let computed = computed(roster, contact, None, &limits, transition)?;
        seen.store(computed.seen, Ordering::Relaxed);
        _ = outcome.set(computed.value);
        Ok::<_, Refused>(computed.change)
    };
    let (pusher, pushed, visible) = (kernel.clone(), account.clone(), seen.clone());
    let announce: Announce = Box::new(move |roster, change| {
        if visible.load(Ordering::Relaxed) {
            push::push(&pusher, &pushed, roster, change);
        }
    });
    let other = kernel.account_of(contact).await?;
    let joint = kernel.stage_roster(account, other, compute, announce).await?;
    Ok((outcome.into_inner().ok_or_else(unknown)?, joint))
}

fn unknown() -> Refused {
    Refused(xmpp::StanzaError::internal_server_error())
}

fn computed<T>(
    roster: &Roster,
    contact: &Jid,
    request: Option<&str>,
    limits: &RosterLimits,
    transition: impl FnOnce(SubscriptionState) -> (SubscriptionState, T),
) -> Result<Computed<T>, Refused> {
    let old = roster.get(contact);
    let before = SubscriptionState::of(old.map(|item| &**item));
    let (after, value) = transition(before);
    if after == before {
        return Ok(Computed { value, seen: false, change: None });
    }
    let mut new = item::item_or_new(roster, contact);
    write(&mut new, after, request);
    item::fits(roster, &new, limits)?;
    let put = new.in_roster || !after.is_nothing();
    // What leaves the roster by itself was never shown.
    let seen = put && visible(&new) != old.and_then(|item| visible(item));
    let change = if put { RosterChange::Put(new) } else { RosterChange::Remove(contact.clone()) };
    Ok(Computed { value, seen, change: Some(change) })
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
