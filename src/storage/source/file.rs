//! Which file a SQLite database is, so that one put in its place is noticed.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::SourceError;

/// A file under a name. While a connection holds the file open, its inode cannot be another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
    /// Written over in place, as by `cp`: SQLite might go on with pages of the file before. `None` if this source writes.
    modified: Option<(i64, i64)>,
}

impl FileId {
    /// # Errors
    /// [`SourceError::Unavailable`]: there is none.
    pub fn of(path: &Path, write: bool) -> Result<Self, SourceError> {
        let about = std::fs::metadata(path)
            .map_err(|error| SourceError::Unavailable(format!("{}: {error}", path.display())))?;
        if !about.is_file() {
            return Err(SourceError::Unavailable(format!("{} is not a file", path.display())));
        }
        let modified = (!write).then(|| (about.mtime(), about.mtime_nsec()));
        Ok(Self { device: about.dev(), inode: about.ino(), modified })
    }
}
