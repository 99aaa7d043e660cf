//! What a hook receives of a stanza: scalars, and one packed text.

use kernel::Packet;
use xmpp::{Framing, Kind, Stanza, StanzaType, ns};

use crate::bindings::castling::plugin::types::{Head, Kind as WitKind, Subtype};
use crate::manifest::Want;
use crate::state::Call;

/// The bits of WIT's `traits`.
pub(crate) mod traits {
    pub const HAS_BODY: u32 = 1;
    pub const FROM_LOCAL: u32 = 2;
    pub const TO_LOCAL: u32 = 4;
    pub const TO_BARE: u32 = 128;
    pub const IS_CARBON: u32 = 256;
    pub const HAS_DELAY: u32 = 512;
    pub const DIRECTED_PRESENCE: u32 = 1024;
    pub const OUTBOUND: u32 = 2048;
}

const CARBONS: &str = "urn:xmpp:carbons:2";
const DELAY: &str = "urn:xmpp:delay";

/// The traits determined by the stanza alone.
pub(crate) fn of_stanza(stanza: &Stanza) -> u32 {
    let mut bits = 0;
    for child in stanza.children() {
        bits |= match child.ns() {
            ns::CLIENT if child.name() == "body" => traits::HAS_BODY,
            CARBONS => traits::IS_CARBON,
            DELAY => traits::HAS_DELAY,
            _ => 0,
        };
    }
    if stanza.to().is_none_or(|to| to.is_bare()) {
        bits |= traits::TO_BARE;
    }
    if stanza.kind() == Kind::Presence
        && stanza.to().is_some()
        && matches!(stanza.stanza_type(), StanzaType::None | StanzaType::Unavailable)
    {
        bits |= traits::DIRECTED_PRESENCE;
    }
    bits
}

/// The traits of a packet, including those of its origin and destination. `is_local` knows the served
/// domains.
pub(crate) fn of_packet(packet: &Packet, outbound: bool, is_local: impl Fn(&str) -> bool) -> u32 {
    let stanza = &packet.stanza;
    let mut bits = of_stanza(stanza);
    if packet.client().is_some() || stanza.from().is_some_and(|from| is_local(from.domain())) {
        bits |= traits::FROM_LOCAL;
    }
    if stanza.to().is_none_or(|to| is_local(to.domain())) {
        bits |= traits::TO_LOCAL;
    }
    if outbound { bits | traits::OUTBOUND } else { bits }
}

/// Fills `text` and returns where its parts end. Offsets are in bytes.
pub(crate) fn pack(call: &Call, traits: u32, want: Want, text: &mut String) -> Head {
    let stanza = &call.stanza;
    let payload = stanza.payload();
    text.clear();
    let mut part = |value: &str| {
        text.push_str(value);
        u32::try_from(text.len()).unwrap_or(u32::MAX)
    };
    let head = Head {
        kind: match stanza.kind() {
            Kind::Message => WitKind::Message,
            Kind::Presence => WitKind::Presence,
            Kind::Iq => WitKind::Iq,
        },
        subtype: subtype(stanza.stanza_type()),
        traits,
        session: call.session.id(),
        domain: call.domain,
        fingerprint: stanza.fingerprint(),
        from_end: part(stanza.from().map_or("", |from| from.as_str())),
        to_end: part(stanza.to().map_or("", |to| to.as_str())),
        id_end: part(stanza.id().unwrap_or_default()),
        ns_end: part(payload.map_or("", |payload| payload.ns())),
        name_end: part(payload.map_or("", |payload| payload.name())),
    };
    if want == Want::Xml {
        text.push_str(&String::from_utf8_lossy(&stanza.to_bytes(Framing::Inherit)));
    }
    head
}

fn subtype(of: StanzaType) -> Subtype {
    match of {
        StanzaType::None => Subtype::None,
        StanzaType::Normal => Subtype::Normal,
        StanzaType::Chat => Subtype::Chat,
        StanzaType::Groupchat => Subtype::Groupchat,
        StanzaType::Headline => Subtype::Headline,
        StanzaType::Error => Subtype::Error,
        StanzaType::Get => Subtype::Get,
        StanzaType::Set => Subtype::Set,
        StanzaType::Result => Subtype::Result,
        StanzaType::Unavailable => Subtype::Unavailable,
        StanzaType::Subscribe => Subtype::Subscribe,
        StanzaType::Subscribed => Subtype::Subscribed,
        StanzaType::Unsubscribe => Subtype::Unsubscribe,
        StanzaType::Unsubscribed => Subtype::Unsubscribed,
        StanzaType::Probe => Subtype::Probe,
        StanzaType::Other => Subtype::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Keeper;

    fn packed(xml: &str, want: Want) -> (Head, String) {
        let call = Call {
            stanza: Stanza::parse_str(xml).unwrap(),
            session: Keeper::Nobody,
            domain: 3,
            account: None,
        };
        let mut text = "left over".to_owned();
        let head = pack(&call, of_stanza(&call.stanza), want, &mut text);
        (head, text)
    }

    #[test]
    fn the_texts_lie_one_after_the_other() {
        let xml =
            "<message from='a@b/c' to='d@e' id='i' type='chat'><body>x</body><y xmlns='urn:y'/></message>";
        let (head, text) = packed(xml, Want::Head);
        assert_eq!(text, "a@b/cd@eijabber:clientbody");
        assert_eq!([head.from_end, head.to_end, head.id_end, head.ns_end, head.name_end], [5, 8, 9, 22, 26]);
        assert_eq!((head.session, head.domain, head.subtype), (0, 3, Subtype::Chat));
        assert_eq!(head.traits, traits::HAS_BODY | traits::TO_BARE);
    }

    #[test]
    fn the_xml_comes_last() {
        let (head, text) = packed("<presence from='a@b/c'/>", Want::Xml);
        assert_eq!(text.get(head.name_end as usize..), Some("<presence from='a@b/c'/>"));
        assert_eq!(head.kind, WitKind::Presence);
    }

    #[test]
    fn traits_of_a_stanza() {
        let of = |xml| of_stanza(&Stanza::parse_str(xml).unwrap());
        assert_eq!(of("<presence/>"), traits::TO_BARE);
        assert_eq!(of("<presence to='a@b/c'/>"), traits::DIRECTED_PRESENCE);
        assert_eq!(of("<presence to='a@b' type='subscribe'/>"), traits::TO_BARE);
        let late =
            "<message to='a@b/c'><delay xmlns='urn:xmpp:delay' stamp='2020-01-01T00:00:00Z'/></message>";
        assert_eq!(of(late), traits::HAS_DELAY);
    }
}
