//! Privacy lists (XEP-0227 §3.8, XEP-0016) and block lists (XEP-0191).

use crate::{Kind, RawRule, RawUser, Reason, Skipped};
use storage::Kinds;
use xmpp::Node;

/// The element of each kind of stanza.
pub(crate) const KINDS: [(&str, Kinds); 4] = [
    ("message", Kinds::MESSAGE),
    ("iq", Kinds::IQ),
    ("presence-in", Kinds::PRESENCE_IN),
    ("presence-out", Kinds::PRESENCE_OUT),
];

/// Reads a `query` of `jabber:iq:privacy`.
pub(crate) fn read(query: Node<'_>, user: &mut RawUser) {
    for child in query.children() {
        match (child.name(), child.attr("name")) {
            // ejabberd writes one without a name if there is no default list.
            ("default", name) => user.default_lists.extend(name.map(std::borrow::Cow::into_owned)),
            ("list", name) => list(child, &name.unwrap_or_default(), user),
            // The list of a session is gone with it.
            ("active", name) => skip(user, Reason::Stale, &name.unwrap_or_default(), "the list of a session"),
            (name, _) => skip(user, Reason::UnknownValue, name, "not a privacy list"),
        }
    }
}

fn list(list: Node<'_>, name: &str, user: &mut RawUser) {
    if list.first_child().is_none() {
        skip(user, Reason::Empty, name, "a list without items");
    }
    for item in list.children() {
        match rule(item, name) {
            Ok(rule) => user.rules.push(rule),
            Err(why) => skip(user, Reason::UnknownValue, name, &why),
        }
    }
}

fn rule(item: Node<'_>, list: &str) -> Result<RawRule, String> {
    if item.name() != "item" {
        return Err(format!("<{}/> is no item", item.name()));
    }
    let text = |name| item.attr(name).map(std::borrow::Cow::into_owned);
    let allow = match text("action").as_deref() {
        Some("allow") => true,
        Some("deny") => false,
        other => return Err(format!("action {:?}", other.unwrap_or_default())),
    };
    let order = text("order").unwrap_or_default();
    let order = order.trim().parse().map_err(|_| format!("order {order:?}"))?;
    let (subject, value) = (text("type"), text("value"));
    Ok(RawRule { list: list.to_owned(), order, subject, value, allow, kinds: kinds(item)? })
}

/// An item without elements applies to everything: more than all four kinds.
fn kinds(item: Node<'_>) -> Result<Kinds, String> {
    let mut kinds = None;
    for child in item.children() {
        let known = KINDS.iter().find(|(name, _)| *name == child.name());
        let (_, kind) = known.ok_or_else(|| format!("stanzas of kind {:?}", child.name()))?;
        kinds = Some(kinds.map_or(*kind, |kinds| kinds | *kind));
    }
    Ok(kinds.unwrap_or(Kinds::ALL))
}

/// Reads a `blocklist` of `urn:xmpp:blocking`.
pub(crate) fn read_blocked(blocklist: Node<'_>, user: &mut RawUser) {
    for item in blocklist.children() {
        match item.attr("jid").filter(|_| item.name() == "item") {
            Some(jid) => user.blocked.push(jid.into_owned()),
            None => skip(user, Reason::BadJid, item.name(), "no address in a block list"),
        }
    }
}

fn skip(user: &mut RawUser, reason: Reason, key: &str, detail: &str) {
    user.skipped.push(Skipped::one(Kind::Privacy, reason, key, detail));
}
