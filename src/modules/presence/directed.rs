//! Directed presence (RFC 6121 section 4.6).

use std::sync::Arc;

use kernel::{Kernel, Session, Verdict};
use xmpp::{Jid, StanzaError};

use super::broadcast::knows;
use crate::refused::Refused;

/// How many JIDs one session can have shown itself to.
const LIMIT: usize = 1000;

/// Available presence to somebody. Whoever is not told of the session's end anyway is remembered until then.
pub(super) async fn available(kernel: &Arc<Kernel>, session: &Arc<Session>, to: &Jid) -> Verdict {
    let roster = match kernel.roster(session.account()).await {
        Ok(roster) => roster,
        Err(error) => return Verdict::Reject(Refused::from(error).0),
    };
    if session.is_available() && knows(session.account(), &roster, to) {
        return Verdict::Continue;
    }
    match session.directed_to(to.clone(), LIMIT) {
        true => Verdict::Continue,
        false => Verdict::Reject(StanzaError::resource_constraint().text("too much directed presence")),
    }
}
