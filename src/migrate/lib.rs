//! Moving users from other servers, and to them.
//!
//! A [`Source`] yields users one by one, as they stand there ([`RawUser`]); `intake` checks them; `merge` compares each with
//! the account here and with what was imported of it before, and decides record by record; an [`Importer`] writes what
//! follows of that. An [`import`] drives them and ends in a [`Report`].

mod bookmarks;
mod concurrent;
mod decision;
mod digest;
mod domain;
mod ejabberd;
mod encoding;
mod error;
mod exporter;
mod feeds;
mod import;
mod importer;
mod intake;
mod jabberd2;
mod kind;
mod live;
mod merge;
mod moment;
mod order;
mod person;
mod progress;
mod prosody;
mod raw;
mod reason;
mod report;
mod row;
mod source;
mod tally;
mod target;
mod vcard4;
mod verify;
mod xep0227;

use std::pin::Pin;

pub use concurrent::{ConcurrentUse, Held, Names, StoreOnly};
pub use domain::Domain;
pub use ejabberd::EjabberdSource;
pub use error::MigrateError;
pub use exporter::page;
pub use import::{Progress, import};
pub use importer::{Hashing, Importer};
pub use jabberd2::Jabberd2Source;
pub use kind::Kind;
pub use live::RunningServer;
pub use order::{Mode, OnConflict, Order, Place, Secrets, Server};
pub use progress::Shown;
pub use prosody::ProsodySource;
pub use raw::{
    RawAccount, RawContact, RawLast, RawMessage, RawPassword, RawRequest, RawRule, RawUser, Skipped,
};
pub use reason::Reason;
pub use report::Report;
pub use source::{Leftover, Source, Survey};
pub use tally::{Counts, Fate, Listed, Tally};
pub use target::Target;
pub use xep0227::{Xep0227Source, export};

/// A future in a box.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[cfg(test)]
mod tests;
