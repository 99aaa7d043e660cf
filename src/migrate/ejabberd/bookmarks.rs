//! Bookmarks of rooms in personal eventing (XEP-0402, or XEP-0048 on such a node).

use xmpp::Element;

use super::item::Item;
use super::xml;
use crate::bookmarks;

/// The element of all items that are bookmarks, which are taken out; and how many parts of them have no counterpart.
/// `None` if there are none.
pub(super) fn storage(items: &mut Vec<Item>) -> Option<(String, u64)> {
    let (mut rooms, mut lost) = (Vec::new(), 0);
    items.retain(|item| match room(item) {
        Some((room, parts)) => {
            rooms.push(room);
            lost += parts;
            false
        }
        None => true,
    });
    bookmarks::storage(rooms).map(|xml| (xml, lost))
}

fn room(item: &Item) -> Option<(Element, u64)> {
    let document = xml::parse(&item.payload, "")?;
    bookmarks::conference(&item.id, &document.root().to_bounded_element()?)
}

/// Whether an item is the whole element itself.
pub(super) fn is_storage(item: &Item) -> bool {
    xml::parse(&item.payload, "").is_some_and(|document| document.root().is("storage", bookmarks::STORAGE))
}
