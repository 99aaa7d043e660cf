//! Presence probes (RFC 6121 section 4.3).

use std::sync::Arc;

use kernel::{Account, Cause, Kernel, Origin, Resource, Roster, Verdict, log_failure};
use xmpp::{Jid, Stanza, StanzaType};

use super::sight::sees;
use crate::refused::Refused;
use crate::subscription::SubscriptionState;

/// A session has come online: sends it the presence of the account's other resources, and probes the contacts
/// whose presence it may see. Local contacts that are available answer at once.
pub(super) async fn contacts(kernel: &Arc<Kernel>, resource: &Resource, roster: &Roster) {
    for other in resource.account().available() {
        if other != *resource {
            tell(kernel, &other, resource.jid(), Cause::Broadcast).await;
        }
    }
    let probe = Stanza::presence(StanzaType::Probe, Some(resource.jid()), None);
    let origin = Origin::resource_of(resource, Cause::Probe);
    kernel.broadcast(resource.host(), origin, probe, roster.watched()).await;
}

/// A probe sent by a client: passed on if the sender may see the presence anyway, else dropped, so that
/// accounts cannot be enumerated.
pub(super) async fn sent(kernel: &Arc<Kernel>, resource: &Resource, to: &Jid) -> Verdict {
    if to.same_bare(resource.account().jid()) {
        return Verdict::Continue;
    }
    match kernel.roster(resource.account()).await {
        Ok(roster) if SubscriptionState::of(roster.get(&to.bare()).map(|item| &**item)).to => {
            Verdict::Continue
        }
        Ok(_) => Verdict::Drop,
        Err(error) => Verdict::Reject(Refused::from(error).0),
    }
}

/// Section 4.3.2: the presence of each available resource, `unavailable` if there is none, `unsubscribed` to
/// those who may not see it.
pub(super) async fn answer(kernel: &Arc<Kernel>, account: &Arc<Account>, to: &Jid) {
    let roster = match kernel.roster(account).await {
        Ok(roster) => roster,
        Err(error) => {
            log_failure(&error, "cannot answer a presence probe");
            return;
        }
    };
    if !super::broadcast::knows(account, &roster, to) {
        let stanza = Stanza::presence(StanzaType::Unsubscribed, Some(account.jid()), Some(&to.bare()));
        return kernel.send(Origin::account(account, Cause::ProbeAnswer), stanza).await;
    }
    let resources = account.available();
    for resource in &resources {
        tell(kernel, resource, to, Cause::ProbeAnswer).await;
    }
    if resources.is_empty() {
        let stanza = Stanza::presence(StanzaType::Unavailable, Some(account.jid()), Some(to));
        kernel.send(Origin::account(account, Cause::ProbeAnswer), stanza).await;
    }
}

/// Sends a resource's presence to `to`, if the account's lists allow it. Both are checked again afterwards: a
/// change made meanwhile may have been broadcast earlier, and would be outdated by this stanza.
pub(super) async fn tell(kernel: &Arc<Kernel>, resource: &Resource, to: &Jid, cause: Cause) {
    let mut told: Option<Stanza> = None;
    loop {
        let present = resource.presence().filter(|_| sees(kernel, resource, to));
        if same(told.as_ref(), present.as_ref()) {
            return;
        }
        let stanza = match &present {
            Some(presence) => presence.clone(),
            None => Stanza::presence(StanzaType::Unavailable, Some(resource.jid()), None),
        };
        let origin = Origin::resource_of(resource, cause);
        kernel.send(origin, stanza.with_to(Some(to.clone()))).await;
        told = present;
    }
}

/// Whether both are the same stanza, not just equal ones.
fn same(one: Option<&Stanza>, other: Option<&Stanza>) -> bool {
    let source = |stanza: &Stanza| stanza.root().raw().as_ptr();
    one.map(source) == other.map(source)
}
