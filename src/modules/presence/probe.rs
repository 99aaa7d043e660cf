//! Probes (RFC 6121 section 4.3): who is there?

use std::sync::Arc;

use kernel::{Account, Kernel, Roster, Session, Verdict};
use xmpp::{Jid, Stanza, StanzaType};

use super::broadcast::now;
use crate::refused::Refused;
use crate::subscription::State;

/// A session has come online: shows it the account's other resources and the contacts whose presence it may see.
/// Contacts here are looked at directly; those who are not in memory are not online.
pub(super) async fn contacts(kernel: &Arc<Kernel>, session: &Arc<Session>, roster: &Roster) {
    for other in session.account().available() {
        if other.id() != session.id() {
            tell(kernel, &other, session.jid()).await;
        }
    }
    let mut elsewhere = Vec::new();
    for contact in roster.watched() {
        match kernel.host(contact.domain()) {
            None => elsewhere.push(contact),
            Some(_) => {
                let account =
                    kernel.account_in_use(&contact).filter(|account| !account.available().is_empty());
                if let Some(account) = account {
                    answer(kernel, &account, session.jid()).await;
                }
            }
        }
    }
    if !elsewhere.is_empty() {
        let probe = Stanza::presence(StanzaType::Probe, Some(session.jid()), None);
        kernel.broadcast(session.host(), &probe, elsewhere).await;
    }
}

/// A client sends a probe itself: passed on where the answer would be no news, else swallowed, so that nobody can
/// try out who exists.
pub(super) async fn sent(kernel: &Arc<Kernel>, session: &Arc<Session>, to: &Jid) -> Verdict {
    if to.same_bare(session.account().jid()) {
        return Verdict::Continue;
    }
    match kernel.roster(session.account()).await {
        Ok(roster) if State::of(roster.get(&to.bare()).map(|item| &**item)).to => Verdict::Continue,
        Ok(_) => Verdict::Drop,
        Err(error) => Verdict::Reject(Refused::from(error).0),
    }
}

/// A probe has arrived for an account of ours.
pub(super) async fn arrived(kernel: &Arc<Kernel>, account: &Arc<Account>, from: &Jid) -> Verdict {
    answer(kernel, account, from).await;
    Verdict::Handled
}

/// Section 4.3.2: the presence of each available resource, `unavailable` where there is none, `unsubscribed` to whom
/// may not see it.
async fn answer(kernel: &Arc<Kernel>, account: &Arc<Account>, to: &Jid) {
    let roster = match kernel.roster(account).await {
        Ok(roster) => roster,
        Err(error) => {
            tracing::error!(%error, "a probe could not be answered");
            return;
        }
    };
    if !super::broadcast::knows(account, &roster, to) {
        let stanza = Stanza::presence(StanzaType::Unsubscribed, Some(account.jid()), Some(&to.bare()));
        return kernel.send(account.host(), stanza, now(kernel)).await;
    }
    let sessions = account.available();
    for session in &sessions {
        tell(kernel, session, to).await;
    }
    if sessions.is_empty() {
        let stanza = Stanza::presence(StanzaType::Unavailable, Some(account.jid()), Some(to));
        kernel.send(account.host(), stanza, now(kernel)).await;
    }
}

/// Shows `to` a session's presence. It is looked at once more afterwards: what has changed meanwhile may have been
/// broadcast before, and would be outdated by what was shown here.
pub(super) async fn tell(kernel: &Arc<Kernel>, session: &Arc<Session>, to: &Jid) {
    let mut told: Option<Stanza> = None;
    loop {
        let present = session.presence();
        if same(told.as_ref(), present.as_ref()) {
            return;
        }
        let stanza = match &present {
            Some(presence) => presence.clone(),
            None => Stanza::presence(StanzaType::Unavailable, Some(session.jid()), None),
        };
        kernel.send(session.host(), stanza.with_to(Some(to.clone())), now(kernel)).await;
        told = present;
    }
}

/// The very same stanza, not one that looks like it.
fn same(one: Option<&Stanza>, other: Option<&Stanza>) -> bool {
    let source = |stanza: &Stanza| stanza.root().raw().as_ptr();
    one.map(source) == other.map(source)
}
