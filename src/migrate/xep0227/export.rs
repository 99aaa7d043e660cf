//! Writes users in the format of XEP-0227 1.1.

mod document;
mod file_name;
mod new_file;
mod reader;
mod user;

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::{Kind, MigrateError, Reason, Skipped};

use crate::xep0227::directory::file_error;
pub(crate) use file_name::file_name;
use new_file::NewFile;
pub use reader::Reader;

pub use user::{ExportContact, ExportMessage, ExportPassword, ExportRule, ExportUser};

/// The file that is in the directory as long as the export has not ended.
pub const UNFINISHED: &str = "castling-export.unfinished";

/// The document that includes those of all domains.
const MAIN: &str = "server-data.xml";
/// Where these are.
const HOSTS: &str = "hosts";
/// The longest name of a file that Linux takes, in bytes.
const LONGEST_NAME: usize = 255;

const ABOUT: &str =
    "An export of Castling that has not ended. A new export into this directory replaces its files.\n";

/// An export that is being written. Unless it is finished, the directory says that it is not whole.
///
/// Directories are for the owner only, and so are files, which appear when they are whole.
pub struct Export {
    directory: PathBuf,
    reader: Reader,
    /// The domains so far, by the names of their files without the suffix.
    hosts: Vec<String>,
    host: Option<Host>,
}

/// The domain whose users are being written.
struct Host {
    domain: String,
    /// Its document; `None` if each user has one.
    file: Option<NewFile>,
}

impl Export {
    /// Begins in a directory that is empty, does not exist, or has an export that has not ended, whose files are removed.
    ///
    /// # Errors
    /// The directory holds anything else, or cannot be written.
    pub fn begin(directory: &Path, reader: Reader) -> Result<Self, MigrateError> {
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
        if !reader.wants_users() {
            let hosts = directory.join(HOSTS);
            let made = DirBuilder::new().recursive(true).mode(0o700).create(&hosts);
            made.map_err(at(&hosts))?;
        }
        Ok(Self { directory: directory.to_owned(), reader, hosts: Vec::new(), host: None })
    }

    /// Begins a domain; the one before ends.
    ///
    /// # Errors
    /// The domain was written already, or a file cannot be written.
    pub fn host(&mut self, domain: &str) -> Result<(), MigrateError> {
        self.end_host()?;
        let name = file_name(domain);
        let file = match self.reader.wants_users() {
            true => None,
            false => {
                let mut file = NewFile::create(&self.directory.join(HOSTS).join(format!("{name}.xml")))?;
                file.write(document::host_start(domain).as_bytes())?;
                Some(file)
            }
        };
        self.hosts.push(name);
        self.host = Some(Host { domain: domain.to_owned(), file });
        Ok(())
    }

    /// Writes a user of the domain. The answer is what could not be written: what is no valid XML, or a user whose
    /// file cannot be named so.
    ///
    /// # Errors
    /// No domain has begun, the user has a file already, or a file cannot be written.
    pub fn user(&mut self, user: &ExportUser) -> Result<Vec<Skipped>, MigrateError> {
        let host = self.host.as_mut().ok_or_else(|| MigrateError::source("a user before its domain"))?;
        if let Some(file) = &mut host.file {
            return document::write_user(user, &host.domain, self.reader.encodings(), file);
        }
        let name = format!("{}@{}.xml", user.local, host.domain);
        // While it is being written it has a suffix.
        if name.len() + 1 + new_file::SUFFIX.len() > LONGEST_NAME || name.contains(['/', '\0']) {
            let why = "its file cannot be named so";
            return Ok(vec![Skipped::one(Kind::Account, Reason::TooLarge, &user.local, why)]);
        }
        let mut file = NewFile::create(&self.directory.join(name))?;
        file.write(document::user_start(&host.domain).as_bytes())?;
        let skipped = document::write_user(user, &host.domain, self.reader.encodings(), &mut file)?;
        file.write(document::USER_END.as_bytes())?;
        file.finish()?;
        Ok(skipped)
    }

    /// Ends the last domain, and the export.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn finish(mut self) -> Result<(), MigrateError> {
        self.end_host()?;
        if !self.reader.wants_users() {
            let mut file = NewFile::create(&self.directory.join(MAIN))?;
            file.write(document::main(HOSTS, &self.hosts).as_bytes())?;
            file.finish()?;
        }
        let mark = self.directory.join(UNFINISHED);
        fs::remove_file(&mark).map_err(at(&mark))
    }

    /// A domain's file appears when all its users are in it.
    fn end_host(&mut self) -> Result<(), MigrateError> {
        let Some(mut file) = self.host.take().and_then(|host| host.file) else { return Ok(()) };
        file.write(document::HOST_END.as_bytes())?;
        file.finish()
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
