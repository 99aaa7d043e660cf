//! The only crate that uses SQL.
//!
//! A [`Store`] is an open database: SQLite now, others later behind the same interface. Its repositories, one
//! per file, use domain types; a lookup returns an `Option`, an error is a failure.
//!
//! Reads use a few read-only connections. Every write is queued at the call and returns a [`Commit`], a
//! future that resolves after the commit: a single writer takes all queued writes, runs them in one
//! transaction and reports each result. Writes are committed in the order of their calls, whenever the
//! futures are polled.
//!
//! SQL is in `statement.rs`, each statement with the name under which it is measured; SQLite-specific code is
//! in `sqlite.rs` and `migrations/sqlite`.

mod account;
mod account_key;
mod account_record;
mod connection;
mod error;
mod last_activity;
mod migration;
mod offline;
mod options;
mod privacy;
mod privacy_item;
mod private;
mod purge;
mod roster;
mod scram;
mod setting;
mod sqlite;
mod stat;
mod statement;
mod store;
mod value;
mod vcard;
mod writer;

#[cfg(test)]
mod tests;

pub use account::{Account, AccountId, Accounts, CreateError, NewAccount};
pub use account_record::AccountRecord;
pub use error::StorageError;
pub use last_activity::{LastActivities, LastActivity};
pub use offline::{Offline, OfflineError, OfflineId, OfflineMessage};
pub use options::{Options, Sync};
pub use privacy::{PrivacyChange, PrivacyList, PrivacyLists};
pub use privacy_item::{Kinds, PrivacyItem, Subject};
pub use private::{PrivateEntry, PrivateError, PrivateLimits, PrivateXml};
pub use roster::{Roster, RosterChange, RosterItem, Rosters, Subscription};
pub use scram::{Hash, ScramKeys};
pub use setting::Settings;
pub use stat::{StatementStat, WriterStat};
pub use store::Store;
pub use vcard::VCards;
pub use writer::Commit;
