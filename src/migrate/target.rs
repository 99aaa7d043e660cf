//! Where users go: into a store, or to a running server that has it open.

use crate::{BoxFuture, MigrateError, Order, RawUser, Tally};

/// Takes users, a batch at a time. Batches may be under way at the same time.
pub trait Target: Send + Sync {
    /// The server's domains.
    fn domains(&self) -> BoxFuture<'_, Result<Vec<String>, MigrateError>>;

    /// Imports, or compares, users of different accounts.
    ///
    /// # Errors
    /// The import cannot go on. Users of this batch have been written whole or not at all.
    fn apply<'a>(
        &'a self,
        order: &'a Order,
        users: Vec<RawUser>,
    ) -> BoxFuture<'a, Result<Tally, MigrateError>>;

    /// The local parts of accounts of the domain that were imported before from this kind of server, in bytewise order from
    /// behind `after`: a page. Empty at the end.
    fn imported<'a>(
        &'a self,
        order: &'a Order,
        domain: &'a str,
        after: &'a str,
    ) -> BoxFuture<'a, Result<Vec<String>, MigrateError>>;

    /// Deletes accounts that are gone in the source and not changed here.
    fn remove<'a>(
        &'a self,
        order: &'a Order,
        domain: &'a str,
        locals: Vec<String>,
    ) -> BoxFuture<'a, Result<Tally, MigrateError>>;

    /// How many accounts of the domain have their password as a hash of other software.
    fn foreign<'a>(&'a self, domain: &'a str) -> BoxFuture<'a, Result<u64, MigrateError>>;
}
