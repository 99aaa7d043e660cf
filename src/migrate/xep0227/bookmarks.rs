//! Bookmarks that a user has in personal eventing only, as private XML.

use xmpp::{Node, ns};

use crate::bookmarks::{self, BOOKMARKS, STORAGE};
use crate::xep0227::made::Made;
use crate::xep0227::scope::xml;

/// Whether an element of private XML, written by [`xml`], has bookmarks.
pub(crate) fn are(xml: &str) -> bool {
    xml.starts_with("<storage xmlns='storage:bookmarks'")
}

/// The bookmarks of XEP-0048 in a node of XEP-0402; `None` if there are none, or an item is no bookmark.
pub(crate) fn of_items(items: Node<'_>) -> Option<Made> {
    let (mut rooms, mut lost) = (Vec::new(), 0);
    for item in items.children().filter(|item| item.is("item", ns::PUBSUB)) {
        let bookmark = item.child("conference", BOOKMARKS)?.to_bounded_element()?;
        let (room, parts) = bookmarks::conference(&item.attr("id")?, &bookmark)?;
        rooms.push(room);
        lost += parts;
    }
    Some(Made { xml: bookmarks::storage(rooms)?, lost })
}

/// The bookmarks in a node of XEP-0048.
pub(crate) fn of_storage(items: Node<'_>) -> Option<Made> {
    let item = items.children().filter(|item| item.is("item", ns::PUBSUB)).last()?;
    let xml = item.child("storage", STORAGE).and_then(xml)?;
    Some(Made { xml, lost: 0 })
}
