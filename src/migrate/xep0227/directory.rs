//! The files of a directory.

use std::fs;
use std::path::{Path, PathBuf};

use crate::MigrateError;
use hashbrown::HashSet;

/// How deep directories may be nested.
const DEPTH: usize = 16;

/// What is in a directory.
pub(crate) struct Files {
    pub found: Vec<PathBuf>,
    /// Names of what is no file and is called as if it were one.
    pub odd: Vec<String>,
}

/// All files `*.xml` in a directory and in those below it, with their links resolved, in the byte order of their names.
/// Directories behind symbolic links, and those whose names begin with a dot, are left out.
///
/// # Errors
/// A directory cannot be read.
pub(crate) fn files(directory: &Path) -> Result<Files, MigrateError> {
    let (mut found, mut odd) = (Vec::new(), Vec::new());
    let mut open = vec![(directory.to_owned(), 0)];
    while let Some((path, depth)) = open.pop() {
        let entries = fs::read_dir(&path).map_err(|error| file_error(&path, error))?;
        for entry in entries {
            let entry = entry.map_err(|error| file_error(&path, error))?;
            let kind = entry.file_type().map_err(|error| file_error(&entry.path(), error))?;
            let path = entry.path();
            let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            // An empty directory or a link that leads nowhere may stand where a file was.
            if is_xml(&path) && !kind.is_file() && !path.is_file() {
                odd.push(entry.file_name().to_string_lossy().into_owned());
            }
            if kind.is_dir() && depth < DEPTH && !is_hidden {
                open.push((path, depth + 1));
            } else if is_xml(&path) && !kind.is_dir() {
                found.push(path);
            }
        }
    }
    found.sort_unstable_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
    let resolved = found.iter().filter_map(|path| path.canonicalize().ok());
    let mut seen = HashSet::new();
    let found = resolved
        .filter(|path| path.starts_with(directory) && path.is_file() && seen.insert(path.clone()))
        .collect();
    Ok(Files { found, odd })
}

fn is_xml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xml"))
}

pub(crate) fn file_error(path: &Path, error: std::io::Error) -> MigrateError {
    MigrateError::File(path.display().to_string(), error)
}
