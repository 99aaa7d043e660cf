//! Subscription stanzas for local accounts (RFC 6121 sections 3.1.3, 3.1.6, 3.2.3, 3.3.3 and 3.4.2).

use std::sync::Arc;

use kernel::{Account, Cause, Kernel, Origin, Packet, Verdict};
use xmpp::{Framing, Jid, Stanza, StanzaType};

use super::broadcast::{available_to, unavailable_to};
use super::change::{Beside, change};
use crate::subscription::{Action, Inbound, SubscriptionState, inbound};

/// The largest request that is stored as it came; of a larger one, only the fact.
const REQUEST_BYTES: usize = 4096;

/// Changes the recipient's roster. A stanza that does not change it is not delivered; one that does is
/// delivered before the roster push (sections 3.1.6, 3.2.3 and 3.3.3).
pub(super) async fn arrived(
    kernel: &Arc<Kernel>,
    account: &Arc<Account>,
    packet: &mut Packet,
    action: Action,
    contact: &Jid,
) -> Verdict {
    let stanza = packet.stanza.clone().with_from(contact.clone()).with_to(Some(account.jid().clone()));
    let request = (action == Action::Subscribe).then(|| kept(&stanza));
    // Its contacts have been told of its end, or will be: nobody answers for it any more.
    if account.is_being_deleted() {
        return Verdict::Handled;
    }
    if packet.notes.follows {
        return Verdict::Continue;
    }
    let ends_both = packet.notes.joint.as_ref().is_some_and(|joint| joint.ends_both());
    let beside = Beside { request: request.as_deref(), joint: packet.notes.joint.take() };
    let transition = |before| {
        let mut after = inbound(action, before);
        if ends_both {
            after.state = inbound(Action::Unsubscribed, after.state).state;
        }
        (after.state, (after, before))
    };
    // A request that nobody is online for waits. Asked once it is written: whoever comes online later reads it.
    let delivers = |after: &Inbound| after.deliver && (action != Action::Subscribe || account.is_available());
    let mut delivered = None;
    let first = |(after, _): &(Inbound, SubscriptionState)| {
        let now = *delivered.insert(delivers(after));
        if now {
            packet.stanza = stanza;
            kernel.deliver_now(packet);
        }
    };
    let (after, before) = match change(kernel, account, contact, beside, transition, first).await {
        Ok(outcome) => outcome,
        Err(refused) => return Verdict::Reject(refused.0),
    };
    if after.approve {
        let answer = Stanza::presence(StanzaType::Subscribed, Some(account.jid()), Some(contact));
        kernel.send(Origin::account(account, Cause::Subscription), answer).await;
        available_to(kernel, account, contact).await;
    }
    if action == Action::Unsubscribe && before.from {
        unavailable_to(kernel, account, contact).await; // section 3.3.3
    }
    match delivered.unwrap_or_else(|| delivers(&after)) {
        true => Verdict::Continue,
        false => Verdict::Handled,
    }
}

/// Records the end of a subscription, notifying only the account's own clients.
pub(super) async fn ended(kernel: &Arc<Kernel>, account: &Arc<Account>, action: Action, contact: &Jid) {
    let transition = |before| (inbound(action, before).state, ());
    if let Err(refused) = change(kernel, account, contact, Beside::default(), transition, |_| {}).await {
        tracing::error!(error = ?refused.0, "cannot record the end of a subscription");
    }
}

/// A request as it is stored until it is answered.
fn kept(stanza: &Stanza) -> String {
    let stanza = match stanza.size() <= REQUEST_BYTES {
        true => stanza.clone(),
        false => Stanza::presence(StanzaType::Subscribe, stanza.from(), stanza.to()),
    };
    String::from_utf8_lossy(&stanza.to_bytes(Framing::Inherit)).into_owned()
}
