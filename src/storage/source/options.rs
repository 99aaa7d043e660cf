//! What a foreign database is and what may be asked of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::{Query, SourceError};
use crate::dialect::Dialect;
use crate::{Options, StorageError, mariadb, postgres};

/// Options of a source. Two that are equal describe the same pool. No `Debug`: the URL may contain a password.
#[derive(Clone, PartialEq, Eq)]
pub struct SourceOptions {
    /// Its name in the configuration.
    pub name: String,
    /// `sqlite:PATH`, `postgres://…` or `mysql://…`.
    pub url: String,
    /// The directory that a relative SQLite path starts from.
    pub base: PathBuf,
    /// Where the password of a database server comes from.
    pub password: SourcePassword,
    /// The statements, by name.
    pub queries: BTreeMap<String, String>,
    /// Whether statements may write.
    pub write: bool,
    /// Maximum connections, at least one.
    pub connections: usize,
    /// The longest time to connect.
    pub connect: Duration,
    /// The longest time a statement may take.
    pub statement: Duration,
    /// The longest wait for a free connection.
    pub wait: Duration,
    /// Maximum rows of a result.
    pub rows: usize,
    /// Maximum bytes of a result's values.
    pub bytes: usize,
}

/// Where a password comes from. It is read for each new connection, so that one that is changed is used at once.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum SourcePassword {
    /// It is in the URL, or there is none.
    #[default]
    Url,
    /// The only line of a file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
}

impl SourceOptions {
    /// `url` with four connections, 5 s to connect, 5 s for a statement, 2 s in the queue, 1000 rows, 1 MiB, read-only,
    /// without statements.
    pub fn new(name: impl Into<String>, url: impl Into<String>, base: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            url: url.into(),
            base: base.into(),
            password: SourcePassword::Url,
            queries: BTreeMap::new(),
            write: false,
            connections: 4,
            connect: Duration::from_secs(5),
            statement: Duration::from_secs(5),
            wait: Duration::from_secs(2),
            rows: 1000,
            bytes: 1_048_576,
        }
    }

    /// Whether the URL can be used; connects to nothing.
    ///
    /// # Errors
    /// [`SourceError::Unsupported`], without the URL.
    pub fn understood(&self) -> Result<(), SourceError> {
        let options = self.storage();
        let read = match self.dialect()? {
            Dialect::Sqlite => options.sqlite_path().map(drop),
            Dialect::Postgres => postgres::options(&options).map(drop),
            Dialect::Mariadb => mariadb::options(&options).map(drop),
        };
        read.map_err(unsupported)
    }

    /// The statements, parsed.
    ///
    /// # Errors
    /// [`SourceError::Unsupported`]; [`SourceError::Query`], the first that cannot be run.
    pub(super) fn parsed(&self) -> Result<Vec<Query>, SourceError> {
        let dialect = self.dialect()?;
        let parse = |(name, text): (&String, &String)| {
            Query::parse(name, text, dialect, self.write)
                .map_err(|error| SourceError::Query(name.clone(), error))
        };
        self.queries.iter().map(parse).collect()
    }

    /// Each statement that cannot be run, by name. Empty if the URL is not understood.
    pub fn faults(&self) -> Vec<(String, super::QueryError)> {
        let Ok(dialect) = self.dialect() else { return Vec::new() };
        let fault = |(name, text): (&String, &String)| {
            Query::parse(name, text, dialect, self.write).err().map(|error| (name.clone(), error))
        };
        self.queries.iter().filter_map(fault).collect()
    }

    pub(super) fn dialect(&self) -> Result<Dialect, SourceError> {
        self.storage().scheme().map_err(unsupported)
    }

    /// The file of a SQLite database.
    pub(super) fn sqlite_file(&self) -> Result<PathBuf, SourceError> {
        self.storage().sqlite_path().map_err(unsupported)
    }

    /// Without a password that is not in the URL.
    fn storage(&self) -> Options {
        Options::new(self.url.clone(), self.base.clone())
    }

    /// For a new connection to a database server.
    pub(super) fn with_password(&self) -> Result<Options, SourceError> {
        let read =
            match &self.password {
                SourcePassword::Url => None,
                SourcePassword::File(file) => {
                    let text = std::fs::read_to_string(file);
                    let line = text.map_err(|error| format!("cannot read {}: {error}", file.display()));
                    Some(line.and_then(|text| {
                        only_line(&text).ok_or(format!("{} is not one line", file.display()))
                    }))
                }
                SourcePassword::Environment(name) => Some(
                    std::env::var(name).map_err(|_| format!("the environment variable {name} is not set")),
                ),
            };
        let password =
            read.transpose().map_err(|why| SourceError::Unavailable(format!("no password: {why}")))?;
        Ok(Options { password, ..self.storage() })
    }
}

fn only_line(text: &str) -> Option<String> {
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    (!line.is_empty() && !line.contains(['\n', '\r'])).then(|| line.to_owned())
}

fn unsupported(error: StorageError) -> SourceError {
    match error {
        StorageError::Unsupported(why) => SourceError::Unsupported(why),
        other => SourceError::Unsupported(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_cannot_be_used_are_refused_without_their_passwords() {
        for url in
            ["oracle://u:secret@h/d", "mysql://u:secret@h:x/d", "sqlite:", "sqlite:a?mode=rw", "secret"]
        {
            let error = SourceOptions::new("s", url, "/b").understood().unwrap_err();
            assert!(matches!(error, SourceError::Unsupported(_)), "{url}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
        for url in ["sqlite:a.db", "postgres://u@h/d", "mariadb://u@h/d"] {
            assert_eq!(SourceOptions::new("s", url, "/b").understood(), Ok(()), "{url}");
        }
    }

    #[test]
    fn a_password_that_cannot_be_read_makes_the_source_unavailable() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        let mut options = SourceOptions::new("s", "postgres://u@h/d", "");
        options.password = SourcePassword::File(file.clone());
        assert!(matches!(options.with_password(), Err(SourceError::Unavailable(_))));
        std::fs::write(&file, "two\nlines\n").unwrap();
        assert!(matches!(options.with_password(), Err(SourceError::Unavailable(_))));
        std::fs::write(&file, "one line\r\n").unwrap();
        assert_eq!(
            options.with_password().unwrap_or_else(|e| panic!("{e}")).password.as_deref(),
            Some("one line")
        );
    }
}
