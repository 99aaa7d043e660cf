//! A change of an account's privacy lists, in its turn: computed, written, put in force, announced.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use hashbrown::HashSet;
use storage::{PrivacyItem, PrivacyList, StorageError, Subject};

use crate::account::lists::event::{ListChange, Screened};
use crate::account::lists::step::{Claim, Role, Step};
use crate::account::stored::Turn;
use crate::{Account, Attachment, Kernel, ListError, ListLimits, Resource, Screen};

/// The highest number in the name of a list that the blocking command makes.
const NUMBERED: u32 = 20;

/// The lists of an account, which nobody else changes while it lives.
pub(crate) struct Changing {
    kernel: Arc<Kernel>,
    account: Arc<Account>,
    /// The resource that requests the change.
    by: Option<Resource>,
    turn: Turn<Option<Arc<Screen>>>,
    default: Option<Arc<Screen>>,
}

impl Changing {
    /// Waits until nobody else changes the lists.
    pub async fn begin(
        kernel: Arc<Kernel>,
        account: Arc<Account>,
        by: Option<Resource>,
    ) -> Result<Self, StorageError> {
        let turn = kernel.default_lists.turn(&account).await;
        let default = kernel.default_lists.load_in(&kernel, &turn).await?;
        Ok(Self { default: Option::clone(&default), kernel, account, by, turn })
    }

    pub async fn put(self, list: PrivacyList, limits: ListLimits) -> Result<bool, ListError> {
        let before = self.list(&list.name).await?;
        if before.as_deref() == Some(&list) {
            return Ok(false);
        }
        limits.admit(before.as_deref(), &list)?;
        if before.is_none() {
            limits.admit_one_more(self.names().await?.len())?;
        }
        self.check_groups(before.as_deref(), &list).await?;
        self.make(Step::of(list.name.clone(), before, Some(Arc::new(list)))).await?;
        Ok(true)
    }

    pub async fn remove(self, name: String) -> Result<(), ListError> {
        let before = self.list(&name).await?.ok_or(ListError::NotFound)?;
        self.make(Step { claim: Claim::List, ..Step::of(name, Some(before), None) }).await
    }

    pub async fn set_default(self, name: Option<String>) -> Result<bool, ListError> {
        let default = self.default.as_ref().map(|screen| screen.list().clone());
        let step = match (name, default) {
            (None, None) => return Ok(false),
            (None, Some(default)) => Step::role(default, Role::Ends),
            (Some(name), Some(default)) if default.name == name => return Ok(false),
            (Some(name), _) => Step::role(self.list(&name).await?.ok_or(ListError::NotFound)?, Role::Becomes),
        };
        self.make(step).await?;
        Ok(true)
    }

    pub async fn set_active(self, resource: Resource, name: Option<String>) -> Result<bool, ListError> {
        let active = resource.active_list();
        if active.as_ref().map(|active| &active.list().name) == name.as_ref() {
            return Ok(false);
        }
        let screen = match name {
            None => None,
            Some(name) => Some(match self.compiled(&name) {
                Some(screen) => screen,
                None => self
                    .list(&name)
                    .await?
                    .map(|list| Arc::new(Screen::new(list)))
                    .ok_or(ListError::NotFound)?,
            }),
        };
        if let Some(screen) = &screen {
            self.kernel.prepare_screen(&self.account, screen).await?;
        }
        let serial = self.account.binding.lock().await;
        let before = vec![Screened::of(resource.clone())];
        self.account.has_active_lists.store(true, Ordering::Relaxed);
        resource.session().screen.store(screen);
        drop(serial);
        self.kernel.tell_screen_change(&self.account, before).await;
        Ok(true)
    }

    pub async fn change_default<C, A, E>(self, name: &str, compute: C, announce: A) -> Result<bool, E>
    where
        C: FnOnce(&[PrivacyItem]) -> Result<Option<Vec<PrivacyItem>>, E>,
        A: FnOnce(),
        E: From<ListError>,
    {
        let before = self.default.as_ref().map(|screen| screen.list().clone());
        let Some(items) = compute(before.as_ref().map_or(&[], |list| &list.items))? else { return Ok(false) };
        let (name, role) = match &before {
            Some(list) => (list.name.clone(), Role::Keeps),
            None if items.is_empty() => return Ok(false),
            None => (self.free_name(name).await?, Role::Becomes),
        };
        let after = (!items.is_empty()).then(|| Arc::new(PrivacyList { name: name.clone(), items }));
        let step = Step { role, blocking: true, ..Step::of(name, before, after) };
        self.carry_out(step, announce).await.map_err(|error| ListError::from(error).into())
    }

    /// Carries out a step of XEP-0016.
    async fn make(self, step: Step) -> Result<(), ListError> {
        match self.carry_out(step, || {}).await? {
            true => Ok(()),
            false => Err(ListError::Conflict),
        }
    }

    /// Commits a step, puts it in force, announces it, and has presence follow. `false`: what it must not change for another
    /// resource applies there, and nothing is changed.
    async fn carry_out(self, step: Step, announce: impl FnOnce()) -> Result<bool, StorageError> {
        let Self { kernel, account, .. } = &self;
        let screen = self.screen_after(&step);
        if let Some(screen) = &screen {
            kernel.prepare_screen(account, screen).await?;
        }
        // No session comes or goes: the departure of one that is ending is announced under the list that was in force when
        // it left.
        let serial = account.binding.lock().await;
        if self.is_claimed_elsewhere(&step) {
            return Ok(false);
        }
        let before: Vec<_> = account.resources().into_iter().map(Screened::of).collect();
        if let Err(error) = step.write(kernel.store(), account.id()).await {
            kernel.default_lists.doubt_in(&self.turn);
            return Err(error);
        }
        let default = self.put_in_force(&step, screen);
        announce();
        kernel.tell_list_change(&ListChange {
            account,
            by: self.by.as_ref(),
            list: &step.name,
            before: step.before.as_deref(),
            after: step.after.as_deref(),
            default_before: self.default.as_ref().map(|screen| &**screen.list()),
            default_after: default.as_ref().map(|screen| &**screen.list()),
            blocking: step.blocking,
        });
        drop(serial);
        kernel.tell_screen_change(account, before).await;
        Ok(true)
    }

    /// Returns the default list that is in force now.
    fn put_in_force(&self, step: &Step, screen: Option<Arc<Screen>>) -> Option<Arc<Screen>> {
        let default = match step.role {
            Role::Keeps if !self.is_default(&step.name) => self.default.clone(),
            Role::Keeps | Role::Becomes => screen.clone(),
            Role::Ends => None,
        };
        self.account.set_screen(default.clone());
        self.kernel.default_lists.set_in(&self.turn, Arc::new(default.clone()));
        for resource in self.active_at(&step.name) {
            resource.session().screen.store(screen.clone());
        }
        default
    }

    /// The list after a step, compiled, if it is in force anywhere then.
    fn screen_after(&self, step: &Step) -> Option<Arc<Screen>> {
        let list = step.after.as_ref()?;
        let compiled = self.compiled(&step.name);
        match &compiled {
            Some(screen) if screen.list() == list => compiled,
            None if step.role != Role::Becomes => None,
            _ => Some(Arc::new(Screen::new(list.clone()))),
        }
    }

    /// Whether another connected client has it in force; one that only waits to be resumed does not keep its owner from a change.
    fn is_claimed_elsewhere(&self, step: &Step) -> bool {
        let default = match step.claim {
            Claim::Nothing => return false,
            Claim::List => self.is_default(&step.name),
            Claim::Default => self.default.is_some(),
        };
        let is_other = |resource: &Resource| {
            Some(resource) != self.by.as_ref() && resource.attachment() == Attachment::Attached
        };
        self.account.resources().into_iter().filter(is_other).any(|resource| match resource.active_list() {
            None => default,
            Some(active) => step.claim == Claim::List && active.list().name == step.name,
        })
    }

    fn is_default(&self, name: &str) -> bool {
        self.default.as_ref().is_some_and(|screen| screen.list().name == name)
    }

    /// The sessions that have this list active, detached ones included.
    fn active_at(&self, name: &str) -> impl Iterator<Item = Resource> {
        let is_it = move |resource: &Resource| {
            resource.active_list().is_some_and(|active| active.list().name == name)
        };
        self.account.resources().into_iter().filter(is_it)
    }

    /// The list of that name, if it is in force somewhere.
    fn compiled(&self, name: &str) -> Option<Arc<Screen>> {
        let default = self.default.clone().filter(|screen| screen.list().name == name);
        default.or_else(|| self.active_at(name).find_map(|resource| resource.active_list()))
    }

    async fn list(&self, name: &str) -> Result<Option<Arc<PrivacyList>>, StorageError> {
        match self.compiled(name) {
            Some(screen) => Ok(Some(screen.list().clone())),
            None => Ok(self.kernel.store().privacy().list(self.account.id(), name).await?.map(Arc::new)),
        }
    }

    async fn names(&self) -> Result<Vec<String>, StorageError> {
        self.kernel.store().privacy().names(self.account.id()).await
    }

    /// This name, or with the lowest number, from 2, with which no list has it. Who declines the default list again and again
    /// must not get any number of them.
    async fn free_name(&self, name: &str) -> Result<String, ListError> {
        let names = self.names().await?;
        let numbered = (2..=NUMBERED).map(|number| format!("{name}-{number}"));
        let mut free = std::iter::once(name.to_owned()).chain(numbered).filter(|name| !names.contains(name));
        free.next()
            .ok_or_else(|| ListError::TooMany(format!("you already have {} privacy lists", names.len())))
    }

    /// Groups that an item is newly about must be in the roster (XEP-0016 section 2.1).
    async fn check_groups(&self, before: Option<&PrivacyList>, after: &PrivacyList) -> Result<(), ListError> {
        let mut new = groups(after);
        let old = before.map(groups).unwrap_or_default();
        new.retain(|name| !old.contains(name));
        if new.is_empty() {
            return Ok(());
        }
        let roster = self.kernel.roster(&self.account).await?;
        for group in roster.items().flat_map(|item| &item.groups) {
            new.remove(group.as_str());
        }
        if new.is_empty() { Ok(()) } else { Err(ListError::NoSuchGroup) }
    }
}

fn groups(list: &PrivacyList) -> HashSet<&str> {
    let subjects = list.items.iter().map(|item| &item.subject);
    subjects
        .filter_map(|subject| if let Subject::Group(name) = subject { Some(name.as_str()) } else { None })
        .collect()
}
