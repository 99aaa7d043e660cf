//! Writes users in the format of XEP-0227 1.1: a directory with a file for each domain, which includes a file for each
//! user.

mod document;
mod file_name;
mod new_file;
mod user;

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::{MigrateError, Skipped};

use crate::xep0227::directory::file_error;
pub(crate) use file_name::file_name;
use new_file::NewFile;

pub use user::{ExportContact, ExportMessage, ExportPassword, ExportRule, ExportUser};

/// The file that is in the directory as long as the export has not ended.
pub const UNFINISHED: &str = "castling-export.unfinished";

const ABOUT: &str =
    "An export of Castling that has not ended. A new export into this directory replaces its files.\n";

/// An export that is being written. Unless it is finished, the directory says that it is not whole.
///
/// `DIR/<domain>.xml` is a complete document. It includes `DIR/<domain>/<user>.xml`, whose root is `user`
/// (XEP-0227 §4.1). Directories are for the owner only, and so are files, which appear when they are whole.
pub struct Export {
    directory: PathBuf,
    host: Option<Host>,
}

/// The domain whose users are being written.
struct Host {
    domain: String,
    /// The name of its file without the suffix, and of the directory of its users.
    name: String,
    file: NewFile,
}

impl Export {
    /// Begins in a directory that is empty, does not exist, or has an export that has not ended, whose files are removed.
    ///
    /// # Errors
    /// The directory holds anything else, or cannot be written.
    pub fn begin(directory: &Path) -> Result<Self, MigrateError> {
        if !directory.exists() {
            DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(at(directory))?;
        }
        let mark = directory.join(UNFINISHED);
        if mark.exists() {
            remove_unfinished(directory)?;
        } else if fs::read_dir(directory).map_err(at(directory))?.next().is_some() {
            return Err(MigrateError::source(format!(
                "{} is not empty — give another directory for the export",
                directory.display()
            )));
        } else {
            let mut file = NewFile::create(&mark)?;
            file.write(ABOUT.as_bytes())?;
            file.finish()?;
        }
        Ok(Self { directory: directory.to_owned(), host: None })
    }

    /// Begins a domain; the one before ends.
    ///
    /// # Errors
    /// The domain was written already, or a file cannot be written.
    pub fn host(&mut self, domain: &str) -> Result<(), MigrateError> {
        self.end_host()?;
        let name = file_name(domain);
        let users = self.directory.join(&name);
        DirBuilder::new().mode(0o700).create(&users).map_err(at(&users))?;
        let mut file = NewFile::create(&self.directory.join(format!("{name}.xml")))?;
        file.write(document::host_start(domain).as_bytes())?;
        self.host = Some(Host { domain: domain.to_owned(), name, file });
        Ok(())
    }

    /// Writes a user of the domain. The answer is what could not be written, since it is no valid XML.
    ///
    /// # Errors
    /// No domain has begun, the user was written already, or a file cannot be written.
    pub fn user(&mut self, user: &ExportUser) -> Result<Vec<Skipped>, MigrateError> {
        let host = self.host.as_mut().ok_or_else(|| MigrateError::source("a user before its domain"))?;
        let name = file_name(&user.local);
        let path = self.directory.join(&host.name).join(format!("{name}.xml"));
        let mut file = NewFile::create(&path)?;
        let skipped = document::write_user(user, &host.domain, &mut file)?;
        file.finish()?;
        host.file.write(document::include(&host.name, &name).as_bytes())?;
        Ok(skipped)
    }

    /// Ends the last domain, and the export.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn finish(mut self) -> Result<(), MigrateError> {
        self.end_host()?;
        let mark = self.directory.join(UNFINISHED);
        fs::remove_file(&mark).map_err(at(&mark))
    }

    /// The domain's file appears after those of its users.
    fn end_host(&mut self) -> Result<(), MigrateError> {
        let Some(mut host) = self.host.take() else { return Ok(()) };
        host.file.write(document::HOST_END.as_bytes())?;
        host.file.finish()
    }
}

/// Removes what an export has written: XML, and files that did not become whole. Anything else stays, and so do links.
fn remove_unfinished(directory: &Path) -> Result<(), MigrateError> {
    for entry in fs::read_dir(directory).map_err(at(directory))? {
        let entry = entry.map_err(at(directory))?;
        let path = entry.path();
        let kind = entry.file_type().map_err(at(&path))?;
        if kind.is_dir() {
            remove_files(&path)?;
            // It stays if it holds anything else; then the domain is refused.
            let _ = fs::remove_dir(&path);
        } else if kind.is_file() && is_ours(&path) {
            fs::remove_file(&path).map_err(at(&path))?;
        }
    }
    Ok(())
}

fn remove_files(directory: &Path) -> Result<(), MigrateError> {
    for entry in fs::read_dir(directory).map_err(at(directory))? {
        let entry = entry.map_err(at(directory))?;
        let path = entry.path();
        if entry.file_type().map_err(at(&path))?.is_file() && is_ours(&path) {
            fs::remove_file(&path).map_err(at(&path))?;
        }
    }
    Ok(())
}

fn is_ours(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "xml" || extension == new_file::SUFFIX)
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> MigrateError + '_ {
    move |error| file_error(path, error)
}
