//! What features are told of changed privacy lists.

use std::sync::Arc;

use storage::PrivacyList;

use crate::{Account, BoxFuture, Kernel, Resource, Screen};

/// A handler of changed lists.
pub(crate) type ListHandler = Arc<dyn Fn(&Arc<Kernel>, &ListChange<'_>) + Send + Sync>;

/// A handler of changes of what is in force.
pub(crate) type ScreenHandler =
    Arc<dyn for<'a> Fn(&'a Arc<Kernel>, &'a ScreenChange) -> BoxFuture<'a, ()> + Send + Sync>;

/// A committed change of one list, or of which list is the default; it is in force.
pub struct ListChange<'a> {
    pub account: &'a Arc<Account>,
    /// The resource that has requested it.
    pub by: Option<&'a Resource>,
    /// The list's name.
    pub list: &'a str,
    /// The list before; `None` if it is new.
    pub before: Option<&'a PrivacyList>,
    /// The list now; `None` if it was removed. The same as before if only the default has changed.
    pub after: Option<&'a PrivacyList>,
    /// The default list before.
    pub default_before: Option<&'a PrivacyList>,
    /// The default list now.
    pub default_after: Option<&'a PrivacyList>,
    /// Whether it was made by the blocking command (XEP-0191), which has announced it as it was requested.
    pub blocking: bool,
}

impl ListChange<'_> {
    /// Whether the list itself is another, so that resources are told (XEP-0016 section 2.2, rule 10).
    pub fn is_of_definition(&self) -> bool {
        self.before != self.after
    }
}

/// Other lists are in force for some sessions of an account: what they show of themselves follows.
pub struct ScreenChange {
    pub account: Arc<Account>,
    /// Those sessions, detached ones included, as they were before.
    pub sessions: Vec<Screened>,
}

/// A session before a change.
pub struct Screened {
    pub resource: Resource,
    /// The list that was in force.
    pub before: Option<Arc<Screen>>,
    /// Whether it had sent available presence.
    pub was_available: bool,
}

impl Screened {
    pub(super) fn of(resource: Resource) -> Self {
        Self { before: resource.screen(), was_available: resource.is_available(), resource }
    }

    /// Whether another list is in force now.
    fn is_changed(&self) -> bool {
        self.before.as_ref().map(Arc::as_ptr) != self.resource.screen().as_ref().map(Arc::as_ptr)
    }
}

impl Kernel {
    pub(super) fn tell_list_change(self: &Arc<Self>, change: &ListChange<'_>) {
        let Some(table) = self.table(change.account.host()) else { return };
        table.registered.list_changes.iter().for_each(|handler| handler(self, change));
    }

    pub(super) async fn tell_screen_change(
        self: &Arc<Self>,
        account: &Arc<Account>,
        mut sessions: Vec<Screened>,
    ) {
        sessions.retain(Screened::is_changed);
        let Some(table) = self.table(account.host()).filter(|_| !sessions.is_empty()) else { return };
        let change = ScreenChange { account: account.clone(), sessions };
        for handler in &table.registered.screen_changes {
            handler(self, &change).await;
        }
    }
}
