//! Probes (RFC 6121 section 4.3): who is there?

use std::sync::Arc;

use kernel::{Account, Cause, Kernel, Origin, Resource, Roster, Verdict};
use xmpp::{Jid, Stanza, StanzaType};

use super::sight::sees;
use crate::refused::Refused;
use crate::subscription::State;

/// A session has come online: shows it the account's other resources, and asks for the contacts whose presence it may see.
/// Those here that are available answer at once.
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

/// A client sends a probe itself: passed on where the answer would be no news, else swallowed, so that nobody can
/// try out who exists.
pub(super) async fn sent(kernel: &Arc<Kernel>, resource: &Resource, to: &Jid) -> Verdict {
    if to.same_bare(resource.account().jid()) {
        return Verdict::Continue;
    }
    match kernel.roster(resource.account()).await {
        Ok(roster) if State::of(roster.get(&to.bare()).map(|item| &**item)).to => Verdict::Continue,
        Ok(_) => Verdict::Drop,
        Err(error) => Verdict::Reject(Refused::from(error).0),
    }
}

/// Section 4.3.2: the presence of each available resource, `unavailable` where there is none, `unsubscribed` to whom
/// may not see it.
pub(super) async fn answer(kernel: &Arc<Kernel>, account: &Arc<Account>, to: &Jid) {
    let roster = match kernel.roster(account).await {
        Ok(roster) => roster,
        Err(error) => {
            tracing::error!(%error, "cannot answer a presence probe");
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

/// Shows `to` a resource's presence, as far as the account's lists let it out. Both are looked at once more afterwards:
/// what has changed meanwhile may have been broadcast before, and would be outdated by what was shown here.
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

/// The very same stanza, not one that looks like it.
fn same(one: Option<&Stanza>, other: Option<&Stanza>) -> bool {
    let source = |stanza: &Stanza| stanza.root().raw().as_ptr();
    one.map(source) == other.map(source)
}
