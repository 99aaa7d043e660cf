//! The file storage: a directory for each host.

use crate::prosody::understood::understood;
use std::collections::btree_map;
use std::path::PathBuf;

use crate::{Leftover, MigrateError, RawUser, Reason, Skipped, Survey};

use super::belongings::Belongings;
use super::file_name::{decoded, encoded};
use super::host_directory::{HostDirectory, Place, StoreDirectory, entries};
use super::record_file;
use super::store::{Content, content, kind};

/// The file storage. Of a host that is being read, the names of its users and stores are in memory; of a user, everything.
pub struct Files {
    root: PathBuf,
    /// Hosts that are still to be read, the next one last.
    hosts: Vec<(String, PathBuf)>,
    current: Option<Host>,
    leftovers: Vec<Leftover>,
}

/// The host that is being read.
struct Host {
    name: String,
    stores: Vec<StoreDirectory>,
    users: btree_map::IntoIter<String, Vec<Place>>,
}

impl Files {
    pub fn new(root: PathBuf) -> Self {
        Self { root, hosts: Vec::new(), current: None, leftovers: Vec::new() }
    }

    pub fn survey(&mut self) -> Result<Survey, MigrateError> {
        let mut survey = Survey { users: Some(0), ..Survey::default() };
        self.hosts.clear();
        for (path, name, kind_of_file) in entries(&self.root)? {
            match decoded(&name).filter(|host| !host.is_empty()) {
                Some(host) if kind_of_file.is_dir() => {
                    look(&host, &HostDirectory::list(&path)?, &mut survey);
                    self.hosts.push((host, path));
                }
                None if kind_of_file.is_dir() => {
                    survey.notes.push(format!("the directory {name} is no host's: left out"))
                }
                _ if kind_of_file.is_symlink() => survey.notes.push(format!("{name} is a link: left out")),
                _ => {}
            }
        }
        if survey.hosts.is_empty() {
            return Err(MigrateError::source(format!(
                "{} has no host with users — name Prosody's data directory, as data_path in its configuration",
                self.root.display()
            )));
        }
        self.hosts.reverse();
        Ok(survey)
    }

    pub fn next(&mut self) -> Result<Option<RawUser>, MigrateError> {
        loop {
            if let Some(host) = &mut self.current {
                if let Some((user, places)) = host.users.next() {
                    return Ok(Some(host.user(&user, &places)));
                }
                self.current = None;
            }
            let Some((name, path)) = self.hosts.pop() else { return Ok(None) };
            let mut directory = HostDirectory::list(&path)?;
            let leftovers = directory.take_leftovers().into_iter();
            self.leftovers.extend(leftovers.map(|rows| Leftover { host: name.clone(), rows }));
            self.current = Some(Host { name, stores: directory.stores, users: directory.users.into_iter() });
        }
    }

    pub fn leftovers(&mut self) -> Vec<Leftover> {
        std::mem::take(&mut self.leftovers)
    }
}

fn look(host: &str, directory: &HostDirectory, survey: &mut Survey) {
    if !directory.has_users() {
        if !directory.stores.is_empty() || !directory.others.is_empty() {
            survey.notes.push(format!("{host} is a component's: its rooms and the like are counted only"));
        }
        return;
    }
    if !directory.stores.iter().any(|directory| directory.store == "accounts") {
        survey.notes.push(format!("{host} has no accounts: its passwords are kept elsewhere"));
    }
    if directory.damaged {
        survey.damaged = true;
        survey
            .notes
            .push(format!("{host} has something else where a file of a user or a directory should be"));
    }
    survey.hosts.push(host.to_owned());
    survey.users = survey.users.map(|users| users + directory.users.len() as u64);
}

impl Host {
    fn user(&self, user: &str, places: &[Place]) -> RawUser {
        let mut belongings = Belongings::new(user, &self.name);
        for place in places {
            if let Some(directory) =
                usize::try_from(place.store).ok().and_then(|number| self.stores.get(number))
            {
                read(directory, user, place.list, &mut belongings);
            }
        }
        understood(belongings)
    }
}

/// A file that is faulty as a whole is one row.
fn read(directory: &StoreDirectory, user: &str, list: bool, to: &mut Belongings) {
    let name = format!("{}.{}", encoded(user), if list { "list" } else { "dat" });
    let (path, store) = (directory.path.join(&name), &directory.store);
    let (kind, key) = (kind(store), format!("{store}/{name}"));
    let read = match (content(store), list) {
        (Content::Table, false) => {
            record_file::table(&path).map(|table| drop(to.tables.insert(store.clone(), table)))
        }
        (Content::Items, true) => record_file::items(&path).map(|(items, broken)| {
            to.items.entry(store.clone()).or_default().extend(items);
            let skipped =
                broken.into_iter().map(|(refusal, rows)| Skipped { rows, ..refusal.skip(kind, &key) });
            to.skipped.extend(skipped);
        }),
        (Content::Rows, true) => record_file::count_items(&path).map(|rows| to.count(kind, rows)),
        (Content::Rows, false) => {
            to.count(kind, 1);
            Ok(())
        }
        // A table where items should be, or the other way round.
        (_, _) => {
            to.skipped.push(Skipped::one(
                kind,
                Reason::UnknownValue,
                &key,
                "not the kind of file that this store has",
            ));
            Ok(())
        }
    };
    if let Err(refusal) = read {
        to.skipped.push(refusal.skip(kind, key));
    }
}

#[cfg(test)]
mod tests;
