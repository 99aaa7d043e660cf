//! The queue: messages, and subscription requests, that wait for the user.

use xmpp::ns;

use super::nad;
use crate::{Kind, RawMessage, RawRequest, RawUser, Reason, Skipped};

pub(super) fn take(user: &mut RawUser, xml: &str) {
    let skip = |user: &mut RawUser, kind, reason, detail: &str| {
        user.skipped.push(Skipped::one(kind, reason, "queue", detail));
    };
    let stanza = match nad::stanza(xml) {
        Ok(stanza) => stanza,
        Err(why) => return skip(user, Kind::Offline, Reason::BrokenXml, &why),
    };
    let kind = stanza.get("type").unwrap_or_default();
    match (stanza.name(), kind) {
        ("message", _) => user.messages.push(RawMessage { xml: stanza.to_xml(ns::CLIENT), stored_us: None }),
        ("presence", "subscribe") => {
            let stanza = Some(stanza.to_xml(ns::CLIENT));
            user.requests.push(RawRequest { stanza, ..RawRequest::default() });
        }
        // The roster says what they said.
        ("presence", "subscribed" | "unsubscribe" | "unsubscribed") => {
            skip(user, Kind::Request, Reason::Stale, kind);
        }
        (name, _) => skip(user, Kind::Offline, Reason::UnknownValue, &format!("a <{name}/>")),
    }
}
