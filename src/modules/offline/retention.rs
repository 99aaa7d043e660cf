//! Which messages are stored (XEP-0160 section 3, XEP-0334).

use xmpp::{Stanza, ns};

/// What to do with a message for an offline account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retention {
    Store,
    /// Discard it: it is meaningful only at the moment, or its sender wants it discarded.
    Discard,
}

/// Ignores the type: only `normal` and `chat` messages get this far.
pub(super) fn of(message: &Stanza) -> Retention {
    if message.child("no-store", ns::HINTS).is_some() {
        return Retention::Discard;
    }
    let wanted = message.child("store", ns::HINTS).is_some();
    match wanted || message.children().any(|child| says_something(child.name(), child.ns())) {
        true => Retention::Store,
        false => Retention::Discard,
    }
}

/// False for what only accompanies other content or is meaningful only at the moment: chat states, thread,
/// hints, ids, stamps.
fn says_something(name: &str, namespace: &str) -> bool {
    match namespace {
        ns::CHATSTATES | ns::HINTS | ns::SID | ns::DELAY => false,
        ns::CLIENT => name != "thread",
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept() {
        for (children, retention) in [
            ("<body>hello</body>", Retention::Store),
            ("<subject>hello</subject>", Retention::Store),
            ("<received xmlns='urn:xmpp:receipts' id='1'/>", Retention::Store),
            ("<x xmlns='urn:example:move'/>", Retention::Store),
            (
                "<body>hello</body><composing xmlns='http://jabber.org/protocol/chatstates'/>",
                Retention::Store,
            ),
            (
                "<active xmlns='http://jabber.org/protocol/chatstates'/><store xmlns='urn:xmpp:hints'/>",
                Retention::Store,
            ),
            ("<body>hello</body><no-permanent-store xmlns='urn:xmpp:hints'/>", Retention::Store),
            ("", Retention::Discard),
            ("<composing xmlns='http://jabber.org/protocol/chatstates'/>", Retention::Discard),
            (
                "<thread>t</thread><paused xmlns='http://jabber.org/protocol/chatstates'/>\
                 <origin-id xmlns='urn:xmpp:sid:0' id='1'/><no-copy xmlns='urn:xmpp:hints'/>",
                Retention::Discard,
            ),
            ("<body>hello</body><no-store xmlns='urn:xmpp:hints'/>", Retention::Discard),
            (
                "<body>x</body><no-store xmlns='urn:xmpp:hints'/><store xmlns='urn:xmpp:hints'/>",
                Retention::Discard,
            ),
        ] {
            let message = Stanza::parse_str(&format!("<message type='chat'>{children}</message>")).unwrap();
            assert_eq!(of(&message), retention, "{children}");
        }
    }
}
