//! The directory of a host: `STORE/USER.dat` or `.list`, and `STORE.dat` of the host itself.

use std::collections::BTreeMap;
use std::fs::{FileType, read_dir};
use std::path::{Path, PathBuf};

use crate::{Kind, MigrateError, Reason, Skipped};

use super::file_name::{decoded, decoded_store};
use super::record_file::count_items;
use super::store::{is_of_users, kind};

/// A directory of a store.
pub struct StoreDirectory {
    pub path: PathBuf,
    pub store: String,
}

/// A file of a user: which store, and whether it is a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The number of the store.
    pub store: u32,
    pub list: bool,
}

/// What is in the directory of a host. Names only, whatever there is in the files.
#[derive(Default)]
pub struct HostDirectory {
    pub stores: Vec<StoreDirectory>,
    pub users: BTreeMap<String, Vec<Place>>,
    /// Files that are no user's.
    pub others: Vec<(PathBuf, Kind)>,
    /// What is not as Prosody writes it.
    pub odd: Vec<Skipped>,
    /// Whether something stands where a user's file should, so that nobody knows what was in that.
    pub damaged: bool,
}

impl HostDirectory {
    /// Lists a directory.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn list(path: &Path) -> Result<Self, MigrateError> {
        let (mut host, mut stores) = (Self::default(), Vec::new());
        for (path, name, kind_of_file) in entries(path)? {
            if kind_of_file.is_dir() {
                match decoded_store(&name) {
                    Some(store) => stores.push(StoreDirectory { path, store }),
                    None => host.odd.push(odd(Kind::Other, &name, "a name that is none of Prosody's")),
                }
            } else if let Some((stem, _)) = record(&name) {
                let kind = decoded_store(stem).map_or(Kind::Other, |store| kind(&store));
                match kind_of_file.is_file() {
                    true => host.others.push((path, kind)),
                    false => host.odd.push(odd(kind, &name, "not a file, or a link to one")),
                }
            } else if decoded_store(&name).is_some_and(|store| is_of_users(&store)) {
                host.damaged = true;
                host.odd.push(odd(Kind::Other, &name, "not a directory"));
            } else if kind_of_file.is_symlink() {
                host.odd.push(odd(Kind::Other, &name, "a link, which is not followed"));
            }
        }
        let of_users = stores.iter().any(|directory| is_of_users(&directory.store));
        stores.sort_by(|one, other| one.path.cmp(&other.path));
        for directory in stores {
            host.add(directory, of_users)?;
        }
        Ok(host)
    }

    /// Whether it is a host with users, not a component.
    pub fn has_users(&self) -> bool {
        self.stores.iter().any(|directory| is_of_users(&directory.store))
    }

    fn add(&mut self, directory: StoreDirectory, of_users: bool) -> Result<(), MigrateError> {
        let kind = kind(&directory.store);
        let number = u32::try_from(self.stores.len()).unwrap_or(u32::MAX);
        for (path, name, kind_of_file) in entries(&directory.path)? {
            let Some((stem, list)) = record(&name) else { continue };
            let shown = format!("{}/{name}", directory.store);
            if !kind_of_file.is_file() {
                self.damaged = true;
                self.odd.push(odd(kind, &shown, "not a file, or a link to one"));
            } else if !of_users || kind == Kind::Room {
                self.others.push((path, kind));
            } else {
                match decoded(stem).filter(|user| !user.is_empty()) {
                    Some(user) => self.users.entry(user).or_default().push(Place { store: number, list }),
                    None => self.odd.push(odd(kind, &shown, "a name that is none of Prosody's")),
                }
            }
        }
        self.stores.push(directory);
        Ok(())
    }

    /// Takes what belongs to no user, counted by kind; a table is one row.
    pub fn take_leftovers(&mut self) -> Vec<Skipped> {
        let mut rows = BTreeMap::new();
        let mut leftovers = std::mem::take(&mut self.odd);
        for (path, kind) in std::mem::take(&mut self.others) {
            let list = path.extension().is_some_and(|end| end == "list");
            match if list { count_items(&path) } else { Ok(1) } {
                Ok(count) => *rows.entry(kind).or_insert(0) += count,
                Err(refusal) => {
                    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    leftovers.push(refusal.skip(kind, name));
                }
            }
        }
        leftovers.extend(
            rows.into_iter().filter(|(_, rows)| *rows > 0).map(|(kind, rows)| Skipped::later(kind, rows)),
        );
        leftovers
    }
}

fn odd(kind: Kind, name: &str, detail: &str) -> Skipped {
    Skipped::one(kind, Reason::BadText, name, detail)
}

/// The name of a file without its end, and whether it is a list. Others, such as the indexes that 13.0 adds and what is
/// left of an interrupted write, hold no records.
fn record(name: &str) -> Option<(&str, bool)> {
    name.strip_suffix(".dat")
        .map(|stem| (stem, false))
        .or_else(|| name.strip_suffix(".list").map(|stem| (stem, true)))
}

/// What is in a directory, in the order of the names. Links are not followed, so that nothing outside of it is read.
///
/// # Errors
/// It cannot be read.
pub fn entries(path: &Path) -> Result<Vec<(PathBuf, String, FileType)>, MigrateError> {
    let failed = |error: std::io::Error| MigrateError::File(path.display().to_string(), error);
    let mut found = Vec::new();
    for entry in read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        found.push((entry.path(), name, entry.file_type().map_err(failed)?));
    }
    found.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(found)
}

#[cfg(test)]
mod tests;
