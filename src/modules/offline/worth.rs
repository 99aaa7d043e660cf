//! Which messages are worth keeping (XEP-0160 section 3, XEP-0334).

use xmpp::{Stanza, ns};

/// What a message is worth to somebody who is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worth {
    /// It is kept.
    Keeping,
    /// It is dropped: it says only what holds at the moment, or its sender wants it so.
    Nothing,
}

/// Types are not looked at here: what is not `normal` or `chat` does not come as far as this.
pub(super) fn of(message: &Stanza) -> Worth {
    if message.child("no-store", ns::HINTS).is_some() {
        return Worth::Nothing;
    }
    let wanted = message.child("store", ns::HINTS).is_some();
    match wanted || message.children().any(|child| says_something(child.name(), child.ns())) {
        true => Worth::Keeping,
        false => Worth::Nothing,
    }
}

/// Not what only accompanies other content or holds only at the moment: chat states, thread, hints, ids, stamps.
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
        for (children, worth) in [
            ("<body>hello</body>", Worth::Keeping),
            ("<subject>hello</subject>", Worth::Keeping),
            ("<received xmlns='urn:xmpp:receipts' id='1'/>", Worth::Keeping),
            ("<x xmlns='urn:example:move'/>", Worth::Keeping),
            ("<body>hello</body><composing xmlns='http://jabber.org/protocol/chatstates'/>", Worth::Keeping),
            (
                "<active xmlns='http://jabber.org/protocol/chatstates'/><store xmlns='urn:xmpp:hints'/>",
                Worth::Keeping,
            ),
            ("<body>hello</body><no-permanent-store xmlns='urn:xmpp:hints'/>", Worth::Keeping),
            ("", Worth::Nothing),
            ("<composing xmlns='http://jabber.org/protocol/chatstates'/>", Worth::Nothing),
            (
                "<thread>t</thread><paused xmlns='http://jabber.org/protocol/chatstates'/>\
                 <origin-id xmlns='urn:xmpp:sid:0' id='1'/><no-copy xmlns='urn:xmpp:hints'/>",
                Worth::Nothing,
            ),
            ("<body>hello</body><no-store xmlns='urn:xmpp:hints'/>", Worth::Nothing),
            (
                "<body>x</body><no-store xmlns='urn:xmpp:hints'/><store xmlns='urn:xmpp:hints'/>",
                Worth::Nothing,
            ),
        ] {
            let message = Stanza::parse_str(&format!("<message type='chat'>{children}</message>")).unwrap();
            assert_eq!(of(&message), worth, "{children}");
        }
    }
}
