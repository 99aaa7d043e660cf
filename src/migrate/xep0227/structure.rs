//! A look at a file: its hosts, how many users it has, and which files it includes.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use crate::xep0227::fault::Fault;
use crate::xep0227::include;
use crate::xep0227::level::{Level, Role};
use crate::xep0227::splitter::{Splitter, Tag, Token};

/// Bytes that are read at once.
const BUFFER: usize = 64 << 10;

/// Opens a file to be split.
pub(crate) fn open(path: &Path) -> Result<Splitter<BufReader<File>>, Fault> {
    Splitter::new(BufReader::with_capacity(BUFFER, File::open(path)?))
}

/// What a file is.
#[derive(Debug, Default)]
pub(crate) struct Structure {
    /// Whether it is a part of an export: begins with `server-data`, `host` or `user`.
    pub(crate) is_ours: bool,
    /// Whether it begins with `user`, so that another file must say of which host that is.
    pub(crate) is_user: bool,
    pub(crate) hosts: Vec<String>,
    pub(crate) users: u64,
    /// The files that it includes, with their links resolved.
    pub(crate) includes: Vec<PathBuf>,
    /// Why it was not read to its end.
    pub(crate) fault: Option<Fault>,
}

impl Structure {
    /// Reads a file to its end.
    pub(crate) fn of(path: &Path, inside: &Path) -> Self {
        let mut structure = Self::default();
        let read = open(path).and_then(|splitter| structure.read(splitter, path, inside));
        structure.fault = read.err();
        structure
    }

    fn read<R: Read>(
        &mut self,
        mut splitter: Splitter<BufReader<R>>,
        path: &Path,
        inside: &Path,
    ) -> Result<(), Fault> {
        let mut levels = vec![Level::Document];
        loop {
            match splitter.next()? {
                Token::Eof => return Ok(()),
                Token::Text => {}
                Token::End => {
                    levels.pop();
                }
                Token::Start(tag) => {
                    let level = levels.last().copied().unwrap_or(Level::Document);
                    match level.role(&tag.element) {
                        Role::Outer(inner) => {
                            self.enter(level, inner, &tag);
                            splitter.enter(&tag)?;
                            levels.push(inner);
                        }
                        Role::Include => {
                            self.includes.extend(include::target(&tag.element, path, inside));
                            splitter.skip(&tag)?;
                        }
                        Role::Leaf => drop(splitter.skip(&tag)?),
                    }
                }
            }
        }
    }

    fn enter(&mut self, level: Level, inner: Level, tag: &Tag) {
        self.is_ours = true;
        match inner {
            Level::Host => {
                let host = tag.element.get("jid").unwrap_or_default();
                if self.hosts.last().is_none_or(|last| last != host) {
                    self.hosts.push(host.to_owned());
                }
            }
            Level::User => {
                self.is_user = level == Level::Document;
                self.users += 1;
            }
            Level::Document | Level::Server => {}
        }
    }
}
