//! Subscription requests that wait for an answer (XEP-0227 §3.9).

use crate::{Kind, RawRequest, RawUser, Reason, Skipped};
use xmpp::Node;

use crate::xep0227::private;
use crate::xep0227::scope::stanza_xml;

/// Reads a `presence`.
pub(crate) fn read(presence: Node<'_>, user: &mut RawUser) {
    let jid = presence.attr("from").unwrap_or_default().into_owned();
    let kind = presence.attr("type").unwrap_or_default();
    if kind != "subscribe" {
        let detail = format!("presence of type {kind:?} is no request");
        user.skipped.push(Skipped::one(Kind::Request, Reason::UnknownValue, jid, detail));
        return;
    }
    match stanza_xml(presence) {
        Some(stanza) => user.requests.push(RawRequest { jid, stanza: Some(stanza), text: None }),
        None => private::skip(Kind::Request, presence, user),
    }
}
