//! Rosters (RFC 6121 §2): an account's contacts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use xmpp::Jid;

use crate::connection::Connection;
use crate::repeat::{fill, lists, parts, parts_within};
use crate::statement::Statement;
use crate::value::{Row, Value};
use crate::writer::Commit;
use crate::{AccountId, StorageError, Store};

/// The subscription state (RFC 6121 §2.1.2.5), from the account's side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Subscription {
    /// Neither sees the other's.
    #[default]
    None,
    /// The account sees the contact's.
    To,
    /// The contact sees the account's.
    From,
    Both,
}

impl Subscription {
    pub const ALL: [Self; 4] = [Self::None, Self::To, Self::From, Self::Both];

    /// The value of the attribute `subscription`.
    pub fn as_str(self) -> &'static str {
        match self {
            Subscription::None => "none",
            Subscription::To => "to",
            Subscription::From => "from",
            Subscription::Both => "both",
        }
    }
}

/// A contact, including one that is not in the roster but has sent a request, or is pre-approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterItem {
    /// The contact's bare JID; items imported from other servers may have a full one.
    pub jid: Jid,
    /// The name given by the user.
    pub name: Option<String>,
    pub subscription: Subscription,
    /// Whether the account's own request is unanswered, "pending out".
    pub ask: bool,
    /// The contact's unanswered subscribe stanza, "pending in".
    pub pending_in: Option<String>,
    /// Whether a request of the contact is approved in advance (RFC 6121 §3.4).
    pub approved: bool,
    pub groups: Vec<String>,
    /// Whether it is in the roster that clients see.
    pub in_roster: bool,
    /// The roster's version when it last changed.
    pub version: u64,
}

impl RosterItem {
    /// An empty contact, not in the roster.
    pub fn new(jid: Jid) -> Self {
        Self {
            jid,
            name: None,
            subscription: Subscription::None,
            ask: false,
            pending_in: None,
            approved: false,
            groups: Vec::new(),
            in_roster: false,
            version: 0,
        }
    }
}

/// A roster as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// Its version; 0 before the first change.
    pub version: u64,
    /// Its items, in no particular order.
    pub items: Vec<RosterItem>,
}

/// A change of one roster in one write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RosterChange {
    /// The roster's version afterwards.
    pub version: u64,
    /// New or changed items, complete. Of two with the same address the later wins.
    pub put: Vec<RosterItem>,
    /// Items to remove.
    pub remove: Vec<Jid>,
}

/// The repository of rosters; from [`Store::roster`].
pub struct Rosters<'a>(pub(crate) &'a Store);

impl Rosters<'_> {
    /// The account's roster; empty if nothing was ever stored. An item whose address is no longer a valid JID
    /// (stored under other rules) is left out and logged.
    ///
    /// # Errors
    /// The database failed, or an item is damaged.
    pub async fn load(&self, account: AccountId) -> Result<Roster, StorageError> {
        let rows = self.0.readers().fetch(Statement::RosterLoad.with(&[account.into()])).await?;
        let mut roster = Roster::default();
        for row in &rows {
            roster.version = row.int(0)?.cast_unsigned();
            let Some(jid) = row.opt_text(1)? else { continue };
            match Jid::parse(&jid) {
                Ok(jid) => roster.items.push(item(jid, row)?),
                Err(error) => {
                    tracing::error!(account, %error, "skipped a roster item with an invalid JID");
                }
            }
        }
        Ok(roster)
    }

    /// Writes a change of one roster. Queued at the call.
    ///
    /// # Errors
    /// [`StorageError::Constraint`] if the account does not exist.
    pub fn apply(&self, account: AccountId, change: RosterChange) -> Commit<()> {
        self.apply_many(vec![(account, change)])
    }

    /// Writes changes of several rosters: all or none. Queued at the call.
    ///
    /// # Errors
    /// [`StorageError::Constraint`] if one of the accounts does not exist.
    pub fn apply_many(&self, changes: Vec<(AccountId, RosterChange)>) -> Commit<()> {
        let accounts: Vec<_> = changes.iter().map(|(account, _)| *account).collect();
        self.0.queue_for(&accounts, changes, |connection, changes: &Vec<_>| {
            Box::pin(async move {
                for (account, change) in changes {
                    apply(connection, *account, change).await?;
                }
                Ok(Ok(()))
            })
        })
    }
}

async fn apply(
    connection: &mut Connection,
    account: AccountId,
    change: &RosterChange,
) -> Result<(), StorageError> {
    apply_all(connection, &[(account, change)]).await
}

/// Changes of several accounts, each with at most one.
pub(crate) async fn apply_all(
    connection: &mut Connection,
    changes: &[(AccountId, &RosterChange)],
) -> Result<(), StorageError> {
    for part in parts(changes) {
        let version =
            |(account, change): &(AccountId, &RosterChange)| [*account, change.version.cast_signed()];
        let args: Vec<_> = part.iter().flat_map(version).map(Value::from).collect();
        connection.execute(Statement::RosterVersion.repeat(part.len(), &args)).await?;
    }
    let mut rows = Vec::new();
    for (account, change) in changes {
        remove(connection, *account, &change.remove).await?;
        // PostgreSQL refuses two rows with the same key in one statement.
        let items: BTreeMap<_, _> = change.put.iter().map(|item| (digest(&item.jid), item)).collect();
        for (digest, item) in items {
            rows.push(ItemRow::new(*account, digest, item)?);
        }
    }
    for part in parts_within(&rows, ItemRow::bytes) {
        let args: Vec<_> = part.iter().flat_map(ItemRow::args).collect();
        connection.execute(Statement::RosterPut.repeat(part.len(), &args)).await?;
    }
    Ok(())
}

async fn remove(connection: &mut Connection, account: AccountId, jids: &[Jid]) -> Result<(), StorageError> {
    let removed: Vec<_> = jids.iter().map(digest).collect();
    for list in lists(&removed) {
        let digests = list.iter().map(|digest| Value::from(digest.as_slice()));
        let mut args: Vec<_> = std::iter::once(account.into()).chain(digests).collect();
        let count = fill(&mut args, list.len());
        connection.execute(Statement::RosterRemove.repeat(count, &args)).await?;
    }
    Ok(())
}

/// An item with the columns that are made from it.
struct ItemRow<'a> {
    account: AccountId,
    digest: [u8; 32],
    item: &'a RosterItem,
    groups: String,
}

impl<'a> ItemRow<'a> {
    fn new(account: AccountId, digest: [u8; 32], item: &'a RosterItem) -> Result<Self, StorageError> {
        let groups = serde_json::to_string(&item.groups)
            .map_err(|error| StorageError::Database(format!("groups as JSON: {error}")))?;
        Ok(Self { account, digest, item, groups })
    }

    /// Bytes of its texts.
    fn bytes(&self) -> usize {
        let texts = [self.item.name.as_deref(), self.item.pending_in.as_deref()];
        let texts: usize = texts.into_iter().flatten().map(str::len).sum();
        self.item.jid.as_str().len() + self.groups.len() + texts
    }

    fn args(&self) -> [Value<'_>; 11] {
        let Self { account, digest, item, groups } = self;
        [
            (*account).into(),
            digest.as_slice().into(),
            item.jid.as_str().into(),
            item.name.as_deref().into(),
            number(item.subscription).into(),
            item.ask.into(),
            item.approved.into(),
            item.in_roster.into(),
            item.pending_in.as_deref().into(),
            groups.as_str().into(),
            item.version.cast_signed().into(),
        ]
    }
}

/// A JID may exceed the maximum length of an index key.
pub(crate) fn digest(jid: &Jid) -> [u8; 32] {
    Sha256::digest(jid.as_str()).into()
}

fn number(subscription: Subscription) -> i64 {
    match subscription {
        Subscription::None => 0,
        Subscription::To => 1,
        Subscription::From => 2,
        Subscription::Both => 3,
    }
}

pub(crate) fn item(jid: Jid, row: &Row) -> Result<RosterItem, StorageError> {
    let damaged = |what: &str| StorageError::Corrupt(format!("{what} of a roster item"));
    Ok(RosterItem {
        jid,
        name: row.opt_text(2)?,
        subscription: match row.int(3)? {
            0 => Subscription::None,
            1 => Subscription::To,
            2 => Subscription::From,
            3 => Subscription::Both,
            _ => return Err(damaged("the subscription")),
        },
        ask: row.flag(4)?,
        approved: row.flag(5)?,
        in_roster: row.flag(6)?,
        pending_in: row.opt_text(7)?,
        groups: serde_json::from_str(&row.text(8)?).map_err(|_| damaged("the groups"))?,
        version: row.int(9)?.cast_unsigned(),
    })
}
