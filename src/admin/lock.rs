//! The lock that restricts a data directory to one process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process;

const FILE: &str = "castling.lock";

/// Held while a process uses a data directory; the operating system releases it when the process dies.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "closing the file gives the lock back")] File);

/// Why a data directory cannot be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it; its process id, if readable.
    #[error("{} is using the data directory", holder(*.0))]
    Held(Option<u32>),
    /// The file cannot be created or locked.
    #[error("cannot lock the data directory: {0}")]
    Io(io::Error),
}

fn holder(process: Option<u32>) -> String {
    process.map_or("another process".to_owned(), |process| format!("process {process}"))
}

impl Lock {
    /// Takes the lock, or fails at once.
    ///
    /// # Errors
    /// [`LockError::Held`] if another process holds it.
    pub fn take(data_dir: &Path) -> Result<Self, LockError> {
        Self::file(&data_dir.join(FILE))
    }

    /// The same with a file of its own, which is made if it does not exist: for work of which one at a time goes on.
    ///
    /// # Errors
    /// [`LockError::Held`] if another process holds it.
    pub fn file(path: &Path) -> Result<Self, LockError> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(path).map_err(LockError::Io)?;
        match file.try_lock() {
            Ok(()) => {
                let note = |file: &mut File| -> io::Result<()> {
                    file.set_len(0)?;
                    file.rewind()?;
                    writeln!(file, "{}", process::id())
                };
                note(&mut file).map_err(LockError::Io)?;
                Ok(Self(file))
            }
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let read = file.take(32).read_to_string(&mut text);
                Err(LockError::Held(read.ok().and_then(|_| text.trim().parse().ok())))
            }
            Err(TryLockError::Error(error)) => Err(LockError::Io(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_holds_it() {
        let dir = tempfile::tempdir().unwrap();
        let lock = Lock::take(dir.path()).unwrap();
        let error = Lock::take(dir.path()).unwrap_err();
        assert!(matches!(error, LockError::Held(Some(holder)) if holder == process::id()), "{error}");
        drop(lock);
        Lock::take(dir.path()).unwrap();
    }

    #[test]
    fn no_directory() {
        let error = Lock::take(Path::new("/nonexistent/dir")).unwrap_err();
        assert!(matches!(error, LockError::Io(_)), "{error}");
    }
}
