//! Goes through files and those that they include, element by element.

use std::collections::VecDeque;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use crate::{Kind, Reason, Skipped};
use xmpp::Element;

use crate::xep0227::fault::{Fault, reason};
use crate::xep0227::include;
use crate::xep0227::level::{Level, Role};
use crate::xep0227::names::{ELEMENT_BYTES, MAM, USER_BYTES};
use crate::xep0227::scope::Leaf;
use crate::xep0227::splitter::{Splitter, Tag, Token};
use crate::xep0227::structure;

/// How many files may include each other in a row.
const DEPTH: usize = 8;

const TOO_LARGE: &str = "more than 64 MiB, or the user has more than 256 MiB";

/// What comes next.
pub(crate) enum Event {
    /// A user begins: its start tag.
    User(Element),
    /// An element of the user.
    Leaf(Leaf),
    /// The user ends.
    UserEnd,
    /// Something that is not taken: of the user, if one has begun.
    Skipped(Skipped),
}

/// An element that was entered.
enum Open {
    Server,
    Host(String),
    User,
}

/// A file that is being read.
struct Frame {
    splitter: Splitter<BufReader<File>>,
    path: PathBuf,
    /// Where its own element stands.
    level: Level,
    open: Vec<Open>,
}

/// Reads files.
pub(crate) struct Walk {
    /// The directory that is not left, with its links resolved.
    inside: PathBuf,
    frames: Vec<Frame>,
    /// What comes before anything else is read.
    pending: VecDeque<Event>,
    /// Bytes of the user's elements so far.
    user_bytes: usize,
}

impl Walk {
    pub(crate) fn new(inside: PathBuf) -> Self {
        Self { inside, frames: Vec::new(), pending: VecDeque::new(), user_bytes: 0 }
    }

    /// Begins with a file.
    pub(crate) fn open(&mut self, path: PathBuf) {
        self.push(path, Level::Document);
    }

    /// The host whose users are being read.
    pub(crate) fn host(&self) -> Option<&str> {
        let mut open = self.frames.iter().rev().flat_map(|frame| frame.open.iter().rev());
        open.find_map(|open| match open {
            Open::Host(host) => Some(host.as_str()),
            Open::Server | Open::User => None,
        })
    }

    /// A file's name within the directory.
    pub(crate) fn name(&self, path: &Path) -> String {
        path.strip_prefix(&self.inside).unwrap_or(path).display().to_string()
    }

    /// What comes next; `None` at the end of the file.
    pub(crate) fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Some(event);
            }
            self.frames.last()?;
            if let Err(fault) = self.step() {
                self.close(&fault);
            }
        }
    }

    /// Reads one token. What comes of it is pending then.
    fn step(&mut self) -> Result<(), Fault> {
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        match frame.splitter.next()? {
            Token::Eof => drop(self.frames.pop()),
            Token::Text => {
                let name = self.here();
                self.skipped(Kind::Other, Reason::UnknownValue, &name, "text between elements");
            }
            Token::End => {
                if let Some(Open::User) = frame.open.pop() {
                    self.pending.push_back(Event::UserEnd);
                }
            }
            Token::Start(tag) => {
                let level = frame.level();
                return match level.role(&tag.element) {
                    Role::Outer(Level::User) if self.host().is_none() => self.without_host(&tag),
                    Role::Outer(inner) => self.enter(inner, tag),
                    Role::Include => self.include(&tag, level),
                    Role::Leaf => self.leaf(&tag, level),
                };
            }
        }
        Ok(())
    }

    fn enter(&mut self, inner: Level, tag: Tag) -> Result<(), Fault> {
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        frame.splitter.enter(&tag)?;
        frame.open.push(match inner {
            Level::Host => Open::Host(tag.element.get("jid").unwrap_or_default().to_owned()),
            Level::User => Open::User,
            Level::Document | Level::Server => Open::Server,
        });
        if inner == Level::User {
            self.user_bytes = 0;
            self.pending.push_back(Event::User(tag.element));
        }
        Ok(())
    }

    /// The file of a user whose host's file is missing, or was not read.
    fn without_host(&mut self, tag: &Tag) -> Result<(), Fault> {
        let name = self.here();
        self.splitter_skip(tag)?;
        self.skipped(
            Kind::Account,
            Reason::Damaged,
            &name,
            "a user without a host: no other file includes it",
        );
        Ok(())
    }

    fn include(&mut self, tag: &Tag, level: Level) -> Result<(), Fault> {
        self.splitter_skip(tag)?;
        let from = self.frames.last().map(|frame| frame.path.clone()).unwrap_or_default();
        let target = include::target(&tag.element, &from, &self.inside).and_then(|path| {
            let is_open = self.frames.iter().any(|frame| frame.path == path);
            match is_open || self.frames.len() >= DEPTH {
                true => Err("it includes itself, or too many files include each other".to_owned()),
                false => Ok(path),
            }
        });
        match target {
            Ok(path) => self.push(path, level),
            Err(why) => {
                let kind = if level == Level::User { Kind::Other } else { Kind::Account };
                let href = tag.element.get("href").unwrap_or_default().to_owned();
                let why = format!("not included: {why}");
                self.skipped(kind, Reason::Damaged, &href, &why);
            }
        }
        Ok(())
    }

    fn leaf(&mut self, tag: &Tag, level: Level) -> Result<(), Fault> {
        let element = &tag.element;
        if level != Level::User {
            return self.unknown(tag, level);
        }
        if element.is("archive", MAM) {
            // It may be by far the largest part of a user, and is only counted.
            let results = self.splitter_skip(tag)?;
            self.pending.push_back(Event::Skipped(Skipped::later(Kind::Archive, results)));
            return Ok(());
        }
        let left = USER_BYTES.saturating_sub(self.user_bytes).min(ELEMENT_BYTES);
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        let taken = frame.splitter.take(tag, left)?;
        let kind = crate::xep0227::user::kind(element);
        let Some(bytes) = taken.bytes else {
            let mut skipped = Skipped::one(kind, Reason::TooLarge, element.name(), TOO_LARGE);
            skipped.rows = taken.children.max(1);
            self.pending.push_back(Event::Skipped(skipped));
            return Ok(());
        };
        match frame.splitter.parse(bytes) {
            Ok(leaf) => {
                self.user_bytes += leaf.len();
                self.pending.push_back(Event::Leaf(leaf));
            }
            Err(error) => self.skipped(kind, reason(&error), element.name(), &error.to_string()),
        }
        Ok(())
    }

    /// An element that is none of XEP-0227 outside of users.
    fn unknown(&mut self, tag: &Tag, level: Level) -> Result<(), Fault> {
        self.splitter_skip(tag)?;
        let name = self.here();
        let what = format!("<{}/> of {:?}", tag.element.name(), tag.element.ns());
        match level {
            Level::Document => self.skipped(
                Kind::Other,
                Reason::UnknownValue,
                &name,
                &format!("it is no export by XEP-0227, but {what}"),
            ),
            _ => self.skipped(Kind::Other, Reason::NotTakenYet, &what, ""),
        }
        Ok(())
    }

    fn splitter_skip(&mut self, tag: &Tag) -> Result<u64, Fault> {
        self.frames.last_mut().map_or(Ok(0), |frame| frame.splitter.skip(tag))
    }

    fn push(&mut self, path: PathBuf, level: Level) {
        match structure::open(&path) {
            Ok(splitter) => self.frames.push(Frame { splitter, path, level, open: Vec::new() }),
            Err(fault) => {
                let name = self.name(&path);
                self.skipped(Kind::Other, fault.reason(), &name, &fault.to_string());
            }
        }
    }

    /// Ends a file that cannot be read any further. A user of it keeps what was read.
    fn close(&mut self, fault: &Fault) {
        let Some(frame) = self.frames.pop() else { return };
        let detail =
            format!("after {} bytes: {fault} — the rest of the file is lost", frame.splitter.offset());
        let name = self.name(&frame.path);
        self.skipped(Kind::Other, fault.reason(), &name, &detail);
        if frame.open.iter().any(|open| matches!(open, Open::User)) {
            self.pending.push_back(Event::UserEnd);
        }
    }

    fn skipped(&mut self, kind: Kind, reason: Reason, key: &str, detail: &str) {
        self.pending.push_back(Event::Skipped(Skipped::one(kind, reason, key, detail)));
    }

    /// The name of the file that is being read.
    fn here(&self) -> String {
        self.frames.last().map(|frame| self.name(&frame.path)).unwrap_or_default()
    }
}

impl Frame {
    fn level(&self) -> Level {
        match self.open.last() {
            Some(Open::User) => Level::User,
            Some(Open::Host(_)) => Level::Host,
            Some(Open::Server) => Level::Server,
            None => self.level,
        }
    }
}
