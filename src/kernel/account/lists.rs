//! Privacy lists of an account (XEP-0016): where they are read and changed, by whatever protocol. The block list of
//! XEP-0191 is a part of the default list.
//!
//! A change is committed, then in force, then announced, and then presence follows it, all before the next change of the
//! same account begins. It runs as a task, so that a caller that is dropped leaves nothing half done.

pub(crate) mod change;
pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod limits;
mod step;

use std::sync::Arc;

use hashbrown::HashMap;
use storage::{PrivacyItem, PrivacyList, StorageError};

use crate::{Account, Kernel, ListError, ListLimits, Resource, Screen, Stored};
use change::Changing;

/// Default lists as account state. Read again after a write that failed, and with them the lists that sessions have active,
/// since the write may have been of one of those.
pub(crate) fn state() -> Stored<Option<Arc<Screen>>> {
    Stored::new(|kernel, account| Box::pin(read(kernel, account)))
        .read_again(|account, screen| account.set_screen(screen.clone()))
}

async fn read(kernel: &Kernel, account: &Account) -> Result<Option<Arc<Screen>>, StorageError> {
    let privacy = kernel.store().privacy();
    let default = privacy.default_list(account.id()).await?.map(|list| Arc::new(Screen::new(list)));
    let mut read: HashMap<String, Option<Arc<Screen>>> = HashMap::new();
    if let Some(screen) = &default {
        read.insert(screen.list().name.clone(), default.clone());
    }
    for active in account.resources().iter().filter_map(Resource::active_list) {
        let name = &active.list().name;
        if !read.contains_key(name) {
            let list = privacy.list(account.id(), name).await?;
            let screen = match list {
                Some(list) if list == **active.list() => Some(active.clone()),
                list => list.map(|list| Arc::new(Screen::new(list))),
            };
            read.insert(name.clone(), screen);
        }
    }
    for screen in read.values().flatten() {
        kernel.prepare_screen(account, screen).await?;
    }
    for session in account.sessions() {
        let active = session.screen.load_full();
        if let Some(screen) = active.and_then(|active| read.get(&active.list().name)) {
            session.screen.store(screen.clone());
        }
    }
    Ok(default)
}

impl Kernel {
    /// The names of the account's lists, in bytewise order.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list_names(&self, account: &Account) -> Result<Vec<String>, StorageError> {
        self.default_list(account).await?; // after a write that failed, what the store has comes into force first
        self.store().privacy().names(account.id()).await
    }

    /// The account's list of that name.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list(
        &self,
        account: &Account,
        name: &str,
    ) -> Result<Option<Arc<PrivacyList>>, StorageError> {
        match self.default_list(account).await? {
            Some(default) if default.list().name == name => Ok(Some(default.list().clone())),
            _ => Ok(self.store().privacy().list(account.id(), name).await?.map(Arc::new)),
        }
    }

    /// The account's default list. [`Resource::active_list`] is that of a session.
    ///
    /// # Errors
    /// It was to be read again, after a write that failed, and the store failed.
    pub async fn default_list(&self, account: &Account) -> Result<Option<Arc<Screen>>, StorageError> {
        Ok(Option::clone(&*self.default_lists.load(self, account).await?))
    }

    /// Creates a list, or replaces the one of that name; in force at once wherever the list is. The items may be in any order.
    /// `by`: the resource that requests it. `false`: nothing has changed.
    ///
    /// # Errors
    /// See [`ListError`]; nothing is changed then.
    pub async fn put_list(
        self: &Arc<Self>,
        account: &Arc<Account>,
        by: Option<&Resource>,
        list: PrivacyList,
        limits: &ListLimits,
    ) -> Result<bool, ListError> {
        let (list, limits) = (limits.check(list)?, *limits);
        self.change_lists(account, by, move |lists| lists.put(list, limits)).await
    }

    /// Removes a list. If the resource that requests it (`by`) has it as its active list, none is active there afterwards; if
    /// it is the default, the account has no default list afterwards.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` if it applies to another resource (XEP-0016 section 2.2, rule 11); or the store's failure.
    /// Nothing is changed then.
    pub async fn remove_list(
        self: &Arc<Self>,
        account: &Arc<Account>,
        by: Option<&Resource>,
        name: &str,
    ) -> Result<(), ListError> {
        let name = name.to_owned();
        self.change_lists(account, by, move |lists| lists.remove(name)).await
    }

    /// Chooses the default list; `None` declines any. `false`: it was the default already.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` if the present default list applies to another resource than the one that requests it (`by`),
    /// that is, one without an active list (XEP-0016 section 2.5); or the store's failure. Nothing is changed then.
    pub async fn set_default_list(
        self: &Arc<Self>,
        account: &Arc<Account>,
        by: Option<&Resource>,
        name: Option<&str>,
    ) -> Result<bool, ListError> {
        let name = name.map(str::to_owned);
        self.change_lists(account, by, move |lists| lists.set_default(name)).await
    }

    /// Chooses the session's active list, until it ends; `None`: the default list applies. `false`: it was active already.
    ///
    /// # Errors
    /// `NotFound`, or the store's failure; nothing is changed then.
    pub async fn set_active_list(
        self: &Arc<Self>,
        resource: &Resource,
        name: Option<&str>,
    ) -> Result<bool, ListError> {
        let (session, name) = (resource.clone(), name.map(str::to_owned));
        self.change_lists(resource.account(), Some(resource), move |lists| lists.set_active(session, name))
            .await
    }

    /// Changes the default list for the blocking command (XEP-0191), wherever it applies. `compute` sees its items, none if
    /// there is no default list, and returns the next ones in ascending order of distinct orders (`None`: nothing changes). A
    /// list that is new has this name, or with a number if that is in use; one without items is removed, and where it was the
    /// active list, none is active. `announce` runs when the change is in force, before features are notified.
    ///
    /// # Errors
    /// What `compute` refuses with; `TooMany` if 20 such names are in use; or the store's failure. Nothing is changed then.
    pub async fn change_default_list<C, A, E>(
        self: &Arc<Self>,
        account: &Arc<Account>,
        by: Option<&Resource>,
        name: &'static str,
        compute: C,
        announce: A,
    ) -> Result<bool, E>
    where
        C: FnOnce(&[PrivacyItem]) -> Result<Option<Vec<PrivacyItem>>, E> + Send + 'static,
        A: FnOnce() + Send + 'static,
        E: From<ListError> + Send + 'static,
    {
        self.change_lists(account, by, move |lists| lists.change_default(name, compute, announce)).await
    }

    /// Runs a change to its end, in its turn.
    async fn change_lists<F, R, T, E>(
        self: &Arc<Self>,
        account: &Arc<Account>,
        by: Option<&Resource>,
        change: F,
    ) -> Result<T, E>
    where
        F: FnOnce(Changing) -> R + Send + 'static,
        R: Future<Output = Result<T, E>> + Send,
        T: Send + 'static,
        E: From<ListError> + Send + 'static,
    {
        let (kernel, account, by) = (self.clone(), account.clone(), by.cloned());
        let changed = self.runtime().tasks.spawn("lists", async move {
            let lists = Changing::begin(kernel, account, by).await.map_err(ListError::from)?;
            change(lists).await
        });
        changed.await.unwrap_or_else(|_| {
            tracing::error!("a change of privacy lists was interrupted");
            Err(ListError::from(StorageError::Closed).into())
        })
    }

    /// Puts the default list in force that came with the account's row.
    pub(crate) async fn preset_default_list(
        &self,
        account: &Account,
        list: Option<PrivacyList>,
    ) -> Result<(), StorageError> {
        let screen = list.map(|list| Arc::new(Screen::new(list)));
        if let Some(screen) = &screen {
            self.prepare_screen(account, screen).await?;
        }
        account.set_screen(screen.clone());
        self.default_lists.preset(account, screen);
        Ok(())
    }

    /// Loads what must be in memory before a list can be applied. It stays there as long as the account does.
    pub(crate) async fn prepare_screen(
        &self,
        account: &Account,
        screen: &Screen,
    ) -> Result<(), StorageError> {
        if screen.needs_roster() { self.roster(account).await.map(drop) } else { Ok(()) }
    }
}
