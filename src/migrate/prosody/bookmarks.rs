//! Bookmarks on a node of the user (XEP-0402, or XEP-0048 on such a node), for users who have none in private storage.

use crate::{Kind, RawUser, Skipped, bookmarks};
use xmpp::Element;

use super::belongings::Belongings;
use super::item::Item;
use super::refusal::Refusal;
use super::store::{BOOKMARKS, OLD_BOOKMARKS};
use super::{pep, stanza};

pub fn read(from: &mut Belongings, user: &mut RawUser) {
    let is_bookmarks =
        |xml: &String| stanza::element(xml).is_ok_and(|element| element.is("storage", bookmarks::STORAGE));
    if user.private.iter().any(is_bookmarks) {
        return;
    }
    if from.has_items(BOOKMARKS) {
        let items = from.take_items(BOOKMARKS);
        pep::take_node(from, BOOKMARKS);
        user.private.extend(storage(items, &mut from.skipped));
    } else if from.has_items(OLD_BOOKMARKS) {
        pep::take_node(from, OLD_BOOKMARKS);
        for item in from.take_items(OLD_BOOKMARKS) {
            let key = item.shown();
            match item.xml {
                Ok(xml) => user.private.push(xml),
                Err(refusal) => from.skipped.push(refusal.skip(Kind::Private, key)),
            }
        }
    }
}

/// One element of all items that are bookmarks, as Prosody's mod_bookmarks answers with.
fn storage(items: Vec<Item>, skipped: &mut Vec<Skipped>) -> Option<String> {
    let (mut rooms, mut lost) = (Vec::new(), 0);
    for item in items {
        let key = item.shown();
        match conference(item) {
            Ok((room, parts)) => {
                rooms.push(room);
                lost += parts;
            }
            Err(refusal) => skipped.push(refusal.skip(Kind::Private, key)),
        }
    }
    skipped.extend(Skipped::without_counterpart(Kind::Private, bookmarks::BOOKMARKS, lost));
    bookmarks::storage(rooms)
}

fn conference(item: Item) -> Result<(Element, u64), Refusal> {
    let (jid, bookmark) = (item.key?, stanza::element(&item.xml?)?);
    bookmarks::conference(&jid, &bookmark).ok_or_else(|| Refusal::value("not a bookmark"))
}

#[cfg(test)]
mod tests;
