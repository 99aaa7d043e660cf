//! Personal eventing (XEP-0227 §3.9): only what stands for bookmarks or a vCard that the user does not have otherwise.

use crate::{Kind, RawUser, Skipped};
use xmpp::{Node, ns};

use crate::bookmarks::{BOOKMARKS, STORAGE};
use crate::vcard4::NODE;
use crate::xep0227::made::Made;
use crate::xep0227::{bookmarks, vcard4};

/// Nodes that are kept to the end of the user, with the number of their items.
#[derive(Default)]
pub(crate) struct PubSub {
    /// `storage` of `storage:bookmarks` (XEP-0048), made of either node.
    bookmarks: Option<(Made, u64)>,
    /// `vCard` of `vcard-temp`, made of `urn:xmpp:vcard4` (XEP-0292).
    vcard: Option<(Made, u64)>,
}

impl PubSub {
    /// Reads a `pubsub`, of items or of configurations.
    pub(crate) fn read(&mut self, pubsub: Node<'_>, skipped: &mut Vec<Skipped>) {
        let mut rows = 0;
        for child in pubsub.children() {
            let is_items = child.is("items", ns::PUBSUB);
            rows += match is_items {
                true if self.keep(child) => 0,
                true => child.children().count() as u64,
                false => 1,
            };
        }
        if rows > 0 {
            skipped.push(Skipped::later(Kind::Pep, rows));
        }
    }

    /// Whether the node's items are kept to be used.
    fn keep(&mut self, items: Node<'_>) -> bool {
        let node = items.attr("node").unwrap_or_default();
        let rows = items.children().count() as u64;
        let slot = match node.as_ref() {
            BOOKMARKS | STORAGE => &mut self.bookmarks,
            NODE => &mut self.vcard,
            _ => return false,
        };
        let made = match node.as_ref() {
            BOOKMARKS => bookmarks::of_items(items),
            STORAGE => bookmarks::of_storage(items),
            _ => vcard4::of_items(items),
        };
        let is_new = slot.is_none();
        match made {
            Some(made) if is_new => *slot = Some((made, rows)),
            _ => return false,
        }
        true
    }

    /// Uses what the user has not, and counts the rest.
    pub(crate) fn finish(self, user: &mut RawUser) {
        let mut later = 0;
        let has_bookmarks = user.private.iter().any(|xml| bookmarks::are(xml));
        match self.bookmarks {
            Some((_, rows)) if has_bookmarks => later += rows,
            Some((made, _)) => {
                user.skipped.extend(Skipped::without_counterpart(Kind::Private, BOOKMARKS, made.lost));
                user.private.push(made.xml);
            }
            None => {}
        }
        match self.vcard {
            Some((_, rows)) if !user.vcards.is_empty() => later += rows,
            Some((made, _)) => {
                user.skipped.extend(Skipped::without_counterpart(Kind::VCard, NODE, made.lost));
                user.vcards.push(made.xml);
            }
            None => {}
        }
        if later > 0 {
            user.skipped.push(Skipped::later(Kind::Pep, later));
        }
    }
}
