//! Digests of records: by them an import sees what has changed since the last one, there and here.

use sha2::{Digest, Sha256};
use storage::{PrivacyItem, PrivacyList, PrivateEntry, RosterItem, Subject};

use crate::Kind;

/// A hash of parts of a record.
struct Hash(Sha256);

impl Hash {
    fn new() -> Self {
        Self(Sha256::new())
    }

    fn text(mut self, text: &str) -> Self {
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text);
        self
    }

    fn optional(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.number(1).text(text),
            None => self.number(0),
        }
    }

    fn number(mut self, number: i64) -> Self {
        self.0.update(number.to_be_bytes());
        self
    }

    /// Its first eight bytes: an account has few records, and only its owner could make two of them alike.
    fn end(self) -> u64 {
        self.0.finalize().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

/// Of the name of a record.
pub(crate) fn key(parts: &[&str]) -> u64 {
    parts.iter().fold(Hash::new(), |hash, part| hash.text(part)).end()
}

pub(crate) fn contact(item: &RosterItem) -> u64 {
    let mut groups: Vec<_> = item.groups.iter().collect();
    groups.sort_unstable();
    let flags = i64::from(item.ask) | i64::from(item.approved) << 1 | i64::from(item.in_roster) << 2;
    let hash = Hash::new()
        .optional(item.name.as_deref())
        .text(item.subscription.as_str())
        .number(flags)
        .optional(item.pending_in.as_deref());
    groups.iter().fold(hash, |hash, group| hash.text(group)).end()
}

pub(crate) fn private(entry: &PrivateEntry) -> u64 {
    Hash::new().text(&entry.xml).end()
}

pub(crate) fn list(list: &PrivacyList) -> u64 {
    list.items.iter().fold(Hash::new(), rule).end()
}

fn rule(hash: Hash, item: &PrivacyItem) -> Hash {
    let (kind, value) = match &item.subject {
        Subject::Anyone => (0, ""),
        Subject::Jid(jid) => (1, jid.as_str()),
        Subject::Group(name) => (2, name.as_str()),
        Subject::Subscription(subscription) => (3, subscription.as_str()),
    };
    hash.number(item.order.into())
        .number(kind)
        .text(value)
        .number(i64::from(item.allow) << 8 | i64::from(item.kinds.bits()))
}

pub(crate) fn text(text: &str) -> u64 {
    Hash::new().text(text).end()
}

/// Of a message; the content of one with the same time, text and number is the same.
pub(crate) fn message(stored_us: i64, xml: &[u8]) -> u64 {
    let mut hash = Hash::new().number(stored_us);
    hash.0.update(xml);
    hash.end()
}

/// What was imported of an account: digests of contents by kind and digest of the key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Base(Vec<(u8, u64, u64)>);

impl Base {
    /// From the bytes of [`bytes`](Self::bytes); what is not a whole record is left out.
    pub fn read(bytes: &[u8]) -> Self {
        let (records, _) = bytes.as_chunks::<17>();
        let number = |bytes: &[u8]| bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let record = |record: &[u8; 17]| {
            let (kind, rest) = record.split_first().unwrap_or((&0, &[]));
            let (key, content) = rest.split_at(8.min(rest.len()));
            (*kind, number(key), number(content))
        };
        let mut records: Vec<_> = records.iter().map(record).collect();
        records.sort_unstable();
        Self(records)
    }

    /// 17 bytes for each record.
    pub fn bytes(&self) -> Vec<u8> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let mut bytes = Vec::with_capacity(sorted.len() * 17);
        for (kind, key, content) in sorted {
            bytes.push(kind);
            bytes.extend(key.to_be_bytes());
            bytes.extend(content.to_be_bytes());
        }
        bytes
    }

    pub fn get(&self, kind: Kind, key: u64) -> Option<u64> {
        let number = number(kind);
        let at = self.0.binary_search_by(|(kind, known, _)| (*kind, *known).cmp(&(number, key))).ok()?;
        self.0.get(at).map(|(.., content)| *content)
    }

    pub fn of(&self, kind: Kind) -> impl Iterator<Item = (u64, u64)> {
        let number = number(kind);
        self.0.iter().filter(move |(kind, ..)| *kind == number).map(|(_, key, content)| (*key, *content))
    }

    /// In no order: not to be looked up in before it is read again.
    pub fn push(&mut self, kind: Kind, key: u64, content: u64) {
        self.0.push((number(kind), key, content));
    }
}

/// A kind's number in the database. Never changed.
fn number(kind: Kind) -> u8 {
    match kind {
        Kind::Account => 0,
        Kind::Roster | Kind::Group | Kind::Request => 1,
        Kind::Private => 2,
        Kind::Privacy => 3,
        Kind::VCard => 4,
        Kind::Offline => 5,
        Kind::Last => 6,
        Kind::Archive => 7,
        Kind::Pep => 8,
        Kind::Room => 9,
        Kind::Other => 10,
    }
}
