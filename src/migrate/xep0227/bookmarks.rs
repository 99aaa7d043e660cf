//! Bookmarks that a user has in personal eventing only, as private XML.

use xmpp::{Element, Node, ns};

use crate::xep0227::made::Made;
use crate::xep0227::scope::xml;

/// The node of XEP-0402, with an item for each room.
pub(crate) const NODE: &str = "urn:xmpp:bookmarks:1";
/// The node of XEP-0048 1.1, with one item, and the namespace of bookmarks in private XML.
pub(crate) const STORAGE: &str = "storage:bookmarks";

/// Elements of a bookmark that both have.
const TEXTS: [&str; 2] = ["nick", "password"];

/// Whether an element of private XML, written by [`xml`], has bookmarks.
pub(crate) fn are(xml: &str) -> bool {
    xml.starts_with("<storage xmlns='storage:bookmarks'")
}

/// The bookmarks of XEP-0048 in a node of XEP-0402; `None` if there are none.
pub(crate) fn of_items(items: Node<'_>) -> Option<Made> {
    let (mut storage, mut lost) = (Element::new("storage", STORAGE), 0);
    for item in items.children().filter(|item| item.is("item", ns::PUBSUB)) {
        let conference = item.child("conference", NODE)?;
        storage.push(bookmark(conference, &item.attr("id")?));
        lost += conference.children().filter(|child| !TEXTS.contains(&child.name())).count() as u64;
    }
    storage.children().next()?;
    Some(Made { xml: storage.to_xml(""), lost })
}

fn bookmark(conference: Node<'_>, jid: &str) -> Element {
    let mut bookmark = Element::new("conference", STORAGE)
        .attr("jid", jid)
        .opt_attr("name", conference.attr("name"))
        .opt_attr("autojoin", conference.attr("autojoin"));
    for name in TEXTS {
        if let Some(child) = conference.child(name, NODE) {
            bookmark.push(Element::new(name, STORAGE).text(child.text()));
        }
    }
    bookmark
}

/// The bookmarks in a node of XEP-0048.
pub(crate) fn of_storage(items: Node<'_>) -> Option<Made> {
    let item = items.children().filter(|item| item.is("item", ns::PUBSUB)).last()?;
    let xml = item.child("storage", STORAGE).and_then(xml)?;
    Some(Made { xml, lost: 0 })
}
