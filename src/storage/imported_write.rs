//! Writes of an import: all that changes of many accounts, in one transaction.

use std::sync::Arc;

use bytes::Bytes;

use crate::account::insert;
use crate::account_key::insert_keys;
use crate::account_secret::insert_secrets;
use crate::connection::Connection;
use crate::repeat::parts_within;
use crate::statement::Statement;
use crate::value::Value;
use crate::writer::Commit;
use crate::{
    AccountId, CreateError, Imported, Imports, Kept, LastActivity, NewAccount, OfflineId, PrivacyChange,
    PrivateEntry, RosterChange, StorageError, last_activity, offline, privacy, private, roster, vcard,
};

/// An account that an import writes to.
#[derive(Clone, Debug)]
pub enum ImportedAccount {
    /// It is created.
    New {
        account: NewAccount,
        /// Whether it may log in.
        enabled: bool,
        /// The auth provider that has it, if it is not the server's own store: then it must have no keys.
        provider: Option<String>,
    },
    Existing(AccountId),
}

/// What an import changes of one account. Names, addresses and XML must be valid and normalized.
#[derive(Clone, Debug)]
pub struct ImportChange {
    pub account: ImportedAccount,
    /// Another password, for an account that exists.
    pub password: Option<Kept>,
    pub enabled: Option<bool>,
    pub roster: Option<RosterChange>,
    /// Payloads to store, no two of the same root element.
    pub private: Vec<PrivateEntry>,
    /// The names and namespaces of payloads to remove.
    pub private_gone: Vec<(String, String)>,
    /// Changes of privacy lists, in order.
    pub lists: Vec<PrivacyChange>,
    /// Another vCard, or none.
    pub vcard: Option<Option<String>>,
    /// Messages to store in this order, with the time of their coming in UTC microseconds.
    pub messages: Vec<(i64, Bytes)>,
    pub messages_gone: Vec<OfflineId>,
    pub last: Option<LastActivity>,
    /// What was imported, and from what kind of server.
    pub imported: Option<(u8, Imported)>,
}

impl ImportedAccount {
    /// A new account of the server's own store, which may log in.
    pub fn new(account: NewAccount) -> Self {
        Self::New { account, enabled: true, provider: None }
    }
}

impl ImportChange {
    /// None.
    pub fn new(account: ImportedAccount) -> Self {
        Self {
            account,
            password: None,
            enabled: None,
            roster: None,
            private: Vec::new(),
            private_gone: Vec::new(),
            lists: Vec::new(),
            vcard: None,
            messages: Vec::new(),
            messages_gone: Vec::new(),
            last: None,
            imported: None,
        }
    }
}

impl Imports<'_> {
    /// Writes changes of different accounts: all or none. Returns the accounts' ids in order; one that was to be created
    /// and exists is [`CreateError::Exists`], and nothing of it is written.
    pub fn write(&self, changes: Arc<[ImportChange]>) -> Commit<Vec<Result<AccountId, CreateError>>> {
        let existing = |change: &ImportChange| match change.account {
            ImportedAccount::Existing(id) => Some(id),
            ImportedAccount::New { .. } => None,
        };
        let ids: Vec<_> = changes.iter().filter_map(existing).collect();
        let data = (changes, self.0.common_hashes().change());
        self.0.queue_for(&ids, data, |connection, (changes, _)| {
            Box::pin(async move { write(connection, changes).await.map(Ok) })
        })
    }
}

async fn write(
    connection: &mut Connection,
    changes: &[ImportChange],
) -> Result<Vec<Result<AccountId, CreateError>>, StorageError> {
    let ids = create(connection, changes).await?;
    let accounts = ids.iter().zip(changes).filter_map(|(id, change)| Some((*id.as_ref().ok()?, change)));
    let accounts: Vec<_> = accounts.collect();
    for (id, change) in &accounts {
        removals(connection, *id, change).await?;
    }
    let rosters = accounts.iter().filter_map(|(id, change)| Some((*id, change.roster.as_ref()?)));
    roster::apply_all(connection, &rosters.collect::<Vec<_>>()).await?;
    let private = accounts.iter().flat_map(|(id, change)| change.private.iter().map(|entry| (*id, entry)));
    private::put_all(connection, &private.collect::<Vec<_>>()).await?;
    let vcards = accounts.iter().filter_map(|(id, change)| Some((*id, change.vcard.as_ref()?.as_deref()?)));
    vcard::put_all(connection, &vcards.collect::<Vec<_>>()).await?;
    let last = accounts.iter().filter_map(|(id, change)| Some((*id, change.last.as_ref()?)));
    last_activity::put_all(connection, &last.collect::<Vec<_>>()).await?;
    messages(connection, &accounts).await?;
    record(connection, &accounts).await?;
    Ok(ids)
}

/// The ids of the accounts, made where they are new.
async fn create(
    connection: &mut Connection,
    changes: &[ImportChange],
) -> Result<Vec<Result<AccountId, CreateError>>, StorageError> {
    let new = changes.iter().filter_map(|change| match &change.account {
        ImportedAccount::New { account, .. } => Some(account.clone()),
        ImportedAccount::Existing(_) => None,
    });
    let mut made = insert(connection, &new.collect::<Vec<_>>()).await?.into_iter();
    let mut ids = Vec::with_capacity(changes.len());
    for change in changes {
        match &change.account {
            ImportedAccount::Existing(id) => ids.push(Ok(*id)),
            ImportedAccount::New { enabled, provider, .. } => {
                let id = made.next().flatten();
                if let (Some(id), false) = (id, enabled) {
                    connection.execute(Statement::AccountEnable.with(&[false.into(), id.into()])).await?;
                }
                if let (Some(id), Some(provider)) = (id, provider) {
                    let args = [provider.as_str().into(), id.into()];
                    connection.execute(Statement::AccountGive.with(&args)).await?;
                }
                ids.push(id.ok_or(CreateError::Exists));
            }
        }
    }
    Ok(ids)
}

/// What is done for one account after the other: few have any of it, but for privacy lists.
async fn removals(
    connection: &mut Connection,
    id: AccountId,
    change: &ImportChange,
) -> Result<(), StorageError> {
    if let Some(enabled) = change.enabled {
        connection.execute(Statement::AccountEnable.with(&[enabled.into(), id.into()])).await?;
    }
    if let Some(kept) = &change.password {
        password(connection, id, kept).await?;
    }
    private::remove(connection, id, &change.private_gone).await?;
    if change.vcard == Some(None) {
        connection.execute(Statement::VCardRemove.repeat(1, &[id.into()])).await?;
    }
    offline::delete(connection, id, &change.messages_gone).await?;
    for list in &change.lists {
        privacy::apply(connection, id, list).await?;
    }
    Ok(())
}

async fn password(connection: &mut Connection, id: AccountId, kept: &Kept) -> Result<(), StorageError> {
    connection.execute(Statement::AccountHashes.with(&[kept.bits().into(), id.into()])).await?;
    connection.execute(Statement::KeyDelete.with(&[id.into()])).await?;
    connection.execute(Statement::SecretDelete.with(&[id.into()])).await?;
    match kept {
        Kept::Keys(keys) => {
            insert_keys(connection, &keys.iter().map(|keys| (id, keys)).collect::<Vec<_>>()).await
        }
        Kept::Secret(secret) => insert_secrets(connection, &[(id, secret)]).await,
    }
}

async fn messages(
    connection: &mut Connection,
    accounts: &[(AccountId, &ImportChange)],
) -> Result<(), StorageError> {
    let rows = accounts.iter().flat_map(|(id, change)| change.messages.iter().map(|one| (*id, one)));
    let rows: Vec<_> = rows.collect();
    for part in parts_within(&rows, |(_, (_, xml))| xml.len()) {
        let args = part
            .iter()
            .flat_map(|(id, (at_us, xml))| [Value::from(*id), (*at_us).into(), Value::from(xml.as_ref())]);
        let args: Vec<_> = args.collect();
        connection.execute(Statement::OfflineInsertMany.repeat(part.len(), &args)).await?;
    }
    Ok(())
}

async fn record(
    connection: &mut Connection,
    accounts: &[(AccountId, &ImportChange)],
) -> Result<(), StorageError> {
    let rows: Vec<_> =
        accounts.iter().filter_map(|(id, change)| Some((*id, change.imported.as_ref()?))).collect();
    for part in parts_within(&rows, |(_, (_, imported))| imported.records.len()) {
        let args = part.iter().flat_map(|(id, (source, imported))| {
            [
                Value::from(*id),
                i64::from(*source).into(),
                Value::Bytes(imported.password_here.as_deref()),
                Value::Bytes(imported.password_there.as_deref()),
                imported.records.as_slice().into(),
            ]
        });
        let args: Vec<_> = args.collect();
        connection.execute(Statement::ImportedPut.repeat(part.len(), &args)).await?;
    }
    Ok(())
}
