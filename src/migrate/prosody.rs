//! Prosody (prosody.im), 0.8 and later: its file storage, and its SQL storage.

mod account;
mod belongings;
mod bookmarks;
mod file_name;
mod files;
mod host_directory;
mod item;
mod json;
mod last;
mod lua;
mod lua_parser;
mod lua_scanner;
mod offline;
mod pep;
mod privacy;
mod private;
mod record_file;
mod refusal;
mod roster;
mod row;
mod rows;
mod sql;
mod stanza;
mod store;
mod understood;
mod vcard;

use std::path::PathBuf;

use crate::{BoxFuture, Leftover, MigrateError, RawUser, Source, Survey};
use storage::source::Tables;

use files::Files;
use sql::Sql;

/// Prosody's data.
pub struct ProsodySource(Storage);

enum Storage {
    Files(Files),
    Sql(Box<Sql>),
}

impl ProsodySource {
    /// The file storage (mod_storage_internal): the data directory.
    pub fn files(dir: PathBuf) -> Self {
        Self(Storage::Files(Files::new(dir)))
    }

    /// The SQL storage (mod_storage_sql): the database.
    pub fn sql(tables: Tables) -> Self {
        Self(Storage::Sql(Box::new(Sql::new(tables))))
    }
}

impl Source for ProsodySource {
    fn survey(&mut self) -> BoxFuture<'_, Result<Survey, MigrateError>> {
        Box::pin(async move {
            match &mut self.0 {
                Storage::Files(files) => files.survey(),
                Storage::Sql(sql) => sql.survey().await,
            }
        })
    }

    fn next(&mut self) -> BoxFuture<'_, Result<Option<RawUser>, MigrateError>> {
        Box::pin(async move {
            match &mut self.0 {
                Storage::Files(files) => files.next(),
                Storage::Sql(sql) => sql.next().await,
            }
        })
    }

    fn leftovers(&mut self) -> Vec<Leftover> {
        match &mut self.0 {
            Storage::Files(files) => files.leftovers(),
            Storage::Sql(sql) => sql.leftovers(),
        }
    }
}

#[cfg(test)]
mod tests;
