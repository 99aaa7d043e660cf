//! What a hook receives of a stanza: scalars, and one packed text.

use kernel::{Destination, LinkKind, Origin, Packet};
use xmpp::{Framing, Jid, Kind, Stanza, StanzaType, ns};

use crate::bindings::castling::plugin::types::{Head, Kind as WitKind, StanzaType as WitType};
use crate::facts;
use crate::manifest::Want;
use crate::subject::Subject;

const CARBONS: &str = "urn:xmpp:carbons:2";
const DELAY: &str = "urn:xmpp:delay";

/// The facts determined by the stanza alone.
pub(crate) fn of_stanza(stanza: &Stanza) -> u32 {
    let mut bits = 0;
    for child in stanza.children() {
        bits |= match child.ns() {
            ns::CLIENT if child.name() == "body" => facts::HAS_BODY,
            CARBONS => facts::IS_CARBON,
            DELAY => facts::HAS_DELAY,
            _ => 0,
        };
    }
    if stanza.to().is_none_or(|to| to.is_bare()) {
        bits |= facts::TO_BARE;
    }
    if stanza.kind() == Kind::Presence
        && stanza.to().is_some()
        && matches!(stanza.stanza_type(), StanzaType::None | StanzaType::Unavailable)
    {
        bits |= facts::DIRECTED_PRESENCE;
    }
    bits
}

/// Where a domain is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It is served here.
    Here,
    /// Another server's.
    Remote,
    /// An external component's (XEP-0114).
    Component,
    /// A service of this server.
    Service,
}

impl Place {
    /// What the address map has for a domain.
    pub fn of(destination: Option<&Destination>) -> Self {
        match destination {
            Some(Destination::Host(_)) => Self::Here,
            Some(Destination::Service(_)) => Self::Service,
            Some(Destination::Link(link)) if link.kind() == LinkKind::Component => Self::Component,
            Some(Destination::Link(_)) | None => Self::Remote,
        }
    }
}

/// The domain that is answerable for what a link brought: another server's, or a component's.
pub(crate) fn link(origin: &Origin) -> Option<&Jid> {
    match origin {
        Origin::Link(_, domain) => Some(domain),
        _ => None,
    }
}

/// The facts of a packet, including those of its origin and destination. `place` knows the domains.
pub(crate) fn of_packet(packet: &Packet, outbound: bool, place: impl Fn(&str) -> Place) -> u32 {
    let stanza = &packet.stanza;
    let mut bits = of_stanza(stanza);
    let from = match &packet.origin {
        Origin::Client(_) => Place::Here,
        Origin::Link(link, _) if link.kind() == LinkKind::Component => Place::Component,
        Origin::Link(..) => Place::Remote,
        _ => stanza.from().map_or(Place::Service, |from| place(from.domain())),
    };
    let to = stanza.to().map_or(Place::Here, |to| place(to.domain()));
    bits |= of_place(from, [facts::FROM_LOCAL, facts::FROM_REMOTE, facts::FROM_COMPONENT]);
    bits |= of_place(to, [facts::TO_LOCAL, facts::TO_REMOTE, facts::TO_COMPONENT]);
    if outbound { bits | facts::OUTBOUND } else { bits }
}

fn of_place(place: Place, [local, remote, component]: [u32; 3]) -> u32 {
    match place {
        Place::Here => local,
        Place::Remote => remote,
        Place::Component => component,
        Place::Service => 0,
    }
}

/// What separates the texts of a call: XML cannot contain it.
const SEPARATOR: char = '\u{1f}';

/// Fills `text`, and returns the rest of what a hook receives.
pub(crate) fn pack(subject: &Subject<'_>, want: Want, text: &mut String) -> Head {
    let stanza = subject.stanza;
    let payload = stanza.payload();
    text.clear();
    text.push_str(stanza.from().map_or("", |from| from.as_str()));
    let mut next = |value: &str| {
        text.push(SEPARATOR);
        text.push_str(value);
    };
    next(stanza.to().map_or("", |to| to.as_str()));
    next(stanza.id().unwrap_or_default());
    next(payload.map_or("", |payload| payload.ns()));
    next(payload.map_or("", |payload| payload.name()));
    if want == Want::Xml {
        next(&String::from_utf8_lossy(&stanza.to_bytes(Framing::Inherit)));
    }
    Head {
        kind: match stanza.kind() {
            Kind::Message => WitKind::Message,
            Kind::Presence => WitKind::Presence,
            Kind::Iq => WitKind::Iq,
        },
        stanza_type: stanza_type(stanza.stanza_type()),
        facts: subject.facts,
        session: subject.session_id(),
        domain: subject.domain,
    }
}

fn stanza_type(of: StanzaType) -> WitType {
    match of {
        StanzaType::None => WitType::None,
        StanzaType::Normal => WitType::Normal,
        StanzaType::Chat => WitType::Chat,
        StanzaType::Groupchat => WitType::Groupchat,
        StanzaType::Headline => WitType::Headline,
        StanzaType::Error => WitType::Error,
        StanzaType::Get => WitType::Get,
        StanzaType::Set => WitType::Set,
        StanzaType::Result => WitType::Result,
        StanzaType::Unavailable => WitType::Unavailable,
        StanzaType::Subscribe => WitType::Subscribe,
        StanzaType::Subscribed => WitType::Subscribed,
        StanzaType::Unsubscribe => WitType::Unsubscribe,
        StanzaType::Unsubscribed => WitType::Unsubscribed,
        StanzaType::Probe => WitType::Probe,
        StanzaType::Other => WitType::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Account;

    fn packed(xml: &str, want: Want) -> (Head, String) {
        let stanza = &Stanza::parse_str(xml).unwrap();
        let mut text = "left over".to_owned();
        let head = pack(
            &Subject {
                stanza,
                client: None,
                link: None,
                is_elsewhere: false,
                made: None,
                domain: 3,
                account: Account::Senders,
                recipients: None,
                facts: of_stanza(stanza),
            },
            want,
            &mut text,
        );
        (head, text)
    }

    #[test]
    fn the_texts_are_separated() {
        let xml =
            "<message from='a@b/c' to='d@e' id='i' type='chat'><body>x</body><y xmlns='urn:y'/></message>";
        let (head, text) = packed(xml, Want::Head);
        let texts: Vec<_> = text.split(SEPARATOR).collect();
        assert_eq!(texts, ["a@b/c", "d@e", "i", "jabber:client", "body"]);
        assert_eq!((head.session, head.domain, head.stanza_type), (0, 3, WitType::Chat));
        assert_eq!(head.facts, facts::HAS_BODY | facts::TO_BARE);
    }

    #[test]
    fn the_xml_comes_last() {
        let (head, text) = packed("<presence from='a@b/c'/>", Want::Xml);
        let texts: Vec<_> = text.split(SEPARATOR).collect();
        assert_eq!(texts, ["a@b/c", "", "", "", "", "<presence from='a@b/c'/>"]);
        assert_eq!(head.kind, WitKind::Presence);
    }

    #[test]
    fn facts_of_a_stanza() {
        let of = |xml| of_stanza(&Stanza::parse_str(xml).unwrap());
        assert_eq!(of("<presence/>"), facts::TO_BARE);
        assert_eq!(of("<presence to='a@b/c'/>"), facts::DIRECTED_PRESENCE);
        assert_eq!(of("<presence to='a@b' type='subscribe'/>"), facts::TO_BARE);
        let late =
            "<message to='a@b/c'><delay xmlns='urn:xmpp:delay' stamp='2020-01-01T00:00:00Z'/></message>";
        assert_eq!(of(late), facts::HAS_DELAY);
    }
}
