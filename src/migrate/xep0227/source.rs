//! Files of XEP-0227 as a source of users.

use std::fs;
use std::path::{Path, PathBuf};
use std::vec::IntoIter;

use crate::{BoxFuture, Leftover, MigrateError, RawUser, Source, Survey};
use hashbrown::HashSet;

use crate::xep0227::directory::{Files, file_error, files};
use crate::xep0227::export::UNFINISHED;
use crate::xep0227::fault::Fault;
use crate::xep0227::leftovers::Leftovers;
use crate::xep0227::structure::Structure;
use crate::xep0227::user::Collector;
use crate::xep0227::walk::{Event, Walk};

/// A file, or the files of a directory, in the format of XEP-0227 1.1.
///
/// In a directory, every file `*.xml` that no other one includes is read on its own, in the byte order of their names.
pub struct Xep0227Source {
    from: PathBuf,
    /// What is being read; `None` before the survey.
    reading: Option<Reading>,
    leftovers: Leftovers,
}

/// The files to read, and where in them reading is.
struct Reading {
    walk: Walk,
    files: IntoIter<PathBuf>,
}

/// The files as a whole.
#[derive(Default)]
struct Look {
    survey: Survey,
    /// Files that others include.
    included: HashSet<PathBuf>,
    /// Files that begin with a user: they must be included.
    users: HashSet<PathBuf>,
    hosts: HashSet<String>,
    /// How many users there are.
    count: u64,
    /// Whether any of them is a part of an export.
    is_ours: bool,
}

impl Xep0227Source {
    /// Of a file or a directory. Nothing is read yet.
    pub fn new(from: PathBuf) -> Self {
        Self { from, reading: None, leftovers: Leftovers::default() }
    }

    fn look(&mut self) -> Result<Survey, MigrateError> {
        let from = self.from.canonicalize().map_err(|error| file_error(&self.from, error))?;
        let is_directory = from.is_dir();
        let inside = if is_directory { from.as_path() } else { from.parent().unwrap_or(&from) };
        if !is_directory {
            fs::File::open(&from).map_err(|error| file_error(&from, error))?;
        }
        let Files { found: first, odd } = match is_directory {
            true => files(&from)?,
            false => Files { found: vec![from.clone()], odd: Vec::new() },
        };
        refuse_unfinished(inside)?;
        let walk = Walk::new(inside.to_owned());
        let mut look = Look::at(&first, inside, &walk)?;
        for name in odd {
            look.survey.damaged = true;
            look.survey.notes.push(format!("{name} is no file"));
        }
        if !look.is_ours {
            let what = if is_directory { "holds no file" } else { "is no file" };
            let from = self.from.display();
            return Err(MigrateError::source(format!(
                "{from} {what} in the format of XEP-0227 — give the file, or the directory, that the other server exported"
            )));
        }
        // A file that was given is read, whatever includes it.
        let is_read = |file: &PathBuf| !is_directory || !look.included.contains(file);
        let files: Vec<_> = first.into_iter().filter(is_read).collect();
        if files.is_empty() {
            return Err(MigrateError::source(format!(
                "the files in {} include each other in a circle — give the one to begin with",
                from.display()
            )));
        }
        self.reading = Some(Reading { walk, files: files.into_iter() });
        Ok(look.survey)
    }

    fn read(&mut self) -> Result<Option<RawUser>, MigrateError> {
        if self.reading.is_none() {
            self.look()?;
        }
        let Some(reading) = &mut self.reading else { return Ok(None) };
        let mut collector: Option<Collector> = None;
        loop {
            let Some(event) = reading.walk.next() else {
                let Some(file) = reading.files.next() else {
                    return Ok(collector.map(Collector::finish));
                };
                reading.walk.open(file);
                continue;
            };
            match (event, &mut collector) {
                (Event::User(tag), _) => {
                    collector = Some(Collector::new(reading.walk.host().unwrap_or_default(), &tag));
                }
                (Event::Leaf(leaf), Some(user)) => user.leaf(leaf.node()),
                (Event::Leaf(_), None) => {}
                (Event::Skipped(skipped), Some(user)) => user.skip(skipped),
                (Event::Skipped(skipped), None) => {
                    self.leftovers.add(reading.walk.host().unwrap_or_default(), skipped);
                }
                (Event::UserEnd, _) => {
                    if let Some(user) = collector.take() {
                        return Ok(Some(user.finish()));
                    }
                }
            }
        }
    }
}

impl Look {
    fn at(first: &[PathBuf], inside: &Path, walk: &Walk) -> Result<Self, MigrateError> {
        let mut look = Self::default();
        let mut seen: HashSet<PathBuf> = first.iter().cloned().collect();
        let mut open: Vec<PathBuf> = first.iter().rev().cloned().collect();
        while let Some(file) = open.pop() {
            let structure = Structure::of(&file, inside);
            let new = look.add(&file, structure, walk)?;
            open.extend(new.into_iter().filter(|file| seen.insert(file.clone())));
        }
        let alone = look.users.iter().filter(|file| !look.included.contains(*file)).count() as u64;
        look.survey.users = Some(look.count.saturating_sub(alone));
        if alone > 0 {
            look.survey.notes.push(format!(
                "{alone} files have a user, but no other file says of which domain: they are not read"
            ));
        }
        Ok(look)
    }

    /// Adds a file; the answer is which files it includes.
    fn add(&mut self, file: &Path, structure: Structure, walk: &Walk) -> Result<Vec<PathBuf>, MigrateError> {
        let name = walk.name(file);
        match &structure.fault {
            Some(fault @ Fault::Encoding(_)) => {
                return Err(MigrateError::source(format!("{}: {fault}", file.display())));
            }
            Some(fault) => {
                self.survey.damaged = true;
                self.survey.notes.push(format!("{name} cannot be read to its end: {fault}"));
            }
            None => {}
        }
        self.is_ours |= structure.is_ours;
        if structure.is_user {
            self.users.insert(file.to_owned());
        }
        self.count += structure.users;
        for host in structure.hosts {
            if self.hosts.insert(host.clone()) {
                self.survey.hosts.push(host);
            }
        }
        self.included.extend(structure.includes.iter().cloned());
        Ok(structure.includes)
    }
}

/// An export of this server that did not end lacks users.
fn refuse_unfinished(directory: &Path) -> Result<(), MigrateError> {
    let mark = directory.join(UNFINISHED);
    match mark.exists() {
        true => Err(MigrateError::source(format!(
            "the export in {} did not end — export again, or remove {UNFINISHED} to import what is there",
            directory.display()
        ))),
        false => Ok(()),
    }
}

impl Source for Xep0227Source {
    fn survey(&mut self) -> BoxFuture<'_, Result<Survey, MigrateError>> {
        Box::pin(std::future::ready(self.look()))
    }

    fn next(&mut self) -> BoxFuture<'_, Result<Option<RawUser>, MigrateError>> {
        Box::pin(std::future::ready(self.read()))
    }

    fn leftovers(&mut self) -> Vec<Leftover> {
        self.leftovers.take()
    }
}
