//! The items of privacy lists (XEP-0016 §2.1), and how they are stored.

use std::ops::BitOr;

use serde::{Deserialize, Serialize};
use xmpp::Jid;

use crate::value::Row;
use crate::{StorageError, Subscription};

/// One rule of a privacy list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivacyItem {
    /// Its order, unique in the list; the lowest is processed first.
    pub order: u32,
    /// To which addresses it applies.
    pub subject: Subject,
    /// Whether it allows or denies.
    pub allow: bool,
    /// Which stanzas it applies to.
    pub kinds: Kinds,
}

/// The addresses an item applies to: its attributes `type` and `value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Everyone: an item without a `type`.
    Anyone,
    /// An address; without a resource or local part it also matches every address that extends it.
    Jid(Jid),
    /// Contacts in this roster group.
    Group(String),
    /// Entities with this subscription; `None` includes those not in the roster.
    Subscription(Subscription),
}

/// The set of stanza kinds named by an item's child elements; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Kinds(u8);

impl Kinds {
    /// Incoming messages, `<message/>`.
    pub const MESSAGE: Self = Self(1);
    /// Incoming IQs, `<iq/>`.
    pub const IQ: Self = Self(2);
    /// Incoming presence without a type or of type `unavailable`, `<presence-in/>`.
    pub const PRESENCE_IN: Self = Self(4);
    /// Outgoing presence without a type or of type `unavailable`, `<presence-out/>`.
    pub const PRESENCE_OUT: Self = Self(8);
    /// Every stanza in both directions: an item without child elements. More than the other four together,
    /// which exclude subscription requests and outgoing messages and IQs.
    pub const ALL: Self = Self(31);

    /// Whether all kinds of `other` are in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// One bit for each: 1 message, 2 iq, 4 presence-in, 8 presence-out; 31 for [`ALL`](Self::ALL).
    pub const fn bits(self) -> u8 {
        self.0
    }

    fn from_bits(bits: i64) -> Option<Self> {
        // The bits that only ALL has never occur with a subset of the others.
        let bits = u8::try_from(bits).ok()?;
        matches!(bits, 1..=15 | 31).then_some(Self(bits))
    }
}

impl From<Kinds> for u8 {
    fn from(kinds: Kinds) -> Self {
        kinds.bits()
    }
}

impl TryFrom<u8> for Kinds {
    type Error = String;

    fn try_from(bits: u8) -> Result<Self, String> {
        Self::from_bits(bits.into()).ok_or_else(|| format!("{bits} is no set of stanza kinds"))
    }
}

impl BitOr for Kinds {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl PrivacyItem {
    /// The columns `subject` and `value`.
    pub(crate) fn subject_columns(&self) -> (i64, Option<&str>) {
        match &self.subject {
            Subject::Anyone => (0, None),
            Subject::Jid(jid) => (1, Some(jid.as_str())),
            Subject::Group(name) => (2, Some(name)),
            Subject::Subscription(subscription) => (3, Some(subscription.as_str())),
        }
    }

    pub(crate) fn kinds_column(&self) -> i64 {
        self.kinds.0.into()
    }
}

/// From five columns starting with `column`: `item_order`, `subject`, `value`, `allow`, `kinds`; `None` if
/// the first is NULL.
pub(crate) fn item(row: &Row, column: usize) -> Result<Option<PrivacyItem>, StorageError> {
    let Some(order) = row.opt_int(column)? else { return Ok(None) };
    Ok(Some(PrivacyItem {
        order: u32::try_from(order).map_err(|_| damaged("the order"))?,
        subject: subject(row.int(column + 1)?, row.opt_text(column + 2)?)?,
        allow: row.flag(column + 3)?,
        kinds: Kinds::from_bits(row.int(column + 4)?).ok_or_else(|| damaged("the kinds"))?,
    }))
}

fn subject(number: i64, value: Option<String>) -> Result<Subject, StorageError> {
    match (number, value) {
        (0, None) => Ok(Subject::Anyone),
        (1, Some(jid)) => Jid::parse(&jid).map(Subject::Jid).map_err(|_| damaged("the JID")),
        (2, Some(name)) => Ok(Subject::Group(name)),
        (3, Some(value)) => {
            let known = Subscription::ALL.into_iter().find(|known| known.as_str() == value);
            known.map(Subject::Subscription).ok_or_else(|| damaged("the subscription"))
        }
        _ => Err(damaged("the subject")),
    }
}

/// The value is left out: it is private to the user.
fn damaged(what: &str) -> StorageError {
    StorageError::Corrupt(format!("{what} of a privacy list's item"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_more_than_the_four_kinds() {
        let four = Kinds::MESSAGE | Kinds::IQ | Kinds::PRESENCE_IN | Kinds::PRESENCE_OUT;
        assert!(Kinds::ALL.contains(four) && !four.contains(Kinds::ALL));
        assert!(four.contains(Kinds::IQ) && !Kinds::MESSAGE.contains(Kinds::IQ));
        assert!(!Kinds::IQ.contains(four));
    }

    #[test]
    fn only_sets_that_can_be_built_are_read() {
        let read: Vec<_> = (-300..300).filter(|bits| Kinds::from_bits(*bits).is_some()).collect();
        assert_eq!(read, (1..16).chain([31]).collect::<Vec<_>>());
    }
}
