//! The way of each stanza, as lines of the log: on only if `log.level` has `castling_kernel::trail=debug` or is `debug`.
//!
//! Each line has `stanza`, a number; what a stanza causes (an error, a copy for one of several recipients) has the number of
//! its cause. `session` is the number that all lines about a session have. Never a line shows what is said.

use std::sync::atomic::{AtomicU64, Ordering};

use xmpp::{Jid, Stanza, StanzaError};

use crate::session::Session;
use crate::{Packet, Resource, Stage};

/// The target of the lines, for `log.level`.
const TARGET: &str = "castling_kernel::trail";

static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// A new stanza's number; 0 while nobody wants to know.
pub(crate) fn number() -> u64 {
    match tracing::enabled!(target: TARGET, tracing::Level::DEBUG) {
        true => NUMBERS.fetch_add(1, Ordering::Relaxed) + 1,
        false => 0,
    }
}

/// A stanza has come from a client or a link, or the server itself sends it.
pub(crate) fn begins(packet: &Packet) {
    let stanza = &packet.stanza;
    tracing::debug!(
        target: TARGET,
        stanza = packet.notes.number,
        session = packet.client().map(Resource::id),
        kind = stanza.kind().as_str(),
        r#type = stanza.stanza_type().as_str(),
        id = stanza.id(),
        from = stanza.from().map(Jid::as_str),
        to = stanza.to().map(Jid::as_str),
        bytes = stanza.size(),
        "stanza begins its way"
    );
}

/// A handler has decided.
pub(crate) fn decided(packet: &Packet, stage: Stage, by: &str, verdict: &'static str) {
    let stage = stage.name();
    tracing::debug!(target: TARGET, stanza = packet.notes.number, stage, by, "{verdict}");
}

/// A session's mailbox has taken it.
pub(crate) fn placed(number: u64, session: &Session) {
    tracing::debug!(target: TARGET, stanza = number, session = session.id(), "put into a mailbox");
}

/// Its sender gets an error.
pub(crate) fn bounced(packet: &Packet, error: &StanzaError) {
    let condition = error.condition.as_str();
    tracing::debug!(target: TARGET, stanza = packet.notes.number, condition, "answered with an error");
}

/// It ends without an answer, by a rule of RFC 6121 section 8.
pub(crate) fn ignored(packet: &Packet) {
    tracing::debug!(target: TARGET, stanza = packet.notes.number, "ignored");
}

/// An answer or a push goes straight to a session.
pub(crate) fn told(stanza: &Stanza, session: &Session) {
    let (kind, r#type) = (stanza.kind().as_str(), stanza.stanza_type().as_str());
    tracing::debug!(target: TARGET, session = session.id(), kind, r#type, id = stanza.id(), "answer or push");
}
