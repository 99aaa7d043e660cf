//! Accounts, keyed by (domain, local); the same local part on two domains is two accounts.

use std::collections::VecDeque;

use crate::account_key::insert_keys;
use crate::account_secret::insert_secrets;
use crate::connection::Connection;
use crate::repeat::parts;
use crate::statement::Statement;
use crate::value::{AccountId, Row, Value};
use crate::writer::Commit;
use crate::{Kept, ScramKeys, StorageError, Store};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    /// Its domain as U-labels.
    pub domain: String,
    /// Its local part, after nodeprep.
    pub local: String,
    /// When it was created, UTC microseconds.
    pub created_us: i64,
    /// Whether it may log in.
    pub enabled: bool,
    /// The auth provider that it was adopted from, which alone verifies it; `None`: the server's own store.
    pub provider: Option<String>,
}

/// An account to be created. Names must be normalized already.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its domain as U-labels.
    pub domain: String,
    /// Its local part, after nodeprep.
    pub local: String,
    /// Its password.
    pub kept: Kept,
    /// When it is created, UTC microseconds.
    pub created_us: i64,
}

/// Why an account was not created.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreateError {
    /// The name is taken.
    #[error("the account already exists")]
    Exists,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Accounts created by one write of [`Accounts::create_many`].
const CHUNK: usize = 512;

/// Runs of accounts that wait at a time.
const RUNS: usize = 4;

/// The repository of accounts; from [`Store::accounts`].
pub struct Accounts<'a>(pub(crate) &'a Store);

impl Accounts<'_> {
    /// Creates an account.
    ///
    /// # Errors
    /// [`CreateError::Exists`] if the name is taken.
    pub fn create(
        &self,
        domain: &str,
        local: &str,
        keys: &[ScramKeys],
        now_us: i64,
    ) -> Commit<AccountId, CreateError> {
        let account = NewAccount {
            domain: domain.to_owned(),
            local: local.to_owned(),
            kept: Kept::Keys(keys.to_vec()),
            created_us: now_us,
        };
        let data = (account, self.0.common_hashes().change());
        self.0.queue(data, |connection, (account, _)| {
            Box::pin(async move {
                let mut ids = insert(connection, std::slice::from_ref(account)).await?;
                Ok(ids.pop().flatten().ok_or(CreateError::Exists))
            })
        })
    }

    /// Creates many accounts, in the order given, and returns a result for each. Each run of 512 is one write: a
    /// failure of the database fails its whole run. Few runs wait at a time, so that other writes come in between.
    pub fn create_many(
        &self,
        accounts: Vec<NewAccount>,
    ) -> impl Future<Output = Vec<Result<AccountId, CreateError>>> + Send + 'static {
        let store = self.0.clone();
        async move {
            let mut answers = Vec::with_capacity(accounts.len());
            let mut under_way = VecDeque::with_capacity(RUNS);
            let mut accounts = accounts.into_iter();
            loop {
                let chunk: Vec<_> = accounts.by_ref().take(CHUNK).collect();
                if under_way.len() == RUNS || chunk.is_empty() {
                    match under_way.pop_front() {
                        Some(run) => answer(run, &mut answers).await,
                        None => return answers,
                    }
                }
                if !chunk.is_empty() {
                    under_way.push_back((chunk.len(), store.accounts().create_run(chunk)));
                }
            }
        }
    }

    fn create_run(&self, accounts: Vec<NewAccount>) -> Commit<Vec<Option<AccountId>>> {
        let data = (accounts, self.0.common_hashes().change());
        self.0.queue(data, |connection, (accounts, _)| {
            Box::pin(async move { insert(connection, accounts).await.map(Ok) })
        })
    }

    /// The account of that name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn lookup(&self, domain: &str, local: &str) -> Result<Option<Account>, StorageError> {
        let args = [domain.into(), local.into()];
        let row = self.0.readers().first(Statement::AccountLookup.with(&args)).await?;
        row.as_ref().map(account).transpose()
    }

    /// The domain's accounts in bytewise order of their local parts, starting after `after`.
    pub async fn list(
        &self,
        domain: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Account>, StorageError> {
        let args = [domain.into(), after.unwrap_or_default().into(), limit.into()];
        let rows = self.0.readers().fetch(Statement::AccountList.with(&args)).await?;
        rows.iter().map(account).collect()
    }

    /// The number of accounts of the domain. Counts an index: not for hot paths.
    pub async fn count(&self, domain: &str) -> Result<u64, StorageError> {
        let count = self.0.readers().number(Statement::AccountCount.with(&[domain.into()])).await?;
        Ok(count.unsigned_abs())
    }

    /// Deletes the account with all its rows in every table; `false` if it did not exist.
    pub fn delete(&self, id: AccountId) -> Commit<bool> {
        self.0.purge(id)
    }

    /// Enables or disables the account; `false` if it does not exist.
    pub fn set_enabled(&self, id: AccountId, enabled: bool) -> Commit<bool> {
        self.0.queue_for(&[id], (id, enabled), |connection, &(id, enabled)| {
            Box::pin(async move {
                let args = [enabled.into(), id.into()];
                Ok(Ok(connection.execute(Statement::AccountEnable.with(&args)).await? > 0))
            })
        })
    }
}

type Run = (usize, Commit<Vec<Option<AccountId>>>);

async fn answer((length, commit): Run, answers: &mut Vec<Result<AccountId, CreateError>>) {
    match commit.await {
        Ok(ids) => answers.extend(ids.into_iter().map(|id| id.ok_or(CreateError::Exists))),
        Err(error) => answers.extend(std::iter::repeat_n(Err(CreateError::Storage(error)), length)),
    }
}

/// Inserts those that do not exist; returns ids in the order of `accounts`, `None` where the name was taken.
pub(crate) async fn insert(
    connection: &mut Connection,
    accounts: &[NewAccount],
) -> Result<Vec<Option<AccountId>>, StorageError> {
    let mut created = std::collections::HashMap::with_capacity(accounts.len());
    for part in parts(accounts) {
        let mut args = Vec::with_capacity(part.len() * 4);
        for account in part {
            args.extend([&account.domain, &account.local].map(|name| Value::from(name.as_str())));
            args.extend([account.created_us, account.kept.bits()].map(Value::from));
        }
        for row in connection.fetch(Statement::AccountInsert.repeat(part.len(), &args)).await? {
            created.insert((row.text(1)?, row.text(2)?), row.int(0)?);
        }
    }
    let mut ids = Vec::with_capacity(accounts.len());
    let (mut keys, mut secrets) = (Vec::new(), Vec::new());
    for account in accounts {
        // Removed, so that a name given twice in one call exists the second time.
        let id = created.remove(&(account.domain.clone(), account.local.clone()));
        match (id, &account.kept) {
            (Some(id), Kept::Keys(own)) => keys.extend(own.iter().map(|keys| (id, keys))),
            (Some(id), Kept::Secret(secret)) => secrets.push((id, secret)),
            (None, _) => {}
        }
        ids.push(id);
    }
    insert_keys(connection, &keys).await?;
    insert_secrets(connection, &secrets).await?;
    Ok(ids)
}

/// The first six columns of a lookup.
pub(crate) fn account(row: &Row) -> Result<Account, StorageError> {
    Ok(Account {
        id: row.int(0)?,
        domain: row.text(1)?,
        local: row.text(2)?,
        created_us: row.int(3)?,
        enabled: row.flag(4)?,
        provider: row.opt_text(5)?,
    })
}
