//! Account state kept in the store: read once, then available without waiting; changes are committed before
//! they are visible.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwapOption;
use storage::StorageError;
use tokio::sync::Semaphore;

use crate::state::sealed::Sealed as _;
use crate::{Account, BoxFuture, Kernel};

type Load<T> =
    Arc<dyn for<'a> Fn(&'a Kernel, &'a Account) -> BoxFuture<'a, Result<T, StorageError>> + Send + Sync>;

/// One kind of stored value; from [`Registrar::stored`](crate::Registrar::stored). It is read at most once
/// while the account is in memory, dropped with it, and changed only by [`change`](Self::change). After a write that failed
/// it is read again: the database may have lost its connection during the commit, and kept the write.
pub struct Stored<T> {
    load: Load<T>,
    /// Called when it has been read again.
    read_again: fn(&Account, &T),
}

impl<T> Clone for Stored<T> {
    fn clone(&self) -> Self {
        Self { load: self.load.clone(), read_again: self.read_again }
    }
}

/// The value of one account, and the lock that orders its changes.
pub(crate) struct Cell<T> {
    /// One permit: whoever has it changes the value.
    changing: Semaphore,
    cached: ArcSwapOption<T>,
    /// Whether the store may have something else.
    doubtful: AtomicBool,
}

impl<T> Default for Cell<T> {
    fn default() -> Self {
        let (cached, doubtful) = (ArcSwapOption::empty(), AtomicBool::new(false));
        Self { changing: Semaphore::const_new(1), cached, doubtful }
    }
}

impl<T> Cell<T> {
    /// The value, unless the store may have something else.
    fn certain(&self) -> Option<Arc<T>> {
        if self.doubtful.load(Ordering::Acquire) { None } else { self.cached.load_full() }
    }
}

/// While it lives, nobody else changes the value of this account.
pub(crate) struct Turn<T: Any + Send + Sync> {
    account: Arc<Account>,
    of: PhantomData<fn() -> T>,
}

impl<T: Any + Send + Sync> Drop for Turn<T> {
    fn drop(&mut self) {
        if let Some(cell) = self.account.slots().get::<Cell<T>>() {
            cell.changing.add_permits(1);
        }
    }
}

impl<T: Any + Send + Sync> Stored<T> {
    pub(crate) fn new<F>(load: F) -> Self
    where
        F: for<'a> Fn(&'a Kernel, &'a Account) -> BoxFuture<'a, Result<T, StorageError>>
            + Send
            + Sync
            + 'static,
    {
        Self { load: Arc::new(load), read_again: |_, _| {} }
    }

    /// The same; `read_again` is called with a value that was read again after a write that failed.
    pub(crate) fn read_again(self, read_again: fn(&Account, &T)) -> Self {
        Self { read_again, ..self }
    }

    fn cell<'a>(&self, account: &'a Account) -> &'a Cell<T> {
        account.slots().get_or_default()
    }

    /// The value if it has been read, without waiting.
    pub fn cached(&self, account: &Account) -> Option<Arc<T>> {
        account.slots().get::<Cell<T>>()?.cached.load_full()
    }

    /// The value: as cached, else read from the store. If it is to be read again and cannot be, it is as cached.
    ///
    /// # Errors
    /// The store failed.
    pub async fn load(&self, kernel: &Kernel, account: &Account) -> Result<Arc<T>, StorageError> {
        let cell = self.cell(account);
        if let Some(value) = cell.certain() {
            return Ok(value);
        }
        let _changing = cell.changing.acquire().await;
        let read = self.load_locked(kernel, account, cell).await;
        read.or_else(|error| cell.cached.load_full().ok_or(error))
    }

    async fn load_locked(
        &self,
        kernel: &Kernel,
        account: &Account,
        cell: &Cell<T>,
    ) -> Result<Arc<T>, StorageError> {
        if let Some(value) = cell.certain() {
            return Ok(value);
        }
        let value = Arc::new((self.load)(kernel, account).await?);
        cell.cached.store(Some(value.clone()));
        if cell.doubtful.swap(false, Ordering::AcqRel) {
            (self.read_again)(account, &value);
        }
        Ok(value)
    }

    /// Sets a value that came with the account's row, unless there is one already.
    pub(crate) fn preset(&self, account: &Account, value: T) {
        let cell = self.cell(account);
        if cell.cached.load().is_none() {
            cell.cached.store(Some(Arc::new(value)));
        }
    }

    /// Changes the value. `compute` sees the current value and returns the next one, the write that stores
    /// it, and the input of `announce` (`None`: nothing changes). The write is committed, then the next value
    /// becomes visible, then `announce` runs, all before the next change of the same account begins, so that
    /// pushes leave in the order of the changes.
    ///
    /// Must be called where it cannot be cancelled half-way: in an IQ handler, a task, or while a stanza is
    /// processed.
    ///
    /// # Errors
    /// What `compute` refuses with, or the store's failure. The value is unchanged then, unless the store has kept the write
    /// all the same; the next change or [`load`](Self::load) finds that.
    pub async fn change<C, W, N, A, E>(
        &self,
        kernel: &Kernel,
        account: &Account,
        compute: C,
        announce: A,
    ) -> Result<bool, E>
    where
        C: FnOnce(&T) -> Result<Option<(T, W, N)>, E>,
        W: Future<Output = Result<(), E>>,
        A: FnOnce(&T, N),
        E: From<StorageError>,
    {
        let cell = self.cell(account);
        let _changing = cell.changing.acquire().await;
        let value = self.load_locked(kernel, account, cell).await?;
        let Some((next, write, news)) = compute(&value)? else { return Ok(false) };
        if let Err(error) = write.await {
            cell.doubtful.store(true, Ordering::Release);
            return Err(error);
        }
        let next = Arc::new(next);
        cell.cached.store(Some(next.clone()));
        announce(&next, news);
        Ok(true)
    }

    /// Waits until nobody changes the value.
    pub(crate) async fn turn(&self, account: &Arc<Account>) -> Turn<T> {
        // It is never closed.
        if let Ok(permit) = self.cell(account).changing.acquire().await {
            permit.forget();
        }
        Turn { account: account.clone(), of: PhantomData }
    }

    /// As [`load`](Self::load), for whoever has the turn.
    pub(crate) async fn load_in(&self, kernel: &Kernel, turn: &Turn<T>) -> Result<Arc<T>, StorageError> {
        self.load_locked(kernel, &turn.account, self.cell(&turn.account)).await
    }

    /// A write has failed: the store may have kept it all the same.
    pub(crate) fn doubt_in(&self, turn: &Turn<T>) {
        self.cell(&turn.account).doubtful.store(true, Ordering::Release);
    }

    /// Makes a committed value visible.
    pub(crate) fn set_in(&self, turn: &Turn<T>, value: Arc<T>) {
        self.cell(&turn.account).cached.store(Some(value));
    }

    /// Has the value read again, after something else has written to the store. Until then those who cannot wait have the old
    /// one: a privacy list that is about contacts must not be without a roster.
    pub fn forget(&self, account: &Account) {
        if let Some(cell) = account.slots().get::<Cell<T>>() {
            cell.doubtful.store(true, Ordering::Release);
        }
    }
}
