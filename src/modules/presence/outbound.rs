//! Subscription stanzas of local clients (RFC 6121 sections 3.1.2, 3.1.5, 3.2.2, 3.3.2 and 3.4.1).

use std::sync::Arc;

use kernel::{Cause, Kernel, Origin, Packet, Resource, Verdict};
use xmpp::StanzaError;

use super::broadcast::{available_to, unavailable_to};
use super::change::stage;
use crate::refused::Refused;
use crate::subscription::{Action, outbound};

/// Changes the sender's roster, then passes the stanza on, between the bare JIDs.
pub(super) async fn sent(
    kernel: &Arc<Kernel>,
    resource: &Resource,
    packet: &Packet,
    action: Action,
) -> Verdict {
    let account = resource.account();
    let Some(contact) = packet.stanza.to().map(xmpp::Jid::bare) else {
        return Verdict::Reject(
            StanzaError::bad_request().text("this type of presence needs a 'to' address"),
        );
    };
    if contact == *account.jid() {
        return Verdict::Reject(StanzaError::not_allowed().text("you cannot subscribe to your own presence"));
    }
    let transition = |before| {
        let after = outbound(action, before);
        (after.state, (after.route, before))
    };
    let ((route, before), joint) = match stage(kernel, account, &contact, transition).await {
        Ok(outcome) => outcome,
        Err(refused) => return Verdict::Reject(refused.0),
    };
    // Of a contact here, the other side is written in the same transaction.
    let together = route && kernel.host(contact.domain()).is_some();
    if !together && let Err(error) = kernel.write_alone(&joint).await {
        return Verdict::Reject(Refused::from(error).0);
    }
    if !route {
        return Verdict::Handled;
    }
    let stanza = packet.stanza.clone().with_from(account.jid().clone()).with_to(Some(contact.clone()));
    let leaves = action == Action::Unsubscribed && before.from;
    if leaves {
        // while the contact may still see it (section 3.2.2)
        unavailable_to(kernel, account, &contact).await;
    }
    let origin = Origin::resource_of(resource, Cause::Subscription);
    let sent = kernel.send_joint(origin, stanza, joint).await;
    if action == Action::Subscribed && sent.is_ok() || leaves && sent.is_err() {
        available_to(kernel, account, &contact).await;
    }
    match sent {
        Ok(()) => Verdict::Handled,
        Err(error) => Verdict::Reject(Refused::from(error).0),
    }
}
