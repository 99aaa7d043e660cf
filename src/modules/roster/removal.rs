//! Removal of a contact (RFC 6121 section 2.5.2), or of the account itself.

use std::sync::Arc;

use kernel::{Account, Cause, Kernel, Origin, Roster, RosterChange, log_failure};
use storage::RosterItem;
use xmpp::{Jid, Stanza, StanzaError, StanzaType};

use super::push;
use crate::presence::broadcast;
use crate::refused::Refused;
use crate::subscription::SubscriptionState;

/// Removes a contact from the roster and ends the subscriptions in both directions. A pending request of the
/// contact stays pending.
pub(super) async fn remove(
    kernel: &Arc<Kernel>,
    account: &Arc<Account>,
    jid: &Jid,
) -> Result<(), StanzaError> {
    let mut before = SubscriptionState::default();
    let compute = |roster: &Roster| {
        let item = roster.get(jid).filter(|item| item.in_roster).ok_or_else(StanzaError::item_not_found)?;
        before = SubscriptionState::of(Some(item));
        Ok::<_, Refused>(Some(left(item)))
    };
    let announce = |roster: &Roster, _: &RosterChange| push::push_removal(kernel, account, roster, jid);
    kernel.change_roster(account, compute, announce).await.map_err(|refused| refused.0)?;
    part(kernel, account, jid, SubscriptionState { pending_in: false, ..before }, Cause::Subscription).await;
    Ok(())
}

fn left(item: &RosterItem) -> RosterChange {
    match &item.pending_in {
        None => RosterChange::Remove(item.jid.clone()),
        Some(request) => RosterChange::Put(RosterItem {
            pending_in: Some(request.clone()),
            ..RosterItem::new(item.jid.clone())
        }),
    }
}

/// The account is being deleted: notifies all its contacts, so that their rosters follow.
pub(super) async fn farewell(kernel: &Arc<Kernel>, account: &Arc<Account>) {
    let roster = match kernel.roster(account).await {
        Ok(roster) => roster,
        Err(error) => {
            log_failure(&error, "cannot notify the contacts of a deleted account");
            return;
        }
    };
    for item in roster.items() {
        part(kernel, account, &item.jid, SubscriptionState::of(Some(item)), Cause::Deletion).await;
    }
}

/// Ends the subscriptions with a contact that was in this state.
async fn part(
    kernel: &Arc<Kernel>,
    account: &Arc<Account>,
    contact: &Jid,
    before: SubscriptionState,
    cause: Cause,
) {
    let say = |stanza_type| {
        let stanza = Stanza::presence(stanza_type, Some(account.jid()), Some(contact));
        kernel.send(Origin::account(account, cause), stanza)
    };
    if before.to || before.pending_out {
        say(StanzaType::Unsubscribe).await;
    }
    if before.from {
        broadcast::unavailable_to(kernel, account, contact).await;
    }
    if before.from || before.pending_in {
        say(StanzaType::Unsubscribed).await;
    }
}
