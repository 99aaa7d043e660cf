//! A file that appears when it is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::MigrateError;

use crate::xep0227::directory::file_error;

/// The suffix of a file that is not whole.
pub(crate) const SUFFIX: &str = "part";

/// A file that only its owner can read, under another name until it is finished.
pub(crate) struct NewFile {
    path: PathBuf,
    part: PathBuf,
    writer: BufWriter<File>,
}

impl NewFile {
    /// Begins a file that does not exist.
    pub(crate) fn create(path: &Path) -> Result<Self, MigrateError> {
        if path.symlink_metadata().is_ok() {
            let error = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
            return Err(file_error(path, error));
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".");
        name.push(SUFFIX);
        let part = path.with_file_name(name);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part);
        let file = file.map_err(|error| file_error(&part, error))?;
        Ok(Self { path: path.to_owned(), part, writer: BufWriter::new(file) })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), MigrateError> {
        self.writer.write_all(bytes).map_err(|error| file_error(&self.part, error))
    }

    /// Gives it its name.
    pub(crate) fn finish(mut self) -> Result<(), MigrateError> {
        self.writer.flush().map_err(|error| file_error(&self.part, error))?;
        fs::rename(&self.part, &self.path).map_err(|error| file_error(&self.path, error))
    }
}
