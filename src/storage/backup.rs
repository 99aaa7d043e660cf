//! A copy of an embedded database in a file, while a server may use it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use runtime::Runtime;

use crate::dialect::Dialect;
use crate::look::Look;
use crate::role::Role;
use crate::{Options, StorageError, migration};

/// Why there is no backup.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// A database server is backed up by its own tools.
    #[error("the database is not in a file of this server's")]
    Elsewhere,
    /// Nothing is overwritten.
    #[error("the file exists already")]
    Exists,
    /// `FILE.partial` exists.
    #[error("another backup is writing this file, or was interrupted")]
    Running,
    /// The file system refuses.
    #[error("cannot write the file: {0}")]
    File(String),
    /// The database cannot be read.
    #[error("cannot read the database: {0}")]
    Storage(#[from] StorageError),
}

/// Writes the database as of now into `file` (mode 0600), which appears when it is complete; returns its bytes. It is a
/// database as it can be opened: to restore it, put it in place of the other.
///
/// # Errors
/// [`BackupError`]. Then there is no file.
pub async fn backup(options: &Options, file: &Path, runtime: &Runtime) -> Result<u64, BackupError> {
    if options.scheme()? != Dialect::Sqlite {
        return Err(BackupError::Elsewhere);
    }
    if file.symlink_metadata().is_ok() {
        return Err(BackupError::Exists);
    }
    let mut look = Look::new(options, Role::Reader, runtime).await?;
    migration::usable(&mut look.connection).await?;
    let partial = partial(file);
    let made = written(&mut look, &partial, file).await;
    // One that was there before belongs to another backup.
    if made.is_err() && made != Err(BackupError::Running) {
        let _ = std::fs::remove_file(&partial);
    }
    made
}

async fn written(look: &mut Look, partial: &Path, file: &Path) -> Result<u64, BackupError> {
    let text = partial.to_str().ok_or_else(|| BackupError::File("its name is not valid UTF-8".into()))?;
    let failed = |error: std::io::Error| BackupError::File(error.to_string());
    // SQLite takes a file that is empty; made here, it has the right mode from the start.
    let mut create = tokio::fs::OpenOptions::new();
    let made = create.create_new(true).write(true).mode(0o600).open(partial).await;
    let made = made.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => BackupError::Running,
        _ => failed(error),
    })?;
    look.fetch("VACUUM INTO ?", &[text.into()]).await.map_err(|error| match error {
        StorageError::Io(why) => BackupError::File(why),
        other => other.into(),
    })?;
    made.sync_all().await.map_err(failed)?;
    let bytes = made.metadata().await.map_err(failed)?.len();
    // Not a rename, which would replace a file that has come meanwhile.
    std::fs::hard_link(partial, file).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => BackupError::Exists,
        _ => failed(error),
    })?;
    std::fs::remove_file(partial).map_err(failed)?;
    Ok(bytes)
}

fn partial(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}
