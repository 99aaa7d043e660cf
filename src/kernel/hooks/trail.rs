//! The way of each stanza, as lines of the log: on only if `log.level` has `castling_kernel::trail=debug` or is `debug`.
//!
//! Each line has `stanza`, a number; what a stanza causes (an error, a copy for one of several recipients) has the number of
//! its cause. `session` is the number that all lines about a session have. Never a line shows what is said.

use std::sync::atomic::{AtomicU64, Ordering};

use xmpp::{Jid, Stanza, StanzaError};

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

/// A client's id may be as long as a stanza; a line shows at most this many bytes.
const LONGEST_ID: usize = 128;

fn shown_id(stanza: &Stanza) -> Option<&str> {
    stanza.id().map(|id| id.get(..id.floor_char_boundary(LONGEST_ID)).unwrap_or(id))
}

/// A stanza has come from a client, which has a `session`, or from a link, or the server itself sends it.
pub(crate) fn begins(number: u64, session: Option<u64>, stanza: &Stanza) {
    tracing::debug!(
        target: TARGET,
        stanza = number,
        session,
        kind = stanza.kind().as_str(),
        r#type = stanza.stanza_type().as_str(),
        id = shown_id(stanza),
        from = stanza.from().map(Jid::as_str),
        to = stanza.to().map(Jid::as_str),
        bytes = stanza.size(),
        "stanza begins its way"
    );
}

/// A handler has decided.
pub(crate) fn decided(number: u64, stage: &'static str, by: &str, verdict: &'static str) {
    tracing::debug!(target: TARGET, stanza = number, stage, by, "{verdict}");
}

/// A session's mailbox has taken it.
pub(crate) fn placed(number: u64, session: u64) {
    tracing::debug!(target: TARGET, stanza = number, session, "put into a mailbox");
}

/// Its sender gets an error.
pub(crate) fn bounced(number: u64, error: &StanzaError) {
    let condition = error.condition.as_str();
    tracing::debug!(target: TARGET, stanza = number, condition, "answered with an error");
}

/// It ends without an answer, by a rule of RFC 6121 section 8.
pub(crate) fn ignored(number: u64) {
    tracing::debug!(target: TARGET, stanza = number, "ignored");
}

/// An answer or a push goes straight to a session; the number is that of the stanza that it answers, or 0.
pub(crate) fn told(number: u64, session: u64, stanza: &Stanza) {
    let (kind, r#type) = (stanza.kind().as_str(), stanza.stanza_type().as_str());
    let number = (number > 0).then_some(number);
    tracing::debug!(target: TARGET, stanza = number, session, kind, r#type, id = shown_id(stanza), "answer or push");
}

/// A stored message is read back into a session.
pub(crate) fn read_back(session: u64, stanza: &Stanza) {
    tracing::debug!(target: TARGET, session, id = shown_id(stanza), "a stored message is put into a mailbox");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_id_is_cut_between_characters() {
        let cut = |of: &str| {
            let stanza = Stanza::parse_str(&format!("<message xmlns='jabber:client' id='{of}'/>")).unwrap();
            shown_id(&stanza).unwrap().to_owned()
        };
        assert_eq!(cut(&"x".repeat(1000)), "x".repeat(LONGEST_ID));
        assert_eq!(cut(&format!("x{}", "é".repeat(500))), format!("x{}", "é".repeat(63)));
        assert_eq!(cut("m-1"), "m-1");
    }
}
