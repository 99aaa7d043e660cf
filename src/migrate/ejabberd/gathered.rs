//! The rows of one user, put together.

use std::collections::BTreeMap;

use crate::{Kind, RawLast, RawUser, Reason, Skipped};

use super::account::Account;
use super::pep::Pep;
use super::privacy::Lists;
use super::roster::Roster;
use super::spool;
use super::table::Table;
use super::xml;
use crate::row::Row;

/// The most bytes of one value, and about the most of one user. What is beyond is not taken.
const VALUE: usize = 64 << 20;
const USER: usize = 256 << 20;

/// What has been read of a user.
pub(super) struct Gathered {
    user: RawUser,
    account: Account,
    roster: Roster,
    lists: Lists,
    pep: Pep,
    /// Whether there is a row of private storage for the namespace of bookmarks.
    has_bookmarks: bool,
    archived: u64,
    /// Rows of the archive of a room: their user is its address.
    of_rooms: u64,
    bytes: usize,
    /// Rows that were too much, by table and kind.
    beyond: BTreeMap<(&'static str, Kind), u64>,
}

impl Gathered {
    pub fn new(local: String, host: String) -> Self {
        Self {
            user: RawUser { local, host, ..RawUser::default() },
            account: Account::default(),
            roster: Roster::default(),
            lists: Lists::default(),
            pep: Pep::default(),
            has_bookmarks: false,
            archived: 0,
            of_rooms: 0,
            bytes: 0,
            beyond: BTreeMap::new(),
        }
    }

    /// Takes a row. Those of one table come after each other, in the order of [`Table::ALL`].
    pub fn take(&mut self, table: Table, mut row: Row) {
        match table {
            Table::Archive => return self.archive(&mut row),
            Table::ArchivePrefs => return self.archived += 1,
            Table::PepItem if self.pep.only_counts(&mut row) => return,
            _ => {}
        }
        if !self.has_room(table, &row) {
            return;
        }
        let skipped = &mut self.user.skipped;
        match table {
            Table::Users => self.account.take(row, skipped),
            Table::Roster => self.roster.item(row, skipped),
            Table::Groups => self.roster.group(row, skipped),
            Table::PrivacyDefault => self.default_list(row),
            Table::PrivacyList => self.lists.list(row, skipped),
            Table::PrivacyItem => self.lists.item(row, &mut self.user.rules, skipped),
            Table::Last => self.last(row),
            Table::VCard => self.vcard(row),
            Table::Private => self.private(row),
            Table::Spool => spool::take(row, &mut self.user),
            Table::PepNode => self.pep.node(row),
            Table::PepItem => self.pep.item(row),
            Table::Archive | Table::ArchivePrefs => {}
        }
    }

    fn has_room(&mut self, table: Table, row: &Row) -> bool {
        let (bytes, largest) = row.bytes();
        let fits = largest <= VALUE && self.bytes.saturating_add(bytes) <= USER;
        match fits {
            true => self.bytes += bytes,
            false => *self.beyond.entry((table.name(), table.kind())).or_default() += 1,
        }
        fits
    }

    /// A local part has no `@`.
    fn archive(&mut self, row: &mut Row) {
        match row.code("kind") == "groupchat" || self.user.local.contains('@') {
            true => self.of_rooms += 1,
            false => self.archived += 1,
        }
    }

    fn skip(&mut self, table: Table, reason: Reason, key: &str, detail: &str) {
        self.user.skipped.push(Skipped::one(table.kind(), reason, key, detail));
    }

    fn default_list(&mut self, mut row: Row) {
        match row.text("name") {
            Ok(name) => self.user.default_lists.push(name),
            Err(_) => self.skip(Table::PrivacyDefault, Reason::BadText, "privacy_default_list", "name"),
        }
    }

    /// `seconds` is Unix time as text.
    fn last(&mut self, mut row: Row) {
        let seconds = row.integer("seconds").and_then(|seconds| seconds.checked_mul(1_000_000));
        let (status, _) = row.lossy("state");
        match seconds {
            Some(at_us) => self.user.last.push(RawLast { at_us, status }),
            None => self.skip(Table::Last, Reason::UnknownValue, "last", "seconds is no Unix time"),
        }
    }

    fn vcard(&mut self, mut row: Row) {
        match row.text("vcard") {
            Ok(text) if text.trim().is_empty() => self.skip(Table::VCard, Reason::Empty, "vcard", ""),
            Ok(text) => self.user.vcards.push(xml::declared(text, xmpp::ns::VCARD)),
            Err(_) => self.skip(Table::VCard, Reason::BadText, "vcard", ""),
        }
    }

    fn private(&mut self, mut row: Row) {
        let (namespace, _) = row.lossy("namespace");
        match row.text("data") {
            Ok(text) if text.trim().is_empty() => self.skip(Table::Private, Reason::Empty, &namespace, ""),
            Ok(text) => {
                self.has_bookmarks |= namespace == crate::bookmarks::STORAGE;
                self.user.private.push(xml::declared(text, &namespace));
            }
            Err(_) => self.skip(Table::Private, Reason::BadText, &namespace, ""),
        }
    }

    /// The user, and how many rows of its key were of a room's archive.
    pub fn finish(self) -> (RawUser, u64) {
        let mut user = self.user;
        user.accounts.extend(self.account.finish(&mut user.skipped));
        self.roster.finish(&mut user);
        self.lists.finish(&mut user.rules, &mut user.skipped);
        self.pep.finish(&mut user, self.has_bookmarks);
        if self.archived > 0 {
            user.skipped.push(Skipped::later(Kind::Archive, self.archived));
        }
        user.skipped.extend(self.beyond.into_iter().map(|((table, kind), rows)| Skipped {
            rows,
            ..Skipped::one(kind, Reason::TooLarge, table, "more than is taken of one user or value")
        }));
        (user, self.of_rooms)
    }
}
