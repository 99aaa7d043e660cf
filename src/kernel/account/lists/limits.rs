//! What privacy lists may hold.

use storage::{PrivacyItem, PrivacyList, Subject};

use crate::ListError;

/// Maximum bytes of a name in the store.
const NAME_BYTES: usize = 1023;

/// What the lists of an account may hold; options of the feature through which they are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListLimits {
    /// Lists of one account. The blocking command may add some more.
    pub lists: usize,
    /// Items of one list. A list that has more, by the blocking command, may be changed but not grow.
    pub items: usize,
    /// Bytes of a list's name, at most 1023.
    pub name_bytes: usize,
    /// Bytes of the name of a roster group.
    pub group_bytes: usize,
}

impl ListLimits {
    /// The list with its items in ascending order.
    ///
    /// # Errors
    /// [`ListError::Invalid`]: a name is empty, too long or not text in XML, there is no item, or two have the same order.
    pub(super) fn check(&self, mut list: PrivacyList) -> Result<PrivacyList, ListError> {
        text(&list.name, self.name_bytes.min(NAME_BYTES), "the name of a list")?;
        for item in &list.items {
            if let Subject::Group(name) = &item.subject {
                text(name, self.group_bytes, "the name of a group")?;
            }
        }
        if list.items.is_empty() {
            return Err(ListError::Invalid("a list must contain at least one <item/>".into()));
        }
        list.items.sort_by_key(|item| item.order);
        let same = |pair: &[PrivacyItem]| matches!(pair, [one, other] if one.order == other.order);
        match list.items.windows(2).any(same) {
            true => Err(ListError::Invalid("two items of the list have the same 'order'".into())),
            false => Ok(list),
        }
    }

    /// Whether a list may have as many items.
    ///
    /// # Errors
    /// [`ListError::TooMany`].
    pub(super) fn admit(&self, before: Option<&PrivacyList>, after: &PrivacyList) -> Result<(), ListError> {
        let (before, after) = (before.map_or(0, |list| list.items.len()), after.items.len());
        match after > self.items && after > before {
            true => Err(ListError::TooMany(format!("a privacy list may have {} items", self.items))),
            false => Ok(()),
        }
    }

    /// Whether an account that has so many lists may have one more.
    ///
    /// # Errors
    /// [`ListError::TooMany`].
    pub(super) fn admit_one_more(&self, lists: usize) -> Result<(), ListError> {
        match lists >= self.lists {
            true => Err(ListError::TooMany(format!("you already have {lists} privacy lists"))),
            false => Ok(()),
        }
    }
}

fn text(text: &str, bytes: usize, what: &str) -> Result<(), ListError> {
    if text.is_empty() || text.len() > bytes {
        return Err(ListError::Invalid(format!("{what} must have 1 to {bytes} bytes")));
    }
    // It may come from elsewhere than from XML.
    let is_not_xml =
        |c| matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}');
    match text.contains(is_not_xml) {
        true => Err(ListError::Invalid(format!("{what} has a character that is not allowed"))),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use storage::Kinds;

    use super::*;

    const LIMITS: ListLimits = ListLimits { lists: 2, items: 3, name_bytes: 2000, group_bytes: 4 };

    fn list(name: &str, items: &[(u32, Subject)]) -> PrivacyList {
        let item = |(order, subject): &(u32, Subject)| PrivacyItem {
            order: *order,
            subject: subject.clone(),
            allow: true,
            kinds: Kinds::ALL,
        };
        PrivacyList { name: name.into(), items: items.iter().map(item).collect() }
    }

    fn group(name: &str) -> Subject {
        Subject::Group(name.into())
    }

    #[test]
    fn items_are_sorted_and_their_orders_differ() {
        let sorted = LIMITS.check(list("a", &[(7, Subject::Anyone), (1, group("x"))])).unwrap();
        assert_eq!(sorted, list("a", &[(1, group("x")), (7, Subject::Anyone)]));
        let twice = LIMITS.check(list("a", &[(7, Subject::Anyone), (1, group("x")), (7, group("y"))]));
        assert_eq!(twice, Err(ListError::Invalid("two items of the list have the same 'order'".into())));
    }

    #[test]
    fn names_are_bounded_text() {
        let one = [(1, Subject::Anyone)];
        assert!(LIMITS.check(list(&"n".repeat(1023), &one)).is_ok());
        assert!(LIMITS.check(list("a b\t\u{85}", &one)).is_ok());
        assert!(LIMITS.check(list("a", &[(1, group("böse"))])).is_err(), "five bytes");
        for name in [String::new(), "n".repeat(1024), "a\0".into(), "\u{1f}".into(), "\u{fffe}".into()] {
            assert!(LIMITS.check(list(&name, &one)).is_err(), "{name}");
        }
        for name in ["", "five5", "a\0"] {
            assert!(LIMITS.check(list("a", &[(1, group(name))])).is_err(), "{name}");
        }
        assert!(LIMITS.check(list("a", &[])).is_err());
    }

    #[test]
    fn a_list_that_is_too_long_may_shrink() {
        let of =
            |count: u32| list("a", &(0..count).map(|order| (order, Subject::Anyone)).collect::<Vec<_>>());
        assert!(LIMITS.admit(None, &of(3)).is_ok());
        let error = LIMITS.admit(Some(&of(3)), &of(4)).unwrap_err();
        assert_eq!(error, ListError::TooMany("a privacy list may have 3 items".into()));
        assert!(LIMITS.admit(Some(&of(6)), &of(6)).is_ok() && LIMITS.admit(Some(&of(6)), &of(7)).is_err());
        assert!(LIMITS.admit_one_more(1).is_ok() && LIMITS.admit_one_more(2).is_err());
    }
}
