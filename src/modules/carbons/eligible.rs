//! Which messages are copied (section 6.1): those of instant messaging.

use xmpp::{Stanza, StanzaType, ns};

use super::Direction;

/// The types of which some messages are copied: all except `groupchat`.
pub(super) const TYPES: [StanzaType; 5] =
    [StanzaType::None, StanzaType::Normal, StanzaType::Chat, StanzaType::Headline, StanzaType::Error];

/// Whether the message is copied. `answers` returns whether an error answers a copied message.
pub(super) fn is_eligible(message: &Stanza, direction: Direction, answers: impl FnOnce() -> bool) -> bool {
    if message.child("private", ns::CARBONS).is_some() || message.child("no-copy", ns::HINTS).is_some() {
        return false;
    }
    match message.stanza_type() {
        StanzaType::Groupchat => false,
        StanzaType::Error => answers(),
        _ if is_invitation(message) => true,
        _ if is_private_of_room(message, direction) => direction == Direction::Sent,
        StanzaType::Chat => true,
        StanzaType::Headline => is_of_conversation(message),
        _ => message.has_body() || is_of_conversation(message),
    }
}

/// Receipts (XEP-0184), chat states (XEP-0085), markers (XEP-0333).
fn is_of_conversation(message: &Stanza) -> bool {
    message.children().any(|child| matches!(child.ns(), ns::RECEIPTS | ns::CHATSTATES | ns::CHAT_MARKERS))
}

/// An invitation into a room, direct (XEP-0249) or by the room (XEP-0045 section 7.8.2).
fn is_invitation(message: &Stanza) -> bool {
    let by_room = message.child("x", ns::MUC_USER).is_some_and(|x| x.child("invite", ns::MUC_USER).is_some());
    by_room || message.child("x", ns::CONFERENCE).is_some()
}

/// A private message to or from an occupant of a room (XEP-0045 section 7.5). The room sends incoming ones to
/// each resource that has joined.
fn is_private_of_room(message: &Stanza, direction: Direction) -> bool {
    let occupant = direction.peer(message).is_some_and(|peer| peer.resource().is_some());
    occupant && message.child("x", ns::MUC_USER).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "<body>x</body>";
    const ROOM: &str = "<x xmlns='http://jabber.org/protocol/muc#user'/>";
    const ROOM_INVITES: &str =
        "<x xmlns='http://jabber.org/protocol/muc#user'><invite from='c@x.example'/></x>";

    fn eligible(kind: &str, peer: &str, children: &str, direction: Direction) -> bool {
        let (from, to) = match direction {
            Direction::Sent => ("a@x.example/r", peer),
            Direction::Received => (peer, "a@x.example/r"),
        };
        let xml = format!("<message type='{kind}' from='{from}' to='{to}'>{children}</message>");
        is_eligible(&Stanza::parse_str(&xml).unwrap(), direction, || children == BODY)
    }

    #[test]
    fn both_ways() {
        let state = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
        let receipt = "<received xmlns='urn:xmpp:receipts' id='1'/>";
        let marker = "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>";
        let invitation = "<x xmlns='jabber:x:conference' jid='room@x.example'/>";
        for (kind, children, expected) in [
            ("chat", BODY.to_owned(), true),
            ("chat", "<encrypted xmlns='urn:example:e2e'/>".into(), true),
            ("chat", String::new(), true),
            ("chat", format!("{BODY}<private xmlns='urn:xmpp:carbons:2'/>"), false),
            ("chat", format!("{BODY}<no-copy xmlns='urn:xmpp:hints'/>"), false),
            ("chat", format!("{BODY}<private xmlns='urn:example'/><no-store xmlns='urn:xmpp:hints'/>"), true),
            ("normal", BODY.to_owned(), true),
            ("normal", "<subject>x</subject>".into(), false),
            ("normal", "<event xmlns='http://jabber.org/protocol/pubsub#event'/>".into(), false),
            ("normal", state.into(), true),
            ("normal", receipt.into(), true),
            ("normal", marker.into(), true),
            ("normal", invitation.into(), true),
            ("normal", ROOM_INVITES.into(), true),
            ("normal", format!("{receipt}<private xmlns='urn:xmpp:carbons:2'/>"), false),
            ("something", BODY.to_owned(), true),
            ("headline", BODY.to_owned(), false),
            ("headline", marker.into(), true),
            ("groupchat", BODY.to_owned(), false),
            ("groupchat", invitation.into(), false),
            ("groupchat", state.into(), false),
            ("error", BODY.to_owned(), true),
            ("error", state.into(), false),
        ] {
            for direction in [Direction::Sent, Direction::Received] {
                let got = eligible(kind, "b@x.example", &children, direction);
                assert_eq!(got, expected, "{kind} {direction:?}: {children}");
            }
        }
    }

    #[test]
    fn private_messages_in_rooms() {
        let private = format!("{BODY}{ROOM}");
        for kind in ["chat", "normal"] {
            assert!(eligible(kind, "room@x.example/nick", &private, Direction::Sent));
            assert!(!eligible(kind, "room@x.example/nick", &private, Direction::Received));
            assert!(eligible(kind, "room@x.example/nick", ROOM_INVITES, Direction::Received));
            assert!(eligible(kind, "room@x.example", &private, Direction::Received), "not of an occupant");
        }
    }

    #[test]
    fn a_message_without_a_type_is_normal() {
        let of = |xml| is_eligible(&Stanza::parse_str(xml).unwrap(), Direction::Received, || false);
        assert!(of("<message from='b@x.example'><body>x</body></message>"));
        assert!(!of("<message from='b@x.example'><subject>x</subject></message>"));
    }
}
