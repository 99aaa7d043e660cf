//! Bookmarks of rooms: from an item for each (XEP-0402) to one element of private storage (XEP-0048).

use xmpp::{Element, Node};

use super::item::Item;
use super::xml;

/// The namespace of bookmarks in private storage, and the node that mirrors it.
pub(super) const STORAGE: &str = "storage:bookmarks";
/// The node of XEP-0402, and the namespace of its items.
pub(super) const BOOKMARKS: &str = "urn:xmpp:bookmarks:1";

/// The element of all items that are bookmarks; they are taken out. `None` if there are none.
pub(super) fn storage(items: &mut Vec<Item>) -> Option<String> {
    let mut rooms = Vec::new();
    items.retain(|item| match room(item) {
        Some(room) => {
            rooms.push(room);
            false
        }
        None => true,
    });
    (!rooms.is_empty()).then(|| Element::new("storage", STORAGE).with_children(rooms).to_xml(""))
}

/// The address of the room is the id of the item.
fn room(item: &Item) -> Option<Element> {
    let document = xml::parse(&item.payload, "")?;
    let root = document.root();
    if !root.is("conference", BOOKMARKS) || item.id.is_empty() {
        return None;
    }
    let mut room = Element::new("conference", STORAGE)
        .attr("jid", &item.id)
        .opt_attr("name", root.attr("name"))
        .opt_attr("autojoin", root.attr("autojoin"));
    copy(&mut room, root, "nick");
    copy(&mut room, root, "password");
    Some(room)
}

fn copy(room: &mut Element, of: Node<'_>, name: &'static str) {
    if let Some(child) = of.child(name, BOOKMARKS) {
        room.push(Element::new(name, STORAGE).text(child.text()));
    }
}

/// Whether an item is the whole element itself.
pub(super) fn is_storage(item: &Item) -> bool {
    xml::parse(&item.payload, "").is_some_and(|document| document.root().is("storage", STORAGE))
}
