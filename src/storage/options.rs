//! Options for opening a store.

use std::path::{Path, PathBuf};

use crate::StorageError;

/// What an acknowledged write survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sync {
    /// A crash of the process; the last moments may be lost when the machine crashes.
    #[default]
    Normal,
    /// A crash of the machine: every batch is synced to disk before it is acknowledged.
    Full,
}

/// Options for opening a store.
#[derive(Clone, Debug)]
pub struct Options {
    /// `sqlite:PATH`, relative to `data_dir` unless absolute.
    pub url: String,
    /// Created (mode 0700) if it does not exist.
    pub data_dir: PathBuf,
    /// What an acknowledged write survives.
    pub sync: Sync,
    /// Number of read-only connections, at least one.
    pub readers: usize,
    /// Maximum writes in one transaction; at least one.
    pub batch: usize,
}

impl Options {
    /// `url` in `data_dir`, with two readers, batches of up to 256 writes and [`Sync::Normal`].
    pub fn new(url: impl Into<String>, data_dir: impl Into<PathBuf>) -> Self {
        Self { url: url.into(), data_dir: data_dir.into(), sync: Sync::Normal, readers: 2, batch: 256 }
    }

    /// The SQLite file of the URL.
    pub(crate) fn sqlite_path(&self) -> Result<PathBuf, StorageError> {
        let Some((scheme, rest)) = self.url.split_once(':') else {
            return Err(StorageError::Unsupported("it has no scheme such as sqlite:".into()));
        };
        if scheme != "sqlite" {
            return Err(StorageError::Unsupported(format!("only sqlite: is supported, not {scheme}:")));
        }
        let path = rest.strip_prefix("//").unwrap_or(rest);
        if path.is_empty() || path.contains('?') || path.starts_with(':') {
            return Err(StorageError::Unsupported("sqlite: must be followed by a file path only".into()));
        }
        Ok(self.data_dir.join(Path::new(path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(url: &str) -> Result<PathBuf, StorageError> {
        Options::new(url, "/data").sqlite_path()
    }

    #[test]
    fn urls_name_files_in_the_data_directory() {
        assert_eq!(path("sqlite:castling.db"), Ok("/data/castling.db".into()));
        assert_eq!(path("sqlite://a/b.db"), Ok("/data/a/b.db".into()));
        assert_eq!(path("sqlite:/var/c.db"), Ok("/var/c.db".into()));
        assert_eq!(path("sqlite:///var/c.db"), Ok("/var/c.db".into()));
    }

    #[test]
    fn other_urls_are_refused() {
        for url in
            ["castling.db", "postgres://u:secret@h/d", "sqlite:", "sqlite::memory:", "sqlite:a?mode=ro"]
        {
            let error = path(url).unwrap_err();
            assert!(matches!(error, StorageError::Unsupported(_)), "{url}");
            assert!(!error.to_string().contains("secret"));
        }
    }
}
