//! The only crate that uses SQL.
//!
//! A [`Store`] is an open database: SQLite, PostgreSQL or MariaDB. Its repositories, one per file, use domain types; a
//! lookup returns an `Option`, an error is a failure.
//!
//! Reads use a few read-only connections. Every write is queued at the call and returns a [`Commit`], a
//! future that resolves after the commit: a writer takes all queued writes, runs them in one transaction and
//! reports each result. SQLite has one writer, a database server several. The writes of an account are
//! committed in the order of their calls, whenever the futures are polled.
//!
//! A database that does not answer within the deadline is away: until it is back, everything fails at once
//! (`health.rs`).
//!
//! Databases of others are in [`source`]: named statements of the operator, and nothing else.
//!
//! SQL is in `statement.rs`, each statement with the name under which it is measured; what is particular to a
//! database is in its file (`sqlite.rs`, `postgres.rs`, `mariadb.rs`) and its folder of migrations.

mod account;
mod account_adopted;
mod account_key;
mod account_record;
mod account_secret;
mod backup;
mod check;
mod common_hashes;
mod connection;
mod copy;
mod dialect;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod health;
mod imported;
mod imported_write;
mod last_activity;
mod look;
mod mariadb;
mod migration;
mod native;
mod offline;
mod options;
mod parameters;
mod password_mark;
mod plugin_change;
mod plugin_key;
mod plugin_owner;
mod plugin_slot;
mod plugin_usage;
mod plugin_value;
mod postgres;
mod privacy;
mod privacy_item;
mod private;
mod purge;
mod readers;
mod repeat;
mod role;
mod roster;
mod schema;
mod scram;
mod setting;
pub mod source;
mod sqlite;
mod stat;
mod statement;
mod store;
mod target;
mod value;
mod vcard;
mod writer;

#[cfg(test)]
mod contract;

pub use account::{Account, Accounts, CreateError, NewAccount};
pub use account_record::AccountRecord;
pub use account_secret::{AccountSecret, Kept};
pub use backup::{BackupError, backup};
pub use check::{Finding, StorageCheck, check};
pub use copy::{CopyError, CopyProgress, CopyReport, copy};
pub use error::StorageError;
pub use imported::{AccountState, Imported, Imports};
pub use imported_write::{ImportChange, ImportedAccount};
pub use last_activity::{LastActivities, LastActivity};
pub use offline::{Offline, OfflineError, OfflineId, OfflineMessage};
pub use options::{Options, Sync};
pub use plugin_change::{Changed, Expect, PluginChange, PluginValueError, PluginWrite};
pub use plugin_slot::{PluginSlotError, PluginSlots};
pub use plugin_value::PluginValues;
pub use privacy::{PrivacyChange, PrivacyList, PrivacyLists};
pub use privacy_item::{Kinds, PrivacyItem, Subject};
pub use private::{PrivateEntry, PrivateError, PrivateLimits, PrivateXml};
pub use roster::{Roster, RosterChange, RosterItem, Rosters, Subscription};
pub use scram::{Hash, ScramKeys};
pub use setting::Settings;
pub use stat::{Counted, PoolStat, StatementStat, WriterStat};
pub use store::Store;
pub use value::AccountId;
pub use vcard::VCards;
pub use writer::Commit;
