//! Private XML storage (XEP-0227 §3.6).

use crate::{Kind, RawUser, Reason, Skipped};
use xmpp::Node;

use crate::xep0227::scope::xml;

const TOO_LARGE: &str = "its namespaces would make it far larger than it is";

/// Reads a `query` of `jabber:iq:private`.
pub(crate) fn read(query: Node<'_>, user: &mut RawUser) {
    for child in query.children() {
        match xml(child) {
            Some(xml) => user.private.push(xml),
            None => skip(Kind::Private, child, user),
        }
    }
}

/// An element that is too large as a tree.
pub(crate) fn skip(kind: Kind, node: Node<'_>, user: &mut RawUser) {
    user.skipped.push(Skipped::one(kind, Reason::TooLarge, node.name(), TOO_LARGE));
}
