//! Bookmarks on a node of the user (XEP-0402, or XEP-0048 on such a node), for users who have none in private storage.

use crate::{Kind, RawUser, Skipped};
use xmpp::Element;

use super::belongings::Belongings;
use super::item::Item;
use super::refusal::Refusal;
use super::store::{BOOKMARKS, OLD_BOOKMARKS};
use super::{pep, stanza};

/// The namespaces of XEP-0048 and XEP-0402.
const OLD: &str = "storage:bookmarks";
const NEW: &str = "urn:xmpp:bookmarks:1";

pub fn read(from: &mut Belongings, user: &mut RawUser) {
    let is_bookmarks = |xml: &String| stanza::element(xml).is_ok_and(|element| element.is("storage", OLD));
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
    let mut storage = Element::new("storage", OLD);
    for item in items {
        let key = item.shown();
        match conference(item) {
            Ok(conference) => storage.push(conference),
            Err(refusal) => skipped.push(refusal.skip(Kind::Private, key)),
        }
    }
    let any = storage.children().next().is_some();
    any.then(|| storage.to_xml(""))
}

/// The item's id is the room's address.
fn conference(item: Item) -> Result<Element, Refusal> {
    let (jid, bookmark) = (item.key?, stanza::element(&item.xml?)?);
    if !bookmark.is("conference", NEW) {
        return Err(Refusal::value("not a bookmark"));
    }
    let mut conference = Element::new("conference", OLD).attr("jid", jid);
    for name in ["name", "autojoin"] {
        conference = conference.opt_attr(name, bookmark.get(name));
    }
    for name in ["nick", "password"] {
        if let Some(child) = bookmark.find(name, NEW) {
            conference.push(Element::new(name, OLD).text(child.text_content()));
        }
    }
    Ok(conference)
}

#[cfg(test)]
mod tests;
