//! A session's own presence (RFC 6121 sections 4.2, 4.4 and 4.5): told to those who watch the account, to its other
//! resources, and, at the end, to those who got directed presence.

use std::sync::Arc;

use kernel::{Account, Attachment, Item, Kernel, Notes, Roster, Session, Verdict};
use xmpp::{Jid, Stanza, StanzaType};

use super::probe;
use crate::offline;
use crate::refused::Refused;

/// Presence without `to`: initial, or a change.
pub(super) async fn available(kernel: &Arc<Kernel>, session: &Arc<Session>, stanza: Stanza) -> Verdict {
    let account = session.account();
    let roster = match kernel.roster(account).await {
        Ok(roster) => roster,
        Err(error) => return Verdict::Reject(Refused::from(error).0),
    };
    let before = session.priority();
    let now = stanza.priority();
    let comes = now >= 0 && before.is_none_or(|before| before < 0);
    // What comes from now on is younger than what is kept, which is read back when everybody has been told.
    let backlog = comes.then(|| kernel.hold_back(session)).flatten();
    kernel.set_presence(session, Some(stanza.clone()));
    let mut recipients = roster.watchers();
    recipients.push(account.jid().clone());
    kernel.broadcast(session.host(), &stanza, recipients).await;
    if before.is_none() {
        probe::contacts(kernel, session, &roster).await;
        requests(kernel, session).await;
    }
    if let Some(backlog) = backlog {
        offline::read_back(kernel, session, backlog);
    }
    if session.attachment() == Attachment::Closed {
        closed(kernel, session).await; // it was ended from elsewhere meanwhile
    }
    Verdict::Handled
}

/// `unavailable` without `to`. The resource that says it hears it as well (section 4.5.2).
pub(super) async fn unavailable(kernel: &Arc<Kernel>, session: &Arc<Session>, stanza: Stanza) -> Verdict {
    if let Some(mut recipients) = leave(kernel, session).await {
        recipients.push(session.jid().clone());
        kernel.broadcast(session.host(), &stanza, recipients).await;
    }
    Verdict::Handled
}

/// A session has ended without a word, on whatever way.
pub(super) async fn closed(kernel: &Arc<Kernel>, session: &Arc<Session>) {
    if let Some(recipients) = leave(kernel, session).await {
        let stanza = Stanza::presence(StanzaType::Unavailable, Some(session.jid()), None);
        kernel.broadcast(session.host(), &stanza, recipients).await;
    }
}

/// Takes the session's presence away. Those who have to be told; none when nobody knew of it.
async fn leave(kernel: &Arc<Kernel>, session: &Arc<Session>) -> Option<Vec<Jid>> {
    let account = session.account();
    let was_available = session.is_available();
    // First of all: whoever answers a probe meanwhile looks at it once more afterwards.
    kernel.set_presence(session, None);
    let directed = session.take_directed();
    if !was_available {
        return (!directed.is_empty()).then_some(directed);
    }
    let roster = match kernel.roster(account).await {
        Ok(roster) => roster,
        Err(error) => {
            tracing::error!(%error, "those who watch an account could not be told of its leave");
            Arc::default()
        }
    };
    let mut recipients = roster.watchers();
    recipients.push(account.jid().clone());
    recipients.extend(directed.into_iter().filter(|jid| !knows(account, &roster, jid)));
    Some(recipients)
}

/// Is this JID told of the account's presence anyway?
pub(super) fn knows(account: &Account, roster: &Roster, jid: &Jid) -> bool {
    jid.same_bare(account.jid()) || roster.is_watched_by(jid)
}

/// Delivers subscription requests that wait for an answer to a resource that has come online (section 3.1.3).
async fn requests(kernel: &Arc<Kernel>, session: &Arc<Session>) {
    // Read again: a request that came after the first look found no resource to go to.
    let Ok(roster) = kernel.roster(session.account()).await else { return };
    for request in roster.items().filter_map(|item| item.pending_in.as_deref()) {
        let Ok(stanza) = Stanza::parse_str(request) else {
            tracing::error!(account = session.account().id(), "a stored subscription request is damaged");
            continue;
        };
        let stanza = stanza.with_to(Some(session.account().jid().clone()));
        if session.push(Item::new(stanza, kernel.now_us())).is_err() {
            return;
        }
    }
}

/// Shows a contact, who may see the account from now on, where the account is available.
pub(crate) async fn available_to(kernel: &Arc<Kernel>, account: &Arc<Account>, contact: &Jid) {
    for session in account.available() {
        probe::tell(kernel, &session, contact).await;
    }
}

/// Shows a contact, who may not see the account any more, that it is nowhere available.
pub(crate) async fn unavailable_to(kernel: &Arc<Kernel>, account: &Arc<Account>, contact: &Jid) {
    for session in account.available() {
        let stanza = Stanza::presence(StanzaType::Unavailable, Some(session.jid()), Some(contact));
        kernel.send(account.host(), stanza, now(kernel)).await;
    }
}

/// The notes of a stanza that the server sends now.
pub(super) fn now(kernel: &Kernel) -> Notes {
    Notes { received_us: kernel.now_us(), ..Notes::default() }
}
