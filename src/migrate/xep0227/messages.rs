//! Messages that wait for the user (XEP-0227 §3.5), and when the user was last online.

use crate::{Kind, RawLast, RawMessage, RawUser, Reason, Skipped};
use xmpp::{Node, datetime, ns};

use crate::xep0227::names::is_pie;
use crate::xep0227::scope::stanza_xml;
use crate::xep0227::{private, requests};

/// Reads `offline-messages`, the oldest first.
pub(crate) fn read(messages: Node<'_>, user: &mut RawUser) {
    for stanza in messages.children() {
        let is_stanza = stanza.ns() == ns::CLIENT || is_pie(stanza.ns());
        match stanza.name() {
            "message" if is_stanza => message(stanza, user),
            "presence" if is_stanza => requests::read(stanza, user),
            name => {
                user.skipped.push(Skipped::one(Kind::Offline, Reason::UnknownValue, name, "not a message"));
            }
        }
    }
}

fn message(message: Node<'_>, user: &mut RawUser) {
    let stored_us = stored_us(message, &user.host);
    match stanza_xml(message) {
        Some(xml) => user.messages.push(RawMessage { xml, stored_us }),
        None => private::skip(Kind::Offline, message, user),
    }
}

/// When the host has stored a message, in UTC microseconds: by the last stamp that is its own (XEP-0203 §4). One of
/// another came with the message. jabberd2 loses the stamp's namespace.
pub(crate) fn stored_us(message: Node<'_>, host: &str) -> Option<i64> {
    let is_own = |delay: &Node<'_>| {
        delay.name() == "delay"
            && (delay.ns() == ns::DELAY || delay.ns() == message.ns() || delay.ns() == ns::CLIENT)
            && delay.attr("from").is_some_and(|from| from.eq_ignore_ascii_case(host))
    };
    let stamps = message.children().filter(is_own);
    stamps.filter_map(|delay| datetime::parse(delay.attr("stamp")?.trim())).last()
}

/// Reads this server's own `last`: its attribute `stamp` is a time (XEP-0082), its text the status.
pub(crate) fn read_last(last: Node<'_>, user: &mut RawUser) {
    match last.attr("stamp").and_then(|stamp| datetime::parse(&stamp)) {
        Some(at_us) => user.last.push(RawLast { at_us, status: last.text().into_owned() }),
        None => user.skipped.push(Skipped::one(Kind::Last, Reason::UnknownValue, "", "no time")),
    }
}
