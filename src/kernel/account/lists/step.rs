//! One change of one list, and how it is written.

use std::sync::Arc;

use hashbrown::HashMap;
use storage::{AccountId, PrivacyChange, PrivacyItem, PrivacyList, StorageError, Store};

/// What a change means for the account's default list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The default stays which it is, unless the list is removed.
    Keeps,
    /// The list becomes the default.
    Becomes,
    /// The account has no default list any more.
    Ends,
}

/// What must not apply to another resource than the one that requests the change (XEP-0016 section 2.2, rule 11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    Nothing,
    /// The list, as active or as default list.
    List,
    /// The default list, whichever it is.
    Default,
}

/// A change of one list, or of whether it is the default.
pub(super) struct Step {
    pub name: String,
    pub before: Option<Arc<PrivacyList>>,
    /// `None`: it is removed.
    pub after: Option<Arc<PrivacyList>>,
    pub role: Role,
    pub claim: Claim,
    /// Whether the blocking command has made it.
    pub blocking: bool,
}

impl Step {
    /// Another definition of a list, as everyone may change it.
    pub fn of(name: String, before: Option<Arc<PrivacyList>>, after: Option<Arc<PrivacyList>>) -> Self {
        Self { name, before, after, role: Role::Keeps, claim: Claim::Nothing, blocking: false }
    }

    /// Another role of a list that stays as it is.
    pub fn role(list: Arc<PrivacyList>, role: Role) -> Self {
        let name = list.name.clone();
        Self { role, claim: Claim::Default, ..Self::of(name, Some(list.clone()), Some(list)) }
    }

    /// Writes the difference.
    ///
    /// # Errors
    /// The store failed; it may have kept the write if its connection broke during the commit.
    pub async fn write(&self, store: &Store, account: AccountId) -> Result<(), StorageError> {
        let Some(after) = &self.after else {
            return store.privacy().remove(account, &self.name).await.map(drop);
        };
        let (remove, put) = difference(self.before.as_ref().map_or(&[], |list| &list.items), &after.items);
        let default = match self.role {
            Role::Keeps => None,
            Role::Becomes => Some(true),
            Role::Ends => Some(false),
        };
        let change = PrivacyChange { list: self.name.clone(), remove, put, default };
        store.privacy().change(account, change).await
    }
}

/// The orders of items that go, and the items that are new or different.
fn difference(before: &[PrivacyItem], after: &[PrivacyItem]) -> (Vec<u32>, Vec<PrivacyItem>) {
    let mut old: HashMap<u32, &PrivacyItem> = before.iter().map(|item| (item.order, item)).collect();
    let put = after.iter().filter(|item| old.remove(&item.order) != Some(*item)).cloned().collect();
    let mut remove: Vec<u32> = old.into_keys().collect();
    remove.sort_unstable();
    (remove, put)
}

#[cfg(test)]
mod tests {
    use storage::{Kinds, Subject};

    use super::*;

    fn item(order: u32, allow: bool) -> PrivacyItem {
        PrivacyItem { order, subject: Subject::Anyone, allow, kinds: Kinds::ALL }
    }

    #[test]
    fn only_the_difference_is_written() {
        let before = [item(1, true), item(2, true), item(3, true)];
        let after = [item(2, false), item(3, true), item(4, true)];
        assert_eq!(difference(&before, &after), (vec![1], vec![item(2, false), item(4, true)]));
        assert_eq!(difference(&before, &before), (vec![], vec![]));
        assert_eq!(difference(&[], &before), (vec![], before.to_vec()));
    }
}
