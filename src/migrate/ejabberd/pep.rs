//! Personal eventing (XEP-0163): the tables `pubsub_node` and `pubsub_item`. Bookmarks and the vCard are taken of it where
//! private storage and the table `vcard` have none; all else is counted.

use std::collections::HashMap;

use crate::{Kind, RawUser, Skipped};

use super::item::Item;
use super::{bookmarks, vcard4};
use crate::bookmarks::{BOOKMARKS, STORAGE};
use crate::row::Row;
use crate::vcard4::NODE;

/// The nodes of which something may be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Wanted {
    /// `storage:bookmarks` (XEP-0048): one item.
    Storage,
    /// `urn:xmpp:bookmarks:1` (XEP-0402): an item for each room.
    Bookmarks,
    /// `urn:xmpp:vcard4` (XEP-0292): one item.
    VCard,
    /// `urn:xmpp:avatar:data` (XEP-0084): pictures by their SHA-1.
    Picture,
    /// `urn:xmpp:avatar:metadata`: which picture counts.
    Avatar,
}

/// What a user has of it.
#[derive(Default)]
pub(super) struct Pep {
    nodes: HashMap<i64, Wanted>,
    items: HashMap<Wanted, Vec<Item>>,
    /// Nodes that are wanted, by what they are for.
    rows: HashMap<Wanted, u64>,
    others: u64,
}

impl Pep {
    pub fn node(&mut self, mut row: Row) {
        let wanted = match row.lossy("node").0.as_str() {
            STORAGE => Wanted::Storage,
            BOOKMARKS => Wanted::Bookmarks,
            NODE => Wanted::VCard,
            vcard4::DATA => Wanted::Picture,
            vcard4::METADATA => Wanted::Avatar,
            _ => return self.others += 1,
        };
        match row.integer("nodeid") {
            Some(id) => {
                self.nodes.insert(id, wanted);
                *self.rows.entry(wanted).or_default() += 1;
            }
            None => self.others += 1,
        }
    }

    /// Whether nothing is wanted of an item but that it is counted, which is done.
    pub fn only_counts(&mut self, row: &mut Row) -> bool {
        let counts = row.peek_integer("nodeid").is_none_or(|id| !self.nodes.contains_key(&id));
        self.others += u64::from(counts);
        counts
    }

    pub fn item(&mut self, mut row: Row) {
        let wanted = row.integer("nodeid").and_then(|id| self.nodes.get(&id).copied());
        match (wanted, row.text("itemid"), row.text("payload")) {
            (Some(wanted), Ok(id), Ok(payload)) => {
                self.items.entry(wanted).or_default().push(Item { id, payload });
            }
            _ => self.others += 1,
        }
    }

    /// Gives what is missing to `user`, and counts the rest.
    pub fn finish(mut self, user: &mut RawUser, has_bookmarks: bool) {
        if !has_bookmarks {
            self.bookmarks(user);
        }
        if user.vcards.is_empty() {
            self.vcard(user);
        }
        let items: usize = self.items.values().map(Vec::len).sum();
        let rows = self.others + self.rows.values().sum::<u64>() + items as u64;
        if rows > 0 {
            user.skipped.push(Skipped::later(Kind::Pep, rows));
        }
    }

    /// Those of XEP-0402 go first: a client that writes them leaves the others alone.
    fn bookmarks(&mut self, user: &mut RawUser) {
        let items = self.items.entry(Wanted::Bookmarks).or_default();
        if let Some((element, lost)) = bookmarks::storage(items) {
            user.private.push(element);
            user.skipped.extend(Skipped::without_counterpart(Kind::Private, BOOKMARKS, lost));
            self.taken(Wanted::Bookmarks);
            return;
        }
        let last = self.items.entry(Wanted::Storage).or_default().pop_if(|item| bookmarks::is_storage(item));
        if let Some(item) = last {
            user.private.push(item.payload);
            self.taken(Wanted::Storage);
        }
    }

    fn vcard(&mut self, user: &mut RawUser) {
        let last =
            |items: Option<&Vec<Item>>| items.and_then(|items| items.last()).map(|item| item.payload.clone());
        let card = last(self.items.get(&Wanted::VCard));
        let avatar = last(self.items.get(&Wanted::Avatar));
        let pictures = self.items.get(&Wanted::Picture).map(Vec::as_slice).unwrap_or_default();
        let Some(made) = vcard4::vcard(card.as_deref(), avatar.as_deref(), pictures) else { return };
        user.vcards.push(made.xml);
        user.skipped.extend(Skipped::without_counterpart(Kind::VCard, NODE, made.lost));
        if made.of_card {
            self.used(Wanted::VCard, |_| true);
        }
        if let Some(picture) = made.picture {
            self.used(Wanted::Picture, |item| item.id == picture);
            self.used(Wanted::Avatar, |_| true);
        }
    }

    /// The last of the items for which `is_it` holds is taken, and so is the node.
    fn used(&mut self, wanted: Wanted, is_it: impl Fn(&Item) -> bool) {
        let items = self.items.entry(wanted).or_default();
        if let Some(at) = items.iter().rposition(is_it) {
            items.remove(at);
            self.taken(wanted);
        }
    }

    /// The node has found its place with what is in it.
    fn taken(&mut self, wanted: Wanted) {
        self.rows.remove(&wanted);
    }
}
