//! Removal of a contact (RFC 6121 section 2.5.2), or of the account itself.

use std::sync::Arc;

use kernel::{Account, Announce, Cause, Joint, Kernel, Origin, Roster, RosterChange, log_failure};
use storage::{RosterItem, StorageError};
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
    let (pusher, pushed, gone) = (kernel.clone(), account.clone(), jid.clone());
    let announce: Announce = Box::new(move |roster, _| push::push_removal(&pusher, &pushed, roster, &gone));
    let refused = |error| Refused::from(error).0;
    let other = kernel.account_of(jid).await.map_err(refused)?;
    // Of a contact here, both sides are written in one transaction.
    let together = other.is_some();
    let joint = kernel.stage_roster(account, other, compute, announce).await.map_err(|refused| refused.0)?;
    let before = SubscriptionState { pending_in: false, ..before };
    let parting = Parting { kernel, account, contact: jid, cause: Cause::Subscription };
    if together {
        return parting.say_jointly(before, joint).await.map_err(refused);
    }
    kernel.write_alone(&joint).await.map_err(refused)?;
    parting.say_all(before).await;
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
    if account.leaves_quietly() {
        return;
    }
    let roster = match kernel.roster(account).await {
        Ok(roster) => roster,
        Err(error) => {
            log_failure(&error, "cannot notify the contacts of a deleted account");
            return;
        }
    };
    for item in roster.items() {
        let parting = Parting { kernel, account, contact: &item.jid, cause: Cause::Deletion };
        parting.say_all(SubscriptionState::of(Some(item))).await;
    }
}

/// The end of the subscriptions between an account and a contact.
struct Parting<'a> {
    kernel: &'a Arc<Kernel>,
    account: &'a Arc<Account>,
    contact: &'a Jid,
    cause: Cause,
}

impl Parting<'_> {
    /// Ends the subscriptions that there were.
    async fn say_all(&self, before: SubscriptionState) {
        if before.to || before.pending_out {
            self.kernel.send(self.origin(), self.stanza(StanzaType::Unsubscribe)).await;
        }
        if before.from {
            broadcast::unavailable_to(self.kernel, self.account, self.contact).await;
        }
        if before.from || before.pending_in {
            self.kernel.send(self.origin(), self.stanza(StanzaType::Unsubscribed)).await;
        }
    }

    /// The same with a contact on this server: the first stanza takes the account's own side with it, and all that changes
    /// for the contact.
    async fn say_jointly(&self, before: SubscriptionState, joint: Joint) -> Result<(), StorageError> {
        if before.from {
            // while the contact may still see it
            broadcast::unavailable_to(self.kernel, self.account, self.contact).await;
        }
        let (ends, leaves) = (before.to || before.pending_out, before.from);
        let said = match (ends, leaves) {
            (false, false) => return self.kernel.write_alone(&joint).await,
            (false, true) => self.say(StanzaType::Unsubscribed, joint).await,
            (true, _) => self.say(StanzaType::Unsubscribe, joint.ending_both(leaves)).await,
        };
        match said {
            Ok(()) if ends && leaves => {
                self.kernel.send_follower(self.origin(), self.stanza(StanzaType::Unsubscribed)).await;
            }
            Err(_) if leaves => broadcast::available_to(self.kernel, self.account, self.contact).await,
            _ => {}
        }
        said
    }

    async fn say(&self, stanza_type: StanzaType, joint: Joint) -> Result<(), StorageError> {
        self.kernel.send_joint(self.origin(), self.stanza(stanza_type), joint).await
    }

    fn origin(&self) -> Origin {
        Origin::account(self.account, self.cause)
    }

    fn stanza(&self, stanza_type: StanzaType) -> Stanza {
        Stanza::presence(stanza_type, Some(self.account.jid()), Some(self.contact))
    }
}
