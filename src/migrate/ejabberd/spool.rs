//! Messages that wait: the table `spool`.

use crate::{Kind, RawMessage, RawUser, Reason, Skipped};
use xmpp::{Document, Node, datetime, ns};

use super::xml;
use crate::moment;
use crate::row::Row;

/// The text of the stamp that ejabberd's offline storage itself puts into a message.
const STORAGE: &str = "Offline Storage";
const LEGACY_DELAY: &str = "jabber:x:delay";

/// Takes a row. A message is left as it is, with all stamps in it.
pub(super) fn take(mut row: Row, user: &mut RawUser) {
    let created_us = row.moment("created_at");
    let key = format!("seq {}", row.integer("seq").unwrap_or_default());
    let mut skip = |reason, detail| user.skipped.push(Skipped::one(Kind::Offline, reason, &key, detail));
    let text = match row.text("xml") {
        Ok(text) if text.trim().is_empty() => return skip(Reason::Empty, ""),
        Ok(text) => xml::declared(text, ns::CLIENT),
        Err(_) => return skip(Reason::BadText, ""),
    };
    let document = xml::parse(&text, "");
    if document.as_ref().is_some_and(is_marker) {
        return skip(
            Reason::Empty,
            "a mark of use_mam_for_storage: the messages themselves are in the archive",
        );
    }
    let stamp = document.and_then(|document| stored_us(document.root(), &user.host));
    user.messages.push(RawMessage { xml: text, stored_us: stamp.or(created_us) });
}

/// With `use_mam_for_storage`, a message without content tells since when there are messages in the archive.
fn is_marker(document: &Document) -> bool {
    let root = document.root();
    let says = |name, value| root.attr(name).is_some_and(|found| found == value);
    says("id", "ActivityMarker") && says("type", "error") && root.child("body", ns::CLIENT).is_none()
}

/// When ejabberd stored it. A message that had already been delayed by the same domain has that stamp only. `created_at`
/// is in the server's own time zone, and does for nothing but messages without a stamp.
fn stored_us(message: Node<'_>, host: &str) -> Option<i64> {
    let stamp = |wanted: &dyn Fn(&Node<'_>) -> bool| {
        message.children().filter(|child| wanted(child)).find_map(|child| stamped_us(&child))
    };
    stamp(&|child| child.text().trim() == STORAGE)
        .or_else(|| stamp(&|child| child.attr("from").is_some_and(|from| from == host)))
}

fn stamped_us(delay: &Node<'_>) -> Option<i64> {
    let stamp = delay.attr("stamp")?;
    if delay.is("delay", ns::DELAY) {
        return datetime::parse(&stamp);
    }
    delay.is("x", LEGACY_DELAY).then(|| moment::parse_legacy(&stamp))?
}
