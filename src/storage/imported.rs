//! What an importer compares: accounts with all that belongs to them, and what was imported of it before.

use std::collections::HashMap;

use bytes::Bytes;
use xmpp::Jid;

use crate::account::account;
use crate::account_key::key_at;
use crate::account_secret::secret_at;
use crate::last_activity::last_activity;
use crate::privacy::{digest, list};
use crate::repeat::{fill, lists};
use crate::roster::item;
use crate::statement::Statement;
use crate::value::{Row, Value};
use crate::{
    Account, AccountId, Kept, LastActivity, OfflineId, OfflineMessage, PrivacyList, PrivateEntry, Roster,
    StorageError, Store,
};

/// What was imported from a kind of server before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// [`Kept::mark`] of the account after the import; `None` if no password was imported.
    pub password_here: Option<Vec<u8>>,
    /// A digest of the hash that the source had; `None` if it had the password itself, or none.
    pub password_there: Option<Vec<u8>>,
    /// 17 bytes for each record: its kind, a digest of its key, a digest of its content.
    pub records: Vec<u8>,
}

/// An account with all that an import may write.
#[derive(Clone, Debug)]
pub struct AccountState {
    pub account: Account,
    pub kept: Kept,
    pub roster: Roster,
    pub private: Vec<PrivateEntry>,
    pub lists: Vec<PrivacyList>,
    /// The name of the default list.
    pub default_list: Option<String>,
    pub vcard: Option<String>,
    pub messages: Vec<OfflineMessage>,
    pub last: Option<LastActivity>,
    /// `None` if nothing was imported from this kind of server.
    pub imported: Option<Imported>,
}

/// The repository of imports; from [`Store::imports`].
pub struct Imports<'a>(pub(crate) &'a Store);

impl Imports<'_> {
    /// The accounts of these names (domain, local part) with what was imported from `source`, in the order of the names;
    /// a dozen statements for all of them together. Unknown addresses in rosters are left out and logged.
    ///
    /// # Errors
    /// The database failed, or something is damaged.
    pub async fn find(
        &self,
        source: u8,
        names: &[(String, String)],
    ) -> Result<Vec<Option<AccountState>>, StorageError> {
        let mut found = self.accounts(names).await?;
        if !found.is_empty() {
            self.passwords(&mut found).await?;
            self.contacts(&mut found).await?;
            self.documents(&mut found).await?;
            self.privacy(&mut found).await?;
            self.before(source, &mut found).await?;
        }
        let mut by_name: HashMap<_, _> = found
            .into_values()
            .map(|state| ((state.account.domain.clone(), state.account.local.clone()), state))
            .collect();
        Ok(names.iter().map(|name| by_name.remove(name)).collect())
    }

    /// The domain's accounts that `source` was imported into, in bytewise order of their local parts, from behind `after`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn accounts_of(
        &self,
        source: u8,
        domain: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<(AccountId, String)>, StorageError> {
        let args = [i64::from(source).into(), domain.into(), after.into(), limit.into()];
        let rows = self.0.readers().fetch(Statement::ImportedAccounts.with(&args)).await?;
        rows.iter().map(|row| Ok((row.int(0)?, row.text(1)?))).collect()
    }

    async fn accounts(
        &self,
        names: &[(String, String)],
    ) -> Result<HashMap<AccountId, AccountState>, StorageError> {
        let mut by_domain: HashMap<&str, Vec<&str>> = HashMap::new();
        for (domain, local) in names {
            by_domain.entry(domain).or_default().push(local);
        }
        let mut found = HashMap::new();
        for (domain, locals) in by_domain {
            for part in lists(&locals) {
                let locals = part.iter().map(|local| Value::from(*local));
                let mut args: Vec<_> = std::iter::once(domain.into()).chain(locals).collect();
                let count = fill(&mut args, part.len());
                for row in self.0.readers().fetch(Statement::AccountFind.repeat(count, &args)).await? {
                    let state = AccountState::new(account(&row)?);
                    found.insert(state.account.id, state);
                }
            }
        }
        Ok(found)
    }

    /// The rows of a statement that are of these accounts, each with its account's state. `of`: the column of the id.
    async fn each(
        &self,
        statement: Statement,
        first: Option<i64>,
        of: usize,
        found: &mut HashMap<AccountId, AccountState>,
        mut take: impl FnMut(&mut AccountState, &Row) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let ids: Vec<_> = found.keys().copied().collect();
        for part in lists(&ids) {
            let mut args: Vec<Value<'_>> = first.map(Value::from).into_iter().collect();
            args.extend(part.iter().copied().map(Value::from));
            let count = fill(&mut args, part.len());
            for row in self.0.readers().fetch(statement.repeat(count, &args)).await? {
                if let Some(state) = found.get_mut(&row.int(of)?) {
                    take(state, &row)?;
                }
            }
        }
        Ok(())
    }

    async fn passwords(&self, found: &mut HashMap<AccountId, AccountState>) -> Result<(), StorageError> {
        self.each(Statement::KeysOf, None, 5, found, |state, row| {
            if let (Kept::Keys(keys), Some(key)) = (&mut state.kept, key_at(row, 0)?) {
                keys.push(key);
            }
            Ok(())
        })
        .await?;
        self.each(Statement::SecretsOf, None, 4, found, |state, row| {
            if let Some(secret) = secret_at(row, 0, 3)? {
                state.kept = Kept::Secret(secret);
            }
            Ok(())
        })
        .await
    }

    async fn contacts(&self, found: &mut HashMap<AccountId, AccountState>) -> Result<(), StorageError> {
        self.each(Statement::RostersOf, None, 10, found, |state, row| {
            state.roster.version = row.int(0)?.cast_unsigned();
            let Some(jid) = row.opt_text(1)? else { return Ok(()) };
            match Jid::parse(&jid) {
                Ok(jid) => state.roster.items.push(item(jid, row)?),
                Err(error) => {
                    tracing::error!(account = state.account.id, %error, "skipped a roster item with an invalid JID");
                }
            }
            Ok(())
        })
        .await
    }

    async fn documents(&self, found: &mut HashMap<AccountId, AccountState>) -> Result<(), StorageError> {
        self.each(Statement::PrivateOf, None, 3, found, |state, row| {
            state.private.push(PrivateEntry { name: row.text(0)?, ns: row.text(1)?, xml: row.text(2)? });
            Ok(())
        })
        .await?;
        self.each(Statement::VCardsOf, None, 1, found, |state, row| {
            state.vcard = Some(row.text(0)?);
            Ok(())
        })
        .await?;
        self.each(Statement::OfflineOf, None, 3, found, |state, row| {
            let xml: Bytes = row.bytes(2)?.into();
            state.messages.push(OfflineMessage { id: OfflineId(row.int(0)?), stored_us: row.int(1)?, xml });
            Ok(())
        })
        .await?;
        found.values_mut().for_each(|state| state.messages.sort_by_key(|message| message.id));
        self.each(Statement::LastActivityOf, None, 2, found, |state, row| {
            state.last = last_activity(row, 0)?;
            Ok(())
        })
        .await
    }

    async fn privacy(&self, found: &mut HashMap<AccountId, AccountState>) -> Result<(), StorageError> {
        self.each(Statement::ListsOf, None, 6, found, |state, row| {
            let Some(PrivacyList { name, items }) = list(std::slice::from_ref(row), 0)? else {
                return Ok(());
            };
            match state.lists.iter_mut().find(|list| list.name == name) {
                Some(list) => list.items.extend(items),
                None => state.lists.push(PrivacyList { name, items }),
            }
            Ok(())
        })
        .await?;
        self.each(Statement::DefaultsOf, None, 1, found, |state, row| {
            let wanted = row.bytes(0)?;
            let default = state.lists.iter().find(|list| digest(&list.name).as_slice() == wanted);
            state.default_list = default.map(|list| list.name.clone());
            Ok(())
        })
        .await
    }

    async fn before(
        &self,
        source: u8,
        found: &mut HashMap<AccountId, AccountState>,
    ) -> Result<(), StorageError> {
        self.each(Statement::ImportedOf, Some(source.into()), 3, found, |state, row| {
            let records = row.bytes(2)?;
            let (password_here, password_there) = (row.opt_bytes(0)?, row.opt_bytes(1)?);
            state.imported = Some(Imported { password_here, password_there, records });
            Ok(())
        })
        .await
    }
}

impl AccountState {
    /// An account without anything.
    pub fn new(account: Account) -> Self {
        Self {
            account,
            kept: Kept::Keys(Vec::new()),
            roster: Roster::default(),
            private: Vec::new(),
            lists: Vec::new(),
            default_list: None,
            vcard: None,
            messages: Vec::new(),
            last: None,
            imported: None,
        }
    }
}
